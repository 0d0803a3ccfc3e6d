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
    pub(crate) contact: Option<Timestamp>,
    /// How many operators were enrolled in all; more than one means that the scope grew.
    pub(crate) enrolments: usize,
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
                    centre.trust = chain.follow(&centre.root)?;
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
        let certificate = Certificate::open(signed, &trust.authority)
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
        self.enrolments += 1;
        self.centre = Some(Centre {
            root,
            chain,
            trust,
            server,
        });
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
