//! The centre's keys: made once, the root kept outside, the others sealed in the store.

mod rotation;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use canbao_core::certificate::{Chain, ChainError, RootHash, Trust};
use canbao_core::ids::FeedId;
use canbao_core::ledger::note::{KeyName, NoteError};
use canbao_core::signed::{SignedError, decode_canonical, encode};
use canbao_core::signing::SigningKey;
use canbao_core::store::{
    Commit, CommitError, KeyFileError, OpenError, ReadError, SealingKey, Store, Stream,
};
use minicbor::{Decode, Encode};

pub use rotation::{Rotation, rotate};

/// The file of the key that seals the store; backups leave it out.
pub const SEALING_KEY: &str = "sealing.key";
/// The file of the store.
pub const STORE: &str = "centre.redb";

/// Randomness for a new centre, drawn at the border.
pub struct Seeds {
    /// The root's seed.
    pub root: [u8; 32],
    /// The authority's seed.
    pub authority: [u8; 32],
    /// The log's seed.
    pub log: [u8; 32],
    /// The TLS key's seed.
    pub tls: [u8; 32],
    /// The feed's id.
    pub feed: FeedId,
}

/// The keys a running centre uses, and the chain that vouches for them.
pub struct Keys {
    /// Signs certificates.
    pub authority: SigningKey,
    /// Signs checkpoints.
    pub log: SigningKey,
    /// Authenticates the server.
    pub tls: SigningKey,
    /// From the root to each of them.
    pub chain: Chain,
    /// Where the chain leads.
    pub trust: Trust,
    /// The log's origin as a key's name.
    pub origin: KeyName,
}

/// Why keys are not made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The root must not lie with what it is the last resort for.
    #[error("the root's file must lie outside {}", dir.display())]
    RootInside {
        /// The centre's directory.
        dir: PathBuf,
    },
    /// The origin is no name for a log's key.
    #[error("{origin:?} is no name for a log")]
    Origin {
        /// What was asked for.
        origin: String,
    },
    /// A key file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The store is not created.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The keys are not written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The keys are not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store holds no keys: `init` was cut short.
    #[error("the store holds no keys")]
    NoKeys,
    /// The file holds another centre's root.
    #[error("the file holds another centre's root")]
    OtherRoot,
    /// The chain takes no more keys of this kind.
    #[error(transparent)]
    Chain(ChainError),
    /// What the store holds is not the centre's keys.
    #[error("the centre's keys are damaged: {0}")]
    Damaged(String),
    /// The operating system refused.
    #[error("{} cannot be made: {source}", path.display())]
    Disk {
        /// What.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl KeysError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RootInside { .. } => "keys.root_inside",
            Self::Origin { .. } => "keys.origin",
            Self::File(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Commit(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::NoKeys => "keys.missing",
            Self::OtherRoot => "keys.other_root",
            Self::Chain(error) => error.code(),
            Self::Damaged(_) => "keys.damaged",
            Self::Disk { .. } => "keys.disk",
        }
    }
}

