//! Every name of a refusal, over the real centre: what is offered that leads to it, that it comes
//! with exactly this name and leaves no more than its trace, and that afterwards the next good
//! things of the same peer and of its neighbours are taken.
//!
//! One test a name, made from the enum; a name without its scenario does not compile.

mod admission;
mod change;
mod enrolment;
mod sessions;
mod stage;
mod statements;
mod structure;
mod wire;

use canbao_core::refusal::RefusalName;

use stage::Stage;

macro_rules! a_test_for_each {
    ($($name:ident)*) => {
        $(
            #[tokio::test]
            #[allow(non_snake_case, reason = "the test has the name that it is about")]
            async fn $name() {
                play(RefusalName::$name).await;
            }
        )*
    };
}
canbao_core::for_each_refusal_name!(a_test_for_each);

async fn play(name: RefusalName) {
    let mut stage = Stage::set().await;
    let heard = heard(name, &mut stage).await;
    assert_eq!(heard, name.as_str());
    stage.left_only(trace(name), name);
    stage.goes_on().await;
    // The window of the address that tried too often is a minute of the real clock.
    if name != RefusalName::EnrolmentTooMany {
        stage.enrols_another().await;
    }
}

/// The fact that keeps a refusal: those under a certificate go to the audit, those of who may
/// write a document to its devices, and what nobody known signed leaves none.
fn trace(name: RefusalName) -> &'static [&'static str] {
    match name {
        RefusalName::AdmissionVolumeSealed
        | RefusalName::AdmissionSequence
        | RefusalName::AdmissionUnknownDependency => &["BatchRefused"],
        RefusalName::AdmissionRevoked
        | RefusalName::AdmissionExpired
        | RefusalName::AdmissionNotYourDocument
        | RefusalName::StatementCertificateRevoked
        | RefusalName::StatementCertificateExpired
        | RefusalName::StatementNotYourUnit
        | RefusalName::DecisionOtherDistrict
        | RefusalName::DecisionAttemptOrder
        | RefusalName::AssessmentAttemptOrder
        | RefusalName::ResendAttemptOrder => &["StatementRefused"],
        _ => &[],
    }
}

