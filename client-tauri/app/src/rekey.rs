//! New keys for this device and its operators, by the keys it has: no code is needed. The new
//! keys are durable before anything is sent, so that a retry after a cut asks for the same.

use canbao_core::certificate::Certificate;
use canbao_core::enrolment::{Ask, MAX_REKEYED, Rekey, RekeyAnswer};
use canbao_core::ids::CertificateSerial;
use canbao_core::passphrase::Passphrase;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::SigningKey;
use canbao_core::sync::Refusal;
use canbao_transport::{Alpn, ClientEndpoint, EnrolError, ask_to_enrol};

use crate::app::App;
use crate::door::Door;
use crate::enrol::{enrol_fault, is_the_centre};
use crate::fault::Fault;
use crate::identity::{Operator, Step};
use crate::keyring::Seed;
use crate::request::Context;
use crate::response::Rekeyed;
use crate::status::operator_view;
use crate::sync::{connect_fault, resolve};
use crate::world::random;

impl Door {
    /// Has the centre certify new keys in the place of those in use.
    pub(crate) async fn rekey(&self, context: &Context) -> Result<Rekeyed, Fault> {
        // A session that runs would be cut when its certificate ends.
        let _quiet = self
            .one_session()
            .ok_or_else(|| Fault::usage("enrolment.while_syncing"))?;
        let (asked, centre) = {
            let mut app = self.app();
            (app.prepare_rekey(context)?, app.identity.centre()?.clone())
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
    /// The request for new keys: one that was begun and not answered is made again. A new key is
    /// locked as the one before it is.
    ///
    /// # Errors
    /// `passphrase.needed` until the passphrases of all locked keys are given.
    pub(crate) fn prepare_rekey(&mut self, context: &Context) -> Result<Rekey, Fault> {
        let root = self.identity.centre()?.root;
        if self.identity.rekeying.is_none() {
            self.make_new_keys(&context.passphrases)?;
        }
        let rekeying = self.identity.rekeying.as_ref().expect("made above");
        let keys = rekeying
            .operators
            .iter()
            .map(|(serial, new)| Ok((*serial, *self.certified(*serial)?.key(), *new)))
            .collect::<Result<Vec<_>, Fault>>()?;
        let mut wanted = Vec::with_capacity(2 * keys.len());
        for (serial, old, new) in &keys {
            let name = self.certified(*serial)?.name();
            wanted.extend([(*old, name.to_owned()), (*new, name.to_owned())]);
        }
        let now = self.world.now();
        let new_device = SigningKey::from_seed(rekeying.device.0);
        let keyring = &mut self.identity.keyring;
        keyring.ready_all(&wanted, &context.passphrases, now)?;
        let key = |public| keyring.key(public).expect("just made ready");
        let keys: Vec<_> = keys
            .iter()
            .map(|(serial, old, new)| (*serial, key(old), key(new)))
            .collect();
        let (device, device_key) = self.identity.device.as_ref().expect("it is enrolled");
        Ok(Rekey::make(root, *device, (device_key, &new_device), &keys))
    }

    fn make_new_keys(&mut self, given: &[Passphrase]) -> Result<(), Fault> {
        let serials = self.serials_in_force()?;
        let wanted = serials
            .iter()
            .map(|serial| self.certified(*serial))
            .map(|it| it.map(|it| (*it.key(), it.name().to_owned())))
            .collect::<Result<Vec<_>, Fault>>()?;
        let now = self.world.now();
        let opened_by = self.identity.keyring.ready_all(&wanted, given, now)?;
        let device = Seed(random(self.world.as_mut())?);
        let (mut steps, mut operators) = (Vec::new(), Vec::new());
        for (serial, opened_by) in serials.into_iter().zip(opened_by) {
            let key = SigningKey::from_seed(random(self.world.as_mut())?);
            let passphrase = opened_by.map(|index| &given[index]);
            steps.push(Step::Key(self.kept(&key, passphrase)?));
            operators.push((serial, key.public()));
        }
        steps.push(Step::Rekeying { device, operators });
        self.steps(steps, None)
    }

    fn certified(&self, serial: CertificateSerial) -> Result<&Operator, Fault> {
        let mut operators = self.identity.operators.iter();
        operators
            .find(|it| it.certificate.serial == serial)
            .ok_or_else(|| Fault::store("store.damaged").with("detail", "an operator's key"))
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
        for new in &certificates {
            self.identity.keyring.forget(&new.operator_key);
        }
        let new = |it: &&Operator| {
            let serial = it.certificate.serial;
            certificates.iter().any(|new| new.serial == serial)
        };
        let operators = self.identity.operators.iter().filter(new);
        Ok(Rekeyed {
            operators: operators
                .map(|it| operator_view(it, self.identity.lock(it), None))
                .collect(),
        })
    }
}
