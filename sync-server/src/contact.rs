//! What an adapter knows of its contact with another authority, for status and metrics.

use std::sync::{Mutex, PoisonError};

use canbao_core::time::Timestamp;

/// Shared by the adapter, which writes it, and those who show it.
#[derive(Debug, Default)]
pub struct Contact(Mutex<Known>);

/// The state of the contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// When it last answered.
    pub last_contact: Option<Timestamp>,
    /// Why the last round did not go through: a code and its words.
    pub trouble: Option<(&'static str, String)>,
    /// The event at which the adapter stands still.
    pub held: Option<Held>,
}

/// An event that cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its number.
    pub sequence: u64,
    /// Why, as a code.
    pub code: &'static str,
    /// Why, in words without personal data.
    pub detail: String,
}

impl Contact {
    /// The state now.
    #[must_use]
    pub fn known(&self) -> Known {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The other side answered something that the interface describes.
    pub(crate) fn answered(&self, now: Timestamp) {
        self.with(|known| known.last_contact = Some(now));
    }

    /// A round went through.
    pub(crate) fn well(&self) {
        self.with(|known| {
            known.trouble = None;
            known.held = None;
        });
    }

    /// A round did not go through.
    pub(crate) fn in_trouble(&self, code: &'static str, detail: String) {
        self.with(|known| known.trouble = Some((code, detail)));
    }

    /// The adapter stands still at an event.
    pub(crate) fn holding(&self, held: Held) {
        self.with(|known| known.held = Some(held));
    }

    fn with(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
