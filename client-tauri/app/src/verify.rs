//! Verifying offline, by the trust bundle alone: a payment proof or a whole copy of the log.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use canbao_core::certificate::{Chain, RootHash, Trust};
use canbao_core::facts::{Entry, Fact, PaymentRecord};
use canbao_core::ids::Position;
use canbao_core::ledger::audit::{self, AuditError, MAX_FILE_BYTES};
use canbao_core::ledger::checkpoint::{Checkpoint, CheckpointError};
use canbao_core::ledger::proof::{EntryProof, MAX_PROOF_BYTES, ProofError};
use canbao_core::message::Lang;
use canbao_core::signed::{decode_canonical, encode};
use canbao_core::time::Timestamp;
use data_encoding::{BASE64, HEXLOWER};

use crate::app::App;
use crate::fault::{self, Fault};
use crate::identity::Centre;
use crate::proof::{checkpoint_view, log_keys};
use crate::records::record_id;
use crate::response::{CheckpointView, Failure, TrustFile, VerifiedRecord, VerifiedView};

/// The longest trust bundle read, in bytes.
const MAX_TRUST_BYTES: usize = 64 * 1024;

/// Verifies a proof file or a directory with a copy of the log, without a data directory.
///
/// # Errors
/// A [`Failure`] of the trust class where it does not hold.
pub fn verify_offline(path: &Path, trust: &Path, lang: Lang) -> Result<VerifiedView, Failure> {
    read_trust(trust)
        .and_then(|trust| verify_by(path, &trust))
        .map_err(|fault| fault.in_words(lang))
}

impl App {
    /// The same by this device's own trust bundle, or another.
    pub(crate) fn verify(&self, path: &Path, trust: Option<&Path>) -> Result<VerifiedView, Fault> {
        match trust {
            Some(file) => verify_by(path, &read_trust(file)?),
            None => verify_by(path, &self.identity.centre()?.trust),
        }
    }

    /// The trust bundle as a file's content.
    ///
    /// # Errors
    /// A [`Failure`] where the device is not enrolled yet.
    pub fn trust_file(&self, lang: Lang) -> Result<TrustFile, Failure> {
        self.identity
            .centre()
            .map(Centre::trust_file)
            .map_err(|fault| fault.in_words(lang))
    }
}

impl Centre {
    /// What verifies without this device.
    pub(crate) fn trust_file(&self) -> TrustFile {
        TrustFile {
            origin: self.trust.origin.clone(),
            log_key: self.trust.log.to_string(),
            feed: self.trust.feed.to_string(),
            root_hash: HEXLOWER.encode(&self.root.0),
            chain: BASE64.encode(&encode(&self.chain)),
        }
    }
}

fn verify_by(path: &Path, trust: &Trust) -> Result<VerifiedView, Fault> {
    let metadata = fs::metadata(path).map_err(|error| fault::file(path, &error))?;
    if metadata.is_dir() {
        if path.join("checkpoint").exists() {
            verify_log(path, trust)
        } else {
            verify_proofs(path, trust)
        }
    } else {
        verify_proof(path, trust)
    }
}

/// Follows the chain in the bundle from the root it pins; what it says beside must agree.
fn read_trust(path: &Path) -> Result<Trust, Fault> {
    let malformed = |detail: &str| {
        Fault::trust("trust.malformed")
            .with("path", path.display())
            .with("detail", detail)
    };
    let bytes = read_bounded(path, MAX_TRUST_BYTES)?.ok_or_else(|| malformed("size"))?;
    let file: TrustFile =
        serde_json::from_slice(&bytes).map_err(|error| malformed(&error.to_string()))?;
    let root = HEXLOWER.decode(file.root_hash.as_bytes()).ok();
    let root = root
        .and_then(|it| it.try_into().ok())
        .ok_or_else(|| malformed("root_hash"))?;
    let chain = BASE64
        .decode(file.chain.as_bytes())
        .map_err(|_| malformed("chain"))?;
    let chain: Chain = decode_canonical(&chain).map_err(|_| malformed("chain"))?;
    let trust = chain.follow(&RootHash(root))?;
    let agrees = trust.origin == file.origin
        && trust.log.to_string() == file.log_key
        && trust.feed.to_string() == file.feed;
    if agrees {
        Ok(trust)
    } else {
        Err(Fault::trust("trust.inconsistent").with("detail", path.display()))
    }
}

