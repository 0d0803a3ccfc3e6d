//! The device as a sync session sees it: what is persisted, offered, proven.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Deref;
use std::time::Duration;

use canbao_core::declaration::Field;
use canbao_core::facts::Insured;
use canbao_core::ids::Position;
use canbao_core::message::Lang;
use canbao_core::signed::encode;
use canbao_core::store::{Commit, Stream, View};
use canbao_core::sync::device::{
    Advance, Backfilled, DeviceStart, Outgoing, Parts, Rescope, SessionReport,
};
use canbao_core::sync::message::ProofWanted;
use canbao_core::sync::{ItemId, ProofRefused, RangeProof, Refusal, Verdict};
use canbao_core::time::Timestamp;
use canbao_transport::{DeviceBackend, DeviceEvent, Statistics};
use minicbor::{Decode, Encode};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::door::Door;
use crate::fault::{Fault, Trouble};
use crate::identity::Step;
use crate::outbox::Made;
use crate::packs;
use crate::response::SyncReport;
use crate::scope;

/// The key of the cursor.
const CURSOR_KEY: &[u8] = b"feed";

/// How long a proof that the centre does not have yet is left alone.
const PROOF_AGAIN: Duration = Duration::from_secs(1);

/// How often a single `sync` asks again for proofs that are not to be had.
const PROOF_TIMES: u32 = 10;

/// Proofs asked for and not answered, at most: fewer than a session holds.
const PROOFS_OUT: usize = 64;

/// Seconds between two moments of contact that are kept.
const CONTACT_EVERY: i64 = 60;

/// How far the feed was read; a cache: without it the device goes on behind its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Cursor {
    #[n(0)]
    cursor: u64,
    #[n(1)]
    scope_version: u64,
}

impl App {
    /// Where a session begins, once what waits for the sake of a certificate that ended is signed
    /// anew.
    pub(crate) fn begin_session(&mut self) -> Result<DeviceStart, Fault> {
        self.sign_anew()?;
        self.session_start()
    }

    /// What a session leaves behind, however it ended; with the refusal, where it ended by one.
    pub(crate) fn end_session(&mut self, refused: Option<&Refusal>) -> Result<(), Fault> {
        self.settle_backfill()?;
        refused.map_or(Ok(()), |refusal| self.note_locked_out(refusal))
    }

    /// Where a session begins.
    pub(crate) fn session_start(&self) -> Result<DeviceStart, Fault> {
        let feed = self.identity.centre()?.trust.feed;
        let Cursor {
            cursor,
            scope_version,
        } = self.cursor();
        let waiting = self.outbox.waiting(&self.feed).count();
        Ok(DeviceStart {
            feed,
            scope_version,
            parts: if scope_version == 0 {
                Parts::new()
            } else {
                scope::parts(&self.store)
            },
            cursor,
            offers: u32::try_from(waiting).unwrap_or(u32::MAX),
            late_from: scope::late_from(&self.store),
            packed: self.takes_packs(),
        })
    }

    /// Where to go on. With a lost cursor the scope counts as never heard of, so that whatever
    /// lies before the last entry is looked at again.
    fn cursor(&self) -> Cursor {
        let stored = self.store.view(View::Cursor, CURSOR_KEY).ok().flatten();
        let stored = stored.and_then(|bytes| minicbor::decode(&bytes).ok());
        stored.unwrap_or(Cursor {
            cursor: self.feed.end(),
            scope_version: 0,
        })
    }

    /// Makes entries and cursor durable in one commit, then takes the entries in.
    pub(crate) fn advance(&mut self, advance: Advance) -> Result<u64, Fault> {
        let entries = self.feed.unknown(advance.entries, self.world.now());
        let start = Commit::new().expecting(Stream::Feed, self.feed.length());
        let start = put_cursor(start, advance.cursor, advance.scope_version);
        let commit = entries.iter().fold(start, |commit, it| {
            commit.append(Stream::Feed, it.to_bytes())
        });
        self.store.commit(commit)?;
        if self.feed.extend(&entries, &self.store)? {
            self.mark_proven();
        }
        self.take_chains()?;
        self.note_revocations()?;
        self.take_batches()?;
        Ok(entries.len() as u64)
    }

    /// What was exchanged, with what waits still and how far the log is verified.
    pub(crate) fn so_far(&self, exchanged: SyncReport) -> SyncReport {
        SyncReport {
            queued: self.outbox.waiting(&self.feed).count() as u64,
            held: self.outbox.held(&self.feed).count() as u64,
            checkpoint: self.checkpoint(),
            ..exchanged
        }
    }

