//! What a feed is refused for.

use super::super::sample::{delivered, person};
use super::*;
use crate::facts::{Matter, PaymentStatus};

fn two() -> Delivered {
    delivered([person(1, 4000), person(2, 5000)])
}

#[test]
fn a_feed_is_taken_as_it_says() {
    let mut given = two();
    given.persons.push(PensionPerson {
        payment: PaymentStatus::Suspended,
        ..person(3, 9000)
    });
    let feed = given.clone().check().unwrap();
    assert_eq!((feed.persons.len(), feed.totals.head_count), (3, 2));
    assert_eq!(feed.totals.total_base, Money::from_yuan(9000));
    assert_eq!(feed.results.len(), 2);
    assert_eq!(feed.operations["op-0"].carried_over, CarriedOver::Succeeded);
}

#[test]
fn what_contradicts_the_interface_or_itself_is_refused_by_name() {
    let check = |spoil: &dyn Fn(&mut Delivered), expected: FeedFault| {
        let mut given = two();
        spoil(&mut given);
        assert_eq!(given.check(), Err(expected));
    };
    let malformed = FeedFault::Malformed;
    check(&|it| it.version = "a b".to_owned(), malformed("version"));
    check(&|it| it.version.clear(), malformed("version"));
    check(
        &|it| it.persons[0].personal_number = "1".repeat(33),
        malformed("person_number"),
    );
    check(
        &|it| it.persons[0].id_number = "E 1".to_owned(),
        malformed("id_number"),
    );
    check(
        &|it| it.persons[0].id_kind = "02".to_owned(),
        malformed("id_kind"),
    );
    check(
        &|it| it.persons[0].name = "长".repeat(101),
        malformed("name"),
    );
    check(
        &|it| it.persons[0].base = Some(Money::from_yuan(-1)),
        malformed("base"),
    );
    check(
        &|it| it.results[1].failure = Some(String::new()),
        malformed("reason"),
    );
    check(&|it| it.operations[0].kind = Kind::Wage, malformed("kind"));
    check(
        &|it| it.operations[0].carried_over = CarriedOver::Failed("长".repeat(201)),
        malformed("reason"),
    );
    check(&|it| it.head_count = 3, FeedFault::HeadCount);
    check(
        &|it| it.total_base = Money::from_yuan(9001),
        FeedFault::TotalBase,
    );
    check(
        &|it| it.operations[0].personal_number = "1100000009".to_owned(),
        FeedFault::NobodyThere,
    );
}

#[test]
fn nothing_stands_twice() {
    let check = |spoil: &dyn Fn(&mut Delivered), what: &'static str| {
        let mut given = two();
        spoil(&mut given);
        assert_eq!(given.check(), Err(FeedFault::Twice(what)));
    };
    check(
        &|it| it.persons[1].personal_number = it.persons[0].personal_number.clone(),
        "persons",
    );
    check(
        &|it| it.persons[1].id_number = it.persons[0].id_number.clone(),
        "persons",
    );
    check(&|it| it.results[1].matter = Matter::Wages, "results");
    check(
        &|it| it.operations[1].id = it.operations[0].id.clone(),
        "operations",
    );
    check(
        &|it| it.operations[1].personal_number = it.operations[0].personal_number.clone(),
        "operations",
    );
}

#[test]
fn a_feed_is_bounded() {
    let mut many = two();
    many.results = vec![many.results[0].clone(); MAX_PENSION_RESULTS + 1];
    assert_eq!(many.check(), Err(FeedFault::TooMany("results")));
    let mut many = two();
    many.operations = vec![many.operations[0].clone(); MAX_PENSION_OPERATIONS + 1];
    assert_eq!(many.check(), Err(FeedFault::TooMany("operations")));
    let mut many = two();
    many.persons = vec![many.persons[0].clone(); MAX_PENSION_PERSONS + 1];
    assert_eq!(many.check(), Err(FeedFault::TooMany("persons")));
    // No sum of what a feed may say is more than an amount can be.
    let mut rich = two();
    let most: Money = "9999999999.99".parse().unwrap();
    rich.persons = (0..100).map(|it| person(it, 0)).collect();
    for person in &mut rich.persons {
        person.base = Some(most);
    }
    rich.head_count = 100;
    assert_eq!(rich.check(), Err(FeedFault::TotalBase));
}
