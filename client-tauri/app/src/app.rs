//! The application: a data directory, opened, with everything that follows from it.

use std::fs;
use std::path::{Path, PathBuf};

use canbao_core::certificate::Mandate;
use canbao_core::document::{Action, ActorId, Batch, DocumentId, SignedBatch};
use canbao_core::facts::UnitView;
use canbao_core::message::Lang;
use canbao_core::newest::Newest;
use canbao_core::signed::encode;
use canbao_core::statement::Statement;
use canbao_core::store::{Commit, SealingKey, Store, Stream};

use crate::drafts::{Drafts, Source};
use crate::fault::{self, Fault, some_of};
use crate::feed::Feed;
use crate::identity::{Identity, Step};
use crate::outbox::{Made, Outbox};
use crate::proof::Proofs;
use crate::request::{Context, Request};
use crate::response::{Failure, Response};
use crate::scope;
use crate::world::{System, World, random};

/// The store's file in the data directory.
const STORE_FILE: &str = "canbao.redb";
/// The sealing key's file in the data directory, of mode 600.
const KEY_FILE: &str = "sealing.key";

/// One data directory, open. Everything it knows is a fold of the store's streams; a commit
/// comes first, the fold follows.
pub struct App {
    pub(crate) directory: PathBuf,
    pub(crate) store: Store,
    pub(crate) world: Box<dyn World>,
    pub(crate) identity: Identity,
    pub(crate) feed: Feed,
    pub(crate) outbox: Outbox,
    pub(crate) drafts: Drafts,
    pub(crate) proofs: Proofs,
    /// How far this program knows what it reads.
    newest: Newest,
    /// The transport of the live session.
    pub(crate) transport: Option<&'static str>,
}

impl App {
    /// Opens a data directory, and makes a new one where there is none.
    ///
    /// # Errors
    /// A [`Failure`] of the store's class: another process has it open (`store.busy`), its key
    /// is missing, it is damaged.
    pub fn open(directory: &Path, lang: Lang) -> Result<Self, Failure> {
        Self::open_in(directory, Box::new(System)).map_err(|fault| fault.in_words(lang))
    }

    /// The same in a world of the caller's.
    pub(crate) fn open_in(directory: &Path, world: Box<dyn World>) -> Result<Self, Fault> {
        Self::open_knowing(directory, Newest::KNOWN, world)
    }

    /// The same for a program that knows the formats so far.
    pub(crate) fn open_knowing(
        directory: &Path,
        newest: Newest,
        world: Box<dyn World>,
    ) -> Result<Self, Fault> {
        Self::knowing(newest, open_store(directory)?, directory, world)
    }

    /// The application over a store that is open; exports go to the directory where the request
    /// names none.
    pub(crate) fn over(
        store: Store,
        directory: &Path,
        world: Box<dyn World>,
    ) -> Result<Self, Fault> {
        Self::knowing(Newest::KNOWN, store, directory, world)
    }

    /// The same for a program that knows the formats so far.
    pub(crate) fn knowing(
        newest: Newest,
        store: Store,
        directory: &Path,
        world: Box<dyn World>,
    ) -> Result<Self, Fault> {
        let identity = Identity::open(&store)?;
        let mut app = Self {
            directory: directory.to_owned(),
            store,
            world,
            identity,
            feed: Feed::default(),
            outbox: Outbox::default(),
            drafts: Drafts::default(),
            proofs: Proofs::default(),
            newest,
            transport: None,
        };
        app.read_streams()?;
        Ok(app)
    }

    /// Folds the streams of feed, own items and proofs from their start.
    pub(crate) fn read_streams(&mut self) -> Result<(), Fault> {
        let store = &self.store;
        let incomplete = scope::incomplete(&scope::parts(store));
        self.feed = Feed::open(store, incomplete, self.newest)?;
        self.outbox = Outbox::open(store)?;
        self.proofs = Proofs::open(store)?;
        self.mark_proven();
        self.take_chains()?;
        self.note_revocations()?;
        self.read_documents()
    }

    /// Opens the documents anew from what the streams say of them.
    pub(crate) fn read_documents(&mut self) -> Result<(), Fault> {
        let actor = self.drafts.actor.take();
        self.drafts = Drafts::open(&self.source())?;
        self.drafts.actor = actor;
        self.take_batches()
    }

