//! Sending again what tax refused, and tax's own roster.

use std::collections::BTreeMap;

use canbao_core::facts::{
    DeclarationStatus, Fact, FetchedRoster, MonthStage, TaxPerson, TransactionId,
    declaration_status, month_stage,
};
use canbao_core::ids::{DeclarationId, StatementId};
use canbao_core::statement::Statement;
use canbao_core::time::Timestamp;

use super::fixture::*;
use crate::centre::{Answer, RosterAnswer, RosterNews, TaxError, TaxEvent};

/// A centre whose events of tax are numbered as they come.
struct Desk {
    it: Fixture,
    employer: Operator,
    clerk: Operator,
    events: u64,
}

impl Desk {
    async fn open() -> Self {
        let it = start().await;
        let (employer, clerk) = (it.employer(1).await, it.clerk().await);
        Self {
            it,
            employer,
            clerk,
            events: 0,
        }
    }

    async fn event(&mut self, event: TaxEvent) {
        self.events += 1;
        let taken = self.it.centre.take_tax_event(self.events, event, NOW).await;
        taken.unwrap();
    }

    async fn refuse(&mut self, transaction: &TransactionId) {
        self.event(TaxEvent::Refused {
            transaction: transaction.clone(),
            code: "unknown_person".to_owned(),
            reason: "税务无此人员".to_owned(),
        })
        .await;
    }

    /// The newest transaction that waits.
    fn waiting(&self) -> TransactionId {
        let all = self.it.centre.transactions_to_send(None, 100).unwrap();
        let position = |id: &TransactionId| {
            let seen = self.it.centre.with_unit(unit(1), |view| {
                view.transactions.get(id).map(|it| it.position)
            });
            seen.unwrap().unwrap()
        };
        let newest = all
            .into_iter()
            .map(|it| it.transaction)
            .max_by_key(position);
        newest.unwrap()
    }

    /// What came of a request: the problem's code, or nothing where it is sent again.
    async fn resend(&self, transaction: &TransactionId, attempt: u32) -> String {
        let request = resend(transaction, attempt);
        match self.it.taken(&self.employer, &request).await {
            Fact::ResendTaken {
                void: Some(void), ..
            } => void.problems[0].code.as_str().to_owned(),
            Fact::ResendTaken { void: None, .. } => String::new(),
            other => panic!("{other:?}"),
        }
    }

    fn status(&self, line: u8) -> DeclarationStatus {
        let id: DeclarationId = interruption(1, line, "2022-01").id;
        let status = |view: &_| declaration_status(id, false, None, view);
        self.it.centre.with_unit(unit(1), status).unwrap().unwrap()
    }

    async fn interrupted(&self, line: u8) -> StatementId {
        let declared = interruption(1, line, "2022-01");
        self.it
            .approve(&self.employer, &self.clerk, &declared)
            .await
    }
}

fn resend(transaction: &TransactionId, attempt: u32) -> Statement {
    Statement::ResendRequest {
        unit: unit(1),
        transaction: transaction.clone(),
        attempt,
    }
}

#[tokio::test]
async fn what_tax_refused_is_sent_again_once_under_another_id_and_the_status_follows() {
    let mut desk = Desk::open().await;
    desk.interrupted(1).await;
    let first = desk.waiting();
    assert_eq!(desk.resend(&first, 1).await, "tax.not_refused");
    desk.refuse(&first).await;
    assert!(matches!(desk.status(1), DeclarationStatus::TaxRefused(_)));

    let from = desk.it.length();
    assert_eq!(desk.resend(&first, 2).await, "");
    let expected = ["ResendTaken", "TransactionQueued"];
    assert_eq!(desk.it.kinds_since(from), expected);
    let second = desk.waiting();
    assert_ne!(first, second);
    assert_eq!(desk.status(1), DeclarationStatus::Approved);
    // The same request again is the same answer; another one comes too late.
    assert_eq!(desk.resend(&first, 2).await, "");
    assert_eq!(desk.resend(&first, 1).await, "tax.not_refused");
    assert_eq!(desk.it.length(), from + 2);
    let accepted = TaxEvent::Accepted {
        transaction: second.clone(),
    };
    desk.event(accepted).await;
    assert_eq!(desk.status(1), DeclarationStatus::TaxAccepted);
    assert_eq!(desk.resend(&second, 1).await, "tax.not_refused");
    let stranger = TransactionId("ff".to_owned());
    assert_eq!(desk.resend(&stranger, 1).await, "tax.transaction_unknown");
}

