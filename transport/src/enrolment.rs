//! The exchange of enrolment: the server shows its chain, then the device asks.

use std::time::Duration;

use canbao_core::sync::Refusal;
use canbao_core::sync::enrolment::EnrolmentMessage;
use canbao_core::sync::frame::{Decoded, FrameDecoder};

use crate::connection::{Connection, Counters};
use crate::pump::{Reader, SessionEnd, Writer};

/// How long the peer may take for each step.
const STEP: Duration = Duration::from_secs(20);

/// Why an enrolment did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError<E> {
    /// The caller's check refused the server's chain; nothing was sent.
    #[error("the server's chain is refused: {0}")]
    Chain(E),
    /// The server refused, by name.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The connection broke.
    #[error(transparent)]
    Cut(SessionEnd),
    /// The peer took too long.
    #[error("the peer does not answer")]
    TooSlow,
    /// The peer said something else than the exchange asks for.
    #[error("the peer does not keep to the exchange: {0}")]
    Violation(String),
}

impl<E> EnrolError<E> {
    /// The name of this error for screens and tests; the server's own name where it refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Chain(_) => "enrolment.chain_refused",
            Self::Refused(refusal) => refusal.code(),
            Self::Cut(end) => end.code(),
            Self::TooSlow => "enrolment.too_slow",
            Self::Violation(_) => "enrolment.violation",
        }
    }
}

impl<E> From<SessionEnd> for EnrolError<E> {
    fn from(end: SessionEnd) -> Self {
        Self::Cut(end)
    }
}

/// The device's side: takes the chain, lets `request` check it and make the request from it,
/// and only then sends. Gives the server's answer.
///
/// # Errors
/// [`EnrolError`].
pub async fn ask_to_enrol<E>(
    connection: &Connection,
    request: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, EnrolError<E>> {
    let streams = within_step(connection.quic().accept_bi()).await?;
    let (send, recv) = streams.map_err(SessionEnd::cut)?;
    let mut exchange = Exchange::new(send, recv, connection.counters());
    let chain = match exchange.receive().await? {
        EnrolmentMessage::Offer { chain } => chain,
        EnrolmentMessage::Refused(refusal) => return Err(EnrolError::Refused(refusal)),
        EnrolmentMessage::Request(_) | EnrolmentMessage::Answer(_) => return Err(out_of_order()),
    };
    let request = request(&chain).map_err(EnrolError::Chain)?;
    exchange.send(&EnrolmentMessage::Request(request)).await?;
    let answer = match exchange.receive().await? {
        EnrolmentMessage::Answer(answer) => answer,
        EnrolmentMessage::Refused(refusal) => return Err(EnrolError::Refused(refusal)),
        EnrolmentMessage::Offer { .. } | EnrolmentMessage::Request(_) => {
            return Err(out_of_order());
        }
    };
    connection.close("enrolled");
    Ok(answer)
}

/// The server's side: shows the chain, then waits for the request.
///
/// # Errors
/// [`EnrolError`], of which a server meets `Cut`, `TooSlow` and `Violation`.
pub async fn offer_enrolment(
    connection: &Connection,
    chain: Vec<u8>,
) -> Result<EnrolmentRequested<'_>, EnrolError<std::convert::Infallible>> {
    let streams = within_step(connection.quic().open_bi()).await?;
    let (send, recv) = streams.map_err(SessionEnd::cut)?;
    let mut exchange = Exchange::new(send, recv, connection.counters());
    exchange.send(&EnrolmentMessage::Offer { chain }).await?;
    match exchange.receive().await? {
        EnrolmentMessage::Request(request) => Ok(EnrolmentRequested { exchange, request }),
        EnrolmentMessage::Offer { .. }
        | EnrolmentMessage::Answer(_)
        | EnrolmentMessage::Refused(_) => Err(out_of_order()),
    }
}

/// A device's request that waits for an answer.
#[must_use = "the device waits for an answer"]
pub struct EnrolmentRequested<'c> {
    exchange: Exchange<'c>,
    request: Vec<u8>,
}

impl EnrolmentRequested<'_> {
    /// The request's bytes.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Answers, and waits until the device has it. When this fails the device may or may not
    /// have the answer.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub async fn answer(
        mut self,
        answer: Result<Vec<u8>, Refusal>,
    ) -> Result<(), EnrolError<std::convert::Infallible>> {
        let message = match answer {
            Ok(bytes) => EnrolmentMessage::Answer(bytes),
            Err(refusal) => EnrolmentMessage::Refused(refusal),
        };
        self.exchange.send(&message).await?;
        self.exchange.writer.finish().await;
        Ok(())
    }
}

struct Exchange<'c> {
    writer: Writer<'c>,
    reader: Reader<'c>,
    decoder: FrameDecoder,
}

impl<'c> Exchange<'c> {
    fn new(send: quinn::SendStream, recv: quinn::RecvStream, counters: &'c Counters) -> Self {
        Self {
            writer: Writer {
                stream: send,
                counters,
            },
            reader: Reader {
                stream: recv,
                counters,
            },
            decoder: FrameDecoder::default(),
        }
    }

    async fn send<E>(&mut self, message: &EnrolmentMessage) -> Result<(), EnrolError<E>> {
        for frame in message.encode().map_err(violation)? {
            self.writer.write_all(&frame).await?;
        }
        Ok(())
    }

    async fn receive<E>(&mut self) -> Result<EnrolmentMessage, EnrolError<E>> {
        within_step(self.next_message()).await?
    }

    async fn next_message<E>(&mut self) -> Result<EnrolmentMessage, EnrolError<E>> {
        loop {
            match self.decoder.next_message().map_err(violation)? {
                Some(Decoded::Message(bytes)) => {
                    return EnrolmentMessage::decode(&bytes).map_err(violation);
                }
                Some(Decoded::Newer { version }) => {
                    return Err(EnrolError::Violation(format!("frame version {version}")));
                }
                None => {}
            }
            let bytes = self.reader.read().await?;
            self.decoder.push(&bytes).map_err(violation)?;
        }
    }
}

async fn within_step<T, E>(step: impl Future<Output = T>) -> Result<T, EnrolError<E>> {
    tokio::time::timeout(STEP, step)
        .await
        .map_err(|_| EnrolError::TooSlow)
}

fn violation<E>(error: impl std::fmt::Display) -> EnrolError<E> {
    EnrolError::Violation(error.to_string())
}

fn out_of_order<E>() -> EnrolError<E> {
    EnrolError::Violation("a message out of order".to_owned())
}
