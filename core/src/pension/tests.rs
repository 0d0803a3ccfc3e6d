//! A unit of three beside the pension feed of the same three, one of them retired there.

mod cases;

use super::*;
use crate::declaration::{Declaration, Draft};
use crate::facts::pension_sample::delivered;
use crate::facts::tests::{Log, NOW, interruption, month, wage, yuan};
use crate::facts::{
    Delivered, Fact, PaymentStatus, PensionPerson, PersonState, RegistrationState, UnitView,
};
use crate::ids::UnitId;
use crate::money::Money;
use crate::parameters::{self, ParameterSet};
use crate::statement::Verdict;
use crate::time::Timestamp;

/// The first of the unit, by the number that we gave.
const FIRST: &str = "0001000001";

struct Stage {
    log: Log,
    unit: UnitId,
}

impl Stage {
    fn set() -> Self {
        let mut log = Log::open();
        let wages = [Some("4359.00"), Some("5000.00"), None];
        let unit = log.register(1, &wages);
        Self { log, unit }
    }

    fn view(&self) -> &UnitView {
        self.log.unit(self.unit)
    }

    fn take(&mut self, feed: Delivered) {
        let feed = feed.check().unwrap();
        let before = self.view().pension_feed().map(|it| it.feed.clone());
        for part in feed.parts_since(before.as_ref()) {
            let unit = self.unit;
            self.log.add(Fact::PensionTaken { unit, part });
        }
    }

    /// Submits and approves a declaration.
    fn approve(&mut self, draft: &Draft) -> Declaration {
        let declaration = self.log.parse(self.unit, draft).unwrap();
        self.log.submit(&declaration);
        self.log.decide(&declaration, Verdict::Approve);
        declaration
    }

    fn results(&self, filter: ResultFilter) -> Results<'_> {
        let common = &self.log.projection.common;
        results(self.view(), common, filter, NOW)
    }
}

/// A person of the unit as pension insurance has them, under a number of its own.
fn person(line: usize) -> PensionPerson {
    PensionPerson {
        personal_number: format!("88{line:08}"),
        id_kind: "08".to_owned(),
        id_number: format!("E001{line:05}"),
        name: format!("员工{line}"),
        person_state: PersonState::Working,
        registration_state: RegistrationState::Normal,
        payment: PaymentStatus::Paying,
        base: Some(Money::from_yuan(4359)),
    }
}

/// The feed of these persons, an hour old: its first two operations stop the first two of them
/// in January, the first with success.
fn feed(persons: Vec<PensionPerson>) -> Delivered {
    Delivered {
        as_of: Timestamp(NOW.0 - 3600),
        ..delivered(persons)
    }
}

fn stop(number: u8, person: &str) -> Draft {
    interruption(number, person, "2022-01", "辞职")
}

#[test]
fn a_set_of_parameters_without_a_limit_is_read_and_makes_the_flag_unknown() {
    let text = parameters::builtin_text();
    let (before, after) = text.split_once("[[pension_feed_days]]").unwrap();
    let (_, after) = after.split_once("[[rates]]").unwrap();
    let set = ParameterSet::parse(&format!("{before}[[rates]]{after}")).unwrap();
    assert!(set.pension_feed_days(NOW.month(), NOW.date()).is_err());
    let mut stage = Stage::set();
    let first = stage.approve(&stop(1, FIRST));
    stage.take(feed((1..=3).map(person).collect()));
    let flag = linked(&first, stage.view(), Some(&set), NOW);
    assert_eq!(flag, Some(Linked::Unknown(Unknown::NoLimit)));
}

#[test]
fn counts_are_unknown_without_a_feed_and_name_who_stands_on_one_side_alone() {
    let mut stage = Stage::set();
    fn counts(stage: &Stage) -> HeadCounts<'_> {
        head_counts(stage.view(), &stage.log.projection.common, NOW.date())
    }
    let missing = counts(&stage);
    assert_eq!((missing.pension, missing.agree()), (None, None));
    assert_eq!(missing.only_pension, None);
    assert_eq!(missing.only_unemployment, None);
    let ours = missing.unemployment.unwrap();
    assert_eq!((ours.persons, ours.wages_declared), (3, 2));
    assert_eq!(ours.total_base, Some(yuan("9359.00")));

    let retired = PensionPerson {
        person_state: PersonState::Retired,
        payment: PaymentStatus::Terminated,
        ..person(2)
    };
    stage.take(feed(vec![
        person(1),
        retired,
        person(3),
        person(4),
        person(5),
    ]));
    let differing = counts(&stage);
    assert_eq!(differing.pension.unwrap().persons, 4);
    assert_eq!(differing.pension.unwrap().total_base, yuan("17436.00"));
    assert_eq!(differing.agree(), Some(false));
    let there: Vec<&str> = differing
        .only_pension
        .iter()
        .flatten()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(there, ["员工4", "员工5"]);
    let here = differing.only_unemployment.iter().flatten();
    let here: Vec<&str> = here.map(|it| it.record.name.as_str()).collect();
    assert_eq!(here, ["员工2"]);
    stage.take(feed((1..=3).map(person).collect()));
    assert_eq!(counts(&stage).agree(), Some(true));
}

