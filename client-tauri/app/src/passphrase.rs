//! Locking an operator's key by a passphrase, unlocking it for a while, and what then goes on.
//!
//! Only signing needs a key: a sync never does. What a sync would sign, because the centre refused
//! something or a certificate ended, waits for the next time the key is unlocked.

use std::collections::BTreeSet;

use canbao_core::message::Lang;
use canbao_core::passphrase::{Cost, LockError, Locked, Passphrase};
use canbao_core::signing::{PublicKey, SigningKey};

use crate::app::App;
use crate::captions::coded;
use crate::fault::{Fault, some_of};
use crate::identity::Step;
use crate::keyring::{Kept, Lock, Seed, needed};
use crate::request::Context;
use crate::response::{Coded, OperatorView};
use crate::status::operator_view;
use crate::world::random;

impl App {
    /// Locks the operator's key, which is open.
    pub(crate) fn set_passphrase(
        &mut self,
        context: &Context,
        passphrase: &Passphrase,
    ) -> Result<Vec<OperatorView>, Fault> {
        self.not_rekeying()?;
        let is_open = |it| it == Lock::Open;
        let operator =
            self.identity
                .operator_whose_lock(context, is_open, "passphrase.already_set")?;
        let public = *operator.key();
        self.relock(public, &[], Some(passphrase))?;
        self.locks(context)
    }

    /// Locks the operator's key by another passphrase.
    pub(crate) fn change_passphrase(
        &mut self,
        context: &Context,
        passphrase: &Passphrase,
    ) -> Result<Vec<OperatorView>, Fault> {
        self.not_rekeying()?;
        let public = self.one_with_lock(context)?;
        self.relock(public, &context.passphrases, Some(passphrase))?;
        self.locks(context)
    }

    /// Takes the lock off the operator's key.
    pub(crate) fn remove_passphrase(
        &mut self,
        context: &Context,
    ) -> Result<Vec<OperatorView>, Fault> {
        self.not_rekeying()?;
        let public = self.one_with_lock(context)?;
        self.relock(public, &context.passphrases, None)?;
        self.locks(context)
    }

    /// Unlocks the operator's key, and signs what waits for it.
    pub(crate) fn unlock(&mut self, context: &Context) -> Result<Vec<OperatorView>, Fault> {
        let public = self.one_with_lock(context)?;
        let now = self.world.now();
        let keyring = &mut self.identity.keyring;
        let unlocked = keyring.ready(&public, &context.passphrases, now);
        if let Err(fault) = unlocked {
            return Err(fault.with("operator", self.name_of(&public)));
        }
        // Here it is what was asked for: where it fails, so does the request.
        self.go_on()?;
        self.locks(context)
    }

    /// Forgets unlocked keys.
    pub(crate) fn lock(&mut self, context: &Context) -> Result<Vec<OperatorView>, Fault> {
        let named = self.identity.named(context)?;
        let keys: Vec<PublicKey> = named.into_iter().map(|it| *it.key()).collect();
        for public in keys {
            self.identity.keyring.forget(&public);
        }
        self.locks(context)
    }

    /// Signs what waited for a key that was unlocked since.
    pub(crate) fn go_on(&mut self) -> Result<(), Fault> {
        if self.identity.keyring.take_woken() {
            self.sign_anew()?;
            self.mend()?;
        }
        Ok(())
    }

    /// A key as it is to be kept: under a passphrase, or open.
    pub(crate) fn kept(
        &mut self,
        key: &SigningKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<Kept, Fault> {
        let Some(passphrase) = passphrase else {
            return Ok(Kept::Open(Seed(*key.seed())));
        };
        let salt = random(self.world.as_mut())?;
        let nonce = random(self.world.as_mut())?;
        let locked = Locked::seal(key, passphrase, Cost::RECOMMENDED, salt, nonce);
        locked.map(Kept::Locked).map_err(|error| match error {
            LockError::TooShort => Fault::refused(error.code()),
            LockError::NoMemory => Fault::store(error.code()),
        })
    }

    /// Keeps a key under another passphrase, or open. That it is unlocked does not suffice: one
    /// of those `given` must open it where it has a lock.
    pub(crate) fn relock(
        &mut self,
        public: PublicKey,
        given: &[Passphrase],
        passphrase: Option<&Passphrase>,
    ) -> Result<(), Fault> {
        let name = self.name_of(&public);
        let keyring = &mut self.identity.keyring;
        if keyring.lock(&public) != Lock::Open && given.is_empty() {
            return Err(needed().with("operator", name));
        }
        let now = self.world.now();
        let ready = keyring.ready(&public, given, now);
        let key = ready.map_err(|fault| fault.with("operator", name))?;
        let key = SigningKey::from_seed(*key.seed());
        let kept = self.kept(&key, passphrase)?;
        let before = self.identity.keyring.place(&public);
        self.steps(vec![Step::Key(kept)], before)
    }

    /// Those whose keys are locked, and for whom something waits that a sync would have signed.
    pub(crate) fn lock_warning(&self, lang: Lang) -> Option<Coded> {
        let mut operators = self.identity.in_force();
        if !operators.any(|it| self.identity.lock(it) == Lock::Locked) {
            return None;
        }
        // What does not read is said where it is used.
        let anew = self.signers_anew().unwrap_or_default();
        let again = self.signers_again().unwrap_or_default();
        let locked: BTreeSet<String> = anew
            .into_iter()
            .chain(again)
            .filter(|it| self.identity.lock(it) == Lock::Locked)
            .map(|it| it.name().to_owned())
            .collect();
        if locked.is_empty() {
            return None;
        }
        let names = some_of(locked.into_iter());
        let zh = format!(
            "有内容需要 {names} 重新签名,私钥已用口令锁定:请运行 canbao unlock --operator 姓名"
        );
        let en = format!(
            "something waits to be signed again by {names}, whose key is locked: \
             canbao unlock --operator NAME"
        );
        Some(coded("status.waits_for_unlock", lang, &zh, &en))
    }

    /// A key that shall be replaced is locked as the one that shall replace it, until it is.
    fn not_rekeying(&self) -> Result<(), Fault> {
        match self.identity.rekeying {
            Some(_) => Err(Fault::usage("passphrase.while_rekeying")),
            None => Ok(()),
        }
    }

    fn one_with_lock(&self, context: &Context) -> Result<PublicKey, Fault> {
        let has_lock = |it| it != Lock::Open;
        let operator =
            self.identity
                .operator_whose_lock(context, has_lock, "passphrase.not_set")?;
        Ok(*operator.key())
    }

    fn name_of(&self, public: &PublicKey) -> String {
        let mut operators = self.identity.operators.iter();
        let found = operators.find(|it| it.key() == public);
        found.map_or_else(String::new, |it| it.name().to_owned())
    }

    fn locks(&self, context: &Context) -> Result<Vec<OperatorView>, Fault> {
        let named = self.identity.named(context)?;
        let ended = &self.identity.ended;
        let in_force = named
            .into_iter()
            .filter(|it| !ended.contains_key(&it.certificate.serial));
        Ok(in_force
            .map(|it| operator_view(it, self.identity.lock(it), None))
            .collect())
    }
}
