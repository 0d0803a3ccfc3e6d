//! Tax's own roster beside ours (QRY-3), and what tax refused sent again (STA-1), by the real
//! programs.

use serde_json::json;

use super::*;

/// Tax's clerk misspells the first of the roster.
const WRONG_NAME: &str = "错名";

impl Line<'_> {
    /// Tax's clerk changes something about a person.
    fn tax_corrects(&self, person: &str, changes: &[&str]) {
        let unit = ["--credit-code", SMALL.credit_code, "--person", person];
        let _ = self.tax.tell("correct", &[&unit[..], changes].concat());
    }

    /// The centre fetches tax's roster now.
    fn fetch_roster(&self) -> Value {
        let fetched = self.centre.admin(&["tax", "roster", SMALL.credit_code]);
        let fetched = fetched.result();
        let _ = self.employer.ok(&["sync"]);
        fetched
    }

    fn compare(&self, arguments: &[&str]) -> Value {
        let command = [&["compare"], arguments].concat();
        self.employer.ok(&command)
    }

    /// Waits until a comparison is as wanted.
    fn compared(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(what, || {
            let _ = self.employer.ok(&["sync"]);
            let found = self.compare(&[]);
            wanted(&found["rows"]).then_some(found)
        })
    }

    /// Only the first of the roster stops after January.
    fn stop_first(&self) -> String {
        let first = &self.insured[0].personal_number;
        let stop = ["declare", "int", "--person", first, "--month", "2022-01"];
        let declared = self
            .employer
            .ok(&[&stop[..], &["--reason", "解除劳动合同"]].concat());
        let _ = self.employer.ok(&["submit", "--all"]);
        let _ = self.employer.ok(&["sync"]);
        let _ = self.agency.ok(&["sync"]);
        let queue = self.agency.ok(&["review", "queue"]);
        let _ = self
            .agency
            .ok(&["review", "approve", text(&queue[0]["id"])]);
        let _ = self.agency.ok(&["sync"]);
        text(&declared["id"]).to_owned()
    }

    /// Waits until the declaration has a status.
    fn declared(&self, id: &str, wanted: &str) {
        until(wanted, || {
            let _ = self.employer.ok(&["sync"]);
            let all = self.employer.ok(&["declare", "list"]);
            let own = items(&all).iter().find(|it| it["id"] == id);
            own.is_some_and(|it| it["status"]["code"] == wanted)
                .then_some(())
        });
    }
}

fn classes(rows: &Value) -> BTreeSet<&str> {
    items(rows)
        .iter()
        .map(|it| text(&it["class"]["code"]))
        .collect()
}

/// The row of a person.
fn row<'a>(rows: &'a Value, number: &str) -> &'a Value {
    let has = |it: &&Value, side: &str| it[side]["personal_number"] == number;
    items(rows)
        .iter()
        .find(|it| has(it, "ours") || has(it, "tax"))
        .unwrap_or_else(|| panic!("{number} is not in {rows}"))
}

fn repair(row: &Value) -> (&str, Option<&str>) {
    let repair = &row["findings"][0]["repair"];
    (text(&repair["code"]), repair["month"].as_str())
}

