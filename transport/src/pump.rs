//! What both pumps share: the end of a session, and one stream with its counters.

use std::time::Duration;

use canbao_core::sync::CloseReason;
use quinn::{ConnectionError, RecvStream, SendStream};
use tokio::time::Instant;

use crate::connection::Counters;

/// Most bytes taken from the stream at once.
const READ: usize = 64 * 1024;

/// How long a peer may take to open the stream or to acknowledge the last bytes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a peer may let a frame wait without reading.
pub(crate) const STALLED: Duration = Duration::from_secs(60);

/// The longest name of an end that is taken from a peer, in bytes.
const MAX_CODE: usize = 48;

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionEnd {
    /// One of the two sessions closed it.
    #[error(transparent)]
    Closed(CloseReason),
    /// The peer closed the connection and gave this name for it.
    #[error("the peer closed the connection: {0}")]
    Left(String),
    /// The connection or the stream broke.
    #[error("the connection ended: {0}")]
    Cut(String),
    /// The peer did not read what was sent.
    #[error("the peer does not read")]
    Stalled,
}

impl SessionEnd {
    /// The name of this end; the hub's own name where the hub refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Closed(reason) => reason.code(),
            Self::Left(code) => code,
            Self::Cut(_) => "transport.cut",
            Self::Stalled => "transport.stalled",
        }
    }

    /// This end, with the connection's own reason for a cut in place of the stream's.
    pub(crate) fn explained(self, connection: &quinn::Connection) -> Self {
        match (self, connection.close_reason()) {
            (Self::Cut(_), Some(reason)) => Self::cut(reason),
            (end, _) => end,
        }
    }

    /// This end, under the name that a peer gave which closed the connection itself.
    pub(crate) fn named_by_peer(self, connection: &quinn::Connection) -> Self {
        let given = match connection.close_reason() {
            Some(ConnectionError::ApplicationClosed(close)) => code_in(&close.reason),
            Some(_) | None => None,
        };
        match (self, given) {
            (Self::Cut(_), Some(code)) => Self::Left(code),
            (end, _) => end.explained(connection),
        }
    }

    pub(crate) fn cut(error: impl std::fmt::Display) -> Self {
        Self::Cut(error.to_string())
    }
}

/// A peer's word is shown only where it has the form of a code, such as `sync.stopped`.
fn code_in(reason: &[u8]) -> Option<String> {
    let known = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
    let good = reason.len() <= MAX_CODE && reason.contains(&b'.') && reason.iter().all(known);
    good.then(|| String::from_utf8_lossy(reason).into_owned())
}

/// The clock of one session: milliseconds since it began, and its alarm.
pub(crate) struct Clock {
    began: Instant,
    alarm: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let began = Instant::now();
        Self {
            began,
            alarm: began,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn set_alarm(&mut self, at: u64) {
        self.alarm = self.began + Duration::from_millis(at);
    }

    pub(crate) async fn alarm(&self) {
        tokio::time::sleep_until(self.alarm).await;
    }
}

/// The reading half of a session's stream.
pub(crate) struct Reader<'c> {
    pub(crate) stream: RecvStream,
    pub(crate) counters: &'c Counters,
}

impl Reader<'_> {
    /// The next bytes. Nothing is lost when it is dropped unfinished.
    pub(crate) async fn read(&mut self) -> Result<Vec<u8>, SessionEnd> {
        match self.stream.read_chunk(READ, true).await {
            Ok(Some(chunk)) => {
                self.counters.add_received(chunk.bytes.len());
                Ok(chunk.bytes.to_vec())
            }
            Ok(None) => Err(SessionEnd::cut("the peer ended the stream")),
            Err(error) => Err(SessionEnd::cut(error)),
        }
    }
}

/// The writing half of a session's stream.
pub(crate) struct Writer<'c> {
    pub(crate) stream: SendStream,
    pub(crate) counters: &'c Counters,
}

impl Writer<'_> {
    /// Writes as much as the peer's window takes now. Nothing is lost when it is dropped
    /// unfinished.
    pub(crate) async fn write_some(&mut self, bytes: &[u8]) -> Result<usize, SessionEnd> {
        let written = self.stream.write(bytes).await.map_err(SessionEnd::cut)?;
        self.counters.add_sent(written);
        Ok(written)
    }

    /// Writes all, unless the peer does not read.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), SessionEnd> {
        tokio::time::timeout(STALLED, self.stream.write_all(bytes))
            .await
            .map_err(|_| SessionEnd::Stalled)?
            .map_err(SessionEnd::cut)?;
        self.counters.add_sent(bytes.len());
        Ok(())
    }

    /// Ends the stream and waits until the peer has everything, or for [`PATIENCE`].
    pub(crate) async fn finish(&mut self) {
        if self.stream.finish().is_ok() {
            // A peer that does not acknowledge is left without its last frame.
            let _ = tokio::time::timeout(PATIENCE, self.stream.stopped()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_name_for_the_end_is_taken_only_where_it_is_a_code() {
        let check = |reason: &str, taken: bool| {
            assert_eq!(code_in(reason.as_bytes()).is_some(), taken, "{reason}");
        };
        check("sync.stopped", true);
        check("transport.device_failed", true);
        check("dropped", false);
        check("", false);
        check("sync.stopped\nforged line", false);
        check(&"sync.".repeat(100), false);
    }
}
