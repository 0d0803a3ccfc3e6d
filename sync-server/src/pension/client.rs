//! The request of the interface with the pension side.

use canbao_core::identity::PensionNumber;

use super::wire::Feed;
use crate::remote::{BadAddress, NoAnswer, Remote};

/// Where the pension side answers.
#[derive(Debug, Clone)]
pub struct Client(Remote);

impl Client {
    /// A client of the server at `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        Remote::new(address).map(Self)
    }

    /// A page of a unit's feed, from behind a person number on; [`None`] where the pension side
    /// has no such unit.
    pub(super) fn feed(
        &self,
        unit: &PensionNumber,
        after: Option<&str>,
    ) -> Result<Option<Feed>, NoAnswer> {
        self.0.page(&format!("/v1/units/{unit}/feed"), after)
    }
}
