//! Persons over the whole way: an enrolment that never led to a payment is voided here and at tax
//! (SIL-2), and the centre holds another document and name of a person in the unit.

use super::*;

const NEWCOMER: (&str, &str) = ("210199199511030015", "新来工");

impl Line<'_> {
    /// Declares, submits and approves; waits until tax has taken it.
    fn taken_by_tax(&self, form: &[&str]) -> String {
        let declared = self.employer.ok(&[&["declare"], form].concat());
        let id = text(&declared["id"]);
        let _ = self.employer.ok(&["submit", id]);
        let _ = self.employer.ok(&["sync"]);
        let _ = self.agency.ok(&["sync"]);
        let _ = self.agency.ok(&["review", "approve", id]);
        let _ = self.agency.ok(&["sync"]);
        self.stands(id, "tax_accepted");
        id.to_owned()
    }

    fn stands(&self, id: &str, wanted: &str) {
        until(wanted, || {
            let _ = self.employer.ok(&["sync"]);
            let all = self.employer.ok(&["declare", "list"]);
            let own = items(&all).iter().find(|it| it["id"] == id);
            own.is_some_and(|it| it["status"]["code"] == wanted)
                .then_some(())
        });
    }

    fn insured(&self, number: &str) -> String {
        let asked = self.employer.ok(&["roster", "insured", number]);
        text(&asked["insured"]["code"]).to_owned()
    }
}

#[test]
fn an_enrolment_that_never_led_to_a_payment_is_voided_here_and_at_tax() {
    let place = Place::new();
    let line = place.line();
    let (number, name) = NEWCOMER;
    let enrols = |month| {
        let who = [
            "reg",
            "--id-number",
            number,
            "--name",
            name,
            "--wage",
            "4800",
        ];
        [&who[..], &["--month", month]].concat()
    };
    assert_eq!(line.insured(number), "never");
    let enrolment = line.taken_by_tax(&enrols("2022-02"));
    assert_eq!(line.insured(number), "here");
    let stop = ["int", "--person", number, "--reason", "其他中断"];
    let _ = line.taken_by_tax(&[&stop[..], &["--month", "2022-01"]].concat());
    line.stands(&enrolment, "annulled");
    assert_eq!(line.insured(number), "never");
    let shown = line.employer.ok(&["roster", "show", number]);
    assert_eq!(shown["status"]["code"], "not_insured", "{shown}");
    assert_eq!(items(&shown["intervals"]).len(), 0, "{shown}");
    let unit = SMALL.unemployment_number;
    let _ = line.centre.admin(&["tax", "roster", unit]).result();
    let _ = line.employer.ok(&["sync"]);
    let beside = line.employer.ok(&["compare", number]);
    let beside = &beside["rows"][0];
    assert_eq!(beside["tax"], Value::Null, "{beside}");
    assert_eq!(beside["class"]["code"], "consistent", "{beside}");

    // Enrolled anew the person keeps the number, and tax takes the start as a first one.
    let given = text(&shown["person"]["personal_number"]).to_owned();
    let _ = line.taken_by_tax(&enrols("2022-03"));
    let shown = line.employer.ok(&["roster", "show", number]);
    assert_eq!(shown["person"]["personal_number"], given, "{shown}");
    assert_eq!(shown["paying_since"], "2022-03", "{shown}");
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn another_name_of_a_person_reaches_the_unit_and_two_who_pay_are_not_made_one() {
    let place = Place::new();
    let line = place.line();
    let [first, second] = [&line.insured[0], &line.insured[1]];
    let (first, second) = (&first.personal_number, &second.personal_number);
    let amend = ["person", "amend", first, "--name", "改名工"];
    let _ = line
        .centre
        .admin(&[&amend[..], &["--evidence", "户籍证明"]].concat())
        .result();
    let _ = line.employer.ok(&["sync"]);
    let shown = line.employer.ok(&["roster", "show", first]);
    assert_eq!(shown["person"]["name"], "改名工", "{shown}");
    let merge = ["person", "merge", first, second, "--evidence", "说明"];
    let refused = line.centre.admin(&merge).error(1);
    assert_eq!(refused["code"], "admin.month_owned_twice", "{refused}");
}
