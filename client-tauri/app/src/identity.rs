//! Who this device is: its keys, its operators, the centre it belongs to.
//!
//! Every step is a record of the identity stream; the newest of a kind holds, and nothing about
//! keys is overwritten. A form of an operator's key that does not count any more is erased, once
//! the one that does is there.

use std::collections::BTreeMap;

use canbao_core::certificate::{Certificate, Chain, Mandate, RootHash, Trust};
use canbao_core::ids::{CertificateSerial, DeviceId, OperatorId};
use canbao_core::signed::Signed;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::store::{Store, Stream};
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::{Fault, some_of};
use crate::keyring::{Kept, Keyring, Lock, Seed};
use crate::request::Context;
use crate::succession::{Ended, Ending};

/// A step in the device's identity.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Step {
    /// The device's name and key, made once, before anything is sent.
    #[n(1)]
    DeviceKey {
        /// The device.
        #[n(0)]
        device: DeviceId,
        /// The key's seed.
        #[cbor(n(1), with = "minicbor::bytes")]
        seed: [u8; 32],
    },
    /// An operator's key for one enrolment code, made before the code is sent, so that a retry
    /// after a cut asks for the same certificate.
    #[n(2)]
    OperatorKey {
        /// The hash of the code's secret.
        #[cbor(n(0), with = "minicbor::bytes")]
        code: [u8; 32],
        /// The operator, as this device names them.
        #[n(1)]
        operator: OperatorId,
        /// The key, which a [`Step::Key`] holds.
        #[n(2)]
        key: PublicKey,
    },
    /// The centre certified operator and device.
    #[n(3)]
    Enrolled {
        /// The hash of the code's secret, which names the key.
        #[cbor(n(0), with = "minicbor::bytes")]
        code: [u8; 32],
        /// The certificate.
        #[n(1)]
        certificate: Signed,
        /// The pinned root.
        #[n(2)]
        root: RootHash,
        /// The centre's chain as it was shown.
        #[n(3)]
        chain: Chain,
        /// Where the centre was reached.
        #[n(4)]
        server: String,
    },
    /// The centre showed a newer chain from the same root.
    #[n(4)]
    Chain(#[n(0)] Chain),
    /// The centre was heard; kept at most once a minute.
    #[n(5)]
    Contact(#[n(0)] Timestamp),
    /// A certificate of this device does not count any more.
    #[n(6)]
    Ended {
        /// Which.
        #[n(0)]
        serial: CertificateSerial,
        /// How.
        #[n(1)]
        how: Ending,
        /// Why, where that was said.
        #[n(2)]
        reason: String,
    },
    /// Keys that shall take the place of those in use, made before anything is sent.
    #[n(7)]
    Rekeying {
        /// The device's.
        #[n(0)]
        device: Seed,
        /// The operators', which a [`Step::Key`] each holds, by the serials of the certificates in
        /// use.
        #[n(1)]
        operators: Vec<(CertificateSerial, PublicKey)>,
    },
    /// The centre certified the keys of [`Step::Rekeying`], in its order.
    #[n(8)]
    Rekeyed {
        /// The certificates.
        #[n(0)]
        certificates: Vec<Signed>,
        /// The centre's chain as it was shown.
        #[n(1)]
        chain: Chain,
    },
    /// The centre refused the keys of [`Step::Rekeying`] for good: others may be made.
    #[n(9)]
    RekeyRefused,
    /// An operator's private key as it is kept from now on. The step that held it before is
    /// erased: with it whoever has the store's key would need no passphrase, or an old one.
    #[n(10)]
    Key(#[n(0)] Kept),
}

/// Keys on their way to be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rekeying {
    pub(crate) device: Seed,
    pub(crate) operators: Vec<(CertificateSerial, PublicKey)>,
}

/// The centre this device belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Centre {
    pub(crate) root: RootHash,
    pub(crate) chain: Chain,
    pub(crate) trust: Trust,
    pub(crate) server: String,
}

/// An operator of this device; the private key is in the keyring.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) certificate: Certificate,
}

impl Operator {
    pub(crate) fn id(&self) -> OperatorId {
        self.certificate.operator
    }

    pub(crate) fn name(&self) -> &str {
        &self.certificate.operator_name
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.certificate.operator_key
    }
}

/// Who signs, with a key that is ready to.
pub(crate) struct Signer<'a> {
    pub(crate) serial: CertificateSerial,
    pub(crate) key: &'a SigningKey,
}

