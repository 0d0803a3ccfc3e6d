//! What both pumps share: the end of a session, and one stream with its counters.

use std::time::Duration;

use canbao_core::sync::CloseReason;
use quinn::{RecvStream, SendStream};
use tokio::time::Instant;

use crate::connection::Counters;

/// Most bytes taken from the stream at once.
const READ: usize = 64 * 1024;

/// How long a peer may take to open the stream or to acknowledge the last bytes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a peer may let a frame wait without reading.
pub(crate) const STALLED: Duration = Duration::from_secs(60);

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionEnd {
    /// One of the two sessions closed it.
    #[error(transparent)]
    Closed(CloseReason),
    /// The connection or the stream broke, or the peer left.
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

    pub(crate) fn cut(error: impl std::fmt::Display) -> Self {
        Self::Cut(error.to_string())
    }
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
