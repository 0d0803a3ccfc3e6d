//! A centre and a device in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use canbao_core::facts::Insured;
use canbao_core::ids::{FeedId, Position};
use canbao_core::refusal::RefusalName;
use canbao_core::signing::{PublicKey, hash_parts};
use canbao_core::sync::device::{
    Advance, Backfilled, DeviceStart, Outgoing, Parts, Rescope, SessionReport,
};
use canbao_core::sync::hub::{FeedPage, FeedWanted, PartPage, Visible};
use canbao_core::sync::message::{BackfillWanted, Part, ProofHash, ProofWanted, StatusWanted};
use canbao_core::sync::{
    Entry, Hello, Item, ItemId, NeedsUpdate, ProofRefused, RangeProof, Refusal, Verdict,
};
use canbao_transport::{DeviceBackend, DeviceEvent, HubBackend, HubEvent, Statistics};
use tokio::sync::{Notify, watch};

/// The centre: a log, and the devices it knows.
#[derive(Clone)]
pub(crate) struct Centre {
    state: Arc<Mutex<CentreState>>,
    head: Arc<watch::Sender<u64>>,
    revoked: Arc<watch::Sender<bool>>,
    ended: Arc<Notify>,
}

/// Marks that a device is to be revoked.
pub(crate) struct Revoked;

struct CentreState {
    known: Vec<PublicKey>,
    peers: Vec<PublicKey>,
    log: Vec<Entry>,
    taken: BTreeMap<ItemId, Position>,
    visible: Visible,
    disk_full: bool,
    ends: Vec<String>,
}

impl Centre {
    pub(crate) fn new(known: impl Into<Vec<PublicKey>>) -> Self {
        let state = CentreState {
            known: known.into(),
            peers: Vec::new(),
            log: Vec::new(),
            taken: BTreeMap::new(),
            visible: Visible {
                version: 1,
                parts: Vec::new(),
                late: Vec::new(),
            },
            disk_full: false,
            ends: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            head: Arc::new(watch::channel(0).0),
            revoked: Arc::new(watch::channel(false).0),
            ended: Arc::default(),
        }
    }

    pub(crate) fn feed(&self) -> FeedId {
        FeedId([5; 16])
    }

    pub(crate) fn append(&self, count: usize, bytes: usize) {
        let mut state = self.state();
        for _ in 0..count {
            state.append(bytes);
        }
        self.head.send_replace(state.log.len() as u64);
    }

    pub(crate) fn revoke(&self, _: Revoked) {
        self.revoked.send_replace(true);
    }

    /// What the devices may see is this part from now on.
    pub(crate) fn rescope(&self, version: u64, part: u8) {
        let parts = vec![Part(vec![part])];
        self.state().visible = Visible {
            version,
            parts,
            late: Vec::new(),
        };
        self.append(1, 10);
    }

    pub(crate) fn fill_disk(&self) {
        self.state().disk_full = true;
    }

    /// Every device sees three positions of four.
    pub(crate) fn entries_for(&self, _: PublicKey) -> Vec<Entry> {
        self.state()
            .log
            .iter()
            .filter(|entry| visible(entry))
            .cloned()
            .collect()
    }

    pub(crate) fn taken_in(&self) -> usize {
        self.state().taken.len()
    }

    pub(crate) fn peers(&self) -> Vec<PublicKey> {
        self.state().peers.clone()
    }

    pub(crate) fn note_end(&self, end: String) {
        self.state().ends.push(end);
        self.ended.notify_one();
    }

    /// How sessions ended, once the first has.
    pub(crate) async fn ends(&self) -> Vec<String> {
        loop {
            let ends = self.state().ends.clone();
            if !ends.is_empty() {
                return ends;
            }
            self.ended.notified().await;
        }
    }

    pub(crate) fn backend(&self, peer: PublicKey) -> CentreFor {
        self.state().peers.push(peer);
        CentreFor {
            centre: self.clone(),
            peer,
            head: self.head.subscribe(),
            revoked: self.revoked.subscribe(),
        }
    }

    fn state(&self) -> MutexGuard<'_, CentreState> {
        self.state.lock().unwrap()
    }
}

impl CentreState {
    fn append(&mut self, bytes: usize) -> Position {
        let position = Position(self.log.len() as u64);
        let content = hash_parts("entry", &[&position.0.to_be_bytes()]);
        let bytes = content.into_iter().cycle().take(bytes).collect();
        self.log.push(Entry {
            position,
            salt: [3; 16],
            bytes,
        });
        position
    }
}

fn visible(entry: &Entry) -> bool {
    entry.position.0 % 4 != 3
}

/// The centre as one device meets it.
pub(crate) struct CentreFor {
    centre: Centre,
    peer: PublicKey,
    head: watch::Receiver<u64>,
    revoked: watch::Receiver<bool>,
}

