//! The one place of sentences for people: a code and its arguments become text in a language.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A language that the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese, the language of the field.
    #[default]
    Zh,
    /// English.
    En,
}

/// A name that stands for no language the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the languages are zh and en")]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        match text {
            "zh" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            _ => Err(UnknownLang),
        }
    }
}

/// What a person reads: what is the matter, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Text {
    /// What is the matter.
    pub message: String,
    /// What to do about it; empty for a caption, and where the code is unknown.
    pub hint: String,
}

/// A sentence before its language is known: a dotted code and what its placeholders stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the sentence, e.g. `identity.wrong_check_digit`; screens and tests branch on it.
    pub code: &'static str,
    /// Placeholder names and what to put there. Never an ID number.
    pub args: Vec<(&'static str, String)>,
}

impl Message {
    /// A sentence without placeholders.
    #[must_use]
    pub fn bare(code: &'static str) -> Self {
        Self {
            code,
            args: Vec::new(),
        }
    }

    /// The same sentence with one more placeholder filled.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// Whether its sentence names this and it was not said yet.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        asks_for(self.code, name) && self.args.iter().all(|(known, _)| *known != name)
    }

    /// The sentence in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> Text {
        render(self.code, &self.args, lang)
    }
}

/// The sentence of a code in a language, each `{name}` replaced by its argument.
///
/// A code without a sentence reads as itself, so that nothing is ever left unsaid; a placeholder
/// without an argument reads as `placeholder.{name}` where there is such a word, and stays
/// otherwise.
#[must_use]
pub fn render(code: &str, args: &[(&str, String)], lang: Lang) -> Text {
    match catalogue(lang).get(code) {
        Some(template) => Text {
            message: filled(&template.message, args, lang),
            hint: filled(&template.hint, args, lang),
        },
        None => Text {
            message: code.to_owned(),
            hint: String::new(),
        },
    }
}

/// Whether the sentence of a code has this placeholder.
#[must_use]
pub fn asks_for(code: &str, name: &str) -> bool {
    let placeholder = format!("{{{name}}}");
    let template = ZH.get(code);
    template.is_some_and(|it| it.message.contains(&placeholder) || it.hint.contains(&placeholder))
}

/// Every code that has a sentence in a language, in order.
pub fn codes(lang: Lang) -> impl Iterator<Item = &'static str> {
    catalogue(lang).keys().map(String::as_str)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    message: String,
    /// A caption has none: nothing is the matter.
    #[serde(default)]
    hint: String,
}

type Catalogue = BTreeMap<String, Template>;

static ZH: LazyLock<Catalogue> = LazyLock::new(|| parse(include_str!("../messages/zh.toml")));
static EN: LazyLock<Catalogue> = LazyLock::new(|| parse(include_str!("../messages/en.toml")));

fn catalogue(lang: Lang) -> &'static Catalogue {
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}

/// Reads the embedded file: a table for the first part of the code, a key for the rest.
fn parse(file: &str) -> Catalogue {
    let tables: BTreeMap<String, BTreeMap<String, Template>> =
        toml::from_str(file).expect("the embedded sentences are read by a test");
    let coded = |(first, table): (String, BTreeMap<String, Template>)| {
        table
            .into_iter()
            .map(move |(rest, template)| (format!("{first}.{rest}"), template))
    };
    tables.into_iter().flat_map(coded).collect()
}

