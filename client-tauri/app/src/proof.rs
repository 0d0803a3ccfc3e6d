//! Payment proofs: verified against the log's key before a record counts as 已记账.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use canbao_core::certificate::Trust;
use canbao_core::facts::{RecordView, UnitView};
use canbao_core::ids::Position;
use canbao_core::ledger::LogKeys;
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::commitment;
use canbao_core::ledger::merkle::Hash;
use canbao_core::ledger::note::SignedNote;
use canbao_core::ledger::proof::EntryProof;
use canbao_core::ledger::range::RangeProof;
use canbao_core::signed::encode;
use canbao_core::statement::AuditEvent;
use canbao_core::store::{Commit, Store, Stream};
use canbao_core::sync;
use canbao_core::sync::message::ProofWanted;
use minicbor::{Decode, Encode};

use crate::app::App;
use crate::fault::{self, Fault};
use crate::feed::Held;
use crate::records::record_id;
use crate::request::Context;
use crate::response::{CheckpointView, ExportAllView, ExportView, ProofView};

/// A value of the proof stream: it was verified before it was appended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Proven {
    #[n(0)]
    first: Position,
    #[n(1)]
    count: u32,
    /// The signed note of the head it was verified against.
    #[n(2)]
    checkpoint: String,
    #[n(3)]
    hashes: Vec<Hash>,
}

impl Proven {
    fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        minicbor::decode(bytes).map_err(|error| {
            Fault::store("store.damaged").with("detail", format_args!("proof: {error}"))
        })
    }
}

/// The places in the proof stream of runs that begin at one of these positions.
pub(crate) fn places_of(store: &Store, purged: &BTreeSet<Position>) -> Result<Vec<u64>, Fault> {
    let mut places = Vec::new();
    for (place, bytes) in store.read(Stream::Proof, 0, usize::MAX, usize::MAX)? {
        let proven = Proven::decode(&bytes)?;
        if proven.count > 0 && purged.contains(&proven.first) {
            places.push(place);
        }
    }
    Ok(places)
}

/// The proofs verified here.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    runs: BTreeMap<Position, Proven>,
    /// The newest checkpoint's note; no smaller one is taken after it.
    newest: Option<String>,
    length: u64,
}

impl Proofs {
    pub(crate) fn open(store: &Store) -> Result<Self, Fault> {
        let mut proofs = Self::default();
        for (_, bytes) in store.read(Stream::Proof, 0, usize::MAX, usize::MAX)? {
            proofs.push(Proven::decode(&bytes)?);
        }
        proofs.length = store.length(Stream::Proof)?;
        Ok(proofs)
    }

    /// The commit's expectation for the next proof.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The value that keeps the newest head when these places are erased: a proof of nothing.
    /// A log that shrank is known by it after the records are gone.
    pub(crate) fn head_without(&self, places: &[u64]) -> Option<Vec<u8>> {
        let checkpoint = self.newest.clone().filter(|_| !places.is_empty())?;
        Some(encode(&Proven {
            first: Position(0),
            count: 0,
            checkpoint,
            hashes: Vec::new(),
        }))
    }

    fn push(&mut self, proven: Proven) {
        self.newest = Some(proven.checkpoint.clone());
        self.length += 1;
        if proven.count > 0 {
            self.runs.insert(proven.first, proven);
        }
    }
}

impl App {
    /// The postings whose records are all here and not proven yet.
    pub(crate) fn wanted_proofs(&self) -> Vec<ProofWanted> {
        let runs = self.feed.runs.values();
        runs.filter(|run| run.count > 0 && !self.proofs.runs.contains_key(&run.first))
            .filter(|run| self.feed.is_whole(run))
            .map(|run| ProofWanted {
                first: run.first,
                count: run.count,
            })
            .collect()
    }