impl HubBackend for CentreFor {
    type Error = std::io::Error;

    async fn admit(&mut self, _: &Hello) -> Result<Result<Visible, Refusal>, Self::Error> {
        let known = self.centre.state().known.contains(&self.peer);
        Ok(if known {
            Ok(self.centre.state().visible.clone())
        } else {
            Err(Refusal::new(RefusalName::PeersUnknownDevice, ""))
        })
    }

    async fn read_feed(
        &mut self,
        wanted: FeedWanted,
    ) -> Result<(Option<Visible>, FeedPage), Self::Error> {
        let FeedWanted {
            from, max_bytes, ..
        } = wanted;
        let state = self.centre.state();
        let head = state.log.len() as u64;
        let mut page = FeedPage {
            entries: Vec::new(),
            upto: from,
            head,
        };
        let mut bytes = 0;
        for entry in state.log.iter().skip(from as usize) {
            if bytes >= max_bytes {
                break;
            }
            if visible(entry) {
                bytes += entry.bytes.len();
                page.entries.push(entry.clone());
            }
            page.upto += 1;
        }
        Ok((Some(state.visible.clone()), page))
    }

    async fn backfill(
        &mut self,
        wanted: &BackfillWanted,
        _: usize,
    ) -> Result<Option<PartPage>, Self::Error> {
        let state = self.centre.state();
        let (from, upto) = (wanted.from as usize, wanted.upto);
        let part = &state.log[from..upto as usize];
        let entries = part.iter().filter(|entry| visible(entry)).cloned();
        Ok(Some(PartPage {
            entries: entries.collect(),
            pack: None,
            upto,
        }))
    }

    async fn take_in(&mut self, item: ItemId, content: Item) -> Result<Verdict, Self::Error> {
        let mut state = self.centre.state();
        if state.disk_full {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        if content.bytes() == b"bad" {
            return Ok(Verdict::Refused(Refusal::new(
                RefusalName::AdmissionSequence,
                "bad",
            )));
        }
        if let Some(&position) = state.taken.get(&item) {
            return Ok(Verdict::Taken { position });
        }
        let position = state.append(100);
        state.taken.insert(item, position);
        self.centre.head.send_replace(state.log.len() as u64);
        Ok(Verdict::Taken { position })
    }

    async fn range_proof(
        &mut self,
        wanted: ProofWanted,
    ) -> Result<Result<RangeProof, Refusal>, Self::Error> {
        let ProofWanted { first, count } = wanted;
        if first.0 + u64::from(count) > self.centre.state().log.len() as u64 {
            return Ok(Err(Refusal::new(RefusalName::LogOutOfRange, "")));
        }
        let hashes = vec![ProofHash([4; 32]); 5];
        Ok(Ok(RangeProof {
            first,
            count,
            checkpoint: "note".to_owned(),
            hashes,
        }))
    }

    async fn person_status(
        &mut self,
        _: StatusWanted,
    ) -> Result<Result<Insured, Refusal>, Self::Error> {
        Ok(Ok(Insured::Elsewhere))
    }

    fn needs_update(&mut self, what: NeedsUpdate) {
        panic!("{what}");
    }

    async fn next_event(&mut self) -> HubEvent {
        tokio::select! {
            _ = self.head.changed() => HubEvent::LogGrew,
            _ = self.revoked.changed() => HubEvent::Refuse(Refusal::new(RefusalName::PeersCertificateRevoked, "")),
        }
    }
}

/// A device: what it has persisted, and what it wants of its next session.
pub(crate) struct Device {
    feed: FeedId,
    cursor: u64,
    scope_version: u64,
    parts: Parts,
    backfilled: usize,
    entries: Vec<Entry>,
    outbox: BTreeMap<u64, (ItemId, Item)>,
    next_sequence: u64,
    verdicts: BTreeMap<ItemId, Verdict>,
    told: BTreeMap<u32, Result<Insured, Refusal>>,
    proofs: Vec<Result<RangeProof, ProofRefused>>,
    reports: Vec<SessionReport>,
    events: Vec<DeviceEvent>,
    stop_at: Option<u64>,
    settled: bool,
    cut_after: usize,
    when_welcomed: Option<Box<dyn FnOnce() + Send>>,
}

impl Device {
    pub(crate) fn new(feed: FeedId) -> Self {
        Self {
            feed,
            cursor: 0,
            scope_version: 1,
            parts: Parts::new(),
            backfilled: 0,
            entries: Vec::new(),
            outbox: BTreeMap::new(),
            next_sequence: 0,
            verdicts: BTreeMap::new(),
            told: BTreeMap::new(),
            proofs: Vec::new(),
            reports: Vec::new(),
            events: Vec::new(),
            stop_at: None,
            settled: false,
            cut_after: usize::MAX,
            when_welcomed: None,
        }
    }

