//! The request of the interface with the pension side.

use canbao_core::identity::PensionNumber;

use super::wire::Feed;
use crate::remote::{BadAddress, NoAnswer, Remote, read};

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
        let path = format!("/v1/units/{unit}/feed");
        let after = after.map(|it| ("after", it));
        let mut response = self.0.get(&path, after.as_slice())?;
        match response.status().as_u16() {
            200 => read(&mut response).map(Some),
            404 => Ok(None),
            status => Err(NoAnswer::Status(status)),
        }
    }
}
