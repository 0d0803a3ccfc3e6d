//! Two units: one person taken over, one resumed, one enrolled, and a wage that comes too late for
//! its month.

use super::*;
use crate::harness::{SMALL, insured_of, until};

/// Insured nowhere before; invented.
const NEWCOMER: (&str, &str) = ("210199199511030015", "新来工");
/// The places in the small unit's workbook of those in the file of stops: who resumes, whose stop is
/// done again, and who stays.
pub(super) const WANG: usize = 0;
pub(super) const REDONE: usize = 1;
pub(super) const STAYS: usize = 2;
/// Whose wage comes too late for its month.
const LATE: usize = 5;

/// The other unit's devices, and who is insured there.
pub(super) struct Other<'a> {
    pub(super) employer: Device<'a>,
    agency: Device<'a>,
    pub(super) insured: Vec<Insured>,
}

impl<'a> Telling<'a, '_> {
    /// 张 left the first unit; a second one takes him over, and more.
    pub(super) fn move_between_units(&mut self) {
        self.chapter(
            "十二、两个单位之间:接续、导入、拒收、重做、恢复、新参保、迟报 / between two units",
        );
        let other = self.open_other_unit();
        self.take_over(&other);
        let stops = self.import_stops(&other);
        self.be_refused_by_tax(&other, &stops);
        self.resume_and_enrol(&other);
        self.settle_what_came_late(&other);
        self.chapter("十三、入账异常与养老数据 / an incident, and what the pension side tells");
        self.pay_after_an_incident(&other);
        self.hear_of_pension(&other, &stops);
    }

    fn open_other_unit(&mut self) -> Other<'a> {
        let centre = &self.told.centre;
        assert_eq!(centre.load(&SMALL)["persons"], 12);
        self.told.tax.know(&SMALL);
        let (employer, agency) = (self.site.device("other"), self.site.device("other-agency"));
        centre.enrol_employer(&employer, &SMALL, "乙户经办人孙");
        centre.enrol_agency(&agency, &SMALL, "大东窗口经办人冯");
        for device in [&employer, &agency] {
            let _ = device.ok(&["sync"]);
        }
        Other {
            employer,
            agency,
            insured: insured_of(&SMALL.path()),
        }
    }

    /// SIL-3, SIL-15: by number and name; the first unit cannot have him back meanwhile.
    fn take_over(&mut self, other: &Other<'_>) {
        let zhang = self.zhang().clone();
        let wrong = ["--name", "张建"];
        let form = [
            "declare",
            "res",
            "--person",
            &zhang.id_number,
            "--month",
            "2022-02",
            "--wage",
            "6200",
            "--reason",
            "内转入",
        ];
        let asked = other.employer.ok(&["roster", "insured", &zhang.id_number]);
        assert_eq!(asked["insured"]["code"], "before", "{asked}");
        let drafted = other.employer.ok(&[&form[..], &wrong].concat());
        let id = text(&drafted["id"]).to_owned();
        let refused = other.answered(&id, "not_received");
        assert_eq!(
            refused["problems"][0]["code"], "declaration.name_differs",
            "{refused}"
        );
        let named = ["declare", "edit", &id, "--name", &zhang.name];
        let _ = other.employer.ok(&named);
        let taken = other.approved_and_at_tax(&[&id]);
        assert_eq!(
            taken[0]["person"]["personal_number"], zhang.personal_number,
            "one person, two units"
        );

        let first = &self.told.employer;
        let back = [
            "declare",
            "res",
            "--person",
            &zhang.personal_number,
            "--month",
            "2022-03",
        ];
        let back = first.ok(&[&back[..], &["--wage", "6200"]].concat());
        let id = text(&back["id"]).to_owned();
        let _ = first.ok(&["submit", &id]);
        let _ = first.ok(&["sync"]);
        let row = row_of(first, &id);
        assert_eq!(
            row["problems"][0]["code"], "declaration.insured_elsewhere",
            "{row}"
        );
        self.line(
            "张建业由另一单位自2022-02接续:姓名不符未受理,改正后通过;原单位再申报恢复,未受理:正在其他单位参保",
        );
    }

    /// MON-2, REG.
    fn resume_and_enrol(&mut self, other: &Other<'_>) {
        let wang = &other.insured[WANG].personal_number;
        let redone = &other.insured[REDONE].personal_number;
        let resumed = other.employer.ok(&[
            "declare", "res", "--person", wang, "--month", "2022-03", "--wage", "5100",
        ]);
        let (number, name) = NEWCOMER;
        let asked = other.employer.ok(&["roster", "insured", number]);
        assert_eq!(asked["insured"]["code"], "never", "{asked}");
        let enrolled = other.employer.ok(&[
            "declare",
            "reg",
            "--id-number",
            number,
            "--name",
            name,
            "--month",
            "2022-02",
            "--wage",
            "4800",
        ]);
        let ids = [&resumed, &enrolled].map(|it| text(&it["id"]).to_owned());
        let _ = other.approved_and_at_tax(&[&ids[0], &ids[1]]);

        let shown = other.employer.ok(&["roster", "show", wang]);
        let since: Vec<&str> = items(&shown["intervals"])
            .iter()
            .map(|it| text(&it["from"]))
            .collect();
        assert_eq!(since, ["2021-07", "2022-03"], "{shown}");
        let shown = other.employer.ok(&["roster", "show", redone]);
        assert_eq!(shown["last_paid_month"], "2022-01", "{shown}");
        assert_eq!(items(&shown["declarations"]).len(), 2, "both stay");
        let newcomer = other.employer.ok(&["roster", "show", number]);
        let given = text(&newcomer["person"]["personal_number"]).to_owned();
        self.line(&format!(
            "王姓职工2月办理恢复、2022-03起缴;{name}查询为未参保,新参保登记,个人编号 {given};税务全部接收"
        ));
    }

    /// SIL-20: a wage approved after its month was assessed is adjusted in the next one.
    fn settle_what_came_late(&mut self, other: &Other<'_>) {
        let employer = &other.employer;
        let assess = |settlement: &str| {
            let _ = employer.ok(&["assess", "apply", "--settlement", settlement]);
            until("assessed", || {
                let _ = employer.ok(&["sync"]);
                let listed = employer.ok(&["assess", "list"]);
                let row = items(&listed).iter().find(|row| {
                    row["settlement"] == settlement && row["status"]["code"] == "assessed"
                });
                row.cloned()
            })
        };
        let january = assess("2022-01");
        assert_eq!(
            (&january["persons"], &january["late_lines"]),
            (&12.into(), &0.into())
        );
        let late = &other.insured[LATE].personal_number;
        let wage = employer.ok(&[
            "declare", "wage", "--person", late, "--from", "2022-01", "--to", "2022-12", "--wage",
            "9000",
        ]);
        let id = text(&wage["id"]).to_owned();
        let _ = other.approved(&[&id]);
        let february = assess("2022-02");
        assert_eq!(
            (&february["persons"], &february["late_lines"]),
            (&12.into(), &1.into()),
            "two left, two came, one month is adjusted: {february}"
        );
        until("tax took both months", || {
            let _ = employer.ok(&["sync"]);
            let sent = employer.ok(&["tax", "list", "--kind", "assessment"]);
            (count(&sent, "/receiving/code", "accepted") == 2).then_some(())
        });
        self.line("1月已核定后才通过的工资不改1月的核定,差额列入2月:正常12人,补差1笔;税务已接收");
    }
}

