//! For whoever drives an application over another wire, clock and disk than a user's machine
//! has: the simulation. It goes the ways that [`crate::Door`] goes, and reads what they leave.

use std::path::Path;

use canbao_core::document::{DocumentId, Volume};
use canbao_core::enrolment::{EnrolmentCode, Rekey, Request as EnrolmentRequest};
use canbao_core::facts::{Audience, Projection};
use canbao_core::message::Lang;
use canbao_core::newest::Newest;
use canbao_core::signing::PublicKey;
use canbao_core::store::{Store, Stream};
use canbao_core::structure::{Packed, unpack};
use canbao_core::sync::device::DeviceStart;
use canbao_core::sync::{Entry, Refusal};

use crate::app::App;
use crate::door::Door;
use crate::feed::Stored;
use crate::outbox::{BatchState, Made};
use crate::request::Context;
use crate::response::{Enrolled, Rekeyed};
use crate::world::{System, World};

pub use crate::fault::Fault;
pub use crate::session::Backend;

/// A value made here, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnValue {
    /// Its place in the local stream.
    pub place: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whom it is for; none where it says how another one ended.
    pub audience: Option<Audience>,
}

/// A value of the feed's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedValue {
    /// An entry.
    Entry(Entry),
    /// Batches that came packed.
    Pack(Vec<Packed>),
}

impl Door {
    /// The door to the application of a store that is open, in a world of the caller's.
    ///
    /// # Errors
    /// [`Fault`] of the store's class.
    pub fn over(store: Store, world: Box<dyn World>) -> Result<Self, Fault> {
        App::over(store, Path::new("."), world).map(Self::to)
    }

    /// The door to a data directory as a program has it that knows the formats so far: the one of
    /// yesterday.
    ///
    /// # Errors
    /// [`Fault`] of the store's class.
    pub fn open_knowing(directory: &Path, newest: Newest) -> Result<Self, Fault> {
        App::open_knowing(directory, newest, Box::new(System)).map(Self::to)
    }

    /// The request for an enrolment code, with keys that are durable.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn prepare_enrolment(&self, code: &EnrolmentCode) -> Result<EnrolmentRequest, Fault> {
        self.app().prepare_enrolment(code, None)
    }

    /// Takes the centre's answer to an enrolment request.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn finish_enrolment(
        &self,
        code: &EnrolmentCode,
        request: &EnrolmentRequest,
        answer: &[u8],
        server: &str,
    ) -> Result<Enrolled, Fault> {
        self.app().finish_enrolment(code, request, answer, server)
    }

    /// The request for new keys in the place of those in use; one that was not answered again.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn prepare_rekey(&self) -> Result<Rekey, Fault> {
        self.app().prepare_rekey(&Context::default())
    }

    /// Takes the centre's answer to a request for new keys.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn finish_rekey(&self, asked: &Rekey, answer: &[u8]) -> Result<Rekeyed, Fault> {
        self.app().finish_rekey(asked, answer)
    }

    /// Takes the centre's refusal of new keys.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn rekey_refused(&self, refusal: &Refusal) -> Result<(), Fault> {
        self.app().rekey_refused(refusal)
    }

    /// Begins a session: gives where it starts.
    ///
    /// # Errors
    /// [`Fault`] where the device is not enrolled.
    pub fn begin_session(&self) -> Result<DeviceStart, Fault> {
        self.app().begin_session()
    }

    /// Ends a session, by a refusal where there is one.
    ///
    /// # Errors
    /// [`Fault`] of the store's class.
    pub fn end_session(&self, refused: Option<&Refusal>) -> Result<(), Fault> {
        self.app().end_session(refused)
    }

    /// Where the next session starts.
    ///
    /// # Errors
    /// [`Fault`] where the device is not enrolled.
    pub fn session_start(&self) -> Result<DeviceStart, Fault> {
        self.app().session_start()
    }

    /// Reads the application for the length of one step.
    pub fn look<T>(&self, read: impl FnOnce(&App) -> T) -> T {
        read(&self.app())
    }
}

impl App {
    /// What the facts held here say.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.feed.projection
    }

    /// The key by which this device has its sessions; none before enrolment.
    #[must_use]
    pub fn device_key(&self) -> Option<PublicKey> {
        let device = self.identity.device.as_ref();
        device.map(|(_, key)| key.public())
    }

    /// The entries of the feed held here from a place of its stream on, in the order of arrival,
    /// each with its place.
    ///
    /// # Errors
    /// [`Fault`] where the store does not read.
    pub fn entries_held(&self, from: u64) -> Result<Vec<(u64, FeedValue)>, Fault> {
        let stored = self
            .store
            .read(Stream::Feed, from, usize::MAX, usize::MAX)?;
        let held = stored.into_iter().map(|(place, bytes)| {
            let held = match Stored::from_bytes(&bytes)? {
                Stored::Entry(held) => FeedValue::Entry(Entry {
                    position: held.position,
                    salt: held.salt,
                    bytes: held.bytes,
                }),
                Stored::Pack(held) => {
                    FeedValue::Pack(unpack(&held.pack).expect("it was unpacked when it came"))
                }
            };
            Ok((place, held))
        });
        held.collect()
    }

    /// What was made here from a place of the local stream on.
    ///
    /// # Errors
    /// [`Fault`] where the store does not read.
    pub fn made_here(&self, from: u64) -> Result<Vec<OwnValue>, Fault> {
        let stored = self
            .store
            .read(Stream::Local, from, usize::MAX, usize::MAX)?;
        let read = |(place, bytes): (u64, Vec<u8>)| {
            let audience = Made::from_bytes(&bytes)?.audience();
            Ok(OwnValue {
                place,
                bytes,
                audience,
            })
        };
        stored.into_iter().map(read).collect()
    }

    /// What the user is told to mind about certificates, by its codes.
    #[must_use]
    pub fn certificate_codes(&self) -> Vec<String> {
        let warnings = self.certificate_warnings(Lang::En);
        warnings.into_iter().map(|it| it.code).collect()
    }

    /// How many items wait for the centre's answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outbox.waiting(&self.feed).count()
    }

    /// How many refused changes wait to be done again: where no certificate in force signs them,
    /// until there is one. Until then they show here and nowhere else.
    #[must_use]
    pub fn to_redo(&self) -> usize {
        let batches = self.outbox.batches();
        let states = batches.map(|(_, item)| self.outbox.batch_state(item, &self.feed));
        states
            .filter(|it| matches!(it, BatchState::Refused(_)))
            .count()
    }

    /// The documents that are open.
    #[must_use]
    pub fn documents(&self) -> Vec<DocumentId> {
        self.drafts.documents()
    }

    /// A document, where it holds anything.
    #[must_use]
    pub fn document(&self, id: &DocumentId) -> Option<&Volume> {
        self.drafts.document(id)
    }
}
