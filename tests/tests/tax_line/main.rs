//! The line between the real centre and the real tax simulator: what passes is as the interface
//! describes, a death on either side loses and doubles nothing, and a wrong posting records nothing.

mod bad_postings;
mod deaths;
mod persons;
mod reversals;
mod rosters;
mod whole_way;

use std::collections::BTreeSet;

use canbao_tests::harness::{
    Centre, Device, Insured, LARGE, SMALL, Site, Tax, count, insured_of, items, repository, text,
    until,
};
use canbao_tests::recording_proxy::RecordingProxy;
use canbao_tests::story::site_in;
use serde_json::Value;
use tempfile::TempDir;

const SETTLEMENT: &str = "2022-01";
/// Everyone of the unit is due in January, also the one whose last month it is.
const DUE: usize = 12;
/// The wage that the second of the roster gets.
const WAGE: &str = "6800.00";

/// A directory for one test and the site in it.
struct Place {
    _directory: TempDir,
    site: Site,
}

/// A centre that reaches tax through a proxy, and the unit of twelve with its agency.
struct Line<'a> {
    site: &'a Site,
    centre: Centre<'a>,
    employer: Device<'a>,
    agency: Device<'a>,
    proxy: RecordingProxy,
    tax: Tax<'a>,
    insured: Vec<Insured>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let site = site_in(directory.path());
        Self {
            _directory: directory,
            site,
        }
    }

    /// The unit is loaded, tax knows its roster, both devices are enrolled and synced.
    fn line(&self) -> Line<'_> {
        let tax = self.site.tax();
        tax.know(&SMALL);
        let upstream = tax.address.parse().expect("an address");
        let interface = repository("docs/tax-interface.yaml");
        let proxy = RecordingProxy::start(&interface, upstream).expect("a proxy");
        let mut centre = self.site.centre(&proxy.address().to_string());
        let [employer, agency] = centre.open_for(&self.site, &SMALL);
        Line {
            site: &self.site,
            centre,
            employer,
            agency,
            proxy,
            tax,
            insured: insured_of(&SMALL.path()),
        }
    }
}

/// The steps of the way.
impl Line<'_> {
    /// The first of the roster stops after January, the second gets another wage.
    fn declare(&self) {
        let first = &self.insured[0].personal_number;
        let stop = ["declare", "int", "--person", first, "--month", "2022-01"];
        let _ = self
            .employer
            .ok(&[&stop[..], &["--reason", "解除劳动合同"]].concat());
        let second = &self.insured[1].personal_number;
        let months = ["--from", "2022-01", "--to", "2022-12"];
        let wage = ["declare", "wage", "--person", second, "--wage", WAGE];
        let _ = self.employer.ok(&[&wage[..], &months].concat());
        let _ = self.employer.ok(&["submit", "--all"]);
        let _ = self.employer.ok(&["sync"]);
    }

    /// The agency approves both.
    fn approve(&self) {
        let _ = self.agency.ok(&["sync"]);
        let queue = self.agency.ok(&["review", "queue"]);
        assert_eq!(items(&queue).len(), 2, "{queue}");
        let mut approve = vec!["review", "approve"];
        approve.extend(items(&queue).iter().map(|row| text(&row["id"])));
        let _ = self.agency.ok(&approve);
        let _ = self.agency.ok(&["sync"]);
    }

    fn assess(&self) {
        let _ = self
            .employer
            .ok(&["assess", "apply", "--settlement", SETTLEMENT]);
        let _ = self.employer.ok(&["sync"]);
    }

    /// Waits until tax accepted the change of the roster and, where `assessed`, the assessment.
    fn accepted(&self, assessed: bool) {
        let wanted = 1 + usize::from(assessed);
        // The two states are independent: after a cut, tax's acceptance may be told by an event
        // before the centre asked whether its sending arrived.
        let sent = until("everything is sent and accepted by tax", || {
            let _ = self.employer.ok(&["sync"]);
            let sent = self.employer.ok(&["tax", "list"]);
            let accepted = count(&sent, "/receiving/code", "accepted") == wanted;
            let arrived = count(&sent, "/sending/code", "sent") == wanted;
            (accepted && arrived).then_some(sent)
        });
        assert_eq!(items(&sent).len(), wanted, "{sent}");
    }

    /// The way up to an assessment that tax accepted.
    fn reach_assessed(&self) {
        self.declare();
        self.approve();
        self.assess();
        self.accepted(true);
    }

    /// What the simulator says to a command about the unit's January.
    fn at_tax(&self, command: &str, arguments: &[&str]) -> Value {
        let period = january();
        self.tax.tell(command, &[&period[..], arguments].concat())
    }

    /// Waits until all of tax's events are taken in.
    fn events_taken(&self) {
        until("tax's events are taken in", || {
            let known = self.tax.tell("state", &[])["last_sequence"].as_u64();
            let status = self.centre.admin(&["tax", "status"]).result();
            (status["events_taken"].as_u64() == known).then_some(())
        });
    }
}

