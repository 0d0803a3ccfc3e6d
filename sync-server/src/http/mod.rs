//! What other people's programs read: the public log (C2SP tlog-tiles), health and metrics.
//!
//! Everything here is public within the network it is opened to, and holds no personal data.

mod limits;
mod open_api;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use canbao_core::ledger::tile::{TILE_WIDTH, TileId};
use serde_json::json;
use tokio::net::TcpListener;

use crate::centre::Centre;
use crate::contact::Contact;
use crate::metrics::{Metrics, gauge};
use limits::{BoundedListener, in_time};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";
/// A full tile never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A partial tile does not change either, but is soon of no use.
const FOR_A_MINUTE: &str = "public, max-age=60";
const NOT_KEPT: &str = "no-cache";

/// What the routes read.
#[derive(Clone)]
pub struct Shown {
    /// The centre.
    pub centre: Centre,
    /// The process's counters.
    pub metrics: Arc<Metrics>,
    /// The contact to tax, where one is configured.
    pub tax: Option<Arc<Contact>>,
    /// The contact to the pension side, where one is configured.
    pub pension: Option<Arc<Contact>>,
}

/// Serves until `stop`, within limits of connections and time.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    shown: Shown,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(BoundedListener::new(listener), routes(shown))
        .with_graceful_shutdown(stop)
        .await
}

/// The routes.
fn routes(shown: Shown) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(async || typed(JSON, NOT_KEPT, open_api::text())),
        )
        .layer(axum::middleware::from_fn(in_time))
        .with_state(shown)
}

async fn checkpoint(State(shown): State<Shown>) -> Response {
    typed(TEXT, NOT_KEPT, shown.centre.head().note.to_string())
}

/// A tile or an entry bundle, by the one spelling of its path.
async fn tile(State(shown): State<Shown>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/').to_owned();
    let Ok(id) = path.parse::<TileId>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let read = tokio::task::spawn_blocking(move || shown.centre.tile(&path)).await;
    match read {
        Ok(Ok(Some(bytes))) => {
            let kept = if id.width() == TILE_WIDTH {
                FOR_EVER
            } else {
                FOR_A_MINUTE
            };
            typed(OCTETS, kept, bytes)
        }
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(error)) => {
            tracing::error!(code = error.code(), "a tile cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the log can grow: the writer ends with the growth it tells of.
async fn health(State(shown): State<Shown>) -> Response {
    let writes = shown.centre.growth().has_changed().is_ok();
    let (status, word) = if writes {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "stopped")
    };
    let body = json!({ "status": word, "log_size": shown.centre.head().tree.size });
    (status, typed(JSON, NOT_KEPT, body.to_string())).into_response()
}

async fn metrics(State(shown): State<Shown>) -> Response {
    let mut text = String::new();
    let size = shown.centre.head().tree.size;
    gauge(
        &mut text,
        "canbao_log_size",
        "Entries of the public log",
        size,
    );
    text.push_str(&shown.metrics.to_text());
    tax_metrics(&mut text, &shown);
    pension_metrics(&mut text, &shown);
    typed("text/plain; version=0.0.4; charset=utf-8", NOT_KEPT, text)
}

fn tax_metrics(text: &mut String, shown: &Shown) {
    if let Ok(waiting) = shown.centre.transactions_waiting() {
        gauge(
            text,
            "canbao_tax_waiting",
            "Transactions not sent to tax yet",
            waiting,
        );
    }
    if let Ok(taken) = shown.centre.tax_events_taken() {
        gauge(
            text,
            "canbao_tax_events_taken",
            "The newest event of tax taken in",
            taken,
        );
    }
    let Some(contact) = &shown.tax else { return };
    let known = contact.known();
    if let Some(at) = known.last_contact {
        let name = "canbao_tax_last_contact_timestamp_seconds";
        gauge(text, name, "When tax last answered", at.0);
    }
    let trouble = u8::from(known.trouble.is_some());
    gauge(
        text,
        "canbao_tax_trouble",
        "1 where the last round with tax failed",
        trouble,
    );
    let held = known.held.map_or(0, |held| held.sequence);
    let help = "The event of tax that cannot be taken in, or 0";
    gauge(text, "canbao_tax_held_event", help, held);
}

fn pension_metrics(text: &mut String, shown: &Shown) {
    let Some(contact) = &shown.pension else {
        return;
    };
    let known = contact.known();
    if let Some(at) = known.last_contact {
        let name = "canbao_pension_last_contact_timestamp_seconds";
        gauge(text, name, "When the pension side last answered", at.0);
    }
    let trouble = u8::from(known.trouble.is_some());
    let help = "1 where the last round with the pension side failed";
    gauge(text, "canbao_pension_trouble", help, trouble);
}

fn typed(kind: &'static str, kept: &'static str, body: impl IntoResponse) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, kept)], body).into_response()
}

