//! `canbao-server keys rotate`: another key in the place of one of the centre's.

use std::path::Path;

use canbao_core::certificate::Trust;
use canbao_core::message::Lang;
use serde::Serialize;

use crate::admin::Failure;
use crate::border;
use crate::centre::Centre;
use crate::keys::{self, Rotation};

/// The centre's keys after a rotation, as devices will know them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The version of the chain of keys.
    pub version: u64,
    /// The key of the server's TLS.
    pub tls: String,
    /// The key that signs certificates.
    pub authority: String,
    /// The key that signs the log's heads.
    pub log: String,
    /// Where the log tells devices of its new key, where it has one.
    pub position: Option<u64>,
}

/// Replaces a key by a new random one. A server must not run meanwhile.
///
/// # Errors
/// [`Failure`], in a language; before the key was replaced, or while the log was told of it: then
/// the next start of the server does that.
pub fn rotate(directory: &Path, rotation: &Rotation, lang: Lang) -> Result<Rotated, Failure> {
    let seed = border::random().map_err(|error| Failure::of_store(error.code(), error, lang))?;
    let trust =
        keys::rotate(directory, rotation, seed).map_err(|error| Failure::of_keys(&error, lang))?;
    let position = match rotation {
        Rotation::Tls | Rotation::Authority { .. } => None,
        Rotation::Log { .. } => announce(directory, lang)?,
    };
    Ok(rotated(&trust, position))
}

fn announce(directory: &Path, lang: Lang) -> Result<Option<u64>, Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::of_store("serve.runtime", error, lang))?;
    let centre = Centre::open(directory).map_err(|error| Failure::of_opening(&error, lang))?;
    runtime.block_on(async {
        let told = centre.announce_log_key(border::now()).await;
        centre.stop().await;
        told.map(|it| it.map(|position| position.0))
            .map_err(|error| Failure::of_unavailable(&error, lang))
    })
}

fn rotated(trust: &Trust, position: Option<u64>) -> Rotated {
    Rotated {
        version: trust.version,
        tls: trust.tls.to_string(),
        authority: trust.authority.to_string(),
        log: trust.log.to_string(),
        position,
    }
}