#[tokio::test]
async fn a_request_that_comes_too_late_says_that_it_was_sent_again() {
    let mut desk = Desk::open().await;
    desk.interrupted(1).await;
    let first = desk.waiting();
    assert_eq!(desk.resend(&first, 1).await, "tax.not_refused");
    desk.refuse(&first).await;
    let hasty = desk.it.state(&desk.employer, &resend(&first, 3)).await;
    assert!(
        matches!(&hasty, Answer::Refused(it) if it.code() == "resend.attempt_order"),
        "{hasty:?}"
    );
    assert_eq!(desk.resend(&first, 2).await, "");
    let second = desk.waiting();
    desk.refuse(&second).await;
    assert_eq!(desk.resend(&second, 1).await, "");
    let attempts = desk.it.centre.with_unit(unit(1), |view| {
        let newest = view.newest_sending(&first).unwrap();
        (newest.attempt, view.transactions[&first].attempt)
    });
    assert_eq!(attempts.unwrap().unwrap(), (3, 1));
    // Both devices asked after the first void answer; the second of the two is void as well.
    let void = desk
        .it
        .centre
        .with_unit(unit(1), |view| view.transactions[&first].void.len());
    assert_eq!(void.unwrap().unwrap(), 1);
    let clerk = desk.it.state(&desk.clerk, &resend(&second, 1)).await;
    assert!(
        matches!(&clerk, Answer::Refused(it) if it.code() == "statement.not_your_unit"),
        "{clerk:?}"
    );
}

#[tokio::test]
async fn an_assessment_is_sent_again_and_its_months_follow_it() {
    let mut desk = Desk::open().await;
    desk.it
        .taken(&desk.employer, &assessment(1, "2022-01", 1))
        .await;
    let stage = |desk: &Desk| {
        let read = |view: &_| month_stage(person(1, 1), month("2022-01"), view);
        desk.it.centre.with_unit(unit(1), read).unwrap().unwrap()
    };
    let first = desk.waiting();
    desk.refuse(&first).await;
    assert_eq!(stage(&desk), MonthStage::TaxRefused);
    assert_eq!(desk.resend(&first, 1).await, "");
    assert_eq!(stage(&desk), MonthStage::Assessed);
    let posting = {
        let sent = desk.waiting();
        let mut posting = desk.it.posting(1, "2022-01", "S1");
        posting.transaction = sent;
        posting
    };
    desk.event(TaxEvent::Posted(posting)).await;
    assert_eq!(stage(&desk), MonthStage::InTreasury);
}

#[tokio::test]
async fn what_a_later_change_of_the_person_overtook_is_not_sent_any_more() {
    let mut desk = Desk::open().await;
    let submission = desk.interrupted(1).await;
    let first = desk.waiting();
    desk.refuse(&first).await;
    // A second change of the same person, as a redo makes it.
    let other = interruption(1, 1, "2022-02");
    assert_ne!(other.submission_id(), submission);
    let kind = desk
        .it
        .centre
        .with_unit(unit(1), |view| view.transactions[&first].kind.clone());
    let kind = kind.unwrap().unwrap();
    let later = Fact::TransactionQueued {
        unit: unit(1),
        transaction: kind.id(unit(1), 7),
        kind,
        attempt: 7,
    };
    desk.it.append(later).await;
    assert_eq!(desk.resend(&first, 1).await, "tax.overtaken");
}