    /// Notes the end of an item that the hub refused by name. Tells whether it goes on under
    /// another certificate.
    pub(crate) fn refused_item(
        &mut self,
        item: ItemId,
        code: &str,
        detail: &str,
    ) -> Result<bool, Fault> {
        self.keep(&[Made::Ended {
            item: item.0,
            code: code.to_owned(),
            detail: detail.to_owned(),
            at: self.world.now(),
        }])?;
        let renewed = self.note_refused(item, code)?;
        self.mend()?;
        Ok(renewed)
    }

    /// Keeps when the centre was heard, unless that is known to the minute already.
    pub(crate) fn keep_contact(&mut self, heard: Option<Timestamp>) -> Result<(), Fault> {
        let known = self.last_contact();
        match heard {
            Some(at) if known.is_none_or(|known| at.0.saturating_sub(known.0) >= CONTACT_EVERY) => {
                self.step(Step::Contact(at))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Adds to a commit how far the feed was read.
pub(crate) fn put_cursor(commit: Commit, cursor: u64, scope_version: u64) -> Commit {
    let cursor = Cursor {
        cursor,
        scope_version,
    };
    commit.put(View::Cursor, CURSOR_KEY, encode(&cursor))
}

/// The device as a session sees it, whatever drives the session.
pub struct Backend<D> {
    door: D,
    lang: Lang,
    watch: bool,
    stopped: watch::Receiver<bool>,
    pub(crate) report: SyncReport,
    pub(crate) heard: Option<Timestamp>,
    pub(crate) welcomed: bool,
    settled: bool,
    /// Something was put into the outbox that the session does not know of.
    grew: bool,
    /// Whether the session may ask for packs.
    packed: bool,
    /// Something of a newer centre was stepped over in this session.
    stepped_over: bool,
    wanted: VecDeque<ProofWanted>,
    /// First positions of proofs asked for, or waiting to be.
    known: BTreeSet<Position>,
    out: usize,
    again: Vec<ProofWanted>,
    again_at: Option<Instant>,
    times: u32,
}

impl<D: Deref<Target = Door>> Backend<D> {
    /// For the sessions of one sync; with `watch` they go on until stopped.
    pub fn new(door: D, lang: Lang, watch: bool) -> Self {
        Self {
            stopped: door.stopped(),
            door,
            lang,
            watch,
            report: SyncReport::default(),
            heard: None,
            welcomed: false,
            settled: false,
            grew: false,
            packed: false,
            stepped_over: false,
            wanted: VecDeque::new(),
            known: BTreeSet::new(),
            out: 0,
            again: Vec::new(),
            again_at: None,
            times: 0,
        }
    }

    /// A new session: nothing is asked yet.
    pub fn begin(&mut self) {
        self.settled = false;
        self.grew = false;
        self.packed = self.door.app().takes_packs();
        self.stepped_over = false;
        self.wanted.clear();
        self.known.clear();
        self.again.clear();
        self.again_at = None;
        self.out = 0;
        self.want_proofs();
    }

    fn want_proofs(&mut self) {
        for wanted in self.door.app().wanted_proofs() {
            if self.known.insert(wanted.first) {
                self.wanted.push_back(wanted);
            }
        }
    }

    /// Ends a session that asked for packs where they turned out to be of no use: its parts are
    /// not held as it believes.
    fn without_packs(&self) -> Result<(), Fault> {
        if self.packed && self.door.app().packs_are_off() {
            return Err(Fault::network(packs::REFUSED));
        }
        Ok(())
    }

    fn hear(&mut self) {
        self.heard = Some(self.door.app().world.now());
    }

    fn question(&mut self) -> Option<DeviceEvent> {
        let wanted = self.door.questions().next()?;
        self.settled = false;
        Some(DeviceEvent::WantStatus(wanted))
    }

    /// Whether a single sync has done everything.
    fn is_done(&self) -> bool {
        self.settled && !self.watch && self.again.is_empty()
    }
}

impl<D: Deref<Target = Door> + Send> DeviceBackend for Backend<D> {
    type Error = Fault;

    async fn persist(&mut self, advance: Advance) -> Result<(), Fault> {
        self.hear();
        let mut app = self.door.app();
        let made = app.outbox.length();
        self.report.entries += app.advance(advance)?;
        self.grew |= app.outbox.length() > made;
        drop(app);
        self.without_packs()?;
        self.want_proofs();
        Ok(())
    }

    async fn rescope(&mut self, rescope: Rescope) -> Result<(), Fault> {
        self.hear();
        let left = self.door.app().rescope(rescope)?;
        let dropped = left.dropped.iter().map(|it| it.in_words(self.lang));
        self.report.refused.extend(dropped);
        self.report.left.extend(left.units);
        // What was wanted of a unit that is gone is not any more, and may be once it is back.
        let wanted = self.door.app().wanted_proofs();
        let still: BTreeSet<Position> = wanted.iter().map(|it| it.first).collect();
        self.known.retain(|it| still.contains(it));
        self.wanted.retain(|it| still.contains(&it.first));
        self.again.retain(|it| still.contains(&it.first));
        Ok(())
    }

    async fn backfill(&mut self, backfilled: Backfilled) -> Result<(), Fault> {
        self.hear();
        self.report.entries += self.door.app().backfill(backfilled)?;
        self.without_packs()?;
        self.want_proofs();
        Ok(())
    }

    async fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<Outgoing>, Fault> {
        let app = self.door.app();
        app.outbox
            .next(&app.feed, &app.store, after, limit, max_bytes)
    }

    async fn answered(&mut self, item: ItemId, verdict: Verdict) -> Result<(), Fault> {
        self.hear();
        match verdict {
            Verdict::Taken { .. } => self.report.sent += 1,
            Verdict::Held => self.door.app().note_held(item)?,
            Verdict::Refused(refusal) => {
                let mut app = self.door.app();
                let renewed = app.refused_item(item, refusal.code(), refusal.detail())?;
                let window = app.window_of(app.outbox.unit_of(item.0));
                drop(app);
                // What was built on it may have been made anew too.
                self.grew = true;
                if renewed {
                    return Ok(());
                }
                let trouble = Trouble::new(Field::Whole, refusal.code())
                    .with("detail", refusal.detail())
                    .at_window(window.as_deref())
                    .at(item);
                self.report.refused.push(trouble.in_words(self.lang));
            }
        }
        Ok(())
    }

    async fn proof(&mut self, proof: Result<RangeProof, ProofRefused>) -> Result<(), Fault> {
        self.out = self.out.saturating_sub(1);
        match proof {
            Ok(proof) if !self.known.contains(&proof.first) => {
                tracing::info!(first = proof.first.0, "a proof came of what was purged");
            }
            Ok(proof) => {
                let count = u64::from(proof.count);
                self.door.app().take_proof(proof)?;
                self.report.proven += count;
            }
            // Not signed yet: asked again later, but not for ever where nobody watches.
            Err(refused) if self.watch || self.times < PROOF_TIMES => {
                self.again.push(refused.wanted);
                self.again_at = Some(Instant::now() + PROOF_AGAIN);
            }
            Err(refused) => {
                tracing::warn!(code = refused.refusal.code(), "a proof is not to be had");
            }
        }
        Ok(())
    }

    async fn status(
        &mut self,
        number: u32,
        insured: Result<Insured, Refusal>,
    ) -> Result<(), Fault> {
        self.hear();
        self.door.questions().answered(number, insured);
        Ok(())
    }

    fn report(&mut self, report: SessionReport, _statistics: Statistics) {
        match report {
            SessionReport::Welcomed { .. } => {
                self.welcomed = true;
                self.hear();
                let heard = self.heard;
                if let Err(fault) = self.door.app().keep_contact(heard) {
                    tracing::warn!(code = %fault.code, "the contact was not kept");
                }
            }
            SessionReport::Settled => {
                self.settled = true;
                if !self.stepped_over {
                    self.door.app().nothing_stepped_over();
                }
                let so_far = self.door.app().so_far(self.report.clone());
                self.door.settled.send_replace(so_far);
            }
            SessionReport::NeedsUpdate(what) => {
                self.stepped_over = true;
                self.door.app().note_stepped_over(what);
            }
            SessionReport::FeedHeld { cursor } => {
                self.door.app().note_feed_held(cursor);
            }
            SessionReport::ItemTooLarge { item, bytes } => {
                tracing::warn!(%item, bytes, "an item is too large to travel");
            }
            SessionReport::ScopeChanged { from, to } => {
                tracing::info!(from, to, "the scope changed");
            }
            SessionReport::CaughtUp { .. } => {}
        }
    }

    async fn next_event(&mut self) -> DeviceEvent {
        loop {
            if let Some(event) = self.question() {
                return event;
            }
            if self.out < PROOFS_OUT
                && let Some(wanted) = self.wanted.pop_front()
            {
                self.out += 1;
                self.settled = false;
                return DeviceEvent::WantProof(wanted);
            }
            if std::mem::take(&mut self.grew) {
                self.settled = false;
                return DeviceEvent::OutboxGrew;
            }
            if self.is_done() || *self.stopped.borrow() {
                return DeviceEvent::Stop;
            }
            let again_at = self.again_at;
            tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return DeviceEvent::Stop,
                // A question goes first: the session has nothing open before it is answered.
                () = self.door.grew.notified() => self.grew = true,
                () = at(again_at) => {
                    self.times += 1;
                    self.again_at = None;
                    self.wanted.extend(self.again.drain(..));
                }
            }
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
