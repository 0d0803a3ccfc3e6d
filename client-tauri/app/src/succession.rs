//! Keys that follow one another: the centre's, as its feed tells; and a certificate that ended,
//! how the device learns of it, and how what it signed and the centre did not take goes on under
//! the certificate that came after it.
//!
//! Only the centre judges expiry and revocation. The device learns of them by the feed, or by the
//! name of a refusal where it is too late for that.

use canbao_core::certificate::{ChainError, Mandate};
use canbao_core::document::{Batch, SignedBatch};
use canbao_core::ids::CertificateSerial;
use canbao_core::message::Lang;
use canbao_core::refusal::RefusalName;
use canbao_core::signed::{Signed, decode_canonical};
use canbao_core::statement::{Statement, read_admitted};
use canbao_core::store::Stream;
use canbao_core::sync::{ItemId, Refusal};
use minicbor::{Decode, Encode};

use crate::app::App;
use crate::captions::coded;
use crate::fault::Fault;
use crate::identity::{Operator, Step};
use crate::outbox::{Made, SIGNED_ANEW};
use crate::response::Coded;

/// How a certificate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Ending {
    /// The centre, or its own holder, revoked it.
    #[n(1)]
    Revoked,
    /// It is past its expiry, by the centre's clock.
    #[n(2)]
    Expired,
}

/// How a certificate of this device ended, and why where that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: Ending,
    pub(crate) reason: String,
}

impl Ending {
    /// What the name of a refusal says about the certificate.
    pub(crate) fn of_refusal(code: &str) -> Option<Self> {
        match code.parse().ok()? {
            RefusalName::PeersCertificateRevoked
            | RefusalName::StatementCertificateRevoked
            | RefusalName::AdmissionRevoked => Some(Self::Revoked),
            RefusalName::PeersCertificateExpired
            | RefusalName::StatementCertificateExpired
            | RefusalName::AdmissionExpired => Some(Self::Expired),
            _ => None,
        }
    }

    /// The refusal of what an operator wants to sign by it.
    pub(crate) fn fault(self) -> Fault {
        Fault::refused(match self {
            Self::Revoked => "identity.certificate_revoked",
            Self::Expired => "identity.certificate_expired",
        })
    }
}

impl Ended {
    /// In the words of a language.
    pub(crate) fn in_words(&self, lang: Lang) -> Coded {
        let words = match self.how {
            Ending::Revoked => coded("revoked", lang, "证书已被吊销", "revoked"),
            Ending::Expired => coded("expired", lang, "证书已过期", "expired"),
        };
        let text = match self.reason.as_str() {
            "" => words.text,
            reason => format!("{}: {reason}", words.text),
        };
        Coded { text, ..words }
    }
}

/// Something made here, and whose certificate its signature names.
enum MadeBy {
    Statement(Statement, CertificateSerial),
    Batch(Batch),
}

impl MadeBy {
    fn read(made: &Made) -> Option<Self> {
        match made {
            Made::Statement { signed, .. } => {
                let read = read_admitted(signed).ok()?;
                Some(Self::Statement(read.statement, read.signer))
            }
            Made::Batch { batch, .. } => {
                let signed = Signed::from_bytes(batch).ok()?;
                decode_canonical(&signed.content).ok().map(Self::Batch)
            }
            Made::Ended { .. } | Made::GivenUp { .. } | Made::Held { .. } => None,
        }
    }

    fn signer(&self) -> CertificateSerial {
        match self {
            Self::Statement(_, signer) => *signer,
            Self::Batch(batch) => batch.signer,
        }
    }
}

impl App {
    /// Takes over the log keys that the feed brought. A chain that is older than the one held, or
    /// that does not continue it, changes nothing: what an unknown key signed is then refused.
    pub(crate) fn take_chains(&mut self) -> Result<(), Fault> {
        for chain in std::mem::take(&mut self.feed.chains) {
            let Some(centre) = &self.identity.centre else {
                return Ok(());
            };
            match chain.follow_from(&centre.chain, &centre.root) {
                Ok(_) if chain == centre.chain => {}
                Ok(trust) => {
                    tracing::info!(version = trust.version, "the log has another key");
                    self.step(Step::Chain(chain))?;
                }
                Err(ChainError::Older) => {}
                Err(error) => tracing::error!(code = error.code(), "a chain was not taken"),
            }
        }
        Ok(())
    }