#[test]
fn tax_and_we_agree_until_taxs_clerk_changes_something_and_each_difference_has_its_repair() {
    let place = Place::new();
    let line = place.line();
    let before = line.compare(&[]);
    assert_eq!(classes(&before["rows"]), BTreeSet::from(["unknown"]));

    line.reach_assessed();
    let all = BTreeSet::from(["consistent"]);
    let has_bases = |rows: &Value| items(rows).iter().all(|it| it["tax"]["base"].is_string());
    let _ = line.compared("the roster after tax accepted the assessment", |rows| {
        has_bases(rows) && classes(rows) == all
    });

    let number = |place: usize| line.insured[place].personal_number.as_str();
    line.tax_corrects(number(2), &["--stop", "2021-12"]);
    line.tax_corrects(number(3), &["--start", "2021-09"]);
    line.tax_corrects(number(4), &["--base", "6000"]);
    line.tax_corrects(number(5), &["--name", WRONG_NAME]);
    line.tax_corrects(number(6), &["--remove"]);
    let stranger = ["--id-kind", "08", "--id-number", "E00000009"];
    let stranger = [&stranger[..], &["--name", "周外来", "--start", "2022-01"]].concat();
    line.tax_corrects("0009999999", &stranger);
    let fetched = line.fetch_roster();
    assert_eq!(
        (&fetched["persons"], &fetched["changes"]),
        (&12.into(), &6.into())
    );

    let found = line.compare(&[]);
    let rows = &found["rows"];
    for (person, class, expected) in [
        (number(0), "consistent", None),
        (
            number(2),
            "state_differs",
            Some(("repair.stop", Some("2021-12"))),
        ),
        (
            number(3),
            "months_differ",
            // The centre loaded the start: there is no declaration to do again.
            Some(("repair.window", None)),
        ),
        (
            number(4),
            "base_differs",
            Some(("repair.wage", Some("2022-02"))),
        ),
        (number(5), "name_differs", Some(("repair.window", None))),
        (number(6), "only_ours", Some(("repair.ask_tax", None))),
        (
            "0009999999",
            "only_tax",
            Some(("repair.enrol", Some("2022-01"))),
        ),
    ] {
        let row = row(rows, person);
        assert_eq!(row["class"]["code"], class, "{row}");
        if let Some(expected) = expected {
            assert_eq!(repair(row), expected, "{row}");
        }
    }
    // The window is the one of the unit's own district (DIST-1).
    let said = text(&row(rows, number(5))["findings"][0]["repair"]["message"]);
    assert!(said.contains("大东"), "{said}");
    let one = line.compare(&["--class", "仅税务有"]);
    assert_eq!(items(&one["rows"]).len(), 1, "{one}");
    let own = line.compare(&[&line.insured[4].id_number]);
    assert_eq!(classes(&own["rows"]), BTreeSet::from(["base_differs"]));
    let shown = found.to_string();
    for person in &line.insured {
        assert!(!shown.contains(&person.id_number), "a number in full");
    }
    // Fetched again it is the same: one small entry, and only the first page was asked for.
    let again = line.fetch_roster();
    assert_eq!(again["changes"], 0, "{again}");
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn a_month_that_tax_corrected_is_mended_by_the_draft_of_one_command() {
    let place = Place::new();
    let line = place.line();
    let first = line.insured[0].personal_number.clone();
    let wrong = line.stop_first();
    line.declared(&wrong, "tax_accepted");
    line.tax_corrects(&first, &["--stop", "2021-12"]);
    let other = &line.insured[6].personal_number;
    line.tax_corrects(other, &["--remove"]);
    let _ = line.fetch_roster();
    let found = line.compare(&[&first]);
    let own = row(&found["rows"], &first);
    assert_eq!(repair(own), ("repair.redo_stop", Some("2021-12")), "{own}");

    let mended = line.compare(&["--repair", &first]);
    let draft = &mended["declaration"];
    assert_eq!(draft["redoes"], json!(wrong), "{mended}");
    assert_eq!(draft["status"]["code"], "draft");
    assert_eq!(mended["missing"], json!([]));
    let twice = line.employer.run(&["compare", "--repair", &first]);
    assert_eq!(twice.json["error"]["code"], "compare.drafted");
    let at_tax = line.employer.run(&["compare", "--repair", other]);
    assert_eq!(at_tax.json["error"]["code"], "repair.ask_tax");
    assert_eq!(items(&line.employer.ok(&["declare", "list"])).len(), 2);

    let _ = line.employer.ok(&["submit", "--all"]);
    let _ = line.employer.ok(&["sync"]);
    let _ = line.agency.ok(&["sync"]);
    let mended = text(&draft["id"]);
    let _ = line.agency.ok(&["review", "approve", mended]);
    let _ = line.agency.ok(&["sync"]);
    line.declared(mended, "tax_accepted");
    let _ = line.compared("both rosters after the redo", |rows| {
        row(rows, &first)["class"]["code"] == "consistent"
    });
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn what_tax_refused_is_found_by_the_comparison_mended_at_tax_and_sent_again() {
    let place = Place::new();
    let line = place.line();
    let first = line.insured[0].clone();
    line.tax_corrects(&first.personal_number, &["--name", WRONG_NAME]);
    let declaration = line.stop_first();
    line.declared(&declaration, "tax_refused");
    let found = line.compared("the roster after tax refused", |rows| {
        row(rows, &first.personal_number)["class"]["code"] == "state_differs"
    });
    let own = row(&found["rows"], &first.personal_number);
    assert_eq!(repair(own).0, "repair.send_again", "{own}");
    assert_eq!(own["also"][0]["code"], "name_differs", "{own}");

    let sent = line.employer.ok(&["tax", "list"]);
    assert_eq!(sent[0]["step"]["code"], "refused", "{sent}");
    let transaction = text(&sent[0]["id"]);
    let stranger = line.agency.run(&["tax", "resend", transaction]);
    assert_ne!(
        stranger.code,
        Some(0),
        "the agency does not ask for the employer"
    );
    line.tax_corrects(&first.personal_number, &["--name", &first.name]);
    let asked = line.employer.ok(&["tax", "resend", transaction]);
    assert_eq!(asked["resend"]["code"], "queued", "{asked}");
    line.declared(&declaration, "tax_accepted");

    let sent = line.employer.ok(&["tax", "list"]);
    let seen: Vec<_> = items(&sent)
        .iter()
        .map(|it| (it["attempt"].as_u64(), text(&it["step"]["code"])))
        .collect();
    assert_eq!(seen, [(Some(1), "sent_again"), (Some(2), "accepted")]);
    let twice = line.employer.run(&["tax", "resend", transaction]);
    assert_eq!(twice.json["error"]["code"], "tax.sent_again");
    let all = BTreeSet::from(["consistent"]);
    let _ = line.compared("the roster after the second sending", |rows| {
        classes(rows) == all
    });
    assert_eq!(line.answered("POST /v1/transactions", 202), 2);
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn an_assessment_that_tax_refused_is_sent_again_and_paid() {
    let place = Place::new();
    let line = place.line();
    let second = line.insured[1].clone();
    line.declare();
    line.approve();
    line.accepted(false);
    line.tax_corrects(&second.personal_number, &["--name", WRONG_NAME]);
    line.assess();
    let refused = until("tax refuses the assessment", || {
        let _ = line.employer.ok(&["sync"]);
        let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
        (sent[0]["step"]["code"] == "refused").then_some(sent)
    });
    line.tax_corrects(&second.personal_number, &["--name", &second.name]);
    let transaction = text(&refused[0]["id"]);
    let _ = line.employer.ok(&["tax", "resend", transaction]);
    until("tax accepts the second sending", || {
        let _ = line.employer.ok(&["sync"]);
        let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
        let newest = items(&sent).last().expect("some");
        (newest["step"]["code"] == "accepted").then_some(())
    });
    let _ = line.at_tax("pay", &["--parts", "2"]);
    let records = line.recorded();
    assert_eq!(records["total"], line.assessment()["total"]);
    let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
    let newest = items(&sent).last().expect("some");
    assert_eq!(newest["step"]["code"], "posted", "{sent}");
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn a_base_declared_at_tax_shows_in_the_comparison_once_it_is_posted() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let second = &line.insured[1].personal_number;
    let base = format!("{second}=6000");
    let _ = line.at_tax("pay", &["--base", &base]);
    let found = line.compared("the posted base beside the declared one", |rows| {
        row(rows, second)["class"]["code"] == "base_differs"
    });
    let own = row(&found["rows"], second);
    assert_eq!(
        (&own["ours"]["base"], &own["tax"]["base"]),
        (&json!(WAGE), &json!("6000.00"))
    );
    assert_eq!(repair(own), ("repair.wage", Some("2022-02")));
    assert_eq!(items(&found["rows"]).len(), DUE);
}

#[test]
fn a_roster_of_many_pages_is_fetched_whole_and_one_of_an_unknown_unit_is_empty() {
    let place = Place::new();
    let line = place.line();
    let persons: Vec<Value> = (1..=2_100)
        .map(|number| {
            json!({
                "person_number": format!("99{number:08}"), "id_kind": "08",
                "id_number": format!("E{number:08}"), "name": format!("外来{number}"),
                "start": "2021-07",
            })
        })
        .collect();
    let roster = json!({"unit": SMALL.at_tax(), "persons": persons});
    let file = line.tax.file("many.json");
    std::fs::write(&file, roster.to_string()).expect("written");
    let _ = line.tax.tell("roster", &[file.to_str().expect("text")]);
    let fetched = line.fetch_roster();
    assert_eq!(
        (&fetched["persons"], &fetched["unit_known"]),
        (&2_112.into(), &true.into())
    );
    assert_eq!(line.answered("GET /v1/units/", 200), 3);
    let only_tax = line.compare(&["--class", "only_tax"]);
    assert_eq!(items(&only_tax["rows"]).len(), 2_100);
    let again = line.fetch_roster();
    assert_eq!(again["changes"], 0);
    assert_eq!(
        line.answered("GET /v1/units/", 200),
        4,
        "one page tells that it is the same"
    );

    let _ = line.centre.load(&LARGE);
    let unknown = line
        .centre
        .admin(&["tax", "roster", LARGE.credit_code])
        .result();
    assert_eq!(
        (&unknown["persons"], &unknown["unit_known"]),
        (&0.into(), &false.into())
    );
    let nobody = line.centre.admin(&["tax", "roster", "91350100M000100Y43"]);
    assert_eq!(nobody.json["error"]["code"], "admin.unknown_unit");
    assert_eq!(line.proxy.violations(), [""; 0]);
}
