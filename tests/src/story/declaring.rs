//! Declared, reviewed, returned, corrected: each side without the centre at some time.

use super::*;
use crate::harness::until;

/// How many wages the employer declares.
const WAGES: usize = 12;
const REASON: &str = "工资与劳动合同不符,请核对后重报";

impl Telling<'_, '_> {
    /// The centre is down; the employer works all the same.
    pub(super) fn declare_without_the_centre(&mut self) {
        self.chapter("二、中心停机,单位照常申报 / the centre is down, the employer declares");
        self.told.centre.stop();
        let zhang = self.zhang().personal_number.clone();
        let employer = &self.told.employer;
        let stop = ["declare", "int", "--person", &zhang, "--month", "2022-01"];
        let _ = employer.ok(&[&stop[..], &["--reason", "解除劳动合同"]].concat());
        for (person, number) in self.insured.iter().skip(1).take(WAGES).zip(1..) {
            let wage = format!("{}.50", 5_000 + 500 * number);
            let _ = employer.ok(&[
                "declare",
                "wage",
                "--person",
                &person.id_number,
                "--from",
                "2022-01",
                "--to",
                "2022-12",
                "--wage",
                &wage,
            ]);
        }
        let _ = employer.ok(&["roster", "note", &zhang, "--text", "离职手续已办"]);
        let listed = employer.ok(&["declare", "list"]);
        assert_eq!(count(&listed, "/status/code", "draft"), 1 + WAGES);
        let submitted = employer.ok(&["submit", "--all"]);
        assert_eq!(
            items(&submitted["submitted"]).len(),
            1 + WAGES,
            "{submitted}"
        );

        let listed = employer.ok(&["declare", "list"]);
        assert_eq!(count(&listed, "/status/code", "submitted"), 1 + WAGES);
        let unreachable = employer.run(&["sync"]).error(3);
        let status = employer.ok(&["status"]);
        assert!(
            status["queued"].as_u64() >= Some(1 + WAGES as u64),
            "{status}"
        );
        self.line(&format!(
            "张建业中断申报(2022-01)和{WAGES}笔工资申报已提交,全部排队;同步报告:{}",
            text(&unreachable["message"])
        ));
    }

    /// The centre is back; receipts arrive.
    pub(super) fn receive(&mut self) {
        self.chapter("三、中心恢复,收到受理回执 / receipts arrive");
        self.told.centre.start();
        let employer = &self.told.employer;
        let _ = employer.ok(&["sync"]);
        let receipts = employer.ok(&["receipt", "list"]);
        assert_eq!(items(&receipts).len(), 1 + WAGES);
        let listed = employer.ok(&["declare", "list"]);
        assert_eq!(count(&listed, "/status/code", "received"), 1 + WAGES);
        assert_eq!(employer.ok(&["status"])["queued"], 0);
        let zhang = employer.ok(&["roster", "show", &self.zhang().personal_number]);
        assert_eq!(
            items(&zhang["notes"]).len(),
            1,
            "a note in the roster document"
        );
        let first = text(&items(&receipts)[0]["receipt"]).to_owned();
        self.line(&format!("{}笔受理回执,第一笔 {first}", 1 + WAGES));
    }

    /// The centre is down again; the agency decides.
    pub(super) fn review_without_the_centre(&mut self) {
        self.chapter("四、中心再次停机,经办机构审核 / the agency reviews without the centre");
        let agency = &self.told.agency;
        let _ = agency.ok(&["sync"]);
        self.told.centre.stop();
        let agency = &self.told.agency;
        let zhang = agency.ok(&["roster", "show", &self.zhang().personal_number]);
        assert_eq!(
            items(&zhang["notes"]).len(),
            0,
            "the employer's notes are its own"
        );
        let queue = agency.ok(&["review", "queue"]);
        assert_eq!(items(&queue).len(), 1 + WAGES);
        let returned = self.returned_person();
        let marked = items(&queue)
            .iter()
            .filter(|row| row["marked"] == true)
            .count();
        let (back, good): (Vec<&Value>, Vec<&Value>) = items(&queue)
            .iter()
            .partition(|row| row["person"]["personal_number"] == *returned);
        let mut approve = vec!["review", "approve"];
        approve.extend(good.iter().map(|row| text(&row["id"])));
        let _ = agency.ok(&approve);
        let _ = agency.ok(&["review", "return", text(&back[0]["id"]), "--reason", REASON]);
        let _ = agency.run(&["sync"]).error(3);
        self.told.centre.start();
        let _ = self.told.agency.ok(&["sync"]);
        let _ = self.told.employer.ok(&["sync"]);

        let listed = self.told.employer.ok(&["declare", "list"]);
        assert_eq!(count(&listed, "/status/code", "returned"), 1, "{listed}");
        assert_eq!(count(&listed, "/reason", REASON), 1);
        self.line(&format!(
            "通过{WAGES}笔,退回1笔:{REASON};基数变动35%以上被标记的有{marked}笔"
        ));
    }

    /// The employer corrects what was returned; the agency approves it.
    pub(super) fn correct_and_resubmit(&mut self) {
        self.chapter("五、单位修改后重新提交,审核通过 / corrected and approved");
        let employer = &self.told.employer;
        let listed = employer.ok(&["declare", "list"]);
        let returned = items(&listed)
            .iter()
            .find(|row| row["status"]["code"] == "returned")
            .expect("one was returned");
        let id = text(&returned["id"]).to_owned();
        let _ = employer.ok(&["declare", "edit", &id, "--wage", "6800.00"]);
        let again = employer.ok(&["submit", &id]);
        assert_eq!(again["submitted"][0]["revision"], 2, "{again}");
        let _ = employer.ok(&["sync"]);
        let agency = &self.told.agency;
        let _ = agency.ok(&["sync"]);
        let queue = agency.ok(&["review", "queue"]);
        assert_eq!(items(&queue).len(), 1);
        let _ = agency.ok(&["review", "approve", text(&items(&queue)[0]["id"])]);
        let _ = agency.ok(&["sync"]);
        let employer = &self.told.employer;
        let listed = until("every wage approved, the interruption taken by tax", || {
            let _ = employer.ok(&["sync"]);
            let listed = employer.ok(&["declare", "list"]);
            let approved = count(&listed, "/status/code", "approved") == WAGES;
            let at_tax = count(&listed, "/status/code", "tax_accepted") == 1;
            (approved && at_tax).then_some(listed)
        });
        assert_eq!(items(&listed).len(), 1 + WAGES);
        self.line("12笔工资审核通过;张建业的停缴年月 202201 已由税务接收");
    }

    /// The personal number of the person whose wage is returned.
    fn returned_person(&self) -> &str {
        &self.insured[3].personal_number
    }
}