    /// Keeps what the feed said about this device's own certificates.
    pub(crate) fn note_revocations(&mut self) -> Result<(), Fault> {
        let revoked: Vec<_> = self
            .identity
            .in_force()
            .map(|it| it.certificate.serial)
            .filter_map(|serial| Some((serial, self.feed.revoked.get(&serial)?.clone())))
            .collect();
        for (serial, reason) in revoked {
            let how = Ending::Revoked;
            self.step(Step::Ended {
                serial,
                how,
                reason,
            })?;
        }
        Ok(())
    }

    /// Keeps what a refused session says: none of this device's certificates counts any more.
    pub(crate) fn note_locked_out(&mut self, refusal: &Refusal) -> Result<(), Fault> {
        let Some(how) = Ending::of_refusal(refusal.code()) else {
            return Ok(());
        };
        let held = self.identity.in_force().map(|it| it.certificate.serial);
        for serial in held.collect::<Vec<_>>() {
            let reason = refusal.detail().to_owned();
            self.step(Step::Ended {
                serial,
                how,
                reason,
            })?;
        }
        Ok(())
    }

    /// Keeps what a refused item says about the certificate that signed it. Tells whether the
    /// item goes on under another one.
    pub(crate) fn note_refused(&mut self, item: ItemId, code: &str) -> Result<bool, Fault> {
        let Some(how) = Ending::of_refusal(code) else {
            return Ok(false);
        };
        let Some(place) = self.outbox.place(item.0) else {
            return Ok(false);
        };
        let made = self.made_at(place)?;
        let signer = MadeBy::read(&made).map(|it| it.signer());
        let own = self
            .identity
            .in_force()
            .map(|it| it.certificate.serial)
            .find(|serial| Some(*serial) == signer);
        if let Some(serial) = own {
            let reason = String::new();
            self.step(Step::Ended {
                serial,
                how,
                reason,
            })?;
        }
        Ok(self.sign_anew()?.contains(&item))
    }

    /// Signs anew what waits, or was refused, for the sake of a certificate that ended: by one
    /// that the same operator was given after it and whose mandate covers it. Tells which.
    /// Nobody's key signs what another person stated; what a locked key would sign waits.
    ///
    /// A statement keeps its id, so that the centre sees a repeat as one; a batch gets another,
    /// with the same changes in it.
    pub(crate) fn sign_anew(&mut self) -> Result<Vec<ItemId>, Fault> {
        let unsettled = self.outbox.unsettled(&self.feed);
        let (mut renewed, mut kept) = (Vec::new(), Vec::new());
        for (item, place) in unsettled {
            let made = self.made_at(place)?;
            let Some(anew) = self.made_anew(item, &made) else {
                continue;
            };
            if let Made::Statement { .. } = made {
                kept.push(Made::Ended {
                    item,
                    code: SIGNED_ANEW.to_owned(),
                    detail: String::new(),
                    at: self.world.now(),
                });
            }
            kept.push(anew);
            renewed.push(ItemId(item));
        }
        if renewed.is_empty() {
            return Ok(renewed);
        }
        self.keep(&kept)?;
        tracing::info!(items = renewed.len(), "signed anew");
        Ok(renewed)
    }

    /// The operators who would sign anew what waits, or was refused, for an ended certificate.
    pub(crate) fn signers_anew(&self) -> Result<Vec<&Operator>, Fault> {
        let mut signers = Vec::new();
        if self.identity.ended.is_empty() {
            return Ok(signers);
        }
        for (_, place) in self.outbox.unsettled(&self.feed) {
            let by = MadeBy::read(&self.made_at(place)?);
            signers.extend(by.and_then(|by| self.signer_anew(&by)));
        }
        Ok(signers)
    }

    fn signer_anew(&self, by: &MadeBy) -> Option<&Operator> {
        self.identity.ended.get(&by.signer())?;
        self.successor(by.signer(), |mandate| match by {
            MadeBy::Statement(statement, _) => self.covers(mandate, statement),
            MadeBy::Batch(batch) => batch.document.writable_by(mandate),
        })
    }

