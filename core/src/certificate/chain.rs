//! The chain of the centre's keys, from the root that enrolment pins to each key in use.
//!
//! The root signs the authorities and the log keys; a log key is signed by the one before it as
//! well; the newest authority signs the TLS key, the chain's version and the hash of everything
//! above it. A rotation adds a link and raises the version; nothing is taken out, so that what an
//! earlier key signed still verifies. Whoever holds a chain takes only one that continues it.

#[cfg(test)]
mod tests;

use minicbor::{Decode, Encode};

use crate::ids::FeedId;
use crate::ledger::note::{KeyName, NoteError, VerifierKey};
use crate::ledger::{LogKeys, Term};
use crate::signed::{Signed, SignedError, encode};
use crate::signing::{Domain, PublicKey, Signature, SigningKey, hash_parts};

/// The most authorities, and the most log keys, of one chain: what a stranger shows is bounded.
pub const MAX_LINKS: usize = 64;

/// One of the centre's keys and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum CentreKey {
    /// Signs certificates and the TLS key; signed by the root.
    #[n(1)]
    Authority(#[n(0)] PublicKey),
    /// Signs the log's heads; signed by the root, and by the log key before it.
    #[n(2)]
    Log {
        /// The key.
        #[n(0)]
        key: PublicKey,
        /// The log's origin, the name in its checkpoints.
        #[n(1)]
        origin: String,
        /// The feed whose entries are this log's leaves.
        #[n(2)]
        feed: FeedId,
        /// The size of the log from which on this key signs; up to there the one before it did.
        #[n(3)]
        since: u64,
    },
    /// Authenticates the server's TLS; signed by the newest authority.
    #[n(3)]
    Tls {
        /// The key.
        #[n(0)]
        key: PublicKey,
        /// The version of the chain: 1 for a new centre, one more with every rotation.
        #[n(1)]
        version: u64,
        /// The hash of the links of authorities and log keys.
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        links: [u8; 32],
    },
}

/// A log key's link.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LogLink {
    /// [`CentreKey::Log`], by the root.
    #[n(0)]
    pub link: Signed,
    /// By the log key before it, over the same content; none for the first.
    #[n(1)]
    pub by_previous: Option<Signature>,
}

/// The signed values that lead from the root to each key of the centre.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Chain {
    /// The root's public key.
    #[n(0)]
    pub root: PublicKey,
    /// [`CentreKey::Authority`], by the root; the newest comes last.
    #[n(1)]
    pub authorities: Vec<Signed>,
    /// The log keys; the newest comes last.
    #[n(2)]
    pub logs: Vec<LogLink>,
    /// [`CentreKey::Tls`], by the newest authority.
    #[n(3)]
    pub tls: Signed,
}

/// A centre whose chain was followed from the pinned root: the trust bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The root's public key.
    pub root: PublicKey,
    /// The chain's version.
    pub version: u64,
    /// Signs certificates: the newest of [`Self::authorities`].
    pub authority: PublicKey,
    /// Every authority, the newest last: certificates of an earlier one stay valid.
    pub authorities: Vec<PublicKey>,
    /// Authenticates the server.
    pub tls: PublicKey,
    /// Signs the log's heads: the newest of [`Self::logs`].
    pub log: PublicKey,
    /// Every log key with the size from which on it signs, the newest last.
    pub logs: Vec<LogTerm>,
    /// The log's origin.
    pub origin: String,
    /// The feed.
    pub feed: FeedId,
}

/// A log key and its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogTerm {
    /// The key.
    pub key: PublicKey,
    /// The size of the log from which on it signs.
    pub since: u64,
}

/// Why a chain leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The chain's root is not the one pinned: another centre.
    #[error("the server belongs to another centre")]
    OtherRoot,
    /// No link at all, or more than [`MAX_LINKS`], of one kind.
    #[error("a chain has 1 to {MAX_LINKS} keys of a kind")]
    Length,
    /// A link does not verify.
    #[error("the centre's chain is broken: {0}")]
    Link(#[from] SignedError),
    /// A link certifies a key for another purpose than its place says.
    #[error("the centre's chain names a key for another purpose")]
    Purpose,
    /// A log key is another log's, or its term begins before the one it follows.
    #[error("the centre's chain leads to another log")]
    OtherLog,
    /// The chain is of an earlier version than the one held.
    #[error("the centre's chain is older than the one held")]
    Older,
    /// The chain does not contain the one held.
    #[error("the centre's chain does not continue the one held")]
    Forked,
}