#[cfg(test)]
mod tests {
    use canbao_core::ledger::audit::{ReadFile, audit};
    use canbao_core::ledger::note::VerifierKey;
    use tokio::sync::oneshot;

    use super::*;
    use crate::centre::tests::fixture;

    struct Served {
        address: String,
        centre: Centre,
        _dir: tempfile::TempDir,
        _stop: oneshot::Sender<()>,
    }

    async fn served() -> Served {
        let fixture::Fixture { dir, centre } = fixture::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shown = Shown {
            centre: centre.clone(),
            metrics: Arc::default(),
            tax: None,
            pension: None,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(listener, shown, async { drop(stopped.await) }));
        Served {
            address,
            centre,
            _dir: dir,
            _stop: stop,
        }
    }

    impl Served {
        /// Status, caching and body.
        async fn get(&self, path: &str) -> (u16, String, Vec<u8>) {
            let address = format!("{}{path}", self.address);
            let asked = tokio::task::spawn_blocking(move || {
                let agent: ureq::Agent = ureq::Agent::config_builder()
                    .http_status_as_error(false)
                    .build()
                    .into();
                let mut answer = agent.get(address).call().unwrap();
                let kept = answer.headers().get("cache-control");
                let kept = kept
                    .map(|it| it.to_str().unwrap().to_owned())
                    .unwrap_or_default();
                let body = answer.body_mut().read_to_vec().unwrap();
                (answer.status().as_u16(), kept, body)
            });
            asked.await.unwrap()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_served_is_the_log_and_passes_the_audit() {
        let served = served().await;
        let head = served.centre.head();
        assert_eq!(served.get("/checkpoint").await.2, head.note.as_bytes());
        let mut files = std::collections::BTreeMap::new();
        for id in TileId::all_in_tree(head.tree.size) {
            let (status, kept, body) = served.get(&format!("/{id}")).await;
            assert_eq!((status, kept.as_str()), (200, FOR_A_MINUTE), "{id}");
            assert_eq!(
                Some(&body),
                served.centre.tile(&id.to_string()).unwrap().as_ref()
            );
            files.insert(id.to_string(), body);
        }
        files.insert("checkpoint".to_owned(), head.note.as_bytes().to_vec());
        let trust = served.centre.trust();
        let key = VerifierKey::new(trust.origin.parse().unwrap(), trust.log);
        let read: ReadFile = &|path| Ok(files.get(path).cloned());
        assert_eq!(audit(read, &key.into()).unwrap().size, head.tree.size);
        for path in [
            "/tile/0/999",
            "/tile/0/000",
            "/tile/0/0",
            "/tile/../checkpoint",
            "/nothing",
        ] {
            assert_eq!(served.get(path).await.0, 404, "{path}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn health_follows_the_writer() {
        let served = served().await;
        let (status, _, body) = served.get("/health").await;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &body["status"]), (200, &json!("ok")));
        assert_eq!(body["log_size"], served.centre.head().tree.size);
        let metrics = String::from_utf8(served.get("/metrics").await.2).unwrap();
        assert!(
            metrics.contains(&format!("canbao_log_size {}\n", body["log_size"])),
            "{metrics}"
        );
        served.centre.stop().await;
        assert_eq!(served.get("/health").await.0, 503);
        let described = served.get("/openapi.json").await.2;
        let described: serde_json::Value = serde_json::from_slice(&described).unwrap();
        assert!(described["paths"]["/checkpoint"].is_object());
    }
}
