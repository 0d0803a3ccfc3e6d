//! What stands beside the ordinary way: a posting that nothing explains, and the pension side.

use serde_json::json;

use super::moving::{Other, WANG};
use super::*;
use crate::harness::{SMALL, path, until};

impl Telling<'_, '_> {
    /// FAQ-2: amounts that nothing explains are an incident and record nothing.
    pub(super) fn pay_after_an_incident(&mut self, other: &Other<'_>) {
        let period = |settlement| {
            [
                "--credit-code",
                SMALL.credit_code,
                "--settlement",
                settlement,
            ]
        };
        let _ = self.told.tax.tell("unexplained", &period("2022-01"));
        let centre = &self.told.centre;
        let incident = until("the incident", || {
            let listed = centre.admin(&["incident", "list"]).result();
            items(&listed).first().cloned()
        });
        assert_eq!(
            incident["code"], "incident.amounts_unexplained",
            "{incident}"
        );
        let employer = &other.employer;
        let _ = employer.ok(&["sync"]);
        let records = employer.ok(&["records", "list"]);
        assert_eq!(items(&records["records"]).len(), 0, "{records}");
        for settlement in ["2022-01", "2022-02"] {
            let _ = self.told.tax.tell("pay", &period(settlement));
        }
        let records = until("25 payment records, each proven here", || {
            let _ = employer.ok(&["sync"]);
            let records = employer.ok(&["records", "list"]);
            let proven = count(&records["records"], "/state/code", "recorded");
            (proven == 25).then_some(records)
        });
        let adjusted = employer.ok(&["records", "list", "--settlement", "2022-02", "--kind", "34"]);
        assert_eq!(items(&adjusted["records"]).len(), 1, "{adjusted}");
        assert_eq!(adjusted["records"][0]["period"], "2022-01", "{adjusted}");
        self.line(&format!(
            "税务报来金额无法解释的入账:记为异常,不产生缴费记录;两个结算期缴费后25条记录,合计 {} 元",
            text(&records["total"])
        ));
    }

    /// PEN-1, SIL-9: the pension side's feed by file; what it does not say is unknown.
    pub(super) fn hear_of_pension(&mut self, other: &Other<'_>, stops: &[String; 2]) {
        let employer = &other.employer;
        let flag_of = |id: &str| {
            let found = employer.ok(&["results"]);
            let own = items(&found["rows"])
                .iter()
                .find(|row| row["declaration"] == id);
            let own = own.unwrap_or_else(|| panic!("{id} is not in {found}"));
            text(&own["linked"]["flag"]["code"]).to_owned()
        };
        assert_eq!(flag_of(&stops[0]), "unknown");
        let file = self.site.path("pension.json");
        std::fs::write(&file, pension_feed(&other.insured).to_string()).expect("written");
        let taken = self
            .told
            .centre
            .admin(&["pension", "take", path(&file)])
            .result();
        assert_eq!(taken["persons"], 12, "{taken}");
        let _ = employer.ok(&["sync"]);
        assert_eq!(flag_of(&stops[0]), "succeeded");
        assert_eq!(
            flag_of(&stops[1]),
            "unknown",
            "the feed tells of no such operation"
        );
        let counts = employer.ok(&["pension", "counts"]);
        assert_eq!(counts["pension_persons"], 11, "{counts}");
        let alone = items(&counts["only_unemployment"]).len();
        self.line(&format!(
            "养老数据由文件接入:养老11人,失业{}人,仅失业一方有的{alone}人列出姓名;停缴的失业协同标志为成功,没有提到的为未知",
            counts["unemployment_persons"]
        ));
    }
}

/// Everyone of the unit at pension insurance, where 王 has stopped too.
fn pension_feed(insured: &[Insured]) -> Value {
    let number = |place: usize| format!("11{place:08}");
    let persons: Vec<Value> = insured
        .iter()
        .enumerate()
        .map(|(place, it)| {
            json!({
                "person_number": number(place),
                "id_kind": "01",
                "id_number": it.id_number,
                "name": it.name,
                "person_state": "working",
                "registration_state": "normal",
                "payment": if place == WANG { "suspended" } else { "paying" },
                "base": "5000.00",
            })
        })
        .collect();
    let operation = json!({
        "operation": "YL202201-1",
        "person_number": number(WANG),
        "kind": "INT",
        "month": "2022-01",
        "carried_over": { "state": "succeeded" },
    });
    json!({
        "pension_unit_number": SMALL.pension_number,
        "version": "1",
        "as_of": jiff::Timestamp::from_second(jiff::Timestamp::now().as_second())
            .expect("now")
            .to_string(),
        "settlement": "2022-02",
        "head_count": persons.len() - 1,
        "total_base": format!("{}.00", 5000 * (persons.len() - 1)),
        "persons": persons,
        "results": [{ "month": "2022-01", "what": "assessment", "result": "succeeded" }],
        "operations": [operation],
    })
}
