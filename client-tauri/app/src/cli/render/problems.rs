//! What went wrong: what, where, what to do.

use canbao_client::response::{Coded, Failure, ProblemView};
use canbao_core::message::Lang;

use super::layout::{caption, caption_with, harmless, titled};

/// A failure with everything there is to say about it.
pub(crate) fn failure(failure: &Failure, lang: Lang) -> String {
    let mut lines = vec![caption_with(
        "error",
        &[
            ("message", harmless(&failure.message)),
            ("code", harmless(&failure.code)),
        ],
        lang,
    )];
    lines.extend(what_to_do(&failure.hint, lang));
    lines.extend(failure.problems.iter().map(|it| problem(it, lang)));
    lines.join("\n")
}

/// What to mind, a line each.
pub(super) fn warnings(warnings: &[Coded], lang: Lang) -> String {
    let line = |it: &Coded| caption_with("warning", &[("message", harmless(&it.text))], lang);
    let lines: Vec<String> = warnings.iter().map(line).collect();
    lines.join("\n")
}

/// Problems under a caption; nothing where there are none.
pub(super) fn problems(title: &str, problems: &[ProblemView], lang: Lang) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = problems.iter().map(|it| problem(it, lang)).collect();
    titled(title, lang, &lines.join("\n"))
}

fn problem(problem: &ProblemView, lang: Lang) -> String {
    let item = problem.item.as_deref().map(harmless);
    // A problem of the whole has no place within it.
    let field = (problem.field != "whole").then(|| caption(&field_caption(problem), lang));
    let place: Vec<String> = item.into_iter().chain(field).collect();
    let place = if place.is_empty() {
        String::new()
    } else {
        format!(
            "{} ",
            caption_with("place", &[("place", place.join(" "))], lang)
        )
    };
    let mut lines = vec![format!(
        "  - {place}{} [{}]",
        harmless(&problem.message),
        harmless(&problem.code)
    )];
    lines.extend(what_to_do(&problem.hint, lang).map(|it| format!("    {it}")));
    lines.join("\n")
}

/// What the field is called where it stands: the forms do not share every word.
fn field_caption(problem: &ProblemView) -> String {
    let about = problem.code.split('.').next();
    match (about, problem.field.as_str()) {
        (Some("decision"), "reason") => "reason".to_owned(),
        (Some("assessment"), "month") => "settlement".to_owned(),
        (_, field) => format!("field_{field}"),
    }
}

fn what_to_do(hint: &str, lang: Lang) -> Option<String> {
    let said = !hint.is_empty();
    said.then(|| caption_with("to_do", &[("hint", harmless(hint))], lang))
}

#[cfg(test)]
mod tests {
    use canbao_client::response::FailureClass;

    use super::*;

    fn two_problems() -> Failure {
        let problem = |field: &str, item: Option<&str>| ProblemView {
            code: "month.not_a_month".to_owned(),
            field: field.to_owned(),
            message: "不是年月".to_owned(),
            hint: "写成 2022-01".to_owned(),
            item: item.map(str::to_owned),
        };
        Failure {
            code: "declaration.problems".to_owned(),
            message: "申报有误".to_owned(),
            hint: "改正后再申报".to_owned(),
            problems: vec![problem("month", None), problem("whole", Some("01J"))],
            class: FailureClass::Refused,
        }
    }

    #[test]
    fn a_field_is_called_as_the_form_calls_it() {
        let check = |code: &str, field: &str, expected: &str| {
            let view = ProblemView {
                code: code.to_owned(),
                field: field.to_owned(),
                message: "缺".to_owned(),
                hint: String::new(),
                item: None,
            };
            let line = problem(&view, Lang::Zh);
            assert!(line.starts_with(&format!("  - 【{expected}】 ")), "{line}");
        };
        check("decision.reason_missing", "reason", "原因");
        check("declaration.reason_unknown", "reason", "变更原因");
        check("assessment.period_not_open", "month", "结算期年月");
        check("declaration.not_a_month", "month", "变更时间");
    }

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        assert_eq!(
            failure(&two_problems(), Lang::Zh),
            "错误：申报有误 [declaration.problems]\n\
             处理：改正后再申报\n\
             \x20 - 【变更时间】 不是年月 [month.not_a_month]\n\
             \x20   处理：写成 2022-01\n\
             \x20 - 【01J】 不是年月 [month.not_a_month]\n\
             \x20   处理：写成 2022-01"
        );
    }
}
