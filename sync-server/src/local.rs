//! The local socket: the process that has the store open answers the administrator's commands.
//!
//! One JSON line asks, one JSON line answers, and the connection ends. Everything that knows of
//! Unix sockets is in this file.

use std::fs::{self, DirBuilder, Permissions};
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use canbao_core::message::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The longest request line: the roster of a very large unit.
const MAX_REQUEST: u64 = 32 << 20;
/// The longest answer line.
const MAX_ANSWER: u64 = 32 << 20;
/// How many connections are served at once; more wait.
const MAX_CONNECTIONS: usize = 8;
/// How long the request may take to arrive, so that none holds its place for ever.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long the answer may take: a copy of the whole log may be part of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);

const SOCKET: &str = "server.sock";
/// A directory for the owner alone, in which the socket is made; its path is no longer than the
/// socket's own, so that a directory that fits the one fits the other.
const CRADLE: &str = ".s";

/// Why there is no socket, or no answer through it.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Another process listens on the socket.
    #[error("another process answers for this data directory")]
    Taken,
    /// The path is longer than a socket's may be.
    #[error("the path of the data directory is too long for a socket")]
    PathTooLong,
    /// The request is longer than a line may be.
    #[error("the request is longer than {MAX_REQUEST} bytes")]
    RequestTooLong,
    /// The process went away, or something else answers.
    #[error("the process that has the store open did not answer: {0}")]
    NoAnswer(#[source] io::Error),
    /// The operating system refused.
    #[error("the local socket: {0}")]
    Socket(#[source] io::Error),
}

impl LocalError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken => "server_socket.taken",
            Self::PathTooLong => "server_socket.path_too_long",
            Self::RequestTooLong => "server_socket.line_too_long",
            Self::NoAnswer(_) => "server_socket.no_answer",
            Self::Socket(_) => "server_socket.failed",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::Taken | Self::PathTooLong => message,
            Self::RequestTooLong => message.with("most", MAX_REQUEST >> 20),
            Self::NoAnswer(error) | Self::Socket(error) => message.with("detail", error),
        }
    }
}

/// Asks the process that has the store of this directory open. [`None`]: there is none.
///
/// # Errors
/// [`LocalError::RequestTooLong`], or [`LocalError::NoAnswer`] where it went away meanwhile: the
/// request may have been carried out.
pub fn ask<Q: Serialize, A: DeserializeOwned>(
    directory: &Path,
    question: &Q,
) -> Result<Option<A>, LocalError> {
    // No process listens on a path that is too long, hence none is there whatever the error.
    let Ok(mut stream) = BlockingStream::connect(directory.join(SOCKET)) else {
        return Ok(None);
    };
    let line = to_line(question).map_err(LocalError::NoAnswer)?;
    if line.len() as u64 > MAX_REQUEST {
        return Err(LocalError::RequestTooLong);
    }
    exchange(&mut stream, &line)
        .map(Some)
        .map_err(LocalError::NoAnswer)
}

fn exchange<A: DeserializeOwned>(stream: &mut BlockingStream, line: &[u8]) -> io::Result<A> {
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_write_timeout(Some(REQUEST_WITHIN))?;
    stream.write_all(line)?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_until(b'\n', &mut answer)?;
    if answer.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&answer)?)
}

/// The socket of a data directory, listening; dropping it removes the file.
#[derive(Debug)]
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Listens in a data directory. A file that a dead process left is replaced.
    ///
    /// # Errors
    /// [`LocalError::Taken`], [`LocalError::PathTooLong`] or [`LocalError::Socket`].
    pub fn bind(directory: &Path) -> Result<Self, LocalError> {
        let path = directory.join(SOCKET);
        match BlockingStream::connect(&path) {
            Ok(_) => return Err(LocalError::Taken),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(LocalError::PathTooLong);
            }
            Err(_) => {}
        }
        let listener = bind_for_owner(directory, &path).map_err(LocalError::Socket)?;
        Ok(Self { listener, path })
    }

    /// Answers requests, several connections at once, until the future is dropped. What does not
    /// read as a question is not answered: it comes from no program of ours.
    pub async fn serve<Q, A, F, R>(&self, answer: F)
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + 'static,
        F: Fn(Q) -> R + Send + Sync + 'static,
        R: Future<Output = A> + Send + 'static,
    {
        let answer = Arc::new(answer);
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        // Dropped with the future, and with it every connection.
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a local connection was not accepted");
                    // Out of descriptors, say: the others must end first.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let answer = Arc::clone(&answer);
            connections.spawn(async move {
                if let Err(error) = converse(stream, &*answer).await {
                    tracing::warn!(%error, "a local request was not answered");
                }
                drop(place);
            });
        }
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        // What stays behind is replaced by the next process.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the socket where nobody else reaches it, then moves it to its place: at no moment can
/// another user connect.
fn bind_for_owner(directory: &Path, path: &Path) -> io::Result<UnixListener> {
    let cradle = directory.join(CRADLE);
    match fs::remove_dir_all(&cradle) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => DirBuilder::new().mode(0o700).create(&cradle)?,
    }
    let made = cradle.join("s");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    fs::remove_dir(&cradle)?;
    Ok(listener)
}

async fn converse<Q, A, F, R>(stream: UnixStream, answer: &F) -> io::Result<()>
where
    Q: DeserializeOwned,
    A: Serialize,
    F: Fn(Q) -> R,
    R: Future<Output = A>,
{
    let mut stream = BufStream::new(stream);
    let mut line = Vec::new();
    let mut bounded = (&mut stream).take(MAX_REQUEST);
    if timeout(REQUEST_WITHIN, bounded.read_until(b'\n', &mut line)).await?? == 0 {
        // Whoever binds a socket looks whether somebody is there, and says nothing.
        return Ok(());
    }
    // Of a request that does not read, its place alone is told: it may hold personal data.
    let question = serde_json::from_slice(&line)
        .map_err(|error| io::Error::other(format!("not a request, column {}", error.column())))?;
    drop(line);
    let answer = answer(question).await;
    stream.write_all(&to_line(&answer)?).await?;
    stream.flush().await
}

fn to_line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks while a socket answers with the question's length.
    fn asked(directory: &Path, question: &str) -> Result<Option<usize>, LocalError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let socket = {
            let _guard = runtime.enter();
            LocalSocket::bind(directory).unwrap()
        };
        let mode = fs::metadata(directory.join(SOCKET))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let serving = runtime.spawn(async move {
            socket
                .serve(|question: String| async move { question.len() })
                .await;
        });
        let answer = ask(directory, &question);
        serving.abort();
        let _ = runtime.block_on(serving);
        answer
    }

    #[test]
    fn a_running_process_answers_and_a_dead_ones_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(ask::<_, ()>(folder.path(), &""), Ok(None)));
        assert_eq!(asked(folder.path(), "参保").unwrap(), Some(6));
        drop(std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap());
        assert!(matches!(ask::<_, ()>(folder.path(), &""), Ok(None)));
        assert_eq!(asked(folder.path(), "").unwrap(), Some(0));
        assert!(!folder.path().join(SOCKET).exists());
    }

    #[test]
    fn a_socket_in_use_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let _held = std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        assert!(matches!(
            LocalSocket::bind(folder.path()),
            Err(LocalError::Taken)
        ));
    }

    #[test]
    fn a_line_beyond_the_bound_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(MAX_REQUEST as usize);
        let _held = std::os::unix::net::UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        assert!(matches!(
            ask::<_, ()>(folder.path(), &long),
            Err(LocalError::RequestTooLong)
        ));
    }
}