/// What there is at the end.
impl Line<'_> {
    /// Everyone's records, once each is proven on the employer's device.
    fn recorded(&self) -> Value {
        until("everyone's payment record, proven", || {
            let _ = self.employer.ok(&["sync"]);
            let records = self.records();
            (count(&records["records"], "/state/code", "recorded") >= DUE).then_some(records)
        })
    }

    fn records(&self) -> Value {
        self.employer.ok(&["records", "list"])
    }

    /// The January assessment of 失业.
    fn assessment(&self) -> Value {
        let assessed = self.employer.ok(&["assess", "list"]);
        items(&assessed)
            .iter()
            .find(|row| row["settlement"] == SETTLEMENT && row["insurance"] == 210)
            .cloned()
            .unwrap_or_else(|| panic!("January is not in {assessed}"))
    }

    fn incident_codes(&self) -> Vec<String> {
        let incidents = self.centre.admin(&["incident", "list"]).result();
        items(&incidents)
            .iter()
            .map(|incident| text(&incident["code"]).to_owned())
            .collect()
    }

    /// Each receivable has one record, tax has each transaction once, nothing was out of order.
    fn everything_is_there_once(&self) {
        let records = self.recorded();
        self.events_taken();
        let _ = self.employer.ok(&["sync"]);
        assert_eq!(self.records(), records, "the last events add nothing");
        let rows = items(&records["records"]);
        assert_eq!(rows.len(), DUE, "{records}");
        for member in ["/person/personal_number", "/id", "/number", "/leaf"] {
            let different: BTreeSet<String> = rows
                .iter()
                .filter_map(|row| row.pointer(member).map(Value::to_string))
                .collect();
            assert_eq!(different.len(), DUE, "{member} in {records}");
        }
        assert!(rows.iter().all(|row| row["period"] == SETTLEMENT));
        let assessment = self.assessment();
        assert_eq!(assessment["persons"], DUE, "{assessment}");
        assert_eq!(records["total"], assessment["total"]);
        let state = self.tax.tell("state", &[]);
        assert_eq!(items(&state["transactions"]).len(), 2, "{state}");
        assert_eq!(self.incident_codes(), [""; 0]);
        assert_eq!(self.proxy.violations(), [""; 0]);
    }

    /// How many exchanges so far begin so, whatever came of them.
    fn asked(&self, request: &str) -> usize {
        self.proxy
            .exchanges()
            .iter()
            .filter(|exchange| exchange.request.starts_with(request))
            .count()
    }

    /// How many exchanges so far begin so and were answered so.
    fn answered(&self, request: &str, status: u16) -> usize {
        self.proxy
            .exchanges()
            .iter()
            .filter(|it| it.request.starts_with(request) && it.status == Some(status))
            .count()
    }
}

/// The simulator's arguments that name the unit's January.
fn january() -> [&'static str; 4] {
    [
        "--credit-code",
        SMALL.credit_code,
        "--settlement",
        SETTLEMENT,
    ]
}
