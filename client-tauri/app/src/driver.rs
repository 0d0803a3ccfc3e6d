//! For whoever drives an application over another wire, clock and disk than a user's machine
//! has: the simulation. It goes the ways that [`crate::Door`] goes, and reads what they leave.

use std::path::Path;

use canbao_core::document::{DocumentId, Volume};
use canbao_core::enrolment::{EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::facts::Projection;
use canbao_core::newest::Newest;
use canbao_core::store::{Store, Stream};
use canbao_core::sync::Entry;
use canbao_core::sync::device::DeviceStart;

use crate::app::App;
use crate::door::Door;
use crate::feed;
use crate::response::Enrolled;
use crate::world::{System, World};

pub use crate::fault::Fault;
pub use crate::session::Backend;

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
        self.app().prepare_enrolment(code)
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

    /// The entries of the feed held here from a place of its stream on, in the order of arrival.
    ///
    /// # Errors
    /// [`Fault`] where the store does not read.
    pub fn entries_held(&self, from: u64) -> Result<Vec<Entry>, Fault> {
        let stored = self
            .store
            .read(Stream::Feed, from, usize::MAX, usize::MAX)?;
        stored
            .iter()
            .map(|(_, bytes)| feed::from_bytes(bytes))
            .collect()
    }

    /// What was made here from a place of the local stream on, as stored.
    ///
    /// # Errors
    /// [`Fault`] where the store does not read.
    pub fn made_here(&self, from: u64) -> Result<Vec<Vec<u8>>, Fault> {
        let stored = self
            .store
            .read(Stream::Local, from, usize::MAX, usize::MAX)?;
        Ok(stored.into_iter().map(|(_, bytes)| bytes).collect())
    }

    /// How many items wait for the centre's answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outbox.waiting(&self.feed).count()
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