/// One pass, so that braces within an argument are left alone.
fn filled(template: &str, args: &[(&str, String)], lang: Lang) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        text.push_str(before);
        match args.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => text.push_str(value),
            None => match catalogue(lang).get(&format!("placeholder.{name}")) {
                Some(word) => text.push_str(&word.message),
                None => text.extend(["{", name, "}"]),
            },
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(template: &Template) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for mut rest in [template.message.as_str(), template.hint.as_str()] {
            while let Some((_, name, after)) = next_placeholder(rest) {
                names.insert(name);
                rest = after;
            }
        }
        names
    }

    #[test]
    fn both_languages_have_the_same_codes_and_placeholders() {
        let zh: Vec<_> = codes(Lang::Zh).collect();
        let en: Vec<_> = codes(Lang::En).collect();
        assert_eq!(zh, en);
        for code in zh {
            let (zh, en) = (&ZH[code], &EN[code]);
            assert_eq!(placeholders(zh), placeholders(en), "{code}");
            for text in [&zh.message, &en.message] {
                assert!(!text.trim().is_empty(), "{code} says nothing");
            }
            let names_a_thing = ["caption.", "help.", "placeholder."]
                .iter()
                .any(|it| code.starts_with(it));
            for hint in [&zh.hint, &en.hint] {
                assert!(
                    names_a_thing || !hint.trim().is_empty(),
                    "{code} does not say what to do"
                );
            }
        }
    }

    #[test]
    fn every_problem_of_a_value_has_its_sentence() {
        let messages = money_and_months()
            .into_iter()
            .chain(identities())
            .chain(parameters());
        for message in messages {
            for lang in [Lang::Zh, Lang::En] {
                let text = message.text(lang);
                assert_ne!(text.message, message.code, "no sentence");
                let whole = format!("{}{}", text.message, text.hint);
                assert!(!whole.contains('{'), "{}: {whole}", message.code);
            }
        }
    }

    fn money_and_months() -> Vec<Message> {
        use crate::money::{MoneyProblem, NotARate};
        use crate::month::{Month, MonthProblem};
        vec![
            MoneyProblem::Missing.message(),
            MoneyProblem::Signed.message(),
            MoneyProblem::NotAnAmount.message(),
            MoneyProblem::TooManyPlaces.message(),
            MoneyProblem::TooLarge.message(),
            NotARate.message(),
            MonthProblem::NotAMonth.message(),
            MonthProblem::NoSuchMonth(13).message(),
            MonthProblem::YearOutOfRange(1899).message(),
            MonthProblem::EndsBeforeStart {
                first: Month::MAX,
                last: Month::MIN,
            }
            .message(),
        ]
    }

    fn identities() -> Vec<Message> {
        use crate::identity::{
            CreditCodeProblem, IdentityProblem, NumberKind, NumberProblem, UnknownIdKind,
        };
        let mut messages = vec![
            IdentityProblem::Missing.message(),
            IdentityProblem::FirstGeneration.message(),
            IdentityProblem::WrongLength { found: 17 }.message(),
            IdentityProblem::NotDigits.message(),
            IdentityProblem::NoSuchBirthDate.message(),
            IdentityProblem::SpreadsheetLostDigits.message(),
            IdentityProblem::WrongCheckDigit.message(),
            IdentityProblem::NotAPermanentResidence.message(),
            IdentityProblem::NotADocumentNumber.message(),
            UnknownIdKind.message(),
            CreditCodeProblem::Missing.message(),
            CreditCodeProblem::WrongLength { found: 17 }.message(),
            CreditCodeProblem::NotACharacter('O').message(),
            CreditCodeProblem::WrongCheckDigit.message(),
        ];
        for kind in [
            NumberKind::Personal,
            NumberKind::Unemployment,
            NumberKind::Pension,
        ] {
            messages.push(NumberProblem::Missing(kind).message());
            messages.push(NumberProblem::TooLong(kind).message());
            messages.push(NumberProblem::NotLettersAndDigits(kind).message());
        }
        messages
    }

    fn parameters() -> Vec<Message> {
        use crate::month::Month;
        use crate::parameters::{MissingParameter, ParameterFault, ParameterProblem};
        let missing = MissingParameter {
            parameter: "rates",
            month: Month::MIN,
            known_on: Month::MIN.first_day(),
        };
        let faults = [
            ParameterFault::TooLong(1),
            ParameterFault::NotToml { line: 1 },
            ParameterFault::NoValues,
            ParameterFault::FieldMissing("from"),
            ParameterFault::FieldWrong("from"),
            ParameterFault::FieldUnknown("form".to_owned()),
            ParameterFault::EndsBeforeStart,
            ParameterFault::Collides(1),
            ParameterFault::PersonAboveUnit,
            ParameterFault::MoreThanTheBase,
            ParameterFault::FloorAboveCeiling,
            ParameterFault::Twice("410".to_owned()),
        ];
        let problem = |fault| {
            ParameterProblem {
                parameter: "rates",
                entry: 1,
                fault,
            }
            .message()
        };
        faults
            .into_iter()
            .map(problem)
            .chain([missing.message()])
            .collect()
    }

    #[test]
    fn arguments_are_put_in_once() {
        let args = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(filled("{a}-{b}-{c}-{", &args, Lang::Zh), "{b}-2-{c}-{");
    }

    #[test]
    fn a_code_without_a_sentence_reads_as_itself() {
        let text = render("no.such_code", &[], Lang::Zh);
        assert_eq!(
            (text.message.as_str(), text.hint.as_str()),
            ("no.such_code", "")
        );
    }
}