fn at_tax(numbers: impl IntoIterator<Item = u8>) -> BTreeMap<String, TaxPerson> {
    let person = |line| TaxPerson {
        personal_number: personal_number(1, line),
        id_kind: "08".to_owned(),
        id_number: format!("E001{line:05}"),
        name: format!("员工{line}"),
        first: month("2021-07"),
        stop: None,
        base: Some(yuan("4359.00")),
    };
    numbers
        .into_iter()
        .map(|it| (personal_number(1, it), person(it)))
        .collect()
}

fn whole(version: &str, persons: BTreeMap<String, TaxPerson>) -> RosterNews {
    RosterNews::Whole(FetchedRoster {
        as_of: Timestamp(5),
        version: Some(version.to_owned()),
        persons,
    })
}

impl Desk {
    async fn roster(&self, asked: u64, news: RosterNews) -> RosterAnswer {
        let taken = self.it.centre.take_tax_roster(unit(1), asked, news, NOW);
        taken.await.unwrap()
    }

    fn due(&self) -> usize {
        self.it.centre.rosters_due(None, 10).unwrap().len()
    }
}

#[tokio::test]
async fn a_roster_costs_the_log_what_changed_and_no_more() {
    let desk = Desk::open().await;
    assert_eq!(desk.due(), 0);
    let all = || at_tax(1..=3);
    let length = desk.it.length();
    let first = desk.roster(length, whole("1", all())).await;
    assert_eq!(first, RosterAnswer::Taken { changes: 3 });
    let again = desk.roster(desk.it.length(), whole("1", all())).await;
    assert_eq!(again, RosterAnswer::Taken { changes: 0 });
    let same = RosterNews::Same {
        as_of: Timestamp(9),
        version: "1".to_owned(),
    };
    let again = desk.roster(desk.it.length(), same.clone()).await;
    assert_eq!(again, RosterAnswer::Taken { changes: 0 });
    let other = desk
        .roster(desk.it.length(), whole("2", at_tax(1..=2)))
        .await;
    assert_eq!(other, RosterAnswer::Taken { changes: 1 });
    assert_eq!(desk.it.length(), length + 4);
    // Tax names a state that is not the one that counts any more.
    let late = desk.roster(desk.it.length(), same).await;
    assert_eq!(late, RosterAnswer::Outdated);
    let taken = desk.it.centre.rosters_taken(None, 10).unwrap();
    assert_eq!(taken, [(unit(1), NOW)]);
    let shown = desk.it.centre.with_unit(unit(1), |view| {
        let roster = view.tax_roster().unwrap();
        (roster.version.clone(), roster.persons.len())
    });
    assert_eq!(shown.unwrap().unwrap(), (Some("2".to_owned()), 2));
    let nobody =
        desk.it
            .centre
            .take_tax_roster(unit(9), desk.it.length(), whole("1", BTreeMap::new()), NOW);
    assert_eq!(nobody.await, Err(TaxError::UnknownUnit));
}

#[tokio::test]
async fn a_roster_asked_for_before_tax_answered_does_not_count() {
    let mut desk = Desk::open().await;
    desk.interrupted(1).await;
    let transaction = desk.waiting();
    let asked = desk.it.length();
    desk.event(TaxEvent::Accepted { transaction }).await;
    assert_eq!(desk.due(), 1);
    let early = desk.roster(asked, whole("1", at_tax(1..=3))).await;
    assert_eq!((early, desk.due()), (RosterAnswer::Outdated, 1));
    let asked = desk.it.length();
    let good = desk.roster(asked, whole("2", at_tax(1..=3))).await;
    assert_eq!(good, RosterAnswer::Taken { changes: 3 });
    assert_eq!(desk.due(), 0);
    // Another look that began before it was taken in may be older than it.
    let slow = desk.roster(asked, whole("1", at_tax(1..=3))).await;
    assert_eq!(slow, RosterAnswer::Outdated);
}
