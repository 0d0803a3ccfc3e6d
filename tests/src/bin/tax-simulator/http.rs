//! The bureau's interface over HTTP, as `docs/tax-interface.yaml` describes it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use canbao_tests::simulator::{Connections, Farewell, Problem, nothing_here, parse};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::bureau::{Bureau, Done};
use crate::control;
use crate::messages::Transaction;
use crate::values::{CreditCode, PersonNumber};

const MOST_EVENTS: u64 = 100;
const MOST_PERSONS: u64 = 1000;
const MOST_SEQUENCE: u64 = (1 << 53) - 1;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    bureau: Arc<Mutex<Bureau>>,
    /// Milliseconds by which every answer of the interface comes late.
    pub(crate) delay: Arc<AtomicU64>,
}

/// Answers on this listener until the process ends.
pub(crate) async fn serve(bureau: Bureau, listener: TcpListener) -> std::io::Result<()> {
    let app = App {
        bureau: Arc::new(Mutex::new(bureau)),
        delay: Arc::default(),
    };
    let interface = Router::new()
        .route("/v1/transactions", post(send_transaction))
        .route("/v1/transactions/{id}", get(get_transaction))
        .route("/v1/events", get(list_events))
        .route("/v1/units/{credit_code}/roster", get(get_roster))
        .route("/v1/health", get(get_health))
        .layer(from_fn_with_state(app.clone(), answer_late));
    let router = interface
        .merge(control::router())
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .with_state(app);
    let service = router.into_make_service_with_connect_info::<Farewell>();
    axum::serve(Connections(listener), service).await
}

impl App {
    /// Works with the bureau, off the threads that serve connections.
    pub(crate) async fn with_bureau<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Bureau) -> T + Send + 'static,
    ) -> T {
        let bureau = Arc::clone(&self.bureau);
        let worked = tokio::task::spawn_blocking(move || {
            work(&mut bureau.lock().expect("work with the bureau does not panic"))
        });
        worked.await.expect("work with the bureau does not panic")
    }
}

/// The answer, after which the process may have to die.
pub(crate) fn answer(done: &Done, farewell: Farewell, answer: impl IntoResponse) -> Response {
    let answer = answer.into_response();
    if done.dies_after_answer {
        farewell.after(answer)
    } else {
        answer
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: u64,
    #[serde(default = "most_events")]
    limit: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RosterPage {
    after: Option<PersonNumber>,
    #[serde(default = "most_persons")]
    limit: u64,
}

async fn send_transaction(
    State(app): State<App>,
    ConnectInfo(farewell): ConnectInfo<Farewell>,
    body: Body,
) -> Result<Response, Problem> {
    let transaction: Transaction = parse(body).await?;
    let received = json!({"id": transaction.id(), "state": "received_for_processing"});
    let done = app
        .with_bureau(|bureau| bureau.receive(transaction))
        .await?;
    Ok(answer(
        &done,
        farewell,
        (StatusCode::ACCEPTED, Json(received)),
    ))
}

async fn get_transaction(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::NotFound("no transaction with this id has arrived".to_owned());
    let Path(id) = id.map_err(|_| unknown())?;
    let id = id.try_into().map_err(|_| unknown())?;
    app.with_bureau(move |bureau| {
        let state = bureau.books().state(&id)?;
        let mut answer = serde_json::to_value(state).expect("a state has only text keys");
        answer["id"] = json!(id);
        Some(Json(answer))
    })
    .await
    .ok_or_else(unknown)
}

async fn list_events(
    State(app): State<App>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(page) = page.map_err(|error| Problem::Malformed(error.body_text()))?;
    if page.after > MOST_SEQUENCE || !(1..=MOST_EVENTS).contains(&page.limit) {
        return Err(Problem::Malformed(
            "after or limit is out of range".to_owned(),
        ));
    }
    let limit = usize::try_from(page.limit).expect("at most 100");
    let answer = app
        .with_bureau(move |bureau| {
            let books = bureau.books();
            json!({
                "last_sequence": books.last_sequence(),
                "events": books.events(page.after, limit),
            })
        })
        .await;
    Ok(Json(answer))
}

async fn get_roster(
    State(app): State<App>,
    unit: Result<Path<String>, PathRejection>,
    page: Result<Query<RosterPage>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let unknown = || Problem::NotFound("tax has no such unit".to_owned());
    let Path(unit) = unit.map_err(|_| unknown())?;
    let unit: CreditCode = unit.parse().map_err(|_| unknown())?;
    let Query(page) = page.map_err(|error| Problem::Malformed(error.body_text()))?;
    if !(1..=MOST_PERSONS).contains(&page.limit) {
        return Err(Problem::Malformed("limit is out of range".to_owned()));
    }
    let limit = usize::try_from(page.limit).expect("at most 1000");
    app.with_bureau(move |bureau| {
        let roster = bureau.books().roster(&unit)?;
        let mut answer = serde_json::to_value(roster.page(page.after.as_ref(), limit))
            .expect("a page has only text keys");
        answer["credit_code"] = json!(unit);
        answer["version"] = json!(roster.version.to_string());
        answer["as_of"] = json!(jiff::Timestamp::now().to_string());
        Some(Json(answer))
    })
    .await
    .ok_or_else(unknown)
}

async fn get_health(State(app): State<App>) -> Json<Value> {
    let last_sequence = app
        .with_bureau(|bureau| bureau.books().last_sequence())
        .await;
    Json(json!({"status": "ok", "last_sequence": last_sequence}))
}

async fn answer_late(State(app): State<App>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    match app.delay.load(Ordering::Relaxed) {
        0 => {}
        milliseconds => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
    }
    answer
}

fn most_persons() -> u64 {
    MOST_PERSONS
}

fn most_events() -> u64 {
    MOST_EVENTS
}
