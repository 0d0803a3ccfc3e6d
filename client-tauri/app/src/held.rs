//! What waits for an update (需要更新): held as it came, shown with since when, never refused and
//! never dropped. Held is by this program what a newer one sent, and by the centre's what this
//! program made.

use canbao_core::message::Lang;
use canbao_core::signed::encode;
use canbao_core::store::{Commit, View};
use canbao_core::sync::{ItemId, NeedsUpdate};
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::app::App;
use crate::captions::coded;
use crate::fault::Fault;
use crate::feed::{Feed, Newer};
use crate::outbox::Made;
use crate::response::{Coded, HeldView};

/// The key of what was stepped over on the link.
const STEPPED_OVER_KEY: &[u8] = b"stepped_over";

/// Something that waits for an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    what: What,
    pub(crate) count: u64,
    since: Timestamp,
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Entries of the feed.
    Facts,
    /// Admitted changes of documents.
    Changes,
    /// What the centre said in frames of this version.
    Frames(u8),
    /// What the centre said in messages of this kind.
    Messages(u64),
    /// Everything in the feed from here on.
    Feed(u64),
    /// Items made here that the centre cannot read.
    AtCentre,
}

/// What the newest session stepped over; a cache: it comes again with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct SteppedOver {
    #[n(0)]
    frame: Option<u8>,
    #[n(1)]
    message: Option<u64>,
    /// Where the feed stands still, where it does.
    #[n(2)]
    feed: Option<u64>,
    #[n(3)]
    since: Timestamp,
}

impl Held {
    /// Whether it waits for an update of this program rather than of the centre's.
    pub(crate) fn is_here(&self) -> bool {
        self.what != What::AtCentre
    }

    pub(crate) fn in_words(&self, lang: Lang) -> HeldView {
        HeldView {
            what: self.what.in_words(lang),
            count: self.count,
            since: self.since.to_string(),
        }
    }
}

impl What {
    fn in_words(self, lang: Lang) -> Coded {
        let (code, zh, en) = match self {
            Self::Facts => (
                "facts",
                "中心下发的内容".to_owned(),
                "entries of the centre's feed".to_owned(),
            ),
            Self::Changes => (
                "changes",
                "其他设备所作的改动".to_owned(),
                "changes made on other devices".to_owned(),
            ),
            Self::Frames(version) => (
                "frames",
                format!("第{version}版的传输内容"),
                format!("frames of version {version}"),
            ),
            Self::Messages(kind) => (
                "messages",
                format!("第{kind}类传输内容"),
                format!("messages of kind {kind}"),
            ),
            Self::Feed(cursor) => (
                "feed",
                format!("自第{cursor}条起的下发内容"),
                format!("the centre's feed from entry {cursor} on"),
            ),
            Self::AtCentre => (
                "at_centre",
                "待中心更新后受理的条目".to_owned(),
                "items that wait for the centre's update".to_owned(),
            ),
        };
        coded(code, lang, &zh, &en)
    }
}

impl App {
    /// What waits for an update, of this program or of the centre's.
    pub(crate) fn held(&self) -> Vec<Held> {
        let mut at_centre = Newer::default();
        self.outbox
            .held(&self.feed)
            .for_each(|at| at_centre.add(at));
        let counted = [
            (What::Facts, self.feed.newer),
            (What::Changes, self.changes_held()),
            (What::AtCentre, at_centre),
        ];
        let mut held: Vec<Held> = counted
            .into_iter()
            .filter_map(|(what, Newer { count, since })| {
                Some(Held {
                    what,
                    count,
                    since: since?,
                })
            })
            .collect();
        if let Some(it) = self.stepped_over() {
            let on_the_link = [
                it.frame.map(What::Frames),
                it.message.map(What::Messages),
                it.feed.map(What::Feed),
            ];
            held.extend(on_the_link.into_iter().flatten().map(|what| Held {
                what,
                count: 1,
                since: it.since,
            }));
        }
        held
    }

    /// The admitted batches of a newer schema.
    fn changes_held(&self) -> Newer {
        let mut changes = Newer::default();
        let admitted = self.feed.admitted.values().flatten();
        for it in admitted.filter(|it| self.drafts.newer.contains(&it.position)) {
            // An entry that does not read has been said already when the stream was opened.
            if let Ok(at) = Feed::received_at(&self.store, it.place) {
                changes.add(at);
            }
        }
        changes
    }

    /// Notes that the centre cannot read an item yet. It stays in the outbox.
    pub(crate) fn note_held(&mut self, item: ItemId) -> Result<(), Fault> {
        if self.outbox.is_held(&item.0) {
            return Ok(());
        }
        tracing::warn!(%item, "the centre has to be updated before it can decide on an item");
        self.keep(&[Made::Held {
            item: item.0,
            at: self.world.now(),
        }])
    }

    /// Notes that the centre said something that this program does not know.
    pub(crate) fn note_stepped_over(&mut self, what: NeedsUpdate) {
        tracing::warn!(%what, "update needed");
        self.keep_stepped_over(|it| match what {
            NeedsUpdate::Frame(version) => it.frame = Some(version),
            NeedsUpdate::Message(kind) => it.message = Some(kind),
        });
    }

    /// Notes that the feed stands still until this program is updated.
    pub(crate) fn note_feed_held(&mut self, cursor: u64) {
        tracing::warn!(cursor, "the feed waits for an update of this program");
        self.keep_stepped_over(|it| it.feed = Some(cursor));
    }

    /// A session went to its end and met nothing that this program does not know.
    pub(crate) fn nothing_stepped_over(&mut self) {
        if self.stepped_over().is_some() {
            self.keep_in_view(Commit::new().remove(View::Cursor, STEPPED_OVER_KEY));
        }
    }

    fn stepped_over(&self) -> Option<SteppedOver> {
        let stored = self.store.view(View::Cursor, STEPPED_OVER_KEY).ok()??;
        minicbor::decode(&stored).ok()
    }

    fn keep_stepped_over(&mut self, change: impl FnOnce(&mut SteppedOver)) {
        let known = self.stepped_over();
        let mut now = known.unwrap_or(SteppedOver {
            frame: None,
            message: None,
            feed: None,
            since: self.world.now(),
        });
        change(&mut now);
        if known != Some(now) {
            let bytes = encode(&now);
            self.keep_in_view(Commit::new().put(View::Cursor, STEPPED_OVER_KEY, bytes));
        }
    }

    /// What is only shown is no ground to end a session.
    fn keep_in_view(&mut self, commit: Commit) {
        if let Err(error) = self.store.commit(commit) {
            tracing::warn!(code = error.code(), "what waits for an update was not kept");
        }
    }
}