#[test]
fn both_rosters_stand_side_by_side_and_are_found_by_each_filter() {
    let mut stage = Stage::set();
    let shown = |stage: &Stage, filter: RosterFilter| -> Vec<(String, String)> {
        let name = |it: Option<&str>| it.unwrap_or("-").to_owned();
        roster(stage.view(), &filter)
            .iter()
            .map(|it| {
                let there = name(it.pension.map(|it| it.name.as_str()));
                (there, name(it.ours.map(|it| it.record.name.as_str())))
            })
            .collect()
    };
    let pair = |there: &str, ours: &str| (there.to_owned(), ours.to_owned());
    let ours = [pair("-", "员工1"), pair("-", "员工2"), pair("-", "员工3")];
    assert_eq!(shown(&stage, RosterFilter::default()), ours);
    let dead = PensionPerson {
        person_state: PersonState::Dead,
        registration_state: RegistrationState::Cancelled,
        payment: PaymentStatus::Terminated,
        ..person(2)
    };
    stage.take(feed(vec![person(1), dead, person(9)]));
    let all = [
        pair("员工1", "员工1"),
        pair("员工2", "员工2"),
        pair("员工9", "-"),
        pair("-", "员工3"),
    ];
    assert_eq!(shown(&stage, RosterFilter::default()), all);
    let by_id = |number: &str| RosterFilter {
        id_number: Some(number.to_owned()),
        ..RosterFilter::default()
    };
    assert_eq!(shown(&stage, by_id(" e00100009 ")), [pair("员工9", "-")]);
    assert_eq!(shown(&stage, by_id("E00100003")), [pair("-", "员工3")]);
    let by_number = |number: &str| RosterFilter {
        personal_number: Some(number.to_owned()),
        ..RosterFilter::default()
    };
    let first = [pair("员工1", "员工1")];
    assert_eq!(shown(&stage, by_number("8800000001")), first);
    assert_eq!(shown(&stage, by_number(FIRST)), first);
    let person_state = |it| RosterFilter {
        person_state: Some(it),
        ..RosterFilter::default()
    };
    let second = [pair("员工2", "员工2")];
    assert_eq!(shown(&stage, person_state(PersonState::Dead)), second);
    assert!(shown(&stage, person_state(PersonState::Retired)).is_empty());
    assert_eq!(shown(&stage, person_state(PersonState::Working)).len(), 2);
}

/// What an item is, in a word.
fn word(item: &ResultItem<'_>) -> String {
    match item {
        ResultItem::Reviewed { linked, .. } => {
            format!("reviewed {}", linked.as_ref().map_or("-", Linked::code))
        }
        ResultItem::Assessed(_) => "assessed".to_owned(),
        ResultItem::NotAssessed { attempt, .. } => format!("failed {attempt}"),
        ResultItem::OfPension(result) => {
            let end = result.failure.as_ref().map_or("succeeded", |_| "failed");
            format!("pension {} {end}", result.matter.code())
        }
        ResultItem::PensionUnknown(_) => "pension unknown".to_owned(),
    }
}

#[test]
fn the_results_of_both_insurances_are_shown_by_settlement_period() {
    let mut stage = Stage::set();
    let third = "0001000003";
    let _ = stage.approve(&wage(4, third, "2022-01", "2022-12", "6000.00"));
    let _ = stage.approve(&stop(1, FIRST));
    stage.log.assess(stage.unit, "2022-01").unwrap();
    let shown = |stage: &Stage, filter| -> Vec<String> {
        let items = stage.results(filter).items;
        let shown = items
            .iter()
            .map(|it| format!("{} {}", it.settlement(), word(it)));
        shown.collect()
    };
    let all = ResultFilter::default();
    let before = [
        "2022-01 assessed",
        "2022-01 pension unknown",
        "2022-02 reviewed -",
        "2022-02 reviewed unknown",
        "2022-02 pension unknown",
    ];
    assert_eq!(shown(&stage, all), before);
    assert_eq!(stage.results(all).pension_settlement, None);

    stage.take(feed((1..=3).map(person).collect()));
    let after = [
        "2022-01 assessed",
        "2022-01 pension wages succeeded",
        "2022-01 pension assessment failed",
        "2022-02 reviewed -",
        "2022-02 reviewed succeeded",
        "2022-02 pension unknown",
    ];
    assert_eq!(shown(&stage, all), after);
    let found = stage.results(all);
    let current = Some(month("2022-02"));
    assert_eq!(found.pension_settlement, current);
    assert_eq!(found.unemployment_settlement, current);

    let of_pension = ResultFilter {
        insurance: Some(PENSION),
        ..all
    };
    let pension = [
        "2022-01 pension wages succeeded",
        "2022-01 pension assessment failed",
        "2022-02 pension unknown",
    ];
    assert_eq!(shown(&stage, of_pension), pension);
    let january = ResultFilter {
        settlement: Some(month("2022-01")),
        insurance: Some(crate::facts::UNEMPLOYMENT),
    };
    assert_eq!(shown(&stage, january), ["2022-01 assessed"]);
}

#[test]
fn each_reason_of_an_unknown_flag_has_its_sentence() {
    use crate::message::{Lang, Message};
    for lang in [Lang::Zh, Lang::En] {
        for why in Unknown::ALL {
            let text = Message::bare(why.code()).text(lang);
            assert_ne!(text.message, why.code());
            assert!(!text.hint.is_empty(), "{}", why.code());
        }
    }
}