/// The scenario of a name: gives the name that the peer heard.
#[rustfmt::skip]
async fn heard(name: RefusalName, stage: &mut Stage) -> String {
    use RefusalName as Name;
    match name {
        Name::SignedMalformed => stage.offer(structure::not_signed(stage)).await,
        Name::SignedNotCanonical => stage.offer(structure::signed_otherwise(stage)).await,
        Name::SignedBadSignature => stage.offer(statements::forged(stage)).await,

        Name::StructureBatchTooLarge => stage.offer(structure::batch_too_large()).await,
        Name::StructureNoSchema => stage.offer(structure::batch(stage, |it| it.schema = 0)).await,
        Name::StructureChangeCount => stage.offer(structure::batch(stage, |it| it.chunks.clear())).await,
        Name::StructureOtherActor => stage.offer(structure::batch(stage, |it| it.actor = vec![9; 24].into())).await,
        Name::StructureSequence => stage.offer(structure::batch(stage, |it| it.to = 2)).await,
        Name::StructurePrevious => stage.offer(structure::two_apart(stage)).await,
        Name::StructureChangeTooLarge => stage.offer(structure::chunk(stage, |it| it.resize(128 * 1024 + 1, 0))).await,
        Name::StructureNoHeader => stage.offer(structure::chunk(stage, |it| it[0] = 0)).await,
        Name::StructureNotAChange => stage.offer(structure::chunk(stage, |it| it[8] = 0)).await,
        Name::StructureNotCanonical => stage.offer(structure::chunk(stage, |it| it.push(0))).await,
        Name::StructureChecksum => stage.offer(structure::chunk(stage, |it| it[4] ^= 1)).await,
        Name::StructureMalformed => stage.offer(structure::change(stage, |it| it.message_length = vec![0xff; 11])).await,
        Name::StructureDependencies => stage.offer(structure::change(stage, |it| it.dependencies.clear())).await,
        Name::StructureActorLength => stage.offer(structure::change(stage, |it| it.actor.truncate(23))).await,
        Name::StructureTime => stage.offer(structure::change(stage, |it| it.time = vec![0x7f])).await,
        Name::StructureMessage => stage.offer(structure::change(stage, |it| it.message_length = vec![1])).await,
        Name::StructureOtherActors => stage.offer(structure::change(stage, |it| it.others.push(vec![2; 17]))).await,
        Name::StructureColumns => stage.offer(structure::change(stage, |it| it.columns.push((148, vec![2, 1])))).await,
        Name::StructureOperationCount => stage.offer(structure::change(stage, |it| it.columns[1].1 = vec![0xa1, 0x1f, 1])).await,
        Name::StructurePredecessorCount => stage.offer(structure::change(stage, |it| it.columns.push((112, vec![1, 73])))).await,
        Name::StructureUnknownActor => stage.offer(structure::change(stage, |it| it.columns.insert(0, (1, vec![1, 1])))).await,
        Name::StructureExtraBytes => stage.offer(structure::change(stage, |it| it.extra = vec![1])).await,

        Name::AdmissionUnknownSigner => stage.offer(admission::unknown_signer(stage)).await,
        Name::AdmissionBadSignature => stage.offer(admission::forged(stage)).await,
        Name::AdmissionRevoked => admission::revoked(stage).await,
        Name::AdmissionExpired => admission::expired(stage).await,
        Name::AdmissionNotYourDocument => stage.offer(admission::not_your_document(stage)).await,
        Name::AdmissionVolumeSealed => admission::volume_sealed(stage).await,
        Name::AdmissionSequence => stage.offer(admission::skipped(stage)).await,
        Name::AdmissionUnknownDependency => stage.offer(admission::unknown_dependency(stage)).await,

        Name::StatementTooLarge => stage.offer(statements::too_large()).await,
        Name::StatementTextTooLong => stage.offer(statements::text_too_long(stage)).await,
        Name::StatementUnknownSigner => stage.offer(statements::unknown_signer(stage)).await,
        Name::StatementCertificateRevoked => statements::revoked(stage).await,
        Name::StatementCertificateExpired => statements::expired(stage).await,
        Name::StatementNotYourUnit => stage.offer(statements::not_your_unit(stage)).await,
        Name::DecisionOtherDistrict => stage.offer(statements::other_district(stage)).await,
        Name::DecisionAttemptOrder => statements::decided_too_far(stage).await,
        Name::AssessmentAttemptOrder => stage.offer(statements::applied_too_far(stage)).await,
        Name::ResendAttemptOrder => stage.offer(statements::asked_too_far(stage)).await,

        Name::PeersUnknownDevice => sessions::unknown_device(stage).await,
        Name::PeersCertificateRevoked => sessions::revoked(stage).await,
        Name::PeersCertificateExpired => sessions::expired(stage).await,
        Name::PeersScopeTooLarge => sessions::scope_too_large(stage).await,
        Name::PeersTooManySessions => sessions::too_many(stage).await,
        Name::PeersTooManyRefusals => sessions::too_many_refusals(stage).await,
        Name::PeersNotYourUnit => wire::asks_of_a_person(stage, 1).await,
        Name::PeersTooManyQuestions => wire::asks_of_a_person(stage, 31).await,
        Name::TransportNoDeviceKey => sessions::no_device_key(stage).await,

        Name::SyncHubFailed => sessions::hub_failed(stage).await,
        Name::SyncNeedsUpdate => wire::hello(stage, wire::newer_frame()).await,
        Name::SyncProtocolVersion => wire::hello(stage, wire::hello_with(stage, |it| it.protocol += 1)).await,
        Name::SyncOtherFeed => wire::hello(stage, wire::hello_with(stage, |it| it.feed.0[0] ^= 1)).await,
        Name::SyncCursorAhead => wire::hello(stage, wire::hello_with(stage, |it| it.cursor = 1 << 40)).await,
        Name::SyncFrameTooLarge => wire::live(stage, vec![0xff; 4]).await,
        Name::SyncFrameTooShort => wire::live(stage, vec![0, 0, 0, 1, 1]).await,
        Name::SyncFrameVersion => wire::live(stage, vec![0, 0, 0, 2, 0, 0]).await,
        Name::SyncFrameFlags => wire::live(stage, wire::frame(4, &[])).await,
        Name::SyncFrameMixed => wire::live(stage, [wire::frame(2, &[1]), wire::frame(1, &[1])].concat()).await,
        Name::SyncMessageTooLarge => wire::live(stage, wire::frame(1, &[0xff; 4])).await,
        Name::SyncBadCompression => wire::live(stage, wire::frame(1, &[0, 0, 0, 9, 1, 2, 3])).await,
        Name::SyncOverrun => wire::live(stage, vec![0; 2 * 1024 * 1024 + 1]).await,
        Name::SyncMalformed => wire::live(stage, wire::frame(0, &[0x82])).await,
        Name::SyncPartTooLong => wire::live(stage, wire::item_too_long()).await,
        Name::SyncUnexpectedMessage => wire::live(stage, wire::bytes_of(&wire::pong())).await,
        Name::SyncPositions => wire::live(stage, wire::bytes_of(&wire::backfill_past_the_end())).await,
        Name::SyncWindowExceeded => wire::impatient(stage).await,
        Name::SyncFeedGap => wire::device_with_a_gap(stage),
        Name::SyncTooManyProofs => wire::device_that_wants_too_many_proofs(stage),
        Name::LogOutOfRange => wire::proof(stage, 1 << 40).await,
        Name::LogMissingNode => wire::proof_of_a_damaged_log(stage).await,

        Name::EnrolmentMalformed => stage.ask(vec![0xff]).await,
        Name::EnrolmentOtherCentre => enrolment::other_centre(stage).await,
        Name::EnrolmentBadProof => enrolment::unproven(stage).await,
        Name::EnrolmentCodeUnknown => enrolment::unknown_code(stage).await,
        Name::EnrolmentCodeUsed => enrolment::used_code(stage).await,
        Name::EnrolmentCodeExpired => enrolment::expired_code(stage).await,
        Name::EnrolmentTooLarge => enrolment::too_large(stage).await,
        Name::EnrolmentUnknownCertificate => enrolment::unknown_certificate(stage).await,
        Name::EnrolmentCertificateRevoked => enrolment::revoked(stage).await,
        Name::EnrolmentCertificateExpired => enrolment::expired(stage).await,
        Name::EnrolmentOtherDevice => enrolment::other_device(stage).await,
        Name::EnrolmentTooMany => enrolment::too_many(stage).await,
    }
}

/// What the scenarios of structure alter is good before they do.
#[tokio::test]
async fn the_change_that_is_altered_is_good_without_a_fault() {
    let mut stage = Stage::set().await;
    let good = structure::change(&stage, |_| {});
    stage.takes(good).await;
    stage.goes_on().await;
}
