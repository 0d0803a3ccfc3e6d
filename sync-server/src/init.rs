//! `canbao-server init`: a new centre.

use std::path::PathBuf;

use canbao_core::certificate::{RootHash, Trust};
use canbao_core::ids::FeedId;
use canbao_core::message::Lang;
use serde::Serialize;

use crate::admin::Failure;
use crate::border::{self, NoRandomness};
use crate::keys::{self, Seeds};

/// What a new centre is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// Its directory.
    pub directory: PathBuf,
    /// The file of the root key, outside of it.
    pub root: PathBuf,
    /// The log's name.
    pub origin: String,
}

/// A new centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Founded {
    /// Its directory.
    pub directory: PathBuf,
    /// The log's name.
    pub origin: String,
    /// The hash that enrolment codes pin.
    pub root_hash: String,
    /// The feed's id.
    pub feed: FeedId,
}

/// Makes a new centre; nothing that exists is overwritten.
///
/// # Errors
/// [`Failure`], in a language.
pub fn init(init: &Init, lang: Lang) -> Result<Founded, Failure> {
    let seeds = seeds().map_err(|error| Failure::of_store(error.code(), error, lang))?;
    let trust = keys::init(&init.directory, &init.root, &init.origin, &seeds)
        .map_err(|error| Failure::of_keys(&error, lang))?;
    Ok(founded(init, &trust))
}

fn founded(init: &Init, trust: &Trust) -> Founded {
    let hash = RootHash::of(&trust.root).0;
    Founded {
        directory: init.directory.clone(),
        origin: trust.origin.clone(),
        root_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        feed: trust.feed,
    }
}

fn seeds() -> Result<Seeds, NoRandomness> {
    Ok(Seeds {
        root: border::random()?,
        authority: border::random()?,
        log: border::random()?,
        tls: border::random()?,
        feed: FeedId(border::random()?),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::centre::Centre;

    #[test]
    fn keys_are_for_their_owner_alone_and_the_root_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("centre");
        let asked = |root: &str| Init {
            directory: directory.clone(),
            root: folder.path().join(root),
            origin: "canbao.example/test".to_owned(),
        };
        let inside = init(&asked("centre/root.key"), Lang::Zh).unwrap_err();
        assert_eq!(inside.code, "keys.root_inside");
        let made = init(&asked("root.key"), Lang::Zh).unwrap();
        assert_eq!(
            (made.origin.as_str(), made.root_hash.len()),
            ("canbao.example/test", 32)
        );
        let mode = |path: &str| {
            fs::metadata(folder.path().join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("root.key"), mode("centre/sealing.key")),
            (0o600, 0o600)
        );
        let again = init(&asked("other.key"), Lang::Zh).unwrap_err();
        assert_eq!(again.code, "store.key_exists");

        drop(Centre::open(&directory).unwrap());
        let key = directory.join("sealing.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(
            Centre::open(&directory).err().unwrap().code(),
            "store.key_exposed"
        );
    }
}
