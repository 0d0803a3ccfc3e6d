//! Stops from a clerk's file, one of them refused by tax, found by the comparison, sent again and
//! done again.

use super::moving::{Other, REDONE, STAYS, WANG};
use super::*;
use crate::harness::{SMALL, path, repository};

impl Telling<'_, '_> {
    /// The clerk's file of stops: the errors of a spreadsheet are told, the corrected file makes
    /// the drafts, and what does not belong there is mended or voided.
    pub(super) fn import_stops(&mut self, other: &Other<'_>) -> [String; 2] {
        let failures = self.site.path("stops-failed.xlsx");
        let import = |name: &str| {
            let file = repository("tests/fixtures/import").join(name);
            let arguments = ["declare", "import", "int", path(&file), "--failures"];
            let arguments = [&arguments[..], &[path(&failures)]].concat();
            other.employer.ok(&arguments)
        };
        let report = import("stops-1-numbers.xls");
        assert_eq!(
            (&report["good"], &report["failed"]),
            (&0.into(), &3.into()),
            "{report}"
        );
        let first = &report["rows"][0]["problems"][0];
        assert_eq!(first["code"], "identity.spreadsheet_lost_digits", "{first}");
        assert!(failures.exists(), "the failing rows come back");
        self.line(&format!(
            "导入停缴文件:3行失败,原因 {}",
            text(&first["message"])
        ));

        let report = import("stops-3-right.xlsx");
        assert_eq!(report["good"], 3, "{report}");
        let listed = other.employer.ok(&["declare", "list"]);
        let draft_of = |place: usize| {
            let number = &other.insured[place].personal_number;
            let mut drafts = items(&listed).iter();
            let own = drafts.find(|row| row["person"]["personal_number"] == **number);
            text(&own.unwrap_or_else(|| panic!("{number} is not in {listed}"))["id"]).to_owned()
        };
        let [stopped, redone, stays] = [WANG, REDONE, STAYS].map(draft_of);
        let _ = other
            .employer
            .ok(&["declare", "edit", &redone, "--month", "2022-02"]);
        let _ = other.employer.ok(&["declare", "void", &stays]);
        self.line("改正后的文件成为3笔草稿:1笔按原样,1笔改了月份,1笔删除");
        [stopped, redone]
    }

    /// QRY-3, STA-1: tax has another name and refuses; the comparison finds it, tax corrects it,
    /// and the stop is sent again.
    pub(super) fn be_refused_by_tax(&mut self, other: &Other<'_>, stops: &[String; 2]) {
        let Insured {
            personal_number,
            name,
            ..
        } = &other.insured[REDONE];
        let tax = &self.told.tax;
        let correct = |change: &[&str]| {
            let person = [
                "--credit-code",
                SMALL.credit_code,
                "--person",
                personal_number,
            ];
            let _ = tax.tell("correct", &[&person[..], change].concat());
        };
        let centre = &self.told.centre;
        let fetch = || {
            let fetched = centre.admin(&["tax", "roster", SMALL.unemployment_number]);
            let _ = fetched.result();
        };
        correct(&["--name", "名字不同"]);
        let _ = other.approved(&[&stops[0], &stops[1]]);
        other.until_status(&stops[0], "tax_accepted");
        other.until_status(&stops[1], "tax_refused");
        fetch();
        let refused = other.until_compared(personal_number, |row| {
            row["class"]["code"] == "state_differs"
        });
        let repair = &refused["findings"][0]["repair"];
        assert_eq!(repair["code"], "repair.send_again", "{refused}");
        assert_eq!(refused["also"][0]["code"], "name_differs", "{refused}");
        let said = text(&repair["message"]).to_owned();
        correct(&["--name", name]);
        let sent = other.employer.ok(&["tax", "list", "--kind", "roster"]);
        let refusal = items(&sent)
            .iter()
            .find(|row| row["step"]["code"] == "refused")
            .unwrap_or_else(|| panic!("nothing is refused in {sent}"));
        let _ = other.employer.ok(&["tax", "resend", text(&refusal["id"])]);
        other.until_status(&stops[1], "tax_accepted");

        // MON-3: tax's month is the reference; the redo is one command.
        correct(&["--stop", "2022-01"]);
        fetch();
        let found = other.until_compared(personal_number, |row| {
            row["findings"][0]["repair"]["code"] == "repair.redo_stop"
        });
        assert_eq!(
            found["findings"][0]["repair"]["month"], "2022-01",
            "{found}"
        );
        let mended = other.employer.ok(&["compare", "--repair", personal_number]);
        let draft = &mended["declaration"];
        assert_eq!(draft["redoes"], stops[1], "{mended}");
        let _ = other.approved_and_at_tax(&[text(&draft["id"])]);
        let _ = other.until_compared(personal_number, |row| row["class"]["code"] == "consistent");
        self.line(&format!(
            "税务因姓名不同拒收1笔停缴;对比结果:{said};税务更正后重新发送,已接收"
        ));
        self.line("停缴月以税务为准:由对比结果一键重做为2022-01,双方一致");
    }
}
