//! Pension feeds: what is taken, what is recognised, what is refused.

use canbao_core::facts::{Delivered, PaymentStatus, PensionFeed, PensionPerson};
use canbao_core::facts::{PersonState, RegistrationState};
use canbao_core::money::Money;
use canbao_core::time::Timestamp;

use super::fixture::*;
use crate::centre::{PensionAnswer, PensionError, PensionNews, Renewal};

const DAY: i64 = 24 * 60 * 60;

/// A feed of so many persons, made so many days before now.
fn feed(persons: u8, days_ago: i64) -> PensionFeed {
    let person = |line: u8| PensionPerson {
        personal_number: format!("88{line:08}"),
        id_kind: "08".to_owned(),
        id_number: format!("E001{line:05}"),
        name: format!("员工{line}"),
        person_state: PersonState::Working,
        registration_state: RegistrationState::Normal,
        payment: PaymentStatus::Paying,
        base: Some(Money::from_yuan(5000)),
    };
    let delivered = Delivered {
        unit: "0110300001".parse().unwrap(),
        as_of: Timestamp(NOW.0 - days_ago * DAY),
        version: format!("v{persons}"),
        settlement: month("2022-02"),
        head_count: persons.into(),
        total_base: Money::from_yuan(5000 * i64::from(persons)),
        persons: (1..=persons).map(person).collect(),
        results: Vec::new(),
        operations: Vec::new(),
    };
    delivered.check().unwrap()
}

async fn offer(
    it: &Fixture,
    feed: PensionFeed,
    renewal: Renewal,
) -> Result<PensionAnswer, PensionError> {
    let news = PensionNews::Whole(feed);
    it.centre
        .take_pension_feed(unit(1), news, renewal, NOW)
        .await
}

fn held(it: &Fixture) -> Option<PensionFeed> {
    let feed = it.centre.with_unit(unit(1), |view| {
        view.pension_feed().map(|it| it.feed.clone())
    });
    feed.unwrap().unwrap()
}

fn taken(changes: usize) -> Result<PensionAnswer, PensionError> {
    Ok(PensionAnswer::Taken { changes })
}

#[tokio::test]
async fn the_newest_feed_counts_and_what_did_not_change_is_not_recorded_again() {
    let it = start().await;
    assert_eq!(held(&it), None);
    assert_eq!(offer(&it, feed(3, 9), Renewal::Always).await, taken(3));
    assert_eq!(offer(&it, feed(2, 8), Renewal::Always).await, taken(1));
    assert_eq!(held(&it), Some(feed(2, 8)));
    let length = it.length();
    let again = offer(&it, feed(2, 8), Renewal::Always).await;
    assert_eq!(again, Ok(PensionAnswer::Same));
    assert_eq!(it.length(), length, "the same file is recognised");
    let by_itself = offer(&it, feed(2, 7), Renewal::HalfAged).await;
    assert_eq!(by_itself, Ok(PensionAnswer::Same));
    assert_eq!(it.length(), length, "it is young enough");
    assert_eq!(offer(&it, feed(2, 7), Renewal::Always).await, taken(0));
    assert_eq!(held(&it), Some(feed(2, 7)));
    assert_eq!(it.length(), length + 1);
}

#[tokio::test]
async fn a_feed_that_says_the_same_renews_one_that_grows_old() {
    let it = start().await;
    assert_eq!(offer(&it, feed(2, 17), Renewal::HalfAged).await, taken(2));
    assert_eq!(offer(&it, feed(2, 1), Renewal::HalfAged).await, taken(0));
    assert_eq!(held(&it), Some(feed(2, 1)));
    let news = PensionNews::Same {
        as_of: NOW,
        version: "v2".to_owned(),
    };
    let same = it
        .centre
        .take_pension_feed(unit(1), news, Renewal::Always, NOW);
    assert_eq!(same.await, taken(0));
    assert_eq!(held(&it), Some(feed(2, 0)));
    let news = PensionNews::Same {
        as_of: NOW,
        version: "v3".to_owned(),
    };
    let other = it
        .centre
        .take_pension_feed(unit(1), news, Renewal::Always, NOW);
    assert_eq!(other.await, Ok(PensionAnswer::Outdated));
}

#[tokio::test]
async fn an_older_a_contradicting_and_a_future_feed_are_refused_by_name_and_record_nothing() {
    let it = start().await;
    assert_eq!(offer(&it, feed(2, 5), Renewal::Always).await, taken(2));
    let length = it.length();
    let check = async |given: PensionFeed, code: &str| {
        let refused = offer(&it, given, Renewal::Always).await.unwrap_err();
        assert_eq!(refused.code(), code);
    };
    check(feed(3, 6), "pension.older_feed").await;
    check(feed(2, 6), "pension.older_feed").await;
    check(feed(3, 5), "pension.other_content").await;
    check(feed(3, -2), "pension.from_the_future").await;
    let nobody = PensionNews::Whole(feed(1, 1));
    let stranger = it
        .centre
        .take_pension_feed(unit(9), nobody, Renewal::Always, NOW);
    assert_eq!(stranger.await.unwrap_err().code(), "pension.unknown_unit");
    assert_eq!(it.length(), length);
    assert_eq!(held(&it), Some(feed(2, 5)));
    assert_eq!(offer(&it, feed(2, -1), Renewal::Always).await, taken(0));
}

#[tokio::test]
async fn a_unit_is_found_by_its_pension_number_and_each_feed_by_its_age() {
    let it = start().await;
    let number = "0110300001".parse().unwrap();
    assert_eq!(it.centre.units_at_pension(&number).unwrap(), [unit(1)]);
    let unknown = "0110399999".parse().unwrap();
    assert_eq!(it.centre.units_at_pension(&unknown).unwrap(), []);
    offer(&it, feed(2, 5), Renewal::Always).await.unwrap();
    let ages = |after| -> Vec<_> {
        let page = it.centre.pension_feeds(after, 10).unwrap();
        page.into_iter().map(|it| (it.unit, it.taken_at)).collect()
    };
    assert_eq!(ages(None), [(unit(1), Some(NOW)), (unit(2), None)]);
    assert_eq!(ages(Some(unit(1))), [(unit(2), None)]);
}