    /// Answers everything that needs no network.
    ///
    /// # Errors
    /// A [`Failure`] in the language of the context; nothing was changed.
    pub fn dispatch(&mut self, context: &Context, request: Request) -> Result<Response, Failure> {
        self.identity.keyring.forget_unused(self.world.now());
        let answer = self.answer(context, request);
        // What was asked is done, or is not, whatever becomes of the rest.
        if let Err(fault) = self.go_on() {
            tracing::warn!(code = %fault.code, "what waited for a key waits still");
        }
        answer.map_err(|fault| {
            let window = self.window_of(self.unit(context).ok().map(|it| it.record.id));
            fault.at_window(window.as_deref()).in_words(context.lang)
        })
    }

    fn answer(&mut self, context: &Context, request: Request) -> Result<Response, Fault> {
        match request {
            Request::Enrol { .. }
            | Request::Rekey
            | Request::PersonInsured { .. }
            | Request::Sync { .. } => Err(Fault::usage("request.needs_network")),
            Request::PassphraseSet { passphrase } => self
                .set_passphrase(context, &passphrase)
                .map(Response::Locks),
            Request::PassphraseChange { passphrase } => self
                .change_passphrase(context, &passphrase)
                .map(Response::Locks),
            Request::PassphraseRemove => self.remove_passphrase(context).map(Response::Locks),
            Request::Unlock => self.unlock(context).map(Response::Locks),
            Request::Lock => self.lock(context).map(Response::Locks),
            Request::Status => Ok(Response::Status(Box::new(self.status(context)))),
            Request::Agencies { words } => {
                Ok(Response::Agencies(self.find_agencies(context, &words)))
            }
            Request::RosterList { person, status } => self
                .roster(context, person.as_deref(), status.as_deref())
                .map(Response::Roster),
            Request::RosterNote { person, text } => self
                .note(context, &person, &text)
                .map(|it| Response::Person(Box::new(it))),
            Request::RosterUnnote { id } => self
                .unnote(context, id)
                .map(|it| Response::Person(Box::new(it))),
            Request::RosterShow { person } => self
                .roster_person(context, &person)
                .map(|it| Response::Person(Box::new(it))),
            Request::RosterSet {
                person,
                department,
                phone,
            } => self
                .set_overlay(context, &person, department.as_deref(), phone.as_deref())
                .map(|it| Response::Person(Box::new(it))),
            Request::ConflictsList => self.conflicts(context).map(Response::Conflicts),
            Request::ConflictsResolve {
                record,
                field,
                choice,
            } => self
                .resolve(context, &record, &field, &choice)
                .map(|it| Response::Resolved(Box::new(it))),
            Request::Declare { kind, form } => self
                .declare(context, kind, *form)
                .map(|it| Response::Declaration(Box::new(it))),
            Request::DeclareList => self.declarations(context).map(Response::Declarations),
            Request::DeclareEdit { id, form } => self
                .edit(context, id, *form)
                .map(|it| Response::Declaration(Box::new(it))),
            Request::DeclareVoid { id } => self
                .void(context, id)
                .map(|it| Response::Declaration(Box::new(it))),
            Request::DeclareImport(importing) => self
                .import(context, &importing)
                .map(|it| Response::Imported(Box::new(it))),
            Request::DeclareImportUndo { import } => self
                .undo_import(context, import)
                .map(Response::ImportUndone),
            Request::DeclareTemplate { kind, out } => {
                self.template(&kind, &out).map(Response::Template)
            }
            Request::Submit { ids, all } => self.submit(context, ids, all).map(Response::Submitted),
            Request::Withdraw { id } => self
                .withdraw(context, id)
                .map(|it| Response::Withdrawn(Box::new(it))),
            Request::AssessApply {
                settlement,
                insurance,
            } => self
                .assess_apply(context, &settlement, insurance)
                .map(|it| Response::Assessment(Box::new(it))),
            Request::AssessList => self.assessments(context).map(Response::Assessments),
            Request::TaxList { from, to, kind } => self
                .transactions(context, from, to, kind)
                .map(Response::Transactions),
            Request::TaxResend { transaction } => self
                .send_again(context, &transaction)
                .map(|it| Response::Transaction(Box::new(it))),
            Request::Compare { person, class } => self
                .compare(context, person.as_deref(), class.as_deref())
                .map(Response::Compared),
            Request::CompareRepair(repairing) => self
                .repair(context, &repairing)
                .map(|it| Response::Repaired(Box::new(it))),
            Request::PensionRoster {
                id_number,
                personal_number,
                status,
            } => self
                .pension_roster(context, id_number, personal_number, status.as_deref())
                .map(Response::PensionRoster),
            Request::PensionCounts => self
                .pension_counts(context)
                .map(|it| Response::PensionCounts(Box::new(it))),
            Request::Results {
                settlement,
                insurance,
            } => self
                .results(context, settlement.as_deref(), insurance)
                .map(Response::Results),
            Request::ReviewQueue => self.review_queue(context).map(Response::Queue),
            Request::ReviewApprove { ids } => self
                .review(context, &ids, crate::review::Ruling::Approve)
                .map(Response::Decided),
            Request::ReviewReturn { ids, reason } => self
                .review(context, &ids, crate::review::Ruling::Return(reason))
                .map(Response::Decided),
            Request::ReviewReject { ids, reason } => self
                .review(context, &ids, crate::review::Ruling::Reject(reason))
                .map(Response::Decided),
            Request::RecordsList(asked) => self.records(context, &asked).map(Response::Records),
            Request::ReceiptList => self.receipts(context).map(Response::Receipts),
            Request::RosterReveal { person, reason } => self
                .reveal(context, &person, &reason)
                .map(|it| Response::Revealed(Box::new(it))),
            Request::QuarantineList => self.quarantine(context.lang).map(Response::Quarantine),
            Request::ProofShow { id } => self
                .proof(context, &id)
                .map(|it| Response::Proof(Box::new(it))),
            Request::ProofExport { id, out } => {
                self.export_proof(context, &id, out).map(Response::Exported)
            }
            Request::ProofExportAll { out } => {
                self.export_all(context, &out).map(Response::ExportedAll)
            }
            Request::Verify { path, trust } => self
                .verify(&path, trust.as_deref())
                .map(|it| Response::Verified(Box::new(it))),
        }
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The unit a request is about: the one named, or the only one there is.
    pub(crate) fn unit(&self, context: &Context) -> Result<&UnitView, Fault> {
        let mut candidates = self.units_in_reach().filter(|unit| {
            context
                .unit
                .as_ref()
                .is_none_or(|wanted| is_named(unit, wanted.trim()))
        });
        match (candidates.next(), candidates.next(), &context.unit) {
            (Some(one), None, _) => Ok(one),
            (Some(one), Some(two), _) => {
                let all = [one, two].into_iter().chain(candidates);
                let names = all.map(|it| {
                    let record = &it.record;
                    format!("{} {}", record.unemployment_number.as_str(), record.name)
                });
                Err(Fault::usage("unit.which").with("units", some_of(names)))
            }
            (None, _, Some(wanted)) => Err(Fault::usage("unit.no_such").with("unit", wanted)),
            (None, _, None) => Err(Fault::usage("unit.none_yet")),
        }
    }

    /// The units that this device's operators act or decide for, as far as the feed told.
    pub(crate) fn units_in_reach(&self) -> impl Iterator<Item = &UnitView> {
        self.feed.projection.units.values().filter(|unit| {
            self.identity.operators.iter().any(|it| {
                let mandate = &it.certificate.mandate;
                mandate.employs(unit.record.id) || mandate.reviews(unit.record.district)
            })
        })
    }

    /// Makes durable what an operator did to a document, then does it.
    pub(crate) fn act(
        &mut self,
        context: &Context,
        document: DocumentId,
        action: Action,
    ) -> Result<(), Fault> {
        self.act_all(context, document, vec![action])
    }

    /// Makes durable several things that an operator did to a document, all in one commit.
    pub(crate) fn act_all(
        &mut self,
        context: &Context,
        document: DocumentId,
        actions: Vec<Action>,
    ) -> Result<(), Fault> {
        let at = self.world.now();
        let actor = self.actor()?;
        let may = |it: &Mandate| document.writable_by(it);
        let signer = self.identity.signer(context, at, may)?;
        let replica = self.drafts.replica(document)?;
        let (volume, own) = replica.act(&actor, &actions, at)?;
        let made: Vec<Made> = actions
            .into_iter()
            .zip(own)
            .map(|(action, own)| {
                let batch = Batch::of(document, own, signer.serial);
                Made::Batch {
                    document,
                    action,
                    batch: SignedBatch::make(&batch, signer.key).0,
                    at,
                    redoes: None,
                }
            })
            .collect();
        if let Err(fault) = self.keep(&made) {
            // The next change must not claim a number that the lost one may have used.
            self.drafts.actor = None;
            return Err(fault);
        }
        self.drafts.replica(document)?.acted(volume, made.len());
        self.keep_snapshots(&[document])
    }

    /// Takes a snapshot of those documents that have changed enough.
    pub(crate) fn keep_snapshots(&mut self, documents: &[DocumentId]) -> Result<(), Fault> {
        let Self {
            store,
            feed,
            outbox,
            identity,
            drafts,
            ..
        } = self;
        let source = Source::of(store, feed, outbox, identity);
        for document in documents {
            if let Some(commit) = drafts.replica(*document)?.due_snapshot(&source) {
                store.commit(commit)?;
            }
        }
        Ok(())
    }

    /// Where documents come from.
    pub(crate) fn source(&self) -> Source<'_> {
        Source::of(&self.store, &self.feed, &self.outbox, &self.identity)
    }

