//! Stands between a client and a server, and notes what of their talk an interface forbids.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::openapi::{CannotLoad, Interface, Violation};

const MOST_BYTES: usize = 64 << 20;
/// Headers that a proxy hands on; the others belong to one connection.
const HANDED_ON: [HeaderName; 2] = [header::CONTENT_TYPE, header::ACCEPT];

/// Why there is no proxy.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The interface's description is unusable.
    #[error(transparent)]
    Interface(#[from] CannotLoad),
    /// No address to listen on, or no thread.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// E.g. `GET /v1/events?after=3`.
    pub request: String,
    /// The answer's status; none where the upstream did not answer.
    pub status: Option<u16>,
    /// The answer's body; empty where the upstream did not answer.
    pub body: Bytes,
    /// What the interface does not allow in either.
    pub violations: Vec<Violation>,
}

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct RecordingProxy {
    address: SocketAddr,
    record: Arc<Record>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Record {
    interface: Interface,
    upstream: Mutex<SocketAddr>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl RecordingProxy {
    /// Listens on a free local port and forwards to `upstream`, checking by the description.
    ///
    /// # Errors
    /// Where the description is unusable or there is no port.
    pub fn start(description: &Path, upstream: SocketAddr) -> Result<Self, CannotStart> {
        let record = Arc::new(Record {
            interface: Interface::load(description)?,
            upstream: Mutex::new(upstream),
            exchanges: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let router = Router::new()
            .fallback(forward)
            .with_state(Arc::clone(&record));
        let thread = std::thread::Builder::new()
            .name("recording-proxy".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = async { axum::serve(listener, router).await } => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            address,
            record,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards to another address from now on: a restarted server has another port.
    pub fn redirect(&self, upstream: SocketAddr) {
        *self
            .record
            .upstream
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = upstream;
    }

    /// Everything that passed so far, in the order of the answers.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.record
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What was not allowed so far, each with its request.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.exchanges()
            .iter()
            .flat_map(|exchange| {
                exchange
                    .violations
                    .iter()
                    .map(|violation| format!("{}: {violation}", exchange.request))
            })
            .collect()
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A message as it passes.
struct Passing {
    headers: HeaderMap,
    body: Bytes,
}

async fn forward(State(record): State<Arc<Record>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let sent = Passing {
        headers: handed_on(&parts.headers),
        body,
    };
    let upstream = *record
        .upstream
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let mut violations = Vec::new();
    let operation = record
        .interface
        .operation(parts.method.as_str(), parts.uri.path());
    match operation {
        Ok(id) => violations.extend(request_violations(&record.interface, id, &parts.uri, &sent)),
        Err(ref unknown) => violations.push(unknown.clone()),
    }
    let line = format!("{} {}", parts.method, parts.uri);
    let answer =
        tokio::task::spawn_blocking(move || ask(upstream, &parts.method, &parts.uri, &sent))
            .await
            .ok()
            .flatten();
    if let (Ok(id), Some((status, answered))) = (operation, &answer) {
        violations.extend(answer_violations(
            &record.interface,
            id,
            status.as_u16(),
            answered,
        ));
    }
    let status = answer.as_ref().map(|(status, _)| status.as_u16());
    let body = answer.as_ref().map(|(_, answered)| answered.body.clone());
    let exchange = Exchange {
        request: line,
        status,
        body: body.unwrap_or_default(),
        violations,
    };
    record
        .exchanges
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(exchange);
    match answer {
        Some((status, answered)) => {
            (status, answered.headers, Body::from(answered.body)).into_response()
        }
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}

fn request_violations(
    interface: &Interface,
    operation: &str,
    uri: &Uri,
    sent: &Passing,
) -> Vec<Violation> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|Query(query)| interface.check_query(operation, &query));
    let query = query.unwrap_or_else(|error| {
        Err(Violation::Parameter(
            operation.to_owned(),
            "query".into(),
            error.body_text(),
        ))
    });
    let body = if sent.body.is_empty() {
        interface.check_no_request(operation)
    } else {
        sent.json(operation)
            .and_then(|body| interface.check_request(operation, &body))
            .and_then(|()| interface.check_media_type(operation, None, sent.media_type()))
    };
    [query, body].into_iter().filter_map(Result::err).collect()
}

fn answer_violations(
    interface: &Interface,
    operation: &str,
    status: u16,
    answered: &Passing,
) -> Option<Violation> {
    answered
        .json(operation)
        .and_then(|body| interface.check_response(operation, status, &body))
        .and_then(|()| interface.check_media_type(operation, Some(status), answered.media_type()))
        .err()
}

impl Passing {
    fn json(&self, operation: &str) -> Result<Value, Violation> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Violation::Body(operation.to_owned(), error.to_string()))
    }

    fn media_type(&self) -> &str {
        self.headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// The upstream's answer; none where it gives none.
fn ask(
    upstream: SocketAddr,
    method: &Method,
    uri: &Uri,
    sent: &Passing,
) -> Option<(StatusCode, Passing)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{upstream}{path}"));
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    let answer = if sent.body.is_empty() {
        agent.run(request.body(()).ok()?)
    } else {
        agent.run(request.body(&sent.body[..]).ok()?)
    };
    let mut answer = answer.ok()?;
    let body = answer
        .body_mut()
        .with_config()
        .limit(MOST_BYTES as u64)
        .read_to_vec()
        .ok()?;
    Some((
        answer.status(),
        Passing {
            headers: handed_on(answer.headers()),
            body: body.into(),
        },
    ))
}

fn handed_on(headers: &HeaderMap) -> HeaderMap {
    HANDED_ON
        .into_iter()
        .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
        .collect()
}