impl ChainError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherRoot => "chain.other_root",
            Self::Length => "chain.length",
            Self::Link(_) => "chain.broken",
            Self::Purpose => "chain.purpose",
            Self::OtherLog => "trust.other_log",
            Self::Older => "chain.older",
            Self::Forked => "chain.forked",
        }
    }
}

/// The hash by which an enrolment code pins the root: 16 bytes of SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RootHash(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl RootHash {
    /// The hash of a root key.
    #[must_use]
    pub fn of(root: &PublicKey) -> Self {
        let hash = hash_parts("canbao/root/1", &[&root.0]);
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self(short)
    }
}

impl Chain {
    /// Makes the chain of a new centre, of version 1.
    #[must_use]
    pub fn make(
        root: &SigningKey,
        authority: &SigningKey,
        tls: PublicKey,
        log: PublicKey,
        origin: &str,
        feed: FeedId,
    ) -> Self {
        let content = CentreKey::Log {
            key: log,
            origin: origin.to_owned(),
            feed,
            since: 0,
        };
        let first = LogLink {
            link: link(root, &content),
            by_previous: None,
        };
        let authorities = vec![link(root, &CentreKey::Authority(authority.public()))];
        Self::closed(root.public(), authorities, vec![first], authority, tls, 1)
    }

    /// The chain with another TLS key; `authority` is the newest one.
    #[must_use]
    pub fn with_tls(&self, trust: &Trust, authority: &SigningKey, tls: PublicKey) -> Self {
        let (authorities, logs) = (self.authorities.clone(), self.logs.clone());
        Self::closed(
            self.root,
            authorities,
            logs,
            authority,
            tls,
            trust.version + 1,
        )
    }

    /// The chain with one more authority, which signs from now on.
    #[must_use]
    pub fn with_authority(&self, trust: &Trust, root: &SigningKey, authority: &SigningKey) -> Self {
        let mut authorities = self.authorities.clone();
        authorities.push(link(root, &CentreKey::Authority(authority.public())));
        let (logs, version) = (self.logs.clone(), trust.version + 1);
        Self::closed(self.root, authorities, logs, authority, trust.tls, version)
    }

    /// The chain with one more log key, which signs heads from this size of the log on;
    /// `before` is the key that signed them until now, `authority` the newest one.
    #[must_use]
    pub fn with_log(
        &self,
        trust: &Trust,
        root: &SigningKey,
        authority: &SigningKey,
        before: &SigningKey,
        term: LogTerm,
    ) -> Self {
        let content = CentreKey::Log {
            key: term.key,
            origin: trust.origin.clone(),
            feed: trust.feed,
            since: term.since,
        };
        let link = link(root, &content);
        let by_previous = Some(before.sign(Domain::CentreKey, &link.content));
        let mut logs = self.logs.clone();
        logs.push(LogLink { link, by_previous });
        let (authorities, version) = (self.authorities.clone(), trust.version + 1);
        Self::closed(self.root, authorities, logs, authority, trust.tls, version)
    }

    fn closed(
        root: PublicKey,
        authorities: Vec<Signed>,
        logs: Vec<LogLink>,
        authority: &SigningKey,
        tls: PublicKey,
        version: u64,
    ) -> Self {
        let links = hash_of(&authorities, &logs);
        let tls = CentreKey::Tls {
            key: tls,
            version,
            links,
        };
        Self {
            root,
            authorities,
            logs,
            tls: link(authority, &tls),
        }
    }

    /// Follows the chain from the pinned root.
    ///
    /// # Errors
    /// [`ChainError`], all but the last two.
    pub fn follow(&self, pinned: &RootHash) -> Result<Trust, ChainError> {
        if RootHash::of(&self.root) != *pinned {
            return Err(ChainError::OtherRoot);
        }
        let authorities = self.follow_authorities()?;
        let Logs {
            origin,
            feed,
            terms,
        } = self.follow_logs()?;
        let authority = *authorities.last().ok_or(ChainError::Length)?;
        let log = terms.last().ok_or(ChainError::Length)?.key;
        let CentreKey::Tls {
            key: tls,
            version,
            links,
        } = self.tls.open(&authority, Domain::CentreKey)?
        else {
            return Err(ChainError::Purpose);
        };
        if links != hash_of(&self.authorities, &self.logs) {
            return Err(ChainError::Link(SignedError::BadSignature));
        }
        Ok(Trust {
            root: self.root,
            version,
            authority,
            authorities,
            tls,
            log,
            logs: terms,
            origin,
            feed,
        })
    }

