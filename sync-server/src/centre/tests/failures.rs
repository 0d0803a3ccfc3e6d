//! Writes that fail: nothing is acknowledged, and the centre goes on from what is durable.

use canbao_core::facts::Entry;
use canbao_core::ids::DistrictId;
use canbao_core::statement::Statement;
use canbao_core::store::{Commit, Stream};

use super::fixture::*;
use crate::centre::stored::Stored;
use crate::centre::{Answer, Unavailable};

/// Another writer, which must not exist, appends behind the centre's back.
fn intrude(it: &Fixture) {
    let store = &it.centre.shared.store;
    let entry = Entry::new(NOW, &agency(DistrictId(9))).to_bytes();
    let length = store.length(Stream::Feed).unwrap();
    let commit = Commit::new().expecting(Stream::Feed, length).append(
        Stream::Feed,
        Stored {
            salt: [0; 16],
            entry,
        }
        .to_bytes(),
    );
    store.commit(commit).unwrap();
}

#[tokio::test]
async fn a_group_whose_commit_fails_acknowledges_nothing_and_is_decided_anew() {
    let it = start().await;
    let employer = it.employer(1).await;
    let shown = it.centre.head();
    intrude(&it);
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let another = Statement::Submission(interruption(1, 2, "2022-01"));
    let offer = |statement| it.centre.take_statement(employer.sign(statement), NOW);
    let (first, second) = tokio::join!(offer(&statement), offer(&another));
    for answer in [&first, &second] {
        // They may have come in one group, or the second after the desk was made ready again.
        if let Err(error) = answer {
            assert_eq!(error.code(), "store.moved");
        }
    }
    assert!(first.is_err());
    assert!(it.centre.head().tree.size >= shown.tree.size);

    let answer = offer(&statement).await.unwrap();
    let Answer::Taken(position) = answer else {
        panic!("{answer:?}")
    };
    assert!(position.0 > shown.tree.size, "behind the intruder's entry");
    assert!(
        it.centre
            .head()
            .common
            .agencies
            .contains_key(&DistrictId(9))
    );
    let received = it
        .centre
        .with_unit(unit(1), |view| view.submissions.len())
        .unwrap();
    assert_eq!(received, Some(1 + usize::from(second.is_ok())));
}

#[tokio::test]
async fn a_stopped_centre_answers_by_name() {
    let it = start().await;
    let employer = it.employer(1).await;
    let statement = employer.sign(&assessment(1, "2022-01", 1));
    let length = it.length();
    it.centre.stop().await;
    let answer = it.centre.take_statement(statement, NOW).await;
    assert_eq!(answer, Err(Unavailable::Stopped));
    assert_eq!(it.length(), length);
}
