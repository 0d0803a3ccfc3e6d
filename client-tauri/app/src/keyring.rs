//! The private keys of this device's operators: lying open under the store's key alone, or locked
//! by a passphrase and then in memory for some minutes after somebody unlocked them.

use std::collections::BTreeMap;

use canbao_core::passphrase::{Locked, Passphrase, UnlockError};
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};
use zeroize::Zeroize;

use crate::fault::Fault;

/// An unlocked key is forgotten so many seconds after its last use: window PCs are shared.
pub(crate) const FORGET_AFTER: i64 = 5 * 60;

/// No more passphrases are tried on a key: each takes a moment, and meanwhile nobody is answered.
const MOST_TRIED: usize = 64;

/// The seed of a key. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Seed(#[cbor(with = "minicbor::bytes")] pub(crate) [u8; 32]);

/// How a private key is kept in the store.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Kept {
    /// Under the store's key alone.
    #[n(1)]
    Open(#[n(0)] Seed),
    /// Under a passphrase as well.
    #[n(2)]
    Locked(#[n(0)] Locked),
}

/// Whether a key can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// It has no lock.
    Open,
    /// It needs its passphrase.
    Locked,
    /// It was unlocked a short while ago.
    Unlocked,
}

impl Lock {
    /// Its stable name.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
        }
    }
}

/// The keys, by what they are certified as.
#[derive(Debug, Default)]
pub(crate) struct Keyring {
    keys: BTreeMap<PublicKey, Held>,
    /// A locked key was unlocked, and what waited for it was not looked at since.
    woken: bool,
}

#[derive(Debug)]
struct Held {
    /// Where in the identity stream it is kept.
    place: u64,
    locked: Option<Locked>,
    /// None while it is locked.
    key: Option<SigningKey>,
    used: Timestamp,
}

impl Keyring {
    /// Takes in a key as it was kept; its earlier form does not count any more.
    pub(crate) fn take(&mut self, kept: Kept, place: u64) {
        let (public, locked, key) = match kept {
            Kept::Open(seed) => {
                let key = SigningKey::from_seed(seed.0);
                (key.public(), None, Some(key))
            }
            Kept::Locked(locked) => (locked.public(), Some(locked), None),
        };
        let used = Timestamp(i64::MIN);
        let held = Held {
            place,
            locked,
            key,
            used,
        };
        self.keys.insert(public, held);
    }

    /// Where in the identity stream a key is kept.
    pub(crate) fn place(&self, public: &PublicKey) -> Option<u64> {
        self.keys.get(public).map(|it| it.place)
    }

    /// The key, unless it is locked.
    pub(crate) fn key(&self, public: &PublicKey) -> Option<&SigningKey> {
        self.keys.get(public)?.key.as_ref()
    }

    /// Whether the key can sign; none is as good as locked.
    pub(crate) fn lock(&self, public: &PublicKey) -> Lock {
        match self.keys.get(public).map(|it| (&it.locked, &it.key)) {
            Some((None, Some(_))) => Lock::Open,
            Some((Some(_), Some(_))) => Lock::Unlocked,
            Some((_, None)) | None => Lock::Locked,
        }
    }

    /// Makes a key ready to sign: by one of the passphrases given, or as somebody unlocked it a
    /// short while ago.
    ///
    /// # Errors
    /// `passphrase.needed` and `passphrase.wrong`: it stays as it is.
    pub(crate) fn ready(
        &mut self,
        public: &PublicKey,
        given: &[Passphrase],
        now: Timestamp,
    ) -> Result<&SigningKey, Fault> {
        let held = self.keys.get_mut(public).ok_or_else(lost)?;
        if let Some(locked) = &held.locked {
            if held.key.is_none() && given.is_empty() {
                return Err(needed());
            }
            if !given.is_empty() {
                let (_, key) = open(locked, given)?.ok_or_else(wrong)?;
                self.woken |= held.key.is_none();
                held.key = Some(key);
            }
            held.used = now;
        }
        held.key.as_ref().ok_or_else(lost)
    }

    /// Makes all of these ready to sign, and tells by which of the passphrases each was opened:
    /// none for one that has no lock. That one is unlocked already does not suffice.
    ///
    /// # Errors
    /// `passphrase.wrong` where one of those given opened nothing, else `passphrase.needed` with
    /// the operator whose key none of them opened: all stay as they are.
    pub(crate) fn ready_all(
        &mut self,
        wanted: &[(PublicKey, String)],
        given: &[Passphrase],
        now: Timestamp,
    ) -> Result<Vec<Option<usize>>, Fault> {
        let (mut opened, mut missing) = (Vec::new(), None);
        for (public, operator) in wanted {
            let held = self.keys.get(public).ok_or_else(lost)?;
            let found = match &held.locked {
                None => None,
                Some(locked) => {
                    let found = open(locked, given)?;
                    if found.is_none() {
                        missing.get_or_insert(operator);
                    }
                    found
                }
            };
            opened.push((public, found));
        }
        let by = |opened: &Option<(usize, SigningKey)>| opened.as_ref().map(|(index, _)| *index);
        let used: Vec<_> = opened.iter().map(|(_, it)| by(it)).collect();
        let any_locked = missing.is_some() || used.iter().any(Option::is_some);
        if any_locked && (0..given.len()).any(|it| !used.contains(&Some(it))) {
            return Err(wrong());
        }
        if let Some(operator) = missing {
            return Err(needed().with("operator", operator));
        }
        for (public, found) in opened {
            let held = self.keys.get_mut(public).expect("found above");
            if let Some((_, key)) = found {
                self.woken |= held.key.is_none();
                held.key = Some(key);
                held.used = now;
            }
        }
        Ok(used)
    }

    /// Locks what was unlocked and not used for [`FORGET_AFTER`], or by a clock that was set back.
    pub(crate) fn forget_unused(&mut self, now: Timestamp) {
        let unused = |used: Timestamp| {
            let since = now.0.saturating_sub(used.0);
            !(0..FORGET_AFTER).contains(&since)
        };
        for held in self.keys.values_mut() {
            if held.locked.is_some() && unused(held.used) {
                held.key = None;
            }
        }
    }

    /// Locks a key at once, where it has a lock.
    pub(crate) fn forget(&mut self, public: &PublicKey) {
        if let Some(held) = self.keys.get_mut(public)
            && held.locked.is_some()
        {
            held.key = None;
        }
    }

    /// Whether a key was unlocked since this was last asked.
    pub(crate) fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }
}

/// The key, and which passphrase opened it; [`None`] where none does.
fn open(locked: &Locked, given: &[Passphrase]) -> Result<Option<(usize, SigningKey)>, Fault> {
    for (index, passphrase) in given.iter().take(MOST_TRIED).enumerate() {
        match locked.open(passphrase) {
            Ok(key) => return Ok(Some((index, key))),
            Err(UnlockError::Wrong) => {}
            Err(error @ (UnlockError::OtherKey | UnlockError::NoMemory)) => {
                return Err(Fault::store(error.code()));
            }
        }
    }
    Ok(None)
}

/// A locked key, and no passphrase.
pub(crate) fn needed() -> Fault {
    Fault::usage("passphrase.needed")
}

fn wrong() -> Fault {
    Fault::refused(UnlockError::Wrong.code())
}

fn lost() -> Fault {
    Fault::store("store.damaged").with("detail", "an operator's key")
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}