    /// Verifies a range proof and keeps it; the records are 已记账 from then on.
    pub(crate) fn take_proof(&mut self, proof: sync::RangeProof) -> Result<(), Fault> {
        let refused = |code: &str| Fault::trust(code).with("first", proof.first.0);
        let run = self
            .feed
            .runs
            .get(&proof.first)
            .filter(|run| run.count == proof.count)
            .copied()
            .ok_or_else(|| refused("proof.not_a_posting"))?;
        let entries = self
            .feed
            .entries(&run, &self.store)?
            .ok_or_else(|| refused("proof.not_a_posting"))?;
        let trust = &self.identity.centre()?.trust;
        let checkpoint = open_checkpoint(&proof.checkpoint, &log_keys(trust)?)?;
        self.grows(&checkpoint, trust)?;
        let hashes = proof.hashes.iter().map(|it| Hash(it.0)).collect();
        let range = RangeProof {
            first: run.first.0,
            hashes,
        };
        range
            .verify(&leaves(&entries), &checkpoint.head())
            .map_err(|error| refused(error.code()).with("detail", error))?;
        let proven = Proven {
            first: run.first,
            count: run.count,
            checkpoint: proof.checkpoint,
            hashes: range.hashes,
        };
        let commit = Commit::new()
            .expecting(Stream::Proof, self.proofs.length)
            .append(Stream::Proof, encode(&proven));
        self.store.commit(commit)?;
        self.proofs.push(proven);
        self.mark_proven();
        Ok(())
    }

    /// Marks in the projection what was verified.
    pub(crate) fn mark_proven(&mut self) {
        for proven in self.proofs.runs.values() {
            let Some(run) = self.feed.runs.get(&proven.first) else {
                continue;
            };
            if let Some(unit) = self.feed.projection.units.get_mut(&run.unit) {
                unit.mark_proven(proven.first, u64::from(proven.count));
            }
        }
    }

    /// The newest checkpoint verified here.
    pub(crate) fn checkpoint(&self) -> Option<CheckpointView> {
        let trust = &self.identity.centre.as_ref()?.trust;
        let note = self.proofs.newest.as_ref()?;
        let checkpoint = open_checkpoint(note, &log_keys(trust).ok()?).ok()?;
        Some(checkpoint_view(&checkpoint))
    }

    /// The proof of one record, cut from its posting's and checked once more.
    pub(crate) fn proof(&self, context: &Context, id: &str) -> Result<ProofView, Fault> {
        let unit = self.unit(context)?;
        let view = find_record(unit, id)?;
        let proof = self.open_run(view.position)?.cut(view.position)?;
        let trust = &self.identity.centre()?.trust;
        let keys = log_keys(trust)?;
        let key = keys
            .key_for(&proof.checkpoint_note)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        proof
            .verify(key)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let checkpoint = open_checkpoint(&proof.checkpoint_note.to_string(), &keys)?;
        Ok(ProofView {
            record: self.record_row(unit, view, context.lang),
            checkpoint: checkpoint_view(&checkpoint),
            proof: proof.to_string(),
        })
    }

    /// Writes the proof of one record, and the trust bundle beside it.
    pub(crate) fn export_proof(
        &mut self,
        context: &Context,
        id: &str,
        out: Option<PathBuf>,
    ) -> Result<ExportView, Fault> {
        let view = self.proof(context, id)?;
        let unit = self.unit(context)?.record.id;
        self.audit(context, unit, AuditEvent::ProofsExported { records: 1 })?;
        let path = out.unwrap_or_else(|| PathBuf::from(file_name(&view.record.id)));
        let trust_path = path.with_extension("trust.json");
        write(&path, &view.proof)?;
        self.write_trust(&trust_path)?;
        Ok(ExportView {
            id: view.record.id,
            path,
            trust_path,
        })
    }

    /// Writes the proofs of every proven record of the unit, and the trust bundle once.
    pub(crate) fn export_all(
        &mut self,
        context: &Context,
        out: &Path,
    ) -> Result<ExportAllView, Fault> {
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let records = unit.records.iter().filter(|it| it.proven).count();
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        self.audit(context, unit_id, AuditEvent::ProofsExported { records })?;
        let unit = self.unit(context)?;
        fs::create_dir_all(out).map_err(|error| fault::file(out, &error))?;
        let trust_path = out.join("trust.json");
        self.write_trust(&trust_path)?;
        let mut proofs = 0;
        let mut open: Option<OpenRun> = None;
        for view in unit.records.iter().filter(|it| it.proven) {
            let run = match open.take().filter(|it| it.holds(view.position)) {
                Some(run) => run,
                None => self.open_run(view.position)?,
            };
            let id = record_id(&view.record.serial, view.record.line);
            write(
                &out.join(file_name(&id)),
                &run.cut(view.position)?.to_string(),
            )?;
            proofs += 1;
            open = Some(run);
        }
        Ok(ExportAllView {
            proofs,
            path: out.to_owned(),
            trust_path,
        })
    }