    fn made_anew(&self, item: [u8; 32], made: &Made) -> Option<Made> {
        let by = MadeBy::read(made)?;
        let successor = self.signer_anew(&by)?;
        let key = self.identity.key(successor)?;
        let signer = successor.certificate.serial;
        match (made, by) {
            (Made::Statement { at, .. }, MadeBy::Statement(statement, _)) => {
                let signed = statement.sign(key, signer, *at).to_bytes();
                Some(Made::Statement { signed, at: *at })
            }
            (
                Made::Batch {
                    document,
                    action,
                    at,
                    ..
                },
                MadeBy::Batch(batch),
            ) => Some(Made::Batch {
                document: *document,
                action: action.clone(),
                batch: SignedBatch::make(&Batch { signer, ..batch }, key).0,
                at: *at,
                redoes: Some(item),
            }),
            (
                Made::Statement { .. }
                | Made::Batch { .. }
                | Made::Ended { .. }
                | Made::GivenUp { .. }
                | Made::Held { .. },
                _,
            ) => None,
        }
    }

    /// The newest certificate in force that the same operator, by name, was given after this one
    /// and that may do this; the one in its place, where its keys were replaced.
    fn successor(
        &self,
        ended: CertificateSerial,
        may: impl Fn(&Mandate) -> bool,
    ) -> Option<&Operator> {
        if let Some(instead) = self.identity.replaced.get(&ended) {
            let mut in_force = self.identity.in_force();
            return in_force
                .find(|it| it.certificate.serial == *instead && may(&it.certificate.mandate));
        }
        let mut operators = self.identity.operators.iter().map(|it| &it.certificate);
        let before = operators.find(|it| it.serial == ended)?;
        let later = |it: &&Operator| {
            let it = &it.certificate;
            it.serial > ended && it.operator_name == before.operator_name && may(&it.mandate)
        };
        let candidates = self.identity.in_force().filter(later);
        candidates.max_by_key(|it| it.certificate.serial)
    }

    fn covers(&self, mandate: &Mandate, statement: &Statement) -> bool {
        let unit = statement.unit();
        match statement {
            Statement::Submission(_)
            | Statement::Withdrawal { .. }
            | Statement::AssessmentRequest { .. }
            | Statement::ResendRequest { .. } => mandate.employs(unit),
            Statement::Audit { .. } if mandate.employs(unit) => true,
            Statement::Decision { .. } | Statement::Audit { .. } => {
                let known = self.feed.projection.units.get(&unit);
                known.is_some_and(|it| mandate.reviews(it.record.district))
            }
        }
    }

    fn made_at(&self, place: u64) -> Result<Made, Fault> {
        let bytes = self.store.get(Stream::Local, place)?;
        let bytes = bytes.ok_or_else(|| Fault::store("store.damaged").with("detail", "local"))?;
        Made::from_bytes(&bytes)
    }

    /// What to mind about certificates that ended: those that none came after.
    pub(crate) fn certificate_warnings(&self, lang: Lang) -> Vec<Coded> {
        let mut warnings = Vec::new();
        if self.identity.rekeying.is_some() {
            warnings.push(coded(
                "status.rekeying",
                lang,
                "更换密钥尚未完成:请再次运行 canbao rekey",
                "keys are being replaced; run canbao rekey again",
            ));
            return warnings;
        }
        for operator in &self.identity.operators {
            let certificate = &operator.certificate;
            let Some(ended) = self.identity.ended.get(&certificate.serial) else {
                continue;
            };
            let same = |mandate: &Mandate| *mandate == certificate.mandate;
            if self.successor(certificate.serial, same).is_some() {
                continue;
            }
            let what = ended.in_words(lang);
            let name = &certificate.operator_name;
            let advice = coded(
                match ended.how {
                    Ending::Revoked => "status.certificate_revoked",
                    Ending::Expired => "status.certificate_expired",
                },
                lang,
                "请向中心申请新的登记码,然后用 canbao enrol 重新登记;已录入的内容不会丢失",
                "ask the centre for a new code, then canbao enrol; nothing typed is lost",
            );
            let text = format!("{name}: {}; {}", what.text, advice.text);
            warnings.push(Coded { text, ..advice });
        }
        warnings
    }
}