/// The fold of the steps.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) device: Option<(DeviceId, SigningKey)>,
    pub(crate) centre: Option<Centre>,
    pub(crate) operators: Vec<Operator>,
    /// Certificates that do not count any more.
    pub(crate) ended: BTreeMap<CertificateSerial, Ended>,
    /// New keys that were asked for and are not certified yet.
    pub(crate) rekeying: Option<Rekeying>,
    /// Certificates whose operators have newer ones instead.
    pub(crate) replaced: BTreeMap<CertificateSerial, CertificateSerial>,
    pub(crate) contact: Option<Timestamp>,
    /// The operators' private keys.
    pub(crate) keyring: Keyring,
    prepared: Vec<([u8; 32], OperatorId, PublicKey)>,
    length: u64,
}

impl Identity {
    pub(crate) fn open(store: &Store) -> Result<Self, Fault> {
        let mut identity = Self::default();
        for (position, bytes) in store.read(Stream::Identity, 0, usize::MAX, usize::MAX)? {
            let step = minicbor::decode(&bytes).map_err(|error| damaged(&error))?;
            identity.length = position;
            identity.apply(step)?;
        }
        identity.length = store.length(Stream::Identity)?;
        let has_key = |it: &Operator| identity.keyring.place(it.key()).is_some();
        if !identity.operators.iter().all(has_key) {
            return Err(Fault::store("store.damaged").with("detail", "an operator's key"));
        }
        Ok(identity)
    }

    /// The commit's expectation for the next step.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Takes in the step that is the next of the stream.
    pub(crate) fn apply(&mut self, step: Step) -> Result<(), Fault> {
        let place = self.length;
        self.length += 1;
        match step {
            Step::DeviceKey { device, seed } => {
                self.device = Some((device, SigningKey::from_seed(seed)));
            }
            Step::OperatorKey {
                code,
                operator,
                key,
            } => {
                self.prepared.push((code, operator, key));
            }
            Step::Key(kept) => self.keyring.take(kept, place),
            Step::Enrolled {
                code: _,
                certificate,
                root,
                chain,
                server,
            } => {
                self.enrolled(&certificate, root, chain, server)?;
            }
            Step::Chain(chain) => {
                if let Some(centre) = &mut self.centre {
                    centre.trust = chain.follow_from(&centre.chain, &centre.root)?;
                    centre.chain = chain;
                }
            }
            Step::Ended {
                serial,
                how,
                reason,
            } => {
                self.ended.insert(serial, Ended { how, reason });
            }
            Step::Rekeying { device, operators } => {
                self.rekeying = Some(Rekeying { device, operators });
            }
            Step::Rekeyed {
                certificates,
                chain,
            } => self.rekeyed(&certificates, chain)?,
            Step::RekeyRefused => self.rekeying = None,
            Step::Contact(at) => self.contact = self.contact.max(Some(at)),
        }
        Ok(())
    }

    fn enrolled(
        &mut self,
        signed: &Signed,
        root: RootHash,
        chain: Chain,
        server: String,
    ) -> Result<(), Fault> {
        let trust = chain.follow(&root)?;
        let certificate = Certificate::open(signed, &trust.authorities)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let operator = Operator { certificate };
        self.operators.retain(|it| it.id() != operator.id());
        self.operators.push(operator);
        self.centre = Some(Centre {
            root,
            chain,
            trust,
            server,
        });
        Ok(())
    }

    fn rekeyed(&mut self, certificates: &[Signed], chain: Chain) -> Result<(), Fault> {
        let lost = || Fault::store("store.damaged").with("detail", "new keys");
        let rekeying = self.rekeying.take().ok_or_else(lost)?;
        let centre = self.centre.as_mut().ok_or_else(lost)?;
        centre.trust = chain.follow_from(&centre.chain, &centre.root)?;
        centre.chain = chain;
        for (signed, (before, _)) in certificates.iter().zip(rekeying.operators) {
            let certificate = Certificate::open(signed, &centre.trust.authorities)
                .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
            self.replaced.insert(before, certificate.serial);
            self.ended.insert(
                before,
                Ended {
                    how: Ending::Revoked,
                    reason: String::new(),
                },
            );
            self.operators.retain(|it| it.certificate.serial != before);
            self.operators.push(Operator { certificate });
        }
        if let Some((_, key)) = &mut self.device {
            *key = SigningKey::from_seed(rekeying.device.0);
        }
        Ok(())
    }

