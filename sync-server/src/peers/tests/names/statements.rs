//! Statements that are not taken in.

use canbao_core::facts::TransactionId;
use canbao_core::ids::CertificateSerial;
use canbao_core::signing::SigningKey;
use canbao_core::statement::{MAX_REASON_BYTES, MAX_STATEMENT_BYTES, Statement, Verdict};
use canbao_core::sync::Item;

use super::stage::Stage;
use crate::centre::tests::fixture::*;

fn withdrawal(number: u8) -> Statement {
    Statement::Withdrawal {
        unit: unit(number),
        submission: interruption(number, 2, "2022-01").submission_id(),
    }
}

pub(super) fn forged(stage: &Stage) -> Item {
    let (key, serial) = (
        SigningKey::from_seed([99; 32]),
        stage.peer.certificate.serial,
    );
    Item::Statement(withdrawal(1).sign(&key, serial, NOW).to_bytes())
}

pub(super) fn unknown_signer(stage: &Stage) -> Item {
    let signed = withdrawal(1).sign(&stage.peer.key, CertificateSerial(999), NOW);
    Item::Statement(signed.to_bytes())
}

pub(super) fn too_large() -> Item {
    Item::Statement(vec![0; MAX_STATEMENT_BYTES + 1])
}

/// A reason that no clerk's program would send.
pub(super) fn text_too_long(stage: &Stage) -> Item {
    let reason = "长".repeat(MAX_REASON_BYTES / 3 + 1);
    let submission = interruption(1, 2, "2022-01").submission_id();
    let returned = decision(unit(1), submission, Verdict::Return(reason));
    Item::Statement(stage.peer.sign(&returned))
}

pub(super) async fn revoked(stage: &mut Stage) -> String {
    let ended = stage.colleague().await;
    stage.revoke(&ended).await;
    stage
        .offer(Item::Statement(ended.sign(&withdrawal(1))))
        .await
}

pub(super) async fn expired(stage: &mut Stage) -> String {
    let ended = stage.expired_colleague().await;
    stage
        .offer(Item::Statement(ended.sign(&withdrawal(1))))
        .await
}

pub(super) fn not_your_unit(stage: &Stage) -> Item {
    Item::Statement(stage.peer.sign(&withdrawal(2)))
}

pub(super) fn other_district(stage: &Stage) -> Item {
    let submission = interruption(1, 2, "2022-01").submission_id();
    let decided = decision(unit(1), submission, Verdict::Approve);
    Item::Statement(stage.peer.sign(&decided))
}

/// The clerk is the peer here: a decision that skips the first attempt.
pub(super) async fn decided_too_far(stage: &mut Stage) -> String {
    let declared = interruption(1, 2, "2022-01");
    let submission = declared.submission_id();
    let submitted = stage.peer.sign(&Statement::Submission(declared));
    stage.takes(Item::Statement(submitted)).await;
    stage.is_set();
    let hasty = Statement::Decision {
        unit: unit(1),
        submission,
        verdict: Verdict::Approve,
        attempt: 2,
    };
    stage
        .offer_by_clerk(Item::Statement(stage.clerk.sign(&hasty)))
        .await
}

pub(super) fn applied_too_far(stage: &Stage) -> Item {
    Item::Statement(stage.peer.sign(&assessment(1, "2022-01", 2)))
}

/// A request to send again that counts one which nobody made.
pub(super) fn asked_too_far(stage: &Stage) -> Item {
    Item::Statement(stage.peer.sign(&Statement::ResendRequest {
        unit: unit(1),
        transaction: TransactionId("00".to_owned()),
        attempt: 2,
    }))
}
