//! Another key in the place of one of the centre's. The store is opened for it, so that no server
//! runs meanwhile; the new key counts from the next start.

use std::path::{Path, PathBuf};

use canbao_core::certificate::{ChainError, LogTerm, MAX_LINKS, RootHash, Trust};
use canbao_core::signed::encode;
use canbao_core::signing::SigningKey;
use canbao_core::store::{Commit, SealingKey, Stream};

use super::{Kept, Keys, KeysError, open};

/// Which key gets a successor; the root's file signs where the chain needs the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The key that authenticates the server. Devices follow the chain to it when they connect.
    Tls,
    /// The key that signs certificates. Those that the one before signed stay valid.
    Authority {
        /// The root's file.
        root: PathBuf,
    },
    /// The key that signs the log's heads. The log itself tells devices of it.
    Log {
        /// The root's file.
        root: PathBuf,
    },
}

/// Replaces a key of the centre in `dir` by the one of this seed.
///
/// # Errors
/// [`KeysError`]; the keys are as before then.
pub fn rotate(dir: &Path, rotation: &Rotation, seed: [u8; 32]) -> Result<Trust, KeysError> {
    let (store, keys) = open(dir)?;
    let place = store.length(Stream::Identity)?;
    let new = SigningKey::from_seed(seed);
    let mut kept = keys.kept();
    match rotation {
        Rotation::Tls => {
            kept.tls = seed;
            kept.chain = keys
                .chain
                .with_tls(&keys.trust, &keys.authority, new.public());
        }
        Rotation::Authority { root } => {
            let root = keys.root(root)?;
            refuse_full(keys.trust.authorities.len())?;
            kept.authority = seed;
            kept.chain = keys.chain.with_authority(&keys.trust, &root, &new);
        }
        Rotation::Log { root } => {
            let root = keys.root(root)?;
            refuse_full(keys.trust.logs.len())?;
            let term = LogTerm {
                key: new.public(),
                since: store.length(Stream::Feed)?,
            };
            kept.log = seed;
            kept.chain = keys
                .chain
                .with_log(&keys.trust, &root, &keys.authority, &keys.log, term);
        }
    }
    let pinned = RootHash::of(&keys.chain.root);
    let trust = kept.chain.follow_from(&keys.chain, &pinned)?;
    store.commit(
        Commit::new()
            .expecting(Stream::Identity, place)
            .append(Stream::Identity, encode(&kept)),
    )?;
    Ok(trust)
}

fn refuse_full(links: usize) -> Result<(), KeysError> {
    if links < MAX_LINKS {
        Ok(())
    } else {
        Err(KeysError::Chain(ChainError::Length))
    }
}

impl Keys {
    fn kept(&self) -> Kept {
        Kept {
            authority: *self.authority.seed(),
            log: *self.log.seed(),
            tls: *self.tls.seed(),
            chain: self.chain.clone(),
        }
    }

    /// The root by its file, which has the form of a key file.
    fn root(&self, file: &Path) -> Result<SigningKey, KeysError> {
        let root = SigningKey::from_seed(*SealingKey::read_file(file)?.as_bytes());
        if root.public() == self.chain.root {
            Ok(root)
        } else {
            Err(KeysError::OtherRoot)
        }
    }
}

#[cfg(test)]
mod tests {
    use canbao_core::ids::FeedId;
    use tempfile::TempDir;

    use super::super::{Seeds, init};
    use super::*;

    fn centre(feed: u8) -> (TempDir, PathBuf, PathBuf) {
        let dir = TempDir::new().unwrap();
        let (centre, root) = (dir.path().join("centre"), dir.path().join("root.key"));
        let seeds = Seeds {
            root: [feed; 32],
            authority: [2; 32],
            log: [3; 32],
            tls: [4; 32],
            feed: FeedId([feed; 16]),
        };
        init(&centre, &root, "log.example/canbao", &seeds).unwrap();
        (dir, centre, root)
    }

    #[test]
    fn every_key_gets_a_successor_and_the_centre_opens_with_it() {
        let (_dir, centre, root) = centre(1);
        let of = || root.clone();
        let rotations = [
            Rotation::Tls,
            Rotation::Authority { root: of() },
            Rotation::Log { root: of() },
            Rotation::Tls,
            Rotation::Log { root: of() },
        ];
        for (rotation, number) in rotations.iter().zip(11..) {
            let (_, before) = open(&centre).unwrap();
            let trust = rotate(&centre, rotation, [number; 32]).unwrap();
            let (_, keys) = open(&centre).unwrap();
            assert_eq!(keys.trust, trust);
            assert_eq!(trust.version, before.trust.version + 1);
            let new = SigningKey::from_seed([number; 32]).public();
            let (changed, others) = match rotation {
                Rotation::Tls => (keys.tls.public(), [trust.authority, trust.log]),
                Rotation::Authority { .. } => (keys.authority.public(), [trust.tls, trust.log]),
                Rotation::Log { .. } => (keys.log.public(), [trust.authority, trust.tls]),
            };
            assert_eq!(changed, new);
            assert!(!others.contains(&new));
        }
        let (_, keys) = open(&centre).unwrap();
        assert_eq!(
            (keys.trust.authorities.len(), keys.trust.logs.len()),
            (2, 3)
        );
    }

    #[test]
    fn another_root_changes_nothing() {
        let (_dir, ours, _) = centre(1);
        let (_other, _, root) = centre(9);
        for rotation in [
            Rotation::Authority { root: root.clone() },
            Rotation::Log { root: root.clone() },
        ] {
            let refused = rotate(&ours, &rotation, [11; 32]).unwrap_err();
            assert_eq!(refused.code(), "keys.other_root");
        }
        let (store, keys) = open(&ours).unwrap();
        assert_eq!(keys.trust.version, 1);
        let refused = rotate(&ours, &Rotation::Tls, [11; 32]).unwrap_err();
        assert_eq!(refused.code(), "store.busy", "while the centre runs");
        drop(store);
        let missing = Rotation::Log {
            root: root.with_file_name("no.key"),
        };
        let refused = rotate(&ours, &missing, [11; 32]).unwrap_err();
        assert_eq!(refused.code(), "store.key_missing");
    }
}
