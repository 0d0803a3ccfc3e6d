//! New keys for this device and its operators, by the keys it has: no code is needed. The new
//! keys are durable before anything is sent, so that a retry after a cut asks for the same.

use canbao_core::certificate::Certificate;
use canbao_core::enrolment::{Ask, MAX_REKEYED, Rekey, RekeyAnswer};
use canbao_core::ids::CertificateSerial;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::SigningKey;
use canbao_core::sync::Refusal;
use canbao_transport::{Alpn, ClientEndpoint, EnrolError, ask_to_enrol};

use crate::app::App;
use crate::door::Door;
use crate::enrol::{enrol_fault, is_the_centre};
use crate::fault::Fault;
use crate::identity::{Seed, Step};
use crate::response::Rekeyed;
use crate::status::operator_view;
use crate::sync::{connect_fault, resolve};
use crate::world::random;

impl Door {
    /// Has the centre certify new keys in the place of those in use.
    pub(crate) async fn rekey(&self) -> Result<Rekeyed, Fault> {
        // A session that runs would be cut when its certificate ends.
        let _quiet = self
            .one_session()
            .ok_or_else(|| Fault::usage("enrolment.while_syncing"))?;
        let (asked, centre) = {
            let mut app = self.app();
            (app.prepare_rekey()?, app.identity.centre()?.clone())
        };
        let address = resolve(&centre.server).await?;
        let connected = ClientEndpoint::new(None)
            .connect(address, None, Alpn::Enrol)
            .await
            .map_err(|error| connect_fault(&error))?;
        let shown = connected.server;
        let bytes = Ask::Rekey(asked.clone()).to_bytes();
        let answer = ask_to_enrol(&connected.connection, |chain| {
            is_the_centre(chain, Some(&centre.chain), &centre.root, &shown).map(|()| bytes)
        })
        .await;
        let mut app = self.app();
        if let Err(EnrolError::Refused(refusal)) = &answer {
            app.rekey_refused(refusal)?;
        }
        app.finish_rekey(&asked, &answer.map_err(enrol_fault)?)
    }
}

impl App {
    /// The request for new keys: one that was begun and not answered is made again.
    pub(crate) fn prepare_rekey(&mut self) -> Result<Rekey, Fault> {
        let root = self.identity.centre()?.root;
        if self.identity.rekeying.is_none() {
            let serials = self.serials_in_force()?;
            let device = random(self.world.as_mut())?;
            let mut operators = Vec::with_capacity(serials.len());
            for serial in serials {
                let seed = Seed(random(self.world.as_mut())?);
                operators.push((serial, seed));
            }
            let device = Seed(device);
            self.step(Step::Rekeying { device, operators })?;
        }
        let rekeying = self.identity.rekeying.as_ref().expect("made above");
        let (device, device_key) = self.identity.device.as_ref().expect("it is enrolled");
        let new_device = SigningKey::from_seed(rekeying.device.0);
        let mut keys = Vec::with_capacity(rekeying.operators.len());
        for (serial, seed) in &rekeying.operators {
            let operators = self.identity.operators.iter();
            let old = operators
                .clone()
                .find(|it| it.certificate.serial == *serial)
                .ok_or_else(|| Fault::store("store.damaged").with("detail", "an operator's key"))?;
            keys.push((*serial, &old.key, SigningKey::from_seed(seed.0)));
        }
        let keys: Vec<_> = keys
            .iter()
            .map(|(serial, old, new)| (*serial, *old, new))
            .collect();
        Ok(Rekey::make(root, *device, (device_key, &new_device), &keys))
    }

    fn serials_in_force(&self) -> Result<Vec<CertificateSerial>, Fault> {
        let in_force = self.identity.in_force();
        let serials: Vec<_> = in_force.map(|it| it.certificate.serial).collect();
        if serials.is_empty() {
            let ended = self.identity.ended.values().last();
            return Err(ended.map_or_else(
                || Fault::usage("identity.not_enrolled"),
                |ended| ended.how.fault(),
            ));
        }
        if serials.len() > MAX_REKEYED {
            return Err(Fault::refused("rekey.too_many_operators").with("most", MAX_REKEYED));
        }
        Ok(serials)
    }

    /// Gives up new keys that the centre will never certify, since a certificate in use ended
    /// before they reached it; had they reached it in time, it would have answered the repeat.
    pub(crate) fn rekey_refused(&mut self, refusal: &Refusal) -> Result<(), Fault> {
        let for_good = [
            RefusalName::EnrolmentUnknownCertificate,
            RefusalName::EnrolmentCertificateRevoked,
            RefusalName::EnrolmentCertificateExpired,
            RefusalName::EnrolmentOtherDevice,
        ];
        if for_good.iter().any(|it| it.as_str() == refusal.code()) {
            self.step(Step::RekeyRefused)?;
        }
        Ok(())
    }

    /// Takes the certificates of the new keys; what waits is signed anew by them.
    pub(crate) fn finish_rekey(&mut self, asked: &Rekey, answer: &[u8]) -> Result<Rekeyed, Fault> {
        let answer = RekeyAnswer::from_bytes(answer)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let held = &self.identity.centre()?.chain;
        let certificates: Vec<Certificate> = answer
            .open(&asked.claim, held)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        self.step(Step::Rekeyed {
            certificates: answer.certificates,
            chain: answer.chain,
        })?;
        self.sign_anew()?;
        let new = |it: &&crate::identity::Operator| {
            let serial = it.certificate.serial;
            certificates.iter().any(|new| new.serial == serial)
        };
        let operators = self.identity.operators.iter().filter(new);
        Ok(Rekeyed {
            operators: operators.map(|it| operator_view(it, None)).collect(),
        })
    }
}
