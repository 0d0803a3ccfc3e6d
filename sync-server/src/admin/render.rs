//! Outcomes and failures as text, and as the JSON that scripts read.

use std::fmt::Write as _;

use canbao_core::message::Lang;
use serde_json::json;

use super::command::Reply;
use super::failure::Failure;
use super::outcome::{
    AuditListed, ContactStatus, DeviceListed, IncidentListed, Outcome, PensionFeedTaken,
    PensionStatus, Status, TaxStatus, UnitListed,
};

/// Prints a reply, JSON on stdout, or text on stdout and stderr; gives the exit code.
pub fn show(reply: &Reply, json: bool, lang: Lang) -> u8 {
    let text = if json {
        as_json(reply)
    } else {
        shown(reply, lang)
    };
    match reply {
        Reply::Failed(failure) if !json => eprintln!("{text}"),
        Reply::Done(_) | Reply::Failed(_) => println!("{text}"),
    }
    exit_code(reply)
}

/// A reply as text.
#[must_use]
pub fn shown(reply: &Reply, lang: Lang) -> String {
    match reply {
        Reply::Done(outcome) => outcome_text(outcome, lang),
        Reply::Failed(failure) => failure_text(failure, lang),
    }
}

fn as_json(reply: &Reply) -> String {
    match reply {
        Reply::Done(outcome) => json!({ "ok": true, "result": outcome.to_json() }),
        Reply::Failed(failure) => json!({ "ok": false, "error": failure }),
    }
    .to_string()
}

fn exit_code(reply: &Reply) -> u8 {
    match reply {
        Reply::Done(_) => 0,
        Reply::Failed(failure) => failure.class.exit_code(),
    }
}

