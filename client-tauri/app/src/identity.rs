//! Who this device is: its keys, its operators, the centre it belongs to.
//!
//! Every step is a record of the identity stream; the newest of a kind holds, so that nothing
//! about keys is ever overwritten.

use std::collections::BTreeMap;

use canbao_core::certificate::{Certificate, Chain, Mandate, RootHash, Trust};
use canbao_core::ids::{CertificateSerial, DeviceId, OperatorId};
use canbao_core::signed::Signed;
use canbao_core::signing::SigningKey;
use canbao_core::store::{Store, Stream};
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::{Fault, some_of};
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
        /// The key's seed.
        #[cbor(n(2), with = "minicbor::bytes")]
        seed: [u8; 32],
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
        /// The operators', by the serials of the certificates in use.
        #[n(1)]
        operators: Vec<(CertificateSerial, Seed)>,
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
}

/// The seed of a key.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Seed(#[cbor(with = "minicbor::bytes")] pub(crate) [u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

/// Keys on their way to be certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rekeying {
    pub(crate) device: Seed,
    pub(crate) operators: Vec<(CertificateSerial, Seed)>,
}

/// The centre this device belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Centre {
    pub(crate) root: RootHash,
    pub(crate) chain: Chain,
    pub(crate) trust: Trust,
    pub(crate) server: String,
}

/// An operator of this device.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) certificate: Certificate,
    pub(crate) key: SigningKey,
}

impl Operator {
    pub(crate) fn id(&self) -> OperatorId {
        self.certificate.operator
    }
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
    prepared: Vec<([u8; 32], OperatorId, [u8; 32])>,
    length: u64,
}

impl Identity {
    pub(crate) fn open(store: &Store) -> Result<Self, Fault> {
        let mut identity = Self::default();
        for (_, bytes) in store.read(Stream::Identity, 0, usize::MAX, usize::MAX)? {
            let step = minicbor::decode(&bytes).map_err(|error| damaged(&error))?;
            identity.apply(step)?;
        }
        Ok(identity)
    }

    /// The commit's expectation for the next step.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn apply(&mut self, step: Step) -> Result<(), Fault> {
        self.length += 1;
        match step {
            Step::DeviceKey { device, seed } => {
                self.device = Some((device, SigningKey::from_seed(seed)));
            }
            Step::OperatorKey {
                code,
                operator,
                seed,
            } => {
                self.prepared.push((code, operator, seed));
            }
            Step::Enrolled {
                code,
                certificate,
                root,
                chain,
                server,
            } => {
                self.enrolled(code, &certificate, root, chain, server)?;
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
        code: [u8; 32],
        signed: &Signed,
        root: RootHash,
        chain: Chain,
        server: String,
    ) -> Result<(), Fault> {
        let trust = chain.follow(&root)?;
        let certificate = Certificate::open(signed, &trust.authorities)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let (_, seed) = self
            .prepared(&code)
            .ok_or_else(|| Fault::store("store.damaged").with("detail", "an operator's key"))?;
        let operator = Operator {
            certificate,
            key: SigningKey::from_seed(seed),
        };
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
        for (signed, (before, seed)) in certificates.iter().zip(rekeying.operators) {
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
            let key = SigningKey::from_seed(seed.0);
            self.operators.retain(|it| it.certificate.serial != before);
            self.operators.push(Operator { certificate, key });
        }
        if let Some((_, key)) = &mut self.device {
            *key = SigningKey::from_seed(rekeying.device.0);
        }
        Ok(())
    }

    /// The operator and key made for this code before.
    pub(crate) fn prepared(&self, code: &[u8; 32]) -> Option<(OperatorId, [u8; 32])> {
        let made = self.prepared.iter().find(|(known, _, _)| known == code);
        made.map(|(_, operator, seed)| (*operator, *seed))
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

    /// The one operator who may do this, by the context.
    pub(crate) fn operator(
        &self,
        context: &Context,
        may: impl Fn(&Mandate) -> bool,
    ) -> Result<&Operator, Fault> {
        let named = |it: &&Operator| {
            context.operator.as_ref().is_none_or(|wanted| {
                it.certificate.operator_name == *wanted || it.id().to_string() == *wanted
            })
        };
        let all: Vec<&Operator> = self.operators.iter().filter(named).collect();
        if all.is_empty() {
            return Err(match &context.operator {
                None => Fault::usage("identity.not_enrolled"),
                Some(wanted) => Fault::usage("identity.no_such_operator").with("operator", wanted),
            });
        }
        let (ended, in_force): (Vec<&Operator>, Vec<_>) = all
            .into_iter()
            .filter(|it| may(&it.certificate.mandate))
            .partition(|it| self.ended.contains_key(&it.certificate.serial));
        let ended = ended.last().map(|it| &self.ended[&it.certificate.serial]);
        let mut able = in_force.into_iter();
        match (able.next(), able.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(match ended {
                Some(ended) => ended.how.fault(),
                None => Fault::refused("identity.operator_may_not"),
            }),
            (Some(one), Some(two)) => {
                let all = [one, two].into_iter().chain(able);
                let names = all.map(|it| it.certificate.operator_name.clone());
                Err(Fault::usage("identity.which_operator").with("operators", some_of(names)))
            }
        }
    }
}

fn damaged(error: &minicbor::decode::Error) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("identity: {error}"))
}