    fn write_trust(&self, path: &Path) -> Result<(), Fault> {
        let trust = self.identity.centre()?.trust_file();
        let json = serde_json::to_string_pretty(&trust).expect("a trust bundle is plain data");
        write(path, &format!("{json}\n"))
    }

    /// A log that shrank, or has two roots at one size, is not append-only.
    fn grows(&self, checkpoint: &Checkpoint, trust: &Trust) -> Result<(), Fault> {
        let Some(newest) = &self.proofs.newest else {
            return Ok(());
        };
        let newest = open_checkpoint(newest, &log_keys(trust)?)?;
        if checkpoint.size < newest.size {
            return Err(Fault::trust("checkpoint.shrank")
                .with("size", checkpoint.size)
                .with("seen", newest.size));
        }
        if checkpoint.size == newest.size && checkpoint.root != newest.root {
            return Err(Fault::trust("checkpoint.forked").with("size", checkpoint.size));
        }
        Ok(())
    }

    /// The verified run of records that holds this leaf.
    fn open_run(&self, leaf: Position) -> Result<OpenRun, Fault> {
        let unproven = || Fault::refused("proof.not_yet");
        let before = self.proofs.runs.range(..=leaf).next_back();
        let (first, proven) = before.ok_or_else(unproven)?;
        let run = self.feed.runs.get(first).copied().ok_or_else(unproven)?;
        let entries = self.feed.entries(&run, &self.store)?.ok_or_else(unproven)?;
        let keys = log_keys(&self.identity.centre()?.trust)?;
        let note = SignedNote::parse(proven.checkpoint.as_bytes())
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let open = OpenRun {
            size: open_checkpoint(&proven.checkpoint, &keys)?.size,
            leaves: leaves(&entries),
            range: RangeProof {
                first: first.0,
                hashes: proven.hashes.clone(),
            },
            entries,
            note,
        };
        if open.holds(leaf) {
            Ok(open)
        } else {
            Err(unproven())
        }
    }
}

/// A verified run of records, from which single proofs are cut.
struct OpenRun {
    entries: Vec<Held>,
    leaves: Vec<Hash>,
    range: RangeProof,
    size: u64,
    note: SignedNote,
}

impl OpenRun {
    fn holds(&self, leaf: Position) -> bool {
        self.entries.iter().any(|it| it.position == leaf)
    }

    fn cut(&self, leaf: Position) -> Result<EntryProof, Fault> {
        let path = self
            .range
            .cut(&self.leaves, self.size, leaf.0)
            .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
        let held = self.entries.iter().find(|it| it.position == leaf);
        let held = held.expect("a run is only asked for its own leaves");
        Ok(EntryProof {
            index: leaf.0,
            salt: held.salt,
            entry: held.bytes.clone(),
            path,
            checkpoint_note: self.note.clone(),
        })
    }
}

/// The keys that verify the log's heads.
pub(crate) fn log_keys(trust: &Trust) -> Result<LogKeys, Fault> {
    trust
        .log_keys()
        .map_err(|_| Fault::trust("trust.inconsistent").with("detail", "origin"))
}

/// A head of the log as a screen shows it.
pub(crate) fn checkpoint_view(checkpoint: &Checkpoint) -> CheckpointView {
    CheckpointView {
        origin: checkpoint.origin.to_string(),
        size: checkpoint.size,
        root_hash: checkpoint.root.to_string(),
    }
}

fn open_checkpoint(note: &str, keys: &LogKeys) -> Result<Checkpoint, Fault> {
    let note = SignedNote::parse(note.as_bytes())
        .map_err(|error| Fault::trust(error.code()).with("detail", error))?;
    keys.open(&note)
        .map_err(|error| Fault::trust(error.code()).with("detail", error))
}

fn leaves(entries: &[Held]) -> Vec<Hash> {
    entries
        .iter()
        .map(|it| commitment(&it.salt, &it.bytes).leaf_hash())
        .collect()
}

fn find_record<'a>(unit: &'a UnitView, id: &str) -> Result<&'a RecordView, Fault> {
    unit.records
        .iter()
        .find(|it| record_id(&it.record.serial, it.record.line) == id)
        .ok_or_else(|| Fault::usage("records.no_such").with("id", id))
}

/// A file name of the record's id, whatever tax put into its serial.
fn file_name(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{}.tlog-proof", id.chars().map(safe).collect::<String>())
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(|error| fault::file(path, &error))
}
