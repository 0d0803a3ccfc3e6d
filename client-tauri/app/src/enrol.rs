//! Enrolment (ACC-2): keys first, then the chain is checked, then the secret is sent.

use canbao_core::certificate::{Chain, RootHash};
use canbao_core::enrolment::{Answer, EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::ids::{DeviceId, OperatorId};
use canbao_core::passphrase::Passphrase;
use canbao_core::refusal::RefusalName;
use canbao_core::signed::decode_canonical;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_transport::{Alpn, ClientEndpoint, EnrolError, ask_to_enrol};

use crate::app::App;
use crate::door::Door;
use crate::fault::Fault;
use crate::identity::{Operator, Step};
use crate::keyring::Lock;
use crate::response::Enrolled;
use crate::status::operator_view;
use crate::sync::{connect_fault, resolve};
use crate::world::random;

impl Door {
    /// Enrols an operator: a second one on the same device, for the same centre, is added.
    pub(crate) async fn enrol(
        &self,
        code: &str,
        server: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<Enrolled, Fault> {
        let code: EnrolmentCode = code
            .parse()
            .map_err(|error: canbao_core::enrolment::CodeError| Fault::refused(error.code()))?;
        // A session that runs would go on from its own cursor and never ask for what is older.
        let _quiet = self
            .one_session()
            .ok_or_else(|| Fault::usage("enrolment.while_syncing"))?;
        let request = self.app().prepare_enrolment(&code, passphrase)?;
        let held = self
            .app()
            .identity
            .centre
            .as_ref()
            .map(|it| it.chain.clone());
        let address = resolve(server).await?;
        let connected = ClientEndpoint::new(None)
            .connect(address, None, Alpn::Enrol)
            .await
            .map_err(|error| connect_fault(&error))?;
        let shown = connected.server;
        let answer = ask_to_enrol(&connected.connection, |chain| {
            is_the_centre(chain, held.as_ref(), &code.root, &shown).map(|()| request.to_bytes())
        })
        .await
        .map_err(enrol_fault)?;
        self.app()
            .finish_enrolment(&code, &request, &answer, server)
    }
}

impl App {
    /// The request for a code, with keys that are durable before anything is sent; the operator's
    /// is locked by the passphrase.
    ///
    /// # Errors
    /// `passphrase.choose` without one where another operator's key has a lock: on a PC that is
    /// shared, nobody's key is left open by an oversight.
    pub(crate) fn prepare_enrolment(
        &mut self,
        code: &EnrolmentCode,
        passphrase: Option<&Passphrase>,
    ) -> Result<EnrolmentRequest, Fault> {
        if self
            .identity
            .centre
            .as_ref()
            .is_some_and(|it| it.root != code.root)
        {
            return Err(Fault::trust(RefusalName::EnrolmentOtherCentre.as_str()));
        }
        let hash = code.secret_hash();
        let prepared = self.identity.prepared(&hash);
        let has_lock = |key: &PublicKey| self.identity.keyring.lock(key) != Lock::Open;
        let mut keys = self.identity.operators.iter().map(Operator::key);
        if passphrase.is_none()
            && (keys.any(has_lock) || prepared.is_some_and(|(_, key)| has_lock(&key)))
        {
            return Err(Fault::usage("passphrase.choose"));
        }
        match prepared {
            None => self.make_keys(hash, passphrase)?,
            Some((_, public)) if self.identity.keyring.lock(&public) == Lock::Open => {
                if passphrase.is_some() {
                    self.relock(public, &[], passphrase)?;
                }
            }
            Some(_) => {}
        }
        let now = self.world.now();
        let (operator, public) = self.identity.prepared(&hash).expect("made above");
        let given = passphrase.map_or(&[][..], std::slice::from_ref);
        let operator_key = self.identity.keyring.ready(&public, given, now)?;
        let (device, device_key) = self.identity.device.as_ref().expect("made above");
        Ok(EnrolmentRequest::make(
            code,
            operator,
            operator_key,
            *device,
            device_key,
        ))
    }

    fn make_keys(&mut self, code: [u8; 32], passphrase: Option<&Passphrase>) -> Result<(), Fault> {
        let milliseconds = u64::try_from(self.world.now().0)
            .unwrap_or(0)
            .saturating_mul(1000);
        let mut steps = Vec::new();
        if self.identity.device.is_none() {
            let device = DeviceId::from_parts(milliseconds, random(self.world.as_mut())?);
            let seed = random(self.world.as_mut())?;
            steps.push(Step::DeviceKey { device, seed });
        }
        let operator = OperatorId::from_parts(milliseconds, random(self.world.as_mut())?);
        let key = SigningKey::from_seed(random(self.world.as_mut())?);
        steps.push(Step::Key(self.kept(&key, passphrase)?));
        steps.push(Step::OperatorKey {
            code,
            operator,
            key: key.public(),
        });
        self.steps(steps, None)
    }

    pub(crate) fn finish_enrolment(
        &mut self,
        code: &EnrolmentCode,
        request: &EnrolmentRequest,
        answer: &[u8],
        server: &str,
    ) -> Result<Enrolled, Fault> {
        let answer = Answer::from_bytes(answer)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        answer
            .open(&request.claim)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        if let Some(centre) = &self.identity.centre {
            answer.chain.follow_from(&centre.chain, &centre.root)?;
        }
        self.step(Step::Enrolled {
            code: code.secret_hash(),
            certificate: answer.certificate,
            root: code.root,
            chain: answer.chain,
            server: server.to_owned(),
        })?;
        self.sign_anew()?;
        // Who enrols somebody need not be who stays at the device.
        self.identity.keyring.forget(&request.claim.operator_key);
        let centre = self.identity.centre()?;
        let operator = self
            .identity
            .operators
            .last()
            .expect("one was just enrolled");
        Ok(Enrolled {
            operator: operator_view(operator, self.identity.lock(operator), None),
            device: request.claim.device.to_string(),
            server: server.to_owned(),
            feed: centre.trust.feed.to_string(),
        })
    }
}

/// Whether the chain leads from the pinned root to the key that the peer proved to hold, and
/// continues the one held, where this device has one.
pub(crate) fn is_the_centre(
    chain: &[u8],
    held: Option<&Chain>,
    root: &RootHash,
    shown: &PublicKey,
) -> Result<(), Fault> {
    let chain: Chain = decode_canonical(chain)
        .map_err(|error| Fault::trust("chain.broken").with("detail", error))?;
    let trust = match held {
        Some(held) => chain.follow_from(held, root)?,
        None => chain.follow(root)?,
    };
    if trust.tls == *shown {
        Ok(())
    } else {
        Err(Fault::trust("transport.wrong_server"))
    }
}

pub(crate) fn enrol_fault(error: EnrolError<Fault>) -> Fault {
    match error {
        EnrolError::Chain(fault) => fault,
        EnrolError::Refused(refusal) => Fault::of_hub(&refusal),
        EnrolError::Cut(_) | EnrolError::TooSlow | EnrolError::Violation(_) => {
            Fault::network(error.code()).with("detail", &error)
        }
    }
}
