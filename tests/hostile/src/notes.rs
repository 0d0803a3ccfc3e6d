//! Signed notes, checkpoints, keys and names of keys.

use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::note::{KeyName, MAX_NOTE_BYTES, SignedNote, VerifierKey};
use canbao_core::ledger::{LogKeys, Term};
use canbao_core::signing::SigningKey;

use super::log::{Log, log};

/// Reads a note, and signs the same bytes as the text of one.
///
/// # Panics
/// Where what is read is not shown again byte for byte, or where a note is believed that the
/// log's key did not sign.
pub fn notes(bytes: &[u8]) {
    if let Ok(note) = SignedNote::parse(bytes) {
        assert!(bytes.len() <= MAX_NOTE_BYTES);
        assert_eq!(note.to_string().as_bytes(), bytes);
        check_belief(&note);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(name) = text.parse::<KeyName>() {
        assert_eq!(name.to_string(), text);
    }
    let Log { name, key, .. } = log();
    if let Ok(note) = SignedNote::sign(text.to_owned(), name, key) {
        let read = SignedNote::parse(note.to_string().as_bytes());
        assert_eq!(read.as_ref(), Ok(&note));
        assert_eq!(note.verify(&log().verifier), Ok(text));
        check_checkpoint(&note);
    }
}

/// The only note of this log's key that an input may hold is one that is here.
fn check_belief(note: &SignedNote) {
    if let Ok(text) = note.verify(&log().verifier) {
        let seeds = [log().note.clone(), earlier().sign(&log().key)];
        assert!(seeds.iter().any(|seed| seed.unverified_text() == text));
    }
    check_checkpoint(note);
}

/// A checkpoint says the same under each set of keys that takes it, and is written as it reads.
fn check_checkpoint(note: &SignedNote) {
    let log = log();
    let second = VerifierKey::new(log.name.clone(), SigningKey::from_seed([6; 32]).public());
    let terms = [(log.verifier.clone(), 0), (second, 350)];
    let terms = terms.map(|(key, since)| Term { key, since });
    let keys = LogKeys::new(terms.to_vec()).expect("there are keys");
    let alone = Checkpoint::open(note, &log.verifier);
    if let Ok(checkpoint) = &alone {
        let text = note.unverified_text();
        assert!(text.starts_with(&checkpoint.to_string()), "{text}");
        let again = Checkpoint::open(&checkpoint.sign(&log.key), &log.verifier);
        assert_eq!(again.as_ref(), Ok(checkpoint));
    }
    if let Ok(checkpoint) = keys.open(note) {
        assert!(checkpoint.size <= 350);
        assert_eq!(alone, Ok(checkpoint));
    }
}

fn earlier() -> Checkpoint {
    let head = log().head_at(super::log::EARLIER);
    Checkpoint {
        origin: log().name.clone(),
        size: head.size,
        root: head.root,
    }
}

/// Notes, their texts, a key and a name.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let log = log();
    let checkpoint = earlier();
    let texts = [
        log.note.to_string(),
        checkpoint.sign(&log.key).to_string(),
        format!("{}extension\n", log.note.unverified_text()),
        checkpoint.to_string(),
        log.verifier.to_string(),
        log.name.to_string(),
    ];
    texts.map(String::into_bytes).to_vec()
}
