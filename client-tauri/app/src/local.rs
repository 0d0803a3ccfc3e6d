//! The local socket: the process that has the store open answers the requests of the others.
//!
//! One JSON line `{"context", "request"}` brings one JSON line `{"ok": Response}` or
//! `{"failed": Failure}`; a connection may carry several, one after the other. Everything that
//! knows of Unix sockets is in this file.

use std::fs::{self, DirBuilder, Permissions};
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use canbao_client::request::{Context, Request};
use canbao_client::response::{Failure, FailureClass, Response};
use canbao_core::message::{Lang, Message};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The longest request line, its end included.
pub(crate) const MAX_REQUEST: usize = 1 << 20;
/// The longest answer line: the payment records of a large unit over many years.
const MAX_ANSWER: u64 = 1 << 28;
/// How many connections are served at once; more wait.
const MAX_CONNECTIONS: usize = 32;
/// How long a connection may take over one request line, so that none holds its place for ever.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long the answer may take: an exchange with the centre may be part of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);

const SOCKET: &str = "canbao.sock";
/// A directory for the owner alone, in which the socket is made; its path is no longer than the
/// socket's own, so that a directory that fits the one fits the other.
const CRADLE: &str = ".sock";

/// What a line of the socket asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// On whose behalf.
    pub(crate) context: Context,
    /// What.
    pub(crate) request: Request,
}

/// What the application says.
pub(crate) type Answer = Result<Response, Failure>;

/// Why there is no socket, or no answer through it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
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
    NoAnswer(io::Error),
    /// The operating system refused.
    #[error("the local socket: {0}")]
    Socket(io::Error),
}

impl LocalError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Taken => "local.taken",
            Self::PathTooLong => "local.path_too_long",
            Self::RequestTooLong => "local.line_too_long",
            Self::NoAnswer(_) => "local.no_answer",
            Self::Socket(_) => "local.socket",
        }
    }

    /// In the words of a language.
    pub(crate) fn in_words(&self, lang: Lang) -> Failure {
        let class = match self {
            Self::RequestTooLong => FailureClass::Usage,
            Self::Taken | Self::PathTooLong | Self::NoAnswer(_) | Self::Socket(_) => {
                FailureClass::Store
            }
        };
        let message = match self {
            Self::Taken | Self::PathTooLong => Message::bare(self.code()),
            Self::RequestTooLong => Message::bare(self.code()).with("most", MAX_REQUEST),
            Self::NoAnswer(error) | Self::Socket(error) => {
                Message::bare(self.code()).with("detail", error)
            }
        };
        failure(&message, class, lang)
    }
}

/// A failure without problems of fields.
pub(crate) fn failure(message: &Message, class: FailureClass, lang: Lang) -> Failure {
    let text = message.text(lang);
    Failure {
        code: message.code.to_owned(),
        message: text.message,
        hint: text.hint,
        problems: Vec::new(),
        class,
    }
}

/// Asks the process that has the store of this directory open. `None`: there is none.
///
/// # Errors
/// [`LocalError::RequestTooLong`], or [`LocalError::NoAnswer`] where it went away meanwhile: the
/// request may have been carried out.
pub(crate) fn ask(directory: &Path, call: &Call) -> Result<Option<Answer>, LocalError> {
    // No process listens on a path that is too long, hence none is there whatever the error.
    let Ok(mut stream) = BlockingStream::connect(directory.join(SOCKET)) else {
        return Ok(None);
    };
    let line = to_line(call);
    if line.len() > MAX_REQUEST {
        return Err(LocalError::RequestTooLong);
    }
    exchange(&mut stream, &line)
        .map(Some)
        .map_err(LocalError::NoAnswer)
}

fn exchange(stream: &mut BlockingStream, line: &[u8]) -> io::Result<Answer> {
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.set_write_timeout(Some(REQUEST_WITHIN))?;
    stream.write_all(line)?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_until(b'\n', &mut answer)?;
    if answer.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let reply: Reply = serde_json::from_slice(&answer)?;
    Ok(reply.into())
}

/// The socket of a data directory, listening; dropping it removes the file.
#[derive(Debug)]
pub(crate) struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Listens in a data directory. A file that a dead process left is replaced.
    ///
    /// # Errors
    /// [`LocalError::Taken`], [`LocalError::PathTooLong`] or [`LocalError::Socket`].
    pub(crate) fn bind(directory: &Path) -> Result<Self, LocalError> {
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

    /// Answers requests, several connections at once, until the future is dropped.
    pub(crate) async fn serve<F, A>(&self, answer: F)
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send,
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
                    tracing::debug!(%error, "a local connection ended");
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

async fn converse<F, A>(stream: UnixStream, answer: &F) -> io::Result<()>
where
    F: Fn(Call) -> A,
    A: Future<Output = Answer>,
{
    let mut stream = BufStream::new(stream);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut stream).take(MAX_REQUEST as u64);
        let read = bounded.read_until(b'\n', &mut line);
        if timeout(REQUEST_WITHIN, read).await?? == 0 {
            return Ok(());
        }
        let whole = line.last() == Some(&b'\n');
        let said = if whole {
            answer_line(&line, answer).await
        } else if line.len() == MAX_REQUEST {
            Err(LocalError::RequestTooLong.in_words(Lang::default()))
        } else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        stream.write_all(&to_line(&Reply::from(said))).await?;
        stream.flush().await?;
        if !whole {
            return Ok(());
        }
    }
}

