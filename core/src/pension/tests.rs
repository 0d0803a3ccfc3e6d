//! A unit of three beside the pension feed of the same three, one of them retired there.

use super::*;
use crate::declaration::{Declaration, Draft, Kind};
use crate::facts::pension_sample::delivered;
use crate::facts::tests::{Log, NOW, interruption, month, wage, yuan};
use crate::facts::{
    CarriedOver, Delivered, Fact, PaymentStatus, PensionPerson, Registered, Standing, UnitView,
};
use crate::ids::UnitId;
use crate::money::Money;
use crate::parameters::{self, ParameterSet};
use crate::statement::Verdict;
use crate::time::Timestamp;

/// The first of the unit, by the number that we gave.
const FIRST: &str = "0001000001";
const DAY: i64 = 24 * 60 * 60;

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

    fn flag(&self, declaration: &Declaration, at: Timestamp) -> Option<Linked<'_>> {
        let parameters = ParameterSet::parse(parameters::builtin_text()).unwrap();
        linked(declaration, self.view(), Some(&parameters), at)
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
        standing: Standing::Working,
        registered: Registered::Normal,
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
fn the_flag_is_what_the_feed_says_of_the_very_operation() {
    let mut stage = Stage::set();
    let first = stage.approve(&stop(1, FIRST));
    let second = stage.approve(&stop(2, "0001000002"));
    let third = stage.approve(&stop(3, "0001000003"));
    let mut given = feed((1..=3).map(person).collect());
    let mut foreign = given.operations[1].clone();
    foreign.id = "op-9".to_owned();
    foreign.personal_number = person(3).personal_number;
    foreign.carried_over = CarriedOver::NotApplicable;
    given.operations.push(foreign);
    stage.take(given);
    let succeeded = Linked::Succeeded { operation: "op-0" };
    assert_eq!(stage.flag(&first, NOW), Some(succeeded));
    let failed = Linked::Failed {
        operation: "op-1",
        reason: "无对应人员",
    };
    assert_eq!(stage.flag(&second, NOW), Some(failed));
    let not_applicable = Linked::NotApplicable { operation: "op-9" };
    assert_eq!(stage.flag(&third, NOW), Some(not_applicable));
}

#[test]
fn an_operation_of_another_month_kind_or_person_is_not_the_one() {
    let check = |spoil: &dyn Fn(&mut Delivered)| {
        let mut stage = Stage::set();
        let first = stage.approve(&stop(1, FIRST));
        let mut given = feed((1..=3).map(person).collect());
        given.operations.truncate(1);
        spoil(&mut given);
        stage.take(given);
        stage.flag(&first, NOW).map(|it| it.code())
    };
    assert_eq!(check(&|_| ()), Some("succeeded"));
    let other_month = check(&|it| it.operations[0].month = month("2022-02"));
    assert_eq!(other_month, Some("unknown"));
    let other_kind = check(&|it| it.operations[0].kind = Kind::Resumption);
    assert_eq!(other_kind, Some("unknown"));
    let other_person = check(&|it| it.operations[0].personal_number = person(2).personal_number);
    assert_eq!(other_person, Some("unknown"));
    // Our own number is no number of theirs.
    let same_number = check(&|it| {
        it.persons[1].personal_number = FIRST.to_owned();
        it.operations[0].personal_number = FIRST.to_owned();
    });
    assert_eq!(same_number, Some("unknown"));
}

#[test]
fn the_flag_is_unknown_while_the_feed_is_missing_silent_or_old() {
    let mut stage = Stage::set();
    let first = stage.approve(&stop(1, FIRST));
    let unknown = |why| Some(Linked::Unknown(why));
    assert_eq!(stage.flag(&first, NOW), unknown(Unknown::NoFeed));
    let mut silent = feed((1..=3).map(person).collect());
    let as_of = silent.as_of;
    silent.operations.clear();
    stage.take(silent);
    assert_eq!(stage.flag(&first, NOW), unknown(Unknown::NotNamed));
    let limit = Timestamp(as_of.0 + 31 * DAY);
    assert_eq!(stage.flag(&first, limit), unknown(Unknown::NotNamed));
    let later = Timestamp(limit.0 + 1);
    assert_eq!(stage.flag(&first, later), unknown(Unknown::Old));
    let without = linked(&first, stage.view(), None, NOW);
    assert_eq!(without, unknown(Unknown::NoLimit));
}

#[test]
fn a_wage_is_no_linked_business() {
    let mut stage = Stage::set();
    let raised = stage.approve(&wage(4, FIRST, "2022-01", "2022-12", "6000.00"));
    stage.take(feed((1..=3).map(person).collect()));
    assert_eq!(stage.flag(&raised, NOW), None);
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
        standing: Standing::Retired,
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
        standing: Standing::Dead,
        registered: Registered::Cancelled,
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
    let standing = |it| RosterFilter {
        standing: Some(it),
        ..RosterFilter::default()
    };
    let second = [pair("员工2", "员工2")];
    assert_eq!(shown(&stage, standing(Standing::Dead)), second);
    assert!(shown(&stage, standing(Standing::Retired)).is_empty());
    assert_eq!(shown(&stage, standing(Standing::Working)).len(), 2);
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