    /// Follows a chain shown to whoever holds `held`: only one that continues it is taken, so
    /// that no key that was replaced ever counts as the newest again.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn follow_from(&self, held: &Self, pinned: &RootHash) -> Result<Trust, ChainError> {
        let (before, trust) = (held.follow(pinned)?, self.follow(pinned)?);
        if trust.version < before.version {
            return Err(ChainError::Older);
        }
        let continues = self.authorities.starts_with(&held.authorities)
            && self.logs.starts_with(&held.logs)
            && (trust.version > before.version || self == held);
        if continues {
            Ok(trust)
        } else {
            Err(ChainError::Forked)
        }
    }

    fn follow_authorities(&self) -> Result<Vec<PublicKey>, ChainError> {
        if !(1..=MAX_LINKS).contains(&self.authorities.len()) {
            return Err(ChainError::Length);
        }
        let opened =
            self.authorities
                .iter()
                .map(|it| match it.open(&self.root, Domain::CentreKey)? {
                    CentreKey::Authority(key) => Ok(key),
                    CentreKey::Log { .. } | CentreKey::Tls { .. } => Err(ChainError::Purpose),
                });
        opened.collect()
    }

    fn follow_logs(&self) -> Result<Logs, ChainError> {
        if !(1..=MAX_LINKS).contains(&self.logs.len()) {
            return Err(ChainError::Length);
        }
        let mut followed: Option<Logs> = None;
        for LogLink { link, by_previous } in &self.logs {
            let CentreKey::Log {
                key,
                origin,
                feed,
                since,
            } = link.open(&self.root, Domain::CentreKey)?
            else {
                return Err(ChainError::Purpose);
            };
            let term = LogTerm { key, since };
            followed = Some(match (followed, by_previous) {
                (None, None) => Logs {
                    origin,
                    feed,
                    terms: vec![term],
                },
                (Some(logs), Some(signature)) => {
                    logs.followed_by(&origin, feed, term, &link.content, signature)?
                }
                (None, Some(_)) | (Some(_), None) => return Err(ChainError::Purpose),
            });
        }
        followed.ok_or(ChainError::Length)
    }
}

/// The log keys followed so far.
struct Logs {
    origin: String,
    feed: FeedId,
    terms: Vec<LogTerm>,
}

impl Logs {
    fn followed_by(
        mut self,
        origin: &str,
        feed: FeedId,
        term: LogTerm,
        content: &[u8],
        by_previous: &Signature,
    ) -> Result<Self, ChainError> {
        let last = self.terms.last().ok_or(ChainError::Length)?;
        last.key
            .verify(Domain::CentreKey, content, by_previous)
            .map_err(|_| ChainError::Link(SignedError::BadSignature))?;
        if origin != self.origin || feed != self.feed || term.since < last.since {
            return Err(ChainError::OtherLog);
        }
        self.terms.push(term);
        Ok(self)
    }
}

impl Trust {
    /// The keys that verify the log's heads, old ones and the newest.
    ///
    /// # Errors
    /// [`NoteError::BadName`]: the origin is no name of a log.
    pub fn log_keys(&self) -> Result<LogKeys, NoteError> {
        let origin: KeyName = self.origin.parse()?;
        let terms = self.logs.iter().map(|it| Term {
            key: VerifierKey::new(origin.clone(), it.key),
            since: it.since,
        });
        LogKeys::new(terms.collect())
    }
}

fn link(key: &SigningKey, content: &CentreKey) -> Signed {
    Signed::make(key, Domain::CentreKey, content)
}

fn hash_of(authorities: &[Signed], logs: &[LogLink]) -> [u8; 32] {
    let parts = [encode(&authorities), encode(&logs)];
    hash_parts("canbao/chain/1", &[&parts[0], &parts[1]])
}