    /// Opens a document again from what the streams say of it now.
    pub(crate) fn reopen(&mut self, document: DocumentId) -> Result<(), Fault> {
        let Self {
            store,
            feed,
            outbox,
            identity,
            drafts,
            ..
        } = self;
        drafts.reopen(document, &Source::of(store, feed, outbox, identity))
    }

    /// Takes the batches that the feed brought into their documents, and mends what was refused.
    /// Where some came packed that nothing signed leads to, all packs are given up.
    pub(crate) fn take_batches(&mut self) -> Result<(), Fault> {
        let Self {
            store,
            feed,
            outbox,
            identity,
            drafts,
            ..
        } = self;
        drafts.catch_up(&Source::of(store, feed, outbox, identity))?;
        if drafts.unvouched {
            return self.refuse_packs();
        }
        self.mend()?;
        let documents = self.drafts.documents();
        self.keep_snapshots(&documents)
    }

    /// Signs statements and makes them durable, all in one commit.
    pub(crate) fn state(
        &mut self,
        context: &Context,
        may: impl Fn(&Mandate) -> bool,
        statements: Vec<Statement>,
    ) -> Result<(), Fault> {
        let at = self.world.now();
        let signer = self.identity.signer(context, at, may)?;
        let made: Vec<Made> = statements
            .iter()
            .map(|statement| {
                let signed = statement.sign(signer.key, signer.serial, at);
                Made::Statement {
                    signed: signed.to_bytes(),
                    at,
                }
            })
            .collect();
        self.keep(&made)
    }

