//! The names of refusals: every one by which the centre refuses an item, a session, a proof or an
//! enrolment, and by which either side ends a session that broke the protocol.
//!
//! A refusal's dotted code is written here and nowhere else. On the wire and in facts it is text,
//! since a device must understand what a newer centre says. A name that was once given stays:
//! verdicts of the log are read back by it.

use std::str::FromStr;

/// A text that names no refusal this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no refusal has this name")]
pub struct UnknownRefusal;

/// Declares the names once: the enum, its codes, the list of all, and a macro by which a test for
/// each is made elsewhere. The dollar sign is handed through, for the macro within.
macro_rules! refusal_names {
    ($dollar:tt $($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// Why something is refused, in the words that screens, scripts and tests branch on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalName {
            $($(#[$doc])* $name),*
        }

        impl RefusalName {
            /// Every name there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The dotted code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }

        /// Calls a macro with the identifiers of all names, so that a test can be made of each.
        #[macro_export]
        macro_rules! for_each_refusal_name {
            ($dollar with:ident) => { $dollar with! { $($name)* } };
        }
    };
}

refusal_names! { $
    /// The bytes around a signature are no signed value.
    SignedMalformed = "signed.malformed",
    /// A second encoding of the same signed value.
    SignedNotCanonical = "signed.not_canonical",
    /// Signed by another key than the certificate's.
    SignedBadSignature = "signed.bad_signature",

    /// A batch above its cap.
    StructureBatchTooLarge = "structure.batch_too_large",
    /// A batch of a schema that never was.
    StructureNoSchema = "structure.no_schema",
    /// No change, or more than a batch holds.
    StructureChangeCount = "structure.change_count",
    /// A change of another actor than its batch says.
    StructureOtherActor = "structure.other_actor",
    /// Sequence numbers that are not the run the batch says.
    StructureSequence = "structure.sequence",
    /// A change that does not build on its actor's previous one.
    StructurePrevious = "structure.previous",
    /// A change above its cap.
    StructureChangeTooLarge = "structure.change_too_large",
    /// Bytes without a chunk's header.
    StructureNoHeader = "structure.no_header",
    /// A chunk that is no plain change.
    StructureNotAChange = "structure.not_a_change",
    /// A change not in its one form.
    StructureNotCanonical = "structure.not_canonical",
    /// A checksum of something else.
    StructureChecksum = "structure.checksum",
    /// A number or a run of bytes that does not read.
    StructureMalformed = "structure.malformed",
    /// Dependencies that are none, too many or unordered.
    StructureDependencies = "structure.dependencies",
    /// An actor of another length.
    StructureActorLength = "structure.actor_length",
    /// A time out of range.
    StructureTime = "structure.time",
    /// A commit message.
    StructureMessage = "structure.message",
    /// A malformed table of other actors.
    StructureOtherActors = "structure.other_actors",
    /// Columns that the schema does not have.
    StructureColumns = "structure.columns",
    /// No operation, or more than a change holds.
    StructureOperationCount = "structure.operation_count",
    /// More predecessors than so many operations can have.
    StructurePredecessorCount = "structure.predecessor_count",
    /// An operation of an actor that the change does not list.
    StructureUnknownActor = "structure.unknown_actor",
    /// Bytes behind a change's columns.
    StructureExtraBytes = "structure.extra_bytes",

    /// A batch under a certificate that was never issued.
    AdmissionUnknownSigner = "admission.unknown_signer",
    /// A batch not signed by the operator it names.
    AdmissionBadSignature = "admission.bad_signature",
    /// A batch under a revoked certificate.
    AdmissionRevoked = "admission.revoked",
    /// A batch under a certificate past its term.
    AdmissionExpired = "admission.expired",
    /// A batch for a document that its signer may not write.
    AdmissionNotYourDocument = "admission.not_your_document",
    /// A batch for a volume that takes no changes.
    AdmissionVolumeSealed = "admission.volume_sealed",
    /// A batch that does not follow its actor's previous one.
    AdmissionSequence = "admission.sequence",
    /// A batch that builds on what the centre does not have.
    AdmissionUnknownDependency = "admission.unknown_dependency",

    /// A statement above its cap.
    StatementTooLarge = "statement.too_large",
    /// A statement with a text above its cap.
    StatementTextTooLong = "statement.text_too_long",
    /// A statement under a certificate that was never issued.
    StatementUnknownSigner = "statement.unknown_signer",
    /// A statement under a revoked certificate.
    StatementCertificateRevoked = "statement.certificate_revoked",
    /// A statement under a certificate past its term.
    StatementCertificateExpired = "statement.certificate_expired",
    /// The signer may not act for this unit.
    StatementNotYourUnit = "statement.not_your_unit",
    /// The unit belongs to another district than the signer's (DIST-2, SIL-13).
    DecisionOtherDistrict = "decision.other_district",
    /// A decision whose attempt nobody can have come to.
    DecisionAttemptOrder = "decision.attempt_order",
    /// A request whose attempt does not follow the one before (ASM-1).
    AssessmentAttemptOrder = "assessment.attempt_order",
    /// A request to send again whose attempt nobody can have come to.
    ResendAttemptOrder = "resend.attempt_order",

    /// A session of a device without any certificate.
    PeersUnknownDevice = "peers.unknown_device",
    /// A session of a device whose last certificate was revoked.
    PeersCertificateRevoked = "peers.certificate_revoked",
    /// A session of a device whose last certificate is past its term.
    PeersCertificateExpired = "peers.certificate_expired",
    /// A session of a device that may see more than can be told.
    PeersScopeTooLarge = "peers.scope_too_large",
    /// One session more than a device has at once.
    PeersTooManySessions = "peers.too_many_sessions",
    /// More refusals in one session than an honest device meets.
    PeersTooManyRefusals = "peers.too_many_refusals",
    /// More questions about persons than a device may ask in a while.
    PeersTooManyQuestions = "peers.too_many_questions",
    /// A question about a person on behalf of a unit that the device's operators do not act for.
    PeersNotYourUnit = "peers.not_your_unit",
    /// A connection for a session without a device's key.
    TransportNoDeviceKey = "transport.no_device_key",

    /// The centre cannot go on: its own failure, not the peer's.
    SyncHubFailed = "sync.hub_failed",
    /// A peer that is newer from its first word on.
    SyncNeedsUpdate = "sync.needs_update",
    /// A hello of another protocol.
    SyncProtocolVersion = "sync.protocol_version",
    /// A hello for another centre's feed.
    SyncOtherFeed = "sync.other_feed",
    /// A device that stands behind the end of the feed.
    SyncCursorAhead = "sync.cursor_ahead",
    /// A frame that declares more than any has.
    SyncFrameTooLarge = "sync.frame_too_large",
    /// A frame without content.
    SyncFrameTooShort = "sync.frame_too_short",
    /// A frame of a version that never was.
    SyncFrameVersion = "sync.frame_version",
    /// A frame with a flag that its version does not have.
    SyncFrameFlags = "sync.frame_flags",
    /// Frames of one message that disagree.
    SyncFrameMixed = "sync.frame_mixed",
    /// A message above its cap, or one that declares to be.
    SyncMessageTooLarge = "sync.message_too_large",
    /// A compressed message that does not decompress to what it declares.
    SyncBadCompression = "sync.bad_compression",
    /// More bytes waiting than a session holds.
    SyncOverrun = "sync.overrun",
    /// Bytes that are no message of their kind.
    SyncMalformed = "sync.malformed",
    /// A part of a message above its cap.
    SyncPartTooLong = "sync.part_too_long",
    /// A message that has no place here.
    SyncUnexpectedMessage = "sync.unexpected_message",
    /// Entries that do not continue where the device stands.
    SyncFeedGap = "sync.feed_gap",
    /// Positions out of order, or past the end.
    SyncPositions = "sync.positions",
    /// More offers or requests at once than the window allows.
    SyncWindowExceeded = "sync.window_exceeded",
    /// More proofs wanted than a device queues.
    SyncTooManyProofs = "sync.too_many_proofs",
    /// A proof of entries that are not in the log.
    LogOutOfRange = "log.out_of_range",
    /// A proof for which the centre's log is damaged.
    LogMissingNode = "log.missing_node",

    /// Bytes that ask for nothing.
    EnrolmentMalformed = "enrolment.malformed",
    /// A request made for another centre.
    EnrolmentOtherCentre = "enrolment.other_centre",
    /// A request by who does not hold its keys.
    EnrolmentBadProof = "enrolment.bad_proof",
    /// A code that was never issued.
    EnrolmentCodeUnknown = "enrolment.code_unknown",
    /// A code that was used for other keys.
    EnrolmentCodeUsed = "enrolment.code_used",
    /// A code past its time.
    EnrolmentCodeExpired = "enrolment.code_expired",
    /// More to certify anew than one answer carries.
    EnrolmentTooLarge = "enrolment.too_large",
    /// New keys for a certificate that was never issued.
    EnrolmentUnknownCertificate = "enrolment.unknown_certificate",
    /// New keys for a revoked certificate.
    EnrolmentCertificateRevoked = "enrolment.certificate_revoked",
    /// New keys for a certificate past its term.
    EnrolmentCertificateExpired = "enrolment.certificate_expired",
    /// A device's key under the id of another device.
    EnrolmentOtherDevice = "enrolment.other_device",
    /// More tries than an address has.
    EnrolmentTooMany = "enrolment.too_many",
}

impl FromStr for RefusalName {
    type Err = UnknownRefusal;

    fn from_str(code: &str) -> Result<Self, UnknownRefusal> {
        let found = Self::ALL.iter().find(|name| name.as_str() == code);
        found.copied().ok_or(UnknownRefusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Lang, render};
    use crate::sync::message::MAX_CODE;

    #[test]
    fn every_name_is_read_back_and_fits_the_wire() {
        for name in RefusalName::ALL {
            let code = name.as_str();
            assert_eq!(code.parse(), Ok(*name), "no two have one code");
            assert!(code.len() <= MAX_CODE, "{code}");
        }
        assert_eq!("structure.new".parse::<RefusalName>(), Err(UnknownRefusal));
    }

    #[test]
    fn the_variant_is_the_code_in_capitals() {
        for name in RefusalName::ALL {
            let mut variant = String::new();
            for word in name.as_str().split(['.', '_']) {
                variant.push_str(&word[..1].to_uppercase());
                variant.push_str(&word[1..]);
            }
            assert_eq!(format!("{name:?}"), variant);
        }
    }

    #[test]
    fn every_name_has_its_sentence_and_says_what_to_do() {
        for (name, lang) in RefusalName::ALL
            .iter()
            .flat_map(|name| [(name, Lang::Zh), (name, Lang::En)])
        {
            let text = render(name.as_str(), &[], lang);
            assert_ne!(text.message, name.as_str(), "{name:?} in {lang:?}");
            assert!(!text.hint.is_empty(), "{name:?} in {lang:?}");
        }
    }
}
