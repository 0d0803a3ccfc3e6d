//! The pension side over HTTP, as `docs/pension-interface.yaml` describes it, and below
//! `/simulate/` what only a simulator has.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use canbao_tests::simulator::{Connections, Farewell, Problem, nothing_here, parse};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::feeds::{Fault, Feeds, MOST_PERSONS};

/// What the handlers share.
#[derive(Debug, Clone)]
struct App(Arc<Mutex<Feeds>>);

/// Answers on this listener until the process ends.
pub(crate) async fn serve(feeds: Feeds, listener: TcpListener) -> std::io::Result<()> {
    let router = Router::new()
        .route("/v1/units/{pension_unit_number}/feed", get(get_feed))
        .route("/v1/health", get(get_health))
        .route("/simulate/feed", post(take_feed))
        .route("/simulate/answer", post(spoil))
        .route("/simulate/heal", post(heal))
        .route("/simulate/state", get(state))
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .with_state(App(Arc::new(Mutex::new(feeds))));
    let service = router.into_make_service_with_connect_info::<Farewell>();
    axum::serve(Connections(listener), service).await
}

impl App {
    fn feeds(&self) -> MutexGuard<'_, Feeds> {
        self.0.lock().expect("work with the feeds does not panic")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    after: Option<String>,
    #[serde(default = "most_persons")]
    limit: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    unit: String,
    status: u16,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitRequest {
    unit: String,
}

async fn get_feed(
    State(app): State<App>,
    unit: Result<Path<String>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, Problem> {
    let unknown = || Problem::NotFound("the pension side has no such unit".to_owned());
    let Path(unit) = unit.map_err(|_| unknown())?;
    let Query(page) = page.map_err(|error| Problem::Malformed(error.body_text()))?;
    if !(1..=MOST_PERSONS).contains(&page.limit) {
        return Err(Problem::Malformed("limit is out of range".to_owned()));
    }
    let feeds = app.feeds();
    if let Some(fault) = feeds.fault(&unit) {
        return Ok(answer_of(fault));
    }
    let shown = feeds.page(&unit, page.after.as_deref(), page.limit);
    Ok(Json(shown.ok_or_else(unknown)?).into_response())
}

fn answer_of(fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = [(header::CONTENT_TYPE, "application/json")];
    (status, media_type, fault.body.clone()).into_response()
}

async fn get_health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn take_feed(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let feed: Map<String, Value> = parse(body).await?;
    let persons = app.feeds().take(feed)?;
    Ok(Json(json!({"persons": persons})))
}

async fn spoil(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let FaultRequest { unit, status, body } = parse(body).await?;
    let answer = json!({"unit": unit});
    app.feeds().spoil(unit, Fault { status, body });
    Ok(Json(answer))
}

async fn heal(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let UnitRequest { unit } = parse(body).await?;
    app.feeds().heal(&unit);
    Ok(Json(json!({"unit": unit})))
}

async fn state(State(app): State<App>) -> Json<Value> {
    Json(app.feeds().state())
}

fn most_persons() -> usize {
    MOST_PERSONS
}