impl Other<'_> {
    /// Submits a declaration and gives its row once it stands so.
    fn answered(&self, id: &str, status: &str) -> Value {
        let _ = self.employer.ok(&["submit", id]);
        let _ = self.employer.ok(&["sync"]);
        let row = row_of(&self.employer, id);
        assert_eq!(row["status"]["code"], status, "{row}");
        row
    }

    /// Submits declarations, which the agency approves.
    pub(super) fn approved(&self, ids: &[&str]) -> Vec<Value> {
        for id in ids {
            let _ = self.answered(id, "received");
        }
        let _ = self.agency.ok(&["sync"]);
        let _ = self.agency.ok(&[&["review", "approve"], ids].concat());
        let _ = self.agency.ok(&["sync"]);
        let _ = self.employer.ok(&["sync"]);
        let rows: Vec<Value> = ids.iter().map(|id| row_of(&self.employer, id)).collect();
        for row in &rows {
            assert_eq!(row["progress"], "decided", "{row}");
        }
        rows
    }

    pub(super) fn until_status(&self, id: &str, status: &str) {
        until("the answer of tax", || {
            let _ = self.employer.ok(&["sync"]);
            (row_of(&self.employer, id)["status"]["code"] == status).then_some(())
        });
    }

    /// A person of the comparison, once it is so.
    pub(super) fn until_compared(&self, number: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until("the comparison with tax", || {
            let _ = self.employer.ok(&["sync"]);
            let found = self.employer.ok(&["compare", number]);
            let row = found["rows"][0].clone();
            is_so(&row).then_some(row)
        })
    }

    /// The same for what moves people, until tax has taken it.
    pub(super) fn approved_and_at_tax(&self, ids: &[&str]) -> Vec<Value> {
        let _ = self.approved(ids);
        until("tax took the roster changes", || {
            let _ = self.employer.ok(&["sync"]);
            let rows: Vec<Value> = ids.iter().map(|id| row_of(&self.employer, id)).collect();
            let taken = |row: &Value| row["status"]["code"] == "tax_accepted";
            rows.iter().all(taken).then_some(rows)
        })
    }
}

fn row_of(device: &Device<'_>, id: &str) -> Value {
    let listed = device.ok(&["declare", "list"]);
    let row = items(&listed).iter().find(|row| row["id"] == id);
    row.unwrap_or_else(|| panic!("{id} is not in {listed}"))
        .clone()
}