impl From<ChainError> for KeysError {
    fn from(error: ChainError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<SignedError> for KeysError {
    fn from(error: SignedError) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// The record in [`Stream::Identity`]; the newest holds.
#[derive(Encode, Decode)]
struct Kept {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    authority: [u8; 32],
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    log: [u8; 32],
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    tls: [u8; 32],
    #[n(3)]
    chain: Chain,
}

/// Makes a new centre in `dir` and writes the root's seed to `root_file`, both with mode 600.
///
/// # Errors
/// [`KeysError`]; nothing that exists is overwritten.
pub fn init(dir: &Path, root_file: &Path, origin: &str, seeds: &Seeds) -> Result<Trust, KeysError> {
    parse_origin(origin)?;
    make_dir(dir)?;
    refuse_inside(dir, root_file)?;
    let sealing = SealingKey::generate()?;
    sealing.write_new_file(&dir.join(SEALING_KEY))?;
    // The root's file has the form of a key file: 64 hexadecimal characters, mode 600.
    SealingKey::from_bytes(seeds.root).write_new_file(root_file)?;
    found(&Store::create(&dir.join(STORE), &sealing)?, origin, seeds)
}

/// Makes the keys of a new centre and keeps all but the root's in its new store.
///
/// # Errors
/// [`KeysError`].
pub fn found(store: &Store, origin: &str, seeds: &Seeds) -> Result<Trust, KeysError> {
    let name = parse_origin(origin)?;
    let key = |seed: &[u8; 32]| SigningKey::from_seed(*seed);
    let (root, authority) = (key(&seeds.root), key(&seeds.authority));
    let (log, tls) = (key(&seeds.log).public(), key(&seeds.tls).public());
    let chain = Chain::make(&root, &authority, tls, log, &name.to_string(), seeds.feed);
    let trust = chain.follow(&RootHash::of(&root.public()))?;
    let kept = Kept {
        authority: seeds.authority,
        log: seeds.log,
        tls: seeds.tls,
        chain,
    };
    store.commit(
        Commit::new()
            .expecting(Stream::Identity, 0)
            .append(Stream::Identity, encode(&kept)),
    )?;
    Ok(trust)
}

/// Opens the store of the centre in `dir` and reads its keys.
///
/// # Errors
/// [`KeysError`].
pub fn open(dir: &Path) -> Result<(Store, Keys), KeysError> {
    let sealing = SealingKey::read_file(&dir.join(SEALING_KEY))?;
    let store = Store::open(&dir.join(STORE), &sealing)?;
    let keys = read(&store)?;
    Ok((store, keys))
}

/// Reads the keys that a centre's store holds.
///
/// # Errors
/// [`KeysError`].
pub fn read(store: &Store) -> Result<Keys, KeysError> {
    let newest = store
        .length(Stream::Identity)?
        .checked_sub(1)
        .ok_or(KeysError::NoKeys)?;
    let bytes = store
        .get(Stream::Identity, newest)?
        .ok_or(KeysError::NoKeys)?;
    let Kept {
        authority,
        log,
        tls,
        chain,
    } = decode_canonical(&bytes)?;
    let trust = chain.follow(&RootHash::of(&chain.root))?;
    let key = SigningKey::from_seed;
    let keys = Keys {
        authority: key(authority),
        log: key(log),
        tls: key(tls),
        origin: parse_origin(&trust.origin)?,
        chain,
        trust,
    };
    let known = keys.authority.public() == keys.trust.authority
        && keys.log.public() == keys.trust.log
        && keys.tls.public() == keys.trust.tls;
    if known {
        Ok(keys)
    } else {
        Err(KeysError::Damaged("keys and chain differ".into()))
    }
}

fn parse_origin(origin: &str) -> Result<KeyName, KeysError> {
    origin.parse().map_err(|_: NoteError| KeysError::Origin {
        origin: origin.to_owned(),
    })
}

fn make_dir(dir: &Path) -> Result<(), KeysError> {
    let disk = |source| KeysError::Disk {
        path: dir.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(disk)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(disk)?;
    }
    Ok(())
}

/// Compares the real folders, so that no link or `..` leads the root back inside.
fn refuse_inside(dir: &Path, root_file: &Path) -> Result<(), KeysError> {
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|source| KeysError::Disk {
            path: path.to_owned(),
            source,
        })
    };
    let parent = match root_file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if real(parent)?.starts_with(real(dir)?) {
        return Err(KeysError::RootInside {
            dir: dir.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn seeds() -> Seeds {
        let feed = FeedId([5; 16]);
        Seeds {
            root: [1; 32],
            authority: [2; 32],
            log: [3; 32],
            tls: [4; 32],
            feed,
        }
    }

    fn make(origin: &str, root_file: &str) -> (TempDir, Result<Trust, KeysError>) {
        let dir = TempDir::new().unwrap();
        let made = init(
            &dir.path().join("centre"),
            &dir.path().join(root_file),
            origin,
            &seeds(),
        );
        (dir, made)
    }

    #[test]
    fn a_new_centre_opens_without_its_root() {
        let (dir, trust) = make("log.example/canbao", "root.key");
        fs::remove_file(dir.path().join("root.key")).unwrap();
        let (_, keys) = open(&dir.path().join("centre")).unwrap();
        assert_eq!(keys.trust, trust.unwrap());
        assert_eq!(keys.tls.public(), SigningKey::from_seed([4; 32]).public());
    }

    #[test]
    fn the_root_never_lies_inside_and_a_refused_centre_leaves_no_key() {
        for inside in ["centre/root.key", "centre/../centre/root.key"] {
            let (dir, made) = make("log.example/canbao", inside);
            assert_eq!(made.unwrap_err().code(), "keys.root_inside");
            assert_eq!(fs::read_dir(dir.path().join("centre")).unwrap().count(), 0);
        }
        let (_, made) = make("two words", "root.key");
        assert_eq!(made.unwrap_err().code(), "keys.origin");
    }

    #[test]
    fn nothing_is_overwritten() {
        let (dir, _) = make("log.example/canbao", "root.key");
        let again = init(
            &dir.path().join("centre"),
            &dir.path().join("other.key"),
            "log.example/canbao",
            &seeds(),
        );
        assert_eq!(again.unwrap_err().code(), "store.key_exists");
        assert!(open(&dir.path().join("centre")).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, _) = make("log.example/canbao", "root.key");
        for file in ["root.key", "centre/sealing.key", "centre/centre.redb"] {
            let mode = fs::metadata(dir.path().join(file))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