    /// Appends to the local stream, then takes it in.
    pub(crate) fn keep(&mut self, made: &[Made]) -> Result<(), Fault> {
        let start = Commit::new().expecting(Stream::Local, self.outbox.length());
        let commit = made.iter().fold(start, |commit, it| {
            commit.append(Stream::Local, it.to_bytes())
        });
        self.store.commit(commit)?;
        made.iter().try_for_each(|it| self.outbox.push(it))
    }

    /// Appends to the identity stream, then takes it in.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), Fault> {
        self.steps(vec![step], None)
    }

    /// Appends to the identity stream and erases one of it, in one commit, then takes it in.
    pub(crate) fn steps(&mut self, steps: Vec<Step>, erased: Option<u64>) -> Result<(), Fault> {
        let mut commit = Commit::new().expecting(Stream::Identity, self.identity.length());
        for step in &steps {
            commit = commit.append(Stream::Identity, encode(step));
        }
        if let Some(place) = erased {
            commit = commit.erase(Stream::Identity, place);
        }
        self.store.commit(commit)?;
        let mut steps = steps.into_iter();
        steps.try_for_each(|step| self.identity.apply(step))
    }

    /// The actor of this opening: a restored backup never writes twice under one.
    pub(crate) fn actor(&mut self) -> Result<ActorId, Fault> {
        if let Some(actor) = &self.drafts.actor {
            return Ok(actor.clone());
        }
        let device = self
            .identity
            .device_id()
            .ok_or_else(|| Fault::usage("identity.not_enrolled"))?;
        let actor = ActorId::new(device, random(self.world.as_mut())?);
        self.drafts.actor = Some(actor.clone());
        Ok(actor)
    }
}

fn is_named(unit: &UnitView, wanted: &str) -> bool {
    let record = &unit.record;
    record.id.to_string() == wanted
        || record.credit_code.as_str() == wanted
        || record.unemployment_number.as_str() == wanted
}

fn open_store(directory: &Path) -> Result<Store, Fault> {
    fs::create_dir_all(directory).map_err(|error| fault::file(directory, &error))?;
    let (store_path, key_path) = (directory.join(STORE_FILE), directory.join(KEY_FILE));
    if !store_path.exists() && !key_path.exists() {
        let key = SealingKey::generate()?;
        key.write_new_file(&key_path)?;
        return Ok(Store::create(&store_path, &key)?);
    }
    // A key without a store is a start that was cut; a store without its key stays shut.
    let key = SealingKey::read_file(&key_path)?;
    Ok(Store::open_or_create(&store_path, &key)?)
}