/// The words of one language out of two.
fn words(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

fn outcome_text(outcome: &Outcome, lang: Lang) -> String {
    let said = |zh, en, what: &dyn std::fmt::Display| format!("{} {what}", words(lang, zh, en));
    match outcome {
        Outcome::AgenciesLoaded(count) => said("已装入经办机构", "agencies loaded:", count),
        Outcome::ParametersAdopted(set) => said("已采用参数", "parameters adopted:", set),
        Outcome::SettlementOpened(month) => {
            said("已开启结算期", "settlement period opened:", month)
        }
        Outcome::VolumeOpened(volume) => said("已开启卷", "volume opened:", volume),
        Outcome::VolumeSealed(volume) => said("已封存卷", "volume sealed:", volume),
        Outcome::UnitLoaded(loaded) => {
            let mut text = said("已登记单位", "unit registered:", &loaded.unit);
            let _ = write!(text, "\n{}", said("参保人数", "persons:", &loaded.persons));
            if !loaded.ignored_columns.is_empty() {
                let ignored = loaded.ignored_columns.join(", ");
                let _ = write!(
                    text,
                    "\n{}",
                    said("未读取的列", "columns not read:", &ignored)
                );
            }
            text
        }
        Outcome::UnitMoved(moved) => format!(
            "{}\n{}",
            said("已转移单位", "unit moved:", &moved.unit),
            said("现属参保区", "to district", &moved.district_name)
        ),
        Outcome::Person(person) => format!(
            "{}\n{}",
            said("现有人员信息", "held from now on:", &person.name),
            said(
                "个人编号、证件",
                "personal number, document",
                &format!("{} {}", person.personal_number, person.masked_id)
            )
        ),
        Outcome::Units(units) => lines(units, lang, unit_line),
        Outcome::CodeIssued(issued) => format!(
            "{}\n{}",
            issued.code,
            said("有效期至", "valid until", &issued.expires_at)
        ),
        Outcome::Devices(devices) => lines(devices, lang, |it| device_line(it, lang)),
        Outcome::Revoked(revoked) => lines(revoked, lang, |it| {
            let caption = words(lang, "已吊销证书", "certificate revoked:");
            let from = words(lang, "自日志位置", "from position");
            format!("{caption} {}  {from} {}", it.serial, it.position)
        }),
        Outcome::Tax(status) => tax_text(status, lang),
        Outcome::TaxRoster(fetched) => format!(
            "{}\n{}\n{}",
            said(
                "税务花名册人数",
                "persons on tax's roster:",
                &fetched.persons
            ),
            said(
                "与前一次不同",
                "different from the one before:",
                &fetched.changes
            ),
            said("截至", "as of", &fetched.as_of)
        ),
        Outcome::Pension(status) => pension_text(status, lang),
        Outcome::PensionFeed(taken) => feed_text(taken, lang),
        Outcome::Incidents(incidents) => lines(incidents, lang, incident_line),
        Outcome::Audit(events) => lines(events, lang, audit_line),
        Outcome::LogCopied(copied) => format!(
            "{}\n{}",
            said(
                "公开日志已复制到",
                "log copied to",
                &copied.directory.display()
            ),
            said("条目数", "entries:", &copied.size)
        ),
        Outcome::Status(status) => status_text(status, lang),
    }
}

fn lines<T>(items: &[T], lang: Lang, line: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return words(lang, "没有", "none").to_owned();
    }
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn unit_line(unit: &UnitListed) -> String {
    format!(
        "{}  {}  {}  {}  {}  {}",
        unit.unit,
        unit.unemployment_number,
        unit.credit_code,
        unit.district_name,
        unit.name,
        unit.persons
    )
}

fn device_line(device: &DeviceListed, lang: Lang) -> String {
    let scope = match device.district {
        Some(district) => district.to_string(),
        None => {
            let units: Vec<_> = device.units.iter().map(ToString::to_string).collect();
            units.join(",")
        }
    };
    let mut line = format!(
        "{}  {}  {}  {}  {} {scope}  {}  {}",
        device.serial,
        device.operator_name,
        device.operator,
        device.device,
        device.role,
        device.issued_at,
        device.expires_at
    );
    if let Some(revoked) = &device.revoked {
        let caption = words(lang, "已吊销,日志位置", "revoked at");
        let _ = write!(line, "  {caption} {}: {}", revoked.position, revoked.reason);
        if let Some(serial) = revoked.replaced_by {
            let _ = write!(line, " -> {serial}");
        }
    }
    line
}

fn incident_line(incident: &IncidentListed) -> String {
    let line = incident
        .line
        .map(|line| format!(":{line}"))
        .unwrap_or_default();
    format!(
        "{}  {}{line}  {}  {}",
        incident.at, incident.serial, incident.message, incident.hint
    )
}

fn audit_line(event: &AuditListed) -> String {
    let mut line = format!("{}  {}  {}", event.at, event.position, event.event);
    let parts = [
        event.by.clone(),
        Some(event.signer.to_string()),
        event.unit.map(|it| it.to_string()),
        event.person.map(|it| it.to_string()),
        event.records.map(|it| it.to_string()),
        event.reason.clone(),
    ];
    for part in parts.into_iter().flatten() {
        line.push_str("  ");
        line.push_str(&part);
    }
    line
}

fn tax_text(status: &TaxStatus, lang: Lang) -> String {
    let mut text = format!(
        "{}: {}\n{}: {}",
        words(lang, "已取税务事件", "events of tax taken in"),
        status.events_taken,
        words(lang, "待发送税务交易", "transactions to send"),
        status.waiting,
    );
    for failed in &status.failed {
        let caption = words(lang, "发送失败", "not taken by tax");
        let _ = write!(
            text,
            "\n{caption}: {}  {}",
            failed.transaction, failed.reason
        );
    }
    text.push_str(&contact_text(
        status.contact.as_ref(),
        words(lang, "最近与税务联系", "last contact with tax"),
        lang,
    ));
    text
}

fn pension_text(status: &PensionStatus, lang: Lang) -> String {
    let contact = contact_text(
        status.contact.as_ref(),
        words(lang, "最近与养老联系", "last contact with the pension side"),
        lang,
    );
    format!(
        "{}: {}\n{}: {}{contact}",
        words(lang, "参保单位", "units"),
        status.units,
        words(lang, "有养老数据的单位", "units with a pension feed"),
        status.with_feed
    )
}

fn feed_text(taken: &PensionFeedTaken, lang: Lang) -> String {
    let state = if taken.known {
        words(
            lang,
            "这份养老数据已有,未重复记入",
            "this feed was known already",
        )
    } else {
        words(lang, "已采用养老数据", "pension feed taken in")
    };
    format!(
        "{state}: {}\n{}: {}\n{}: {}\n{}: {}\n{}: {}",
        taken.pension_number,
        words(lang, "养老花名册人数", "persons on its roster"),
        taken.persons,
        words(lang, "与前一次不同", "different from the one before"),
        taken.changes,
        words(lang, "养老结算期", "its settlement period"),
        taken.settlement,
        words(lang, "截至", "as of"),
        taken.as_of
    )
}

/// The lines about a contact, each after a line end.
fn contact_text(contact: Option<&ContactStatus>, caption: &str, lang: Lang) -> String {
    let mut text = String::new();
    let Some(contact) = contact else {
        return text;
    };
    let never = words(lang, "尚无", "never");
    let last = contact.last_contact.as_deref().unwrap_or(never);
    let _ = write!(text, "\n{caption}: {last}");
    if let Some(trouble) = &contact.trouble {
        let said = canbao_core::message::render(trouble, &[], lang);
        let caption = words(lang, "目前无法进行", "no progress");
        let _ = write!(text, "\n{caption}: {} {}", said.message, said.hint);
    }
    if let Some(held) = &contact.held {
        let caption = words(lang, "停在税务事件", "held at event");
        let _ = write!(
            text,
            "\n{caption}: {} ({}: {})",
            held.sequence, held.code, held.detail
        );
    }
    text
}

fn status_text(status: &Status, lang: Lang) -> String {
    let none = words(lang, "未设", "none");
    let settlement = status
        .settlement
        .map_or(none.to_owned(), |it| it.to_string());
    let parameters = status
        .parameters
        .map_or(none.to_owned(), |it| it.to_string());
    let volumes: Vec<_> = status
        .open_volumes
        .iter()
        .map(ToString::to_string)
        .collect();
    let running = if status.serving {
        words(lang, "运行中", "running")
    } else {
        words(lang, "未运行", "not running")
    };
    let rows = [
        (words(lang, "服务", "server"), running.to_owned()),
        (words(lang, "日志", "log"), status.origin.clone()),
        (
            words(lang, "日志条目", "entries"),
            status.log_size.to_string(),
        ),
        (
            words(lang, "经办机构", "agencies"),
            status.agencies.to_string(),
        ),
        (words(lang, "参保单位", "units"), status.units.to_string()),
        (words(lang, "参数", "parameters"), parameters),
        (words(lang, "结算期", "settlement period"), settlement),
        (words(lang, "开启的卷", "open volumes"), volumes.join(" ")),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|(caption, value)| format!("{caption}: {value}"))
        .collect();
    format!("{}\n{}", rows.join("\n"), tax_text(&status.tax, lang))
}

fn failure_text(failure: &Failure, lang: Lang) -> String {
    let mut text = format!("{}\n{}", failure.message, failure.hint);
    for problem in &failure.problems {
        let place = match (problem.row, &problem.column) {
            (None, _) => String::new(),
            (Some(row), None) => format!("{} {row}: ", words(lang, "行", "row")),
            (Some(row), Some(column)) => {
                format!("{} {row}, {column}: ", words(lang, "行", "row"))
            }
        };
        let _ = write!(text, "\n  {place}{} {}", problem.message, problem.hint);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::failure::{FailureClass, ProblemView};
    use super::*;
    use canbao_core::ids::VolumeId;
    use canbao_core::message::Message;

    #[test]
    fn a_reply_has_one_shape_for_scripts() {
        let done = Reply::Done(Box::new(Outcome::VolumeOpened(VolumeId(1))));
        assert_eq!(as_json(&done), r#"{"ok":true,"result":{"volume":1}}"#);
        let mut failure = Failure::new(
            &Message::bare("admin.volume_known").with("volume", 1),
            FailureClass::Refused,
            Lang::Zh,
        );
        failure.problems.push(ProblemView {
            row: Some(4),
            column: Some("身份证".to_owned()),
            ..ProblemView::of_whole(&Message::bare("identity.wrong_check_digit"), Lang::Zh)
        });
        let failed = Reply::Failed(failure);
        let value: serde_json::Value = serde_json::from_str(&as_json(&failed)).unwrap();
        assert_eq!(value["ok"], false);
        assert_eq!(value["error"]["code"], "admin.volume_known");
        assert_eq!(value["error"]["problems"][0]["row"], 4);
        assert_eq!((exit_code(&done), exit_code(&failed)), (0, 1));
        assert!(shown(&failed, Lang::Zh).contains("行 4, 身份证: "));
    }
}