async fn answer_line<F, A>(line: &[u8], answer: &F) -> Answer
where
    F: Fn(Call) -> A,
    A: Future<Output = Answer>,
{
    match serde_json::from_slice(line) {
        Ok(call) => answer(call).await,
        Err(error) => {
            let message = Message::bare("local.not_understood").with("detail", error);
            Err(failure(&message, FailureClass::Usage, Lang::default()))
        }
    }
}

/// An answer as it goes over the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Ok(Response),
    Failed(Failure),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        match answer {
            Ok(response) => Self::Ok(response),
            Err(failure) => Self::Failed(failure),
        }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Ok(response) => Ok(response),
            Reply::Failed(failure) => Err(failure),
        }
    }
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("calls and answers are plain data");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener as BlockingListener;
    use std::sync::atomic::{AtomicU64, Ordering};

    use canbao_client::response::SyncReport;

    use super::*;

    fn status() -> Call {
        Call {
            context: Context::default(),
            request: Request::Status,
        }
    }

    /// Serves a count of the requests so far while `asking` runs in a thread of its own.
    async fn with_counter<T: Send + 'static>(
        directory: &Path,
        asking: impl FnOnce(PathBuf) -> T + Send + 'static,
    ) -> T {
        let socket = LocalSocket::bind(directory).unwrap();
        let asked = Arc::new(AtomicU64::new(0));
        let count = move |_: Call| {
            let entries = asked.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                Ok(Response::Synced(SyncReport {
                    entries,
                    ..SyncReport::default()
                }))
            }
        };
        let directory = directory.to_owned();
        tokio::select! {
            () = socket.serve(count) => unreachable!("it serves for ever"),
            told = tokio::task::spawn_blocking(move || asking(directory)) => told.unwrap(),
        }
    }

    fn entries(answer: Option<Answer>) -> u64 {
        match answer {
            Some(Ok(Response::Synced(report))) => report.entries,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn two_requests_reach_one_application() {
        let directory = tempfile::tempdir().unwrap();
        let told = with_counter(directory.path(), |directory| {
            let ask = || entries(ask(&directory, &status()).unwrap());
            (ask(), ask())
        })
        .await;
        assert_eq!(told, (1, 2));
        assert!(!directory.path().join(SOCKET).exists(), "it is tidied away");
    }

    #[tokio::test]
    async fn one_connection_carries_several_requests() {
        let directory = tempfile::tempdir().unwrap();
        let told = with_counter(directory.path(), |directory| {
            let mut stream = BlockingStream::connect(directory.join(SOCKET)).unwrap();
            let mut ask = || entries(Some(exchange(&mut stream, &to_line(&status())).unwrap()));
            (ask(), ask())
        })
        .await;
        assert_eq!(told, (1, 2));
    }

    #[tokio::test]
    async fn the_socket_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let _socket = LocalSocket::bind(directory.path()).unwrap();
        let metadata = fs::metadata(directory.path().join(SOCKET)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(!directory.path().join(CRADLE).exists());
    }

    #[tokio::test]
    async fn the_socket_of_a_dead_process_is_replaced_and_that_of_a_live_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        drop(BlockingListener::bind(directory.path().join(SOCKET)).unwrap());
        fs::create_dir(directory.path().join(CRADLE)).unwrap();
        assert!(matches!(ask(directory.path(), &status()), Ok(None)));
        let _socket = LocalSocket::bind(directory.path()).unwrap();
        let second = LocalSocket::bind(directory.path());
        assert!(matches!(second, Err(LocalError::Taken)), "{second:?}");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_refused_on_either_side() {
        let directory = tempfile::tempdir().unwrap();
        let (here, there) = with_counter(directory.path(), |directory| {
            let mut long = status();
            long.context.unit = Some("8".repeat(MAX_REQUEST));
            let here = ask(&directory, &long);
            let mut stream = BlockingStream::connect(directory.join(SOCKET)).unwrap();
            let there = exchange(&mut stream, &vec![b' '; MAX_REQUEST]).unwrap();
            (here, there)
        })
        .await;
        assert!(matches!(here, Err(LocalError::RequestTooLong)), "{here:?}");
        assert_eq!(there.unwrap_err().code, "local.line_too_long");
    }

    #[tokio::test]
    async fn a_line_that_is_no_request_is_refused_and_the_next_is_answered() {
        let directory = tempfile::tempdir().unwrap();
        let (refused, told) = with_counter(directory.path(), |directory| {
            let mut stream = BlockingStream::connect(directory.join(SOCKET)).unwrap();
            let refused = exchange(&mut stream, b"{\"request\":\"fly\"}\n").unwrap();
            let told = exchange(&mut stream, &to_line(&status())).unwrap();
            (refused, entries(Some(told)))
        })
        .await;
        assert_eq!(refused.unwrap_err().code, "local.not_understood");
        assert_eq!(told, 1);
    }

    #[test]
    fn a_process_that_goes_away_is_told_from_none() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(ask(directory.path(), &status()), Ok(None)));
        let listener = BlockingListener::bind(directory.path().join(SOCKET)).unwrap();
        let leaving = std::thread::spawn(move || drop(listener.accept()));
        let told = ask(directory.path(), &status());
        assert!(matches!(told, Err(LocalError::NoAnswer(_))), "{told:?}");
        leaving.join().unwrap();
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let bound = LocalSocket::bind(&deep);
        assert!(matches!(bound, Err(LocalError::PathTooLong)), "{bound:?}");
        assert!(matches!(ask(&deep, &status()), Ok(None)));
    }
}
