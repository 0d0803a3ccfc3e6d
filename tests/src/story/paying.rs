//! Assessed, sent, paid, posted, recorded.

use super::*;
use crate::harness::until;

const SETTLEMENTS: [&str; 2] = ["2022-01", "2022-02"];

impl Telling<'_, '_> {
    /// The employer applies for the assessment of two months; tax acknowledges.
    pub(super) fn assess(&mut self) {
        self.chapter("六、核定申请,发送税务 / assessed and sent to tax");
        let employer = &self.told.employer;
        for settlement in SETTLEMENTS {
            let _ = employer.ok(&["assess", "apply", "--settlement", settlement]);
        }
        let accepted = until("both assessments accepted by tax", || {
            let _ = employer.ok(&["sync"]);
            let sent = employer.ok(&["tax", "list", "--kind", "assessment"]);
            let both = count(&sent, "/receiving/code", "accepted") == SETTLEMENTS.len();
            both.then_some(sent)
        });
        assert_eq!(count(&accepted, "/sending/code", "sent"), SETTLEMENTS.len());
        let assessed = employer.ok(&["assess", "list"]);
        let heads: Vec<u64> = SETTLEMENTS
            .iter()
            .map(|settlement| {
                let row = items(&assessed)
                    .iter()
                    .find(|row| row["settlement"] == *settlement && row["insurance"] == 210)
                    .unwrap_or_else(|| panic!("{settlement} is not in {assessed}"));
                row["persons"].as_u64().unwrap_or_default()
            })
            .collect();
        assert_eq!(
            heads,
            [320, 319],
            "张 is due in January and not in February"
        );
        self.line("失业核定成功:2022-01 320人,2022-02 319人;税务已接收");
    }

    /// The unit pays at tax; tax posts, and repeats itself.
    pub(super) fn pay_and_post(&mut self) {
        self.chapter("七、单位在税务缴费,税务入库并重复回执 / paid, posted, repeated");
        let mut serials = Vec::new();
        for settlement in SETTLEMENTS {
            let paid = self.told.tax.tell(
                "pay",
                &[
                    "--credit-code",
                    UNIT.credit_code,
                    "--settlement",
                    settlement,
                ],
            );
            serials.push(text(&items(&paid["serials"])[0]).to_owned());
        }
        let employer = &self.told.employer;
        let records = until("639 payment records, each proven here", || {
            let _ = employer.ok(&["sync"]);
            let records = employer.ok(&["records", "list"]);
            let proven = count(&records["records"], "/state/code", "recorded");
            (proven == 320 + 319).then_some(records)
        });
        let taken = |centre: &Centre<'_>| {
            let status = centre.admin(&["tax", "status"]).result();
            status["events_taken"].as_u64().unwrap_or_default()
        };
        let before = taken(&self.told.centre);
        for serial in &serials {
            let _ = self.told.tax.tell("repeat", &["--serial", serial]);
        }
        let centre = &self.told.centre;
        until("the repeats taken in", || {
            (taken(centre) >= before + 2).then_some(())
        });
        let _ = employer.ok(&["sync"]);
        assert_eq!(
            employer.ok(&["records", "list"]),
            records,
            "a repeat changes nothing"
        );
        let incidents = centre.admin(&["incident", "list"]).result();
        assert_eq!(items(&incidents).len(), 0, "{incidents}");
        self.line(&format!(
            "639条缴费记录,合计 {} 元",
            text(&records["total"])
        ));
        self.line("税务重复报送同一流水号,记录不变");
    }

    /// Zhang's months, the unit's payments.
    pub(super) fn look_at_the_payments(&mut self) {
        self.chapter("八、查询 / what was paid");
        let zhang = self.zhang().personal_number.clone();
        let employer = &self.told.employer;
        let own = employer.ok(&["records", "list", "--person", &zhang]);
        let periods: Vec<&str> = items(&own["records"])
            .iter()
            .map(|record| text(&record["period"]))
            .collect();
        assert_eq!(
            periods,
            ["2022-01"],
            "paid in January, nothing due in February"
        );
        let range = ["--period-from", "2022-02", "--period-to", "2022-02"];
        let february = employer.ok(&[&["records", "list"], &range[..]].concat());
        assert_eq!(items(&february["records"]).len(), 319);
        let listed = employer.ok(&["declare", "list"]);
        let wage = items(&listed)
            .iter()
            .find(|row| row["kind"] == "WAGE")
            .expect("wages were declared");
        assert_eq!(
            (&wage["months_done"], &wage["months_total"]),
            (&2.into(), &12.into())
        );
        let amount = text(&items(&own["records"])[0]["total"]).to_owned();
        self.line(&format!("张建业:2022-01 已记账 {amount} 元,2022-02 无应缴"));
        self.line("工资申报:12个月中已记账2个月");
    }
}