    pub(crate) fn start(&mut self) -> DeviceStart {
        self.settled = false;
        DeviceStart {
            feed: self.feed,
            scope_version: self.scope_version,
            parts: self.parts.clone(),
            cursor: self.cursor,
            offers: u32::try_from(self.outbox.len()).unwrap(),
            late_from: None,
            packed: false,
        }
    }

    pub(crate) fn put(&mut self, content: Item) -> ItemId {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let item = ItemId(hash_parts(
            "item",
            &[&sequence.to_be_bytes(), content.bytes()],
        ));
        self.outbox.insert(sequence, (item, content));
        item
    }

    pub(crate) fn want_proof(&mut self, first: u64, count: u32) {
        let wanted = ProofWanted {
            first: Position(first),
            count,
        };
        self.events.insert(0, DeviceEvent::WantProof(wanted));
    }

    /// Stay connected until the cursor is here, instead of until the session has settled.
    pub(crate) fn stop_at_cursor(&mut self, cursor: u64) {
        self.stop_at = Some(cursor);
    }

    /// Fail once this many entries are persisted.
    pub(crate) fn cut_after(&mut self, entries: usize) {
        self.cut_after = entries;
    }

    pub(crate) fn when_welcomed(&mut self, action: impl FnOnce() + Send + 'static) {
        self.when_welcomed = Some(Box::new(action));
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }

    /// How many entries came by backfills, and what is held of the parts.
    pub(crate) fn backfilled(&self) -> (usize, &Parts) {
        (self.backfilled, &self.parts)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.outbox.len()
    }

    pub(crate) fn verdict(&self, item: ItemId) -> Option<&Verdict> {
        self.verdicts.get(&item)
    }

    pub(crate) fn want_status(&mut self, wanted: StatusWanted) {
        self.events.insert(0, DeviceEvent::WantStatus(wanted));
    }

    pub(crate) fn told(&self) -> &BTreeMap<u32, Result<Insured, Refusal>> {
        &self.told
    }

    pub(crate) fn proofs(&self) -> &[Result<RangeProof, ProofRefused>] {
        &self.proofs
    }

    pub(crate) fn reports(&self) -> &[SessionReport] {
        &self.reports
    }
}

impl DeviceBackend for Device {
    type Error = std::io::Error;

    async fn persist(&mut self, advance: Advance) -> Result<(), Self::Error> {
        if self.entries.len() >= self.cut_after {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        self.entries.extend(advance.entries);
        self.cursor = advance.cursor;
        self.scope_version = advance.scope_version;
        Ok(())
    }

    async fn rescope(&mut self, rescope: Rescope) -> Result<(), Self::Error> {
        self.cursor = rescope.cursor;
        self.scope_version = rescope.version;
        self.parts = rescope.parts;
        Ok(())
    }

    async fn backfill(&mut self, backfilled: Backfilled) -> Result<(), Self::Error> {
        self.backfilled += backfilled.entries.len();
        self.parts.insert(backfilled.part, backfilled.coverage);
        Ok(())
    }

    async fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<Outgoing>, Self::Error> {
        let mut items: Vec<Outgoing> = Vec::new();
        let mut bytes = 0;
        for (&sequence, (item, content)) in &self.outbox {
            if after.is_some_and(|after| sequence <= after) {
                continue;
            }
            bytes += content.bytes().len();
            if items.len() == limit || (bytes > max_bytes && !items.is_empty()) {
                break;
            }
            items.push(Outgoing {
                sequence,
                item: *item,
                content: content.clone(),
            });
        }
        Ok(items)
    }

    async fn answered(&mut self, item: ItemId, verdict: Verdict) -> Result<(), Self::Error> {
        self.outbox.retain(|_, (waiting, _)| *waiting != item);
        self.verdicts.insert(item, verdict);
        Ok(())
    }

    async fn proof(&mut self, proof: Result<RangeProof, ProofRefused>) -> Result<(), Self::Error> {
        self.proofs.push(proof);
        Ok(())
    }

    async fn status(
        &mut self,
        number: u32,
        insured: Result<Insured, Refusal>,
    ) -> Result<(), Self::Error> {
        self.told.insert(number, insured);
        Ok(())
    }

    fn report(&mut self, report: SessionReport, _: Statistics) {
        if let SessionReport::Welcomed { .. } = report
            && let Some(action) = self.when_welcomed.take()
        {
            action();
        }
        self.settled |= report == SessionReport::Settled;
        self.reports.push(report);
    }

    async fn next_event(&mut self) -> DeviceEvent {
        if let Some(event) = self.events.pop() {
            return event;
        }
        let done = match self.stop_at {
            Some(cursor) => self.cursor >= cursor,
            None => self.settled,
        };
        if done {
            return DeviceEvent::Stop;
        }
        std::future::pending::<Infallible>().await;
        unreachable!("pending for ever")
    }
}