fn verify_proof(path: &Path, trust: &Trust) -> Result<VerifiedView, Fault> {
    let bytes =
        read_bounded(path, MAX_PROOF_BYTES)?.ok_or_else(|| proof_fault(&ProofError::TooLarge))?;
    let keys = log_keys(trust)?;
    let of_head = |error: CheckpointError| proof_fault(&ProofError::from(error));
    let proof = EntryProof::parse(&bytes).map_err(|error| proof_fault(&error))?;
    // A proof names its key, which may be one that was replaced since.
    let key = keys.key_for(&proof.checkpoint_note).map_err(of_head)?;
    let proven = proof.verify(key).map_err(|error| proof_fault(&error))?;
    let checkpoint = Checkpoint::open(&proof.checkpoint_note, key).map_err(of_head)?;
    let entry = Entry::from_bytes(&proven.entry).map_err(|_| Fault::trust("proof.not_a_record"))?;
    let Ok(Fact::Recorded(record)) = entry.fact() else {
        return Err(Fault::trust("proof.not_a_record"));
    };
    Ok(VerifiedView {
        what: "proof".to_owned(),
        checkpoint: checkpoint_view(&checkpoint),
        record: Some(verified_record(&record, Position(proven.index), entry.at)),
        records: None,
        entries: None,
    })
}

/// Every proof in a directory; the first that does not hold is named.
fn verify_proofs(directory: &Path, trust: &Trust) -> Result<VerifiedView, Fault> {
    let listed = fs::read_dir(directory).map_err(|error| fault::file(directory, &error))?;
    let mut files = Vec::new();
    for file in listed {
        let file = file.map_err(|error| fault::file(directory, &error))?.path();
        if file.extension().is_some_and(|it| it == "tlog-proof") {
            files.push(file);
        }
    }
    files.sort();
    let mut newest: Option<CheckpointView> = None;
    for file in &files {
        let view = verify_proof(file, trust).map_err(|fault| fault.with("file", file.display()))?;
        if newest
            .as_ref()
            .is_none_or(|it| it.size < view.checkpoint.size)
        {
            newest = Some(view.checkpoint);
        }
    }
    let checkpoint =
        newest.ok_or_else(|| Fault::trust("proof.none_found").with("path", directory.display()))?;
    Ok(VerifiedView {
        what: "proofs".to_owned(),
        checkpoint,
        record: None,
        records: Some(files.len() as u64),
        entries: None,
    })
}

fn verify_log(directory: &Path, trust: &Trust) -> Result<VerifiedView, Fault> {
    let read = |name: &str| {
        let path = directory.join(name);
        match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
            Ok(file) => {
                let mut bytes = Vec::new();
                file.take(MAX_FILE_BYTES as u64 + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|error| error.to_string())?;
                Ok(Some(bytes))
            }
        }
    };
    let checkpoint = audit::audit(&read, &log_keys(trust)?).map_err(|error| audit_fault(&error))?;
    Ok(VerifiedView {
        what: "log".to_owned(),
        checkpoint: checkpoint_view(&checkpoint),
        record: None,
        records: None,
        entries: Some(checkpoint.size),
    })
}

fn proof_fault(error: &ProofError) -> Fault {
    let fault = Fault::trust(error.code()).with("detail", error);
    match error {
        ProofError::OtherLog { found } => fault.with("found", found),
        ProofError::BadPath { number } => fault.with("number", number),
        ProofError::TooLarge
        | ProofError::NotAProof
        | ProofError::BadEntry
        | ProofError::BadIndex
        | ProofError::Checkpoint(_)
        | ProofError::NotInLog(_) => fault,
    }
}

fn audit_fault(error: &AuditError) -> Fault {
    let fault = Fault::trust(error.code()).with("detail", error);
    match error {
        AuditError::Unreadable { path, .. } | AuditError::Missing { path } => {
            fault.with("path", path)
        }
        AuditError::TileMismatch { tile } => fault.with("tile", tile),
        AuditError::RecordMismatch { index } => fault.with("index", index),
        AuditError::OutOfRange { size } => fault.with("size", size),
        AuditError::Checkpoint(_) | AuditError::RootMismatch => fault,
    }
}

fn verified_record(record: &PaymentRecord, leaf: Position, at: Timestamp) -> VerifiedRecord {
    VerifiedRecord {
        id: record_id(&record.serial, record.line),
        unit: record.unit.to_string(),
        credit_code: record.credit_code.clone(),
        name: record.name.clone(),
        personal_number: record.personal_number.clone(),
        insurance: record.insurance,
        payment_kind: record.kind,
        settlement: record.settlement.to_string(),
        period: record.month.to_string(),
        base: record.base.to_string(),
        unit_amount: record.unit_amount.to_string(),
        personal_amount: record.person_amount.to_string(),
        total: record
            .unit_amount
            .checked_add(record.person_amount)
            .map_or_else(String::new, |it| it.to_string()),
        posted_on: record.posted_on.clone(),
        number: record.number,
        leaf: leaf.0,
        recorded_at: at.to_string(),
        reverses: record.reverses.as_ref().map(ToString::to_string),
    }
}

/// The file's bytes; `None` where it is longer than a right one can be.
fn read_bounded(path: &Path, most: usize) -> Result<Option<Vec<u8>>, Fault> {
    let file = File::open(path).map_err(|error| fault::file(path, &error))?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fault::file(path, &error))?;
    Ok((bytes.len() <= most).then_some(bytes))
}