    /// The operator and key made for this code before.
    pub(crate) fn prepared(&self, code: &[u8; 32]) -> Option<(OperatorId, PublicKey)> {
        let made = self.prepared.iter().find(|(known, _, _)| known == code);
        made.map(|(_, operator, key)| (*operator, *key))
    }

    /// The device's id.
    pub(crate) fn device_id(&self) -> Option<DeviceId> {
        self.device.as_ref().map(|(device, _)| *device)
    }

    /// The operators whose certificates count, as far as this device was told.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = &Operator> {
        let counts = |it: &&Operator| !self.ended.contains_key(&it.certificate.serial);
        self.operators.iter().filter(counts)
    }

    pub(crate) fn centre(&self) -> Result<&Centre, Fault> {
        self.centre
            .as_ref()
            .ok_or_else(|| Fault::usage("identity.not_enrolled"))
    }

    /// The operator's key, unless it is locked.
    pub(crate) fn key(&self, operator: &Operator) -> Option<&SigningKey> {
        self.keyring.key(operator.key())
    }

    /// Whether the operator's key can sign.
    pub(crate) fn lock(&self, operator: &Operator) -> Lock {
        self.keyring.lock(operator.key())
    }

    /// The one operator who may do this, by the context, and their key: unlocked by the context,
    /// where that is needed.
    ///
    /// # Errors
    /// Those of [`Self::operator`]; `passphrase.needed`, `passphrase.wrong`.
    pub(crate) fn signer(
        &mut self,
        context: &Context,
        now: Timestamp,
        may: impl Fn(&Mandate) -> bool,
    ) -> Result<Signer<'_>, Fault> {
        let certificate = &self.operator(context, may)?.certificate;
        let (serial, public) = (certificate.serial, certificate.operator_key);
        let name = certificate.operator_name.clone();
        let key = self.keyring.ready(&public, &context.passphrases, now);
        let key = key.map_err(|fault| fault.with("operator", name))?;
        Ok(Signer { serial, key })
    }

    /// The one operator who may do this, by the context.
    pub(crate) fn operator(
        &self,
        context: &Context,
        may: impl Fn(&Mandate) -> bool,
    ) -> Result<&Operator, Fault> {
        let all = self.named(context)?;
        let (ended, in_force): (Vec<&Operator>, Vec<_>) = all
            .into_iter()
            .filter(|it| may(&it.certificate.mandate))
            .partition(|it| self.ended.contains_key(&it.certificate.serial));
        let ended = ended.last().map(|it| &self.ended[&it.certificate.serial]);
        only_one(in_force)?.ok_or_else(|| match ended {
            Some(ended) => ended.how.fault(),
            None => Fault::refused("identity.operator_may_not"),
        })
    }

    /// The one operator in force whose key stands so, by the context; else the refusal named.
    pub(crate) fn operator_whose_lock(
        &self,
        context: &Context,
        is: impl Fn(Lock) -> bool,
        none: &str,
    ) -> Result<&Operator, Fault> {
        let mut all = self.named(context)?;
        all.retain(|it| !self.ended.contains_key(&it.certificate.serial) && is(self.lock(it)));
        only_one(all)?.ok_or_else(|| Fault::refused(none))
    }

    /// The operators that the context names; all where it names none.
    pub(crate) fn named(&self, context: &Context) -> Result<Vec<&Operator>, Fault> {
        let named = |it: &&Operator| {
            context
                .operator
                .as_ref()
                .is_none_or(|wanted| it.name() == *wanted || it.id().to_string() == *wanted)
        };
        let all: Vec<&Operator> = self.operators.iter().filter(named).collect();
        match &context.operator {
            _ if !all.is_empty() => Ok(all),
            None => Err(Fault::usage("identity.not_enrolled")),
            Some(wanted) => Err(Fault::usage("identity.no_such_operator").with("operator", wanted)),
        }
    }
}

/// The one there is, none, or the question which.
fn only_one(operators: Vec<&Operator>) -> Result<Option<&Operator>, Fault> {
    if operators.len() > 1 {
        let names = operators.iter().map(|it| it.name().to_owned());
        return Err(Fault::usage("identity.which_operator").with("operators", some_of(names)));
    }
    Ok(operators.into_iter().next())
}

fn damaged(error: &minicbor::decode::Error) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("identity: {error}"))
}
