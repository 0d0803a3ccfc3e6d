//! Between processes of one machine: whoever has a directory's store open answers the others.
//!
//! One JSON line asks, one JSON line answers, and the connection ends. A question that does not
//! read is answered by an empty line. Everything that knows of Unix sockets is in this file.

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

/// How long a line may take from one to the other, so that no connection holds its place for ever.
const LINE_WITHIN: Duration = Duration::from_secs(30);
/// A directory for the owner alone, in which the socket is made; its path is no longer than the
/// socket's own, so that a directory that fits the one fits the other.
const CRADLE: &str = ".s";
/// The socket within its cradle.
const CRADLED: &str = "s";

/// What both ends of a socket agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalRules {
    /// The socket's name in its directory, of four bytes or more.
    pub file_name: &'static str,
    /// The longest line that asks, in bytes, its end included.
    pub longest_question: u64,
    /// The longest line that answers, in bytes, its end included.
    pub longest_answer: u64,
    /// How many connections are served at once; more wait.
    pub connections: usize,
    /// How long the answer is waited for.
    pub answer_within: Duration,
}

/// Why there is no socket, or no answer through it.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Another process listens on the socket.
    #[error("another process answers for this directory")]
    Taken,
    /// The path is longer than a socket's may be.
    #[error("the path of the directory is too long for a socket")]
    PathTooLong,
    /// The question is longer than its line may be.
    #[error("the question is longer than {most} bytes")]
    TooLong {
        /// The longest line.
        most: u64,
    },
    /// The other process does not know such a question: it is of another version.
    #[error("the process that has the store open does not understand the question")]
    NotUnderstood,
    /// The other process went away, or something else answers; what was asked may be done.
    #[error("the process that has the store open did not answer: {0}")]
    NoAnswer(#[source] io::Error),
    /// The operating system refused.
    #[error("the local socket: {0}")]
    Socket(#[source] io::Error),
}

impl LocalError {
    /// The name of this error for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken => "local.taken",
            Self::PathTooLong => "local.path_too_long",
            Self::TooLong { .. } => "local.line_too_long",
            Self::NotUnderstood => "local.not_understood",
            Self::NoAnswer(_) => "local.no_answer",
            Self::Socket(_) => "local.socket",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::Taken | Self::PathTooLong | Self::NotUnderstood => message,
            Self::TooLong { most } => message.with("most", most),
            Self::NoAnswer(error) | Self::Socket(error) => message.with("detail", error),
        }
    }
}

/// Asks the process that listens in a directory, and waits. [`None`]: there is none.
///
/// # Errors
/// [`LocalError::TooLong`] and [`LocalError::NotUnderstood`]: nothing was done;
/// [`LocalError::NoAnswer`]: it may have been.
///
/// # Panics
/// Where JSON cannot say the question.
pub fn ask<Q: Serialize, A: DeserializeOwned>(
    directory: &Path,
    rules: &LocalRules,
    question: &Q,
) -> Result<Option<A>, LocalError> {
    // No process listens on a path that is too long, hence none is there whatever the error.
    let Ok(mut stream) = BlockingStream::connect(directory.join(rules.file_name)) else {
        return Ok(None);
    };
    let line = to_line(question);
    let most = rules.longest_question;
    if line.len() as u64 > most {
        return Err(LocalError::TooLong { most });
    }
    let answer = exchange(&mut stream, rules, &line).map_err(LocalError::NoAnswer)?;
    if answer.is_empty() {
        return Err(LocalError::NotUnderstood);
    }
    let answer = serde_json::from_slice(&answer).map_err(io::Error::from);
    answer.map(Some).map_err(LocalError::NoAnswer)
}

/// Sends a line and takes one, without its end.
fn exchange(stream: &mut BlockingStream, rules: &LocalRules, line: &[u8]) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(rules.answer_within))?;
    stream.set_write_timeout(Some(LINE_WITHIN))?;
    stream.write_all(line)?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(rules.longest_answer)).read_until(b'\n', &mut answer)?;
    if answer.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// The socket of a directory, listening; dropping it removes the file.
#[derive(Debug)]
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
    rules: LocalRules,
}

impl LocalSocket {
    /// Listens in a directory whose store the caller has open. A file that a dead process left is
    /// replaced.
    ///
    /// # Errors
    /// [`LocalError::Taken`], [`LocalError::PathTooLong`] or [`LocalError::Socket`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(directory: &Path, rules: &LocalRules) -> Result<Self, LocalError> {
        let path = directory.join(rules.file_name);
        match BlockingStream::connect(&path) {
            Ok(_) => return Err(LocalError::Taken),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(LocalError::PathTooLong);
            }
            Err(_) => {}
        }
        let listener = bind_for_owner(directory, &path).map_err(LocalError::Socket)?;
        Ok(Self {
            listener,
            path,
            rules: *rules,
        })
    }

    /// Answers questions, several connections at once, until the future is dropped.
    pub async fn serve<Q, A, F, R>(&self, answer: F)
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + 'static,
        F: Fn(Q) -> R + Send + Sync + 'static,
        R: Future<Output = A> + Send + 'static,
    {
        let answer = Arc::new(answer);
        let places = Arc::new(Semaphore::new(self.rules.connections));
        // Dropped with the future, and with it every connection.
        let mut connections = JoinSet::new();
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let place = place.expect("nobody closes the semaphore");
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
            let most = self.rules.longest_question;
            connections.spawn(async move {
                if let Err(error) = converse(stream, most, &*answer).await {
                    tracing::warn!(%error, "a local question was not answered");
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
    let made = cradle.join(CRADLED);
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    fs::remove_dir(&cradle)?;
    Ok(listener)
}

async fn converse<Q, A, F, R>(stream: UnixStream, most: u64, answer: &F) -> io::Result<()>
where
    Q: DeserializeOwned,
    A: Serialize,
    F: Fn(Q) -> R,
    R: Future<Output = A>,
{
    let mut stream = BufStream::new(stream);
    let mut line = Vec::new();
    let mut bounded = (&mut stream).take(most);
    if timeout(LINE_WITHIN, bounded.read_until(b'\n', &mut line)).await?? == 0 {
        // Whoever binds a socket looks whether somebody is there, and says nothing.
        return Ok(());
    }
    // Cut or too long, it is no question, even where it reads as one.
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let question = serde_json::from_slice(&line);
    drop(line);
    let said = match question {
        Ok(question) => to_line(&answer(question).await),
        Err(error) => {
            // Its place alone is told: what was asked may hold personal data.
            tracing::warn!(column = error.column(), "a local question does not read");
            b"\n".to_vec()
        }
    };
    let telling = async {
        stream.write_all(&said).await?;
        stream.flush().await
    };
    timeout(LINE_WITHIN, telling).await?
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("questions and answers are plain data");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
