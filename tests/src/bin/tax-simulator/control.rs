//! What only a simulator has: `/simulate/...`, described in `docs/tax-simulator.md`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use canbao_tests::simulator::{Farewell, Problem, parse};
use jiff::civil::Date;
use jiff::tz::offset;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bureau::{Done, Fault};
use crate::faults::{On, Point};
use crate::http::{App, answer};
use crate::payment::Payment;
use crate::roster::{Correction, RosterLoad};
use crate::values::{CreditCode, LineNumber, Money, Month, PersonNumber, Serial};

const LONGEST_DELAY: u64 = 60_000;

/// Routes of the simulator's own.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/simulate/roster", post(load_roster))
        .route("/simulate/correct", post(correct))
        .route("/simulate/pay", post(pay))
        .route("/simulate/post", post(post_collected))
        .route("/simulate/repeat", post(repeat))
        .route("/simulate/alter", post(alter))
        .route("/simulate/reverse", post(reverse))
        .route("/simulate/unexplained", post(unexplained))
        .route("/simulate/stray", post(stray))
        .route("/simulate/hold", post(hold))
        .route("/simulate/die", post(die))
        .route("/simulate/delay", post(delay))
        .route("/simulate/state", get(state))
}

/// `pay`, `unexplained` and `stray`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayRequest {
    pub(crate) credit_code: CreditCode,
    pub(crate) settlement: Month,
    /// In yuan, with or without two places.
    #[serde(default)]
    pub(crate) bases: BTreeMap<PersonNumber, Base>,
    #[serde(default = "one")]
    pub(crate) parts: usize,
    /// Whether the treasury books it at once; otherwise `post` follows.
    #[serde(default = "yes")]
    pub(crate) post: bool,
    /// The day of payment; today in Shenyang where none is given.
    #[serde(default)]
    pub(crate) date: Option<Date>,
}

/// `correct`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectRequest {
    pub(crate) credit_code: CreditCode,
    pub(crate) person: Correction,
}

/// `post`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeriodRequest {
    pub(crate) credit_code: CreditCode,
    pub(crate) settlement: Month,
}

/// `repeat` and `alter`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SerialRequest {
    pub(crate) serial: Serial,
}

/// `reverse`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReverseRequest {
    pub(crate) serial: Serial,
    /// All lines where there are none.
    #[serde(default)]
    pub(crate) lines: Vec<LineNumber>,
    /// The day; today in Shenyang where none is given.
    #[serde(default)]
    pub(crate) date: Option<Date>,
}

/// `hold`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldRequest {
    pub(crate) held: bool,
}

/// `die`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DieRequest {
    pub(crate) point: Point,
    pub(crate) on: On,
}

/// `delay`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DelayRequest {
    pub(crate) milliseconds: u64,
}

/// A base as a person types it: `5000` or `5000.00`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Base(Money);

impl TryFrom<String> for Base {
    type Error = <Money as std::str::FromStr>::Err;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let whole_yuan = !text.contains('.');
        if whole_yuan {
            format!("{text}.00")
        } else {
            text
        }
        .parse()
        .map(Self)
    }
}

impl Base {
    pub(crate) fn money(self) -> Money {
        self.0
    }
}

impl From<Base> for String {
    fn from(base: Base) -> String {
        base.0.to_string()
    }
}

impl PayRequest {
    fn payment(&self) -> Payment {
        Payment {
            bases: self
                .bases
                .iter()
                .map(|(person, base)| (person.clone(), base.0))
                .collect(),
            parts: self.parts,
            date: self.date.unwrap_or_else(today),
        }
    }
}

async fn load_roster(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let load: RosterLoad = parse(body).await?;
    let persons = load.count();
    app.with_bureau(|bureau| bureau.load_roster(load)).await;
    Ok(Json(json!({"persons": persons})))
}

async fn correct(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: CorrectRequest = parse(body).await?;
    let number = request.person.person_number.clone();
    app.with_bureau(move |bureau| bureau.correct(request.credit_code, request.person))
        .await?;
    Ok(Json(json!({"person_number": number})))
}

async fn pay(
    State(app): State<App>,
    ConnectInfo(farewell): ConnectInfo<Farewell>,
    body: Body,
) -> Result<Response, Problem> {
    let request: PayRequest = parse(body).await?;
    let done = app
        .with_bureau(move |bureau| {
            let payment = request.payment();
            bureau.pay(
                &request.credit_code,
                request.settlement,
                &payment,
                request.post,
            )
        })
        .await?;
    Ok(answer(&done, farewell, serials(&done)))
}

async fn post_collected(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: PeriodRequest = parse(body).await?;
    let done = app
        .with_bureau(move |bureau| bureau.post(&request.credit_code, request.settlement))
        .await?;
    Ok(serials(&done))
}

async fn repeat(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: SerialRequest = parse(body).await?;
    let done = app
        .with_bureau(move |bureau| bureau.repeat(&request.serial))
        .await?;
    Ok(serials(&done))
}

async fn alter(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: SerialRequest = parse(body).await?;
    let done = app
        .with_bureau(move |bureau| bureau.alter(&request.serial))
        .await?;
    Ok(serials(&done))
}

async fn reverse(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: ReverseRequest = parse(body).await?;
    let date = request.date.unwrap_or_else(today);
    let done = app
        .with_bureau(move |bureau| bureau.reverse(&request.serial, request.lines, date))
        .await?;
    Ok(serials(&done))
}

async fn unexplained(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    post_wrongly(app, body, Fault::Unexplained).await
}

async fn stray(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    post_wrongly(app, body, Fault::Stray).await
}

async fn post_wrongly(app: App, body: Body, fault: Fault) -> Result<Json<Value>, Problem> {
    let request: PayRequest = parse(body).await?;
    let done = app
        .with_bureau(move |bureau| {
            let payment = request.payment();
            bureau.post_wrongly(&request.credit_code, request.settlement, &payment, fault)
        })
        .await?;
    Ok(serials(&done))
}

async fn hold(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: HoldRequest = parse(body).await?;
    app.with_bureau(move |bureau| bureau.hold(request.held))
        .await;
    Ok(Json(json!(request)))
}

async fn die(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: DieRequest = parse(body).await?;
    let (on, point) = (request.on, request.point);
    app.with_bureau(move |bureau| bureau.deaths.arm(on, point))
        .await;
    Ok(Json(json!(request)))
}

async fn delay(State(app): State<App>, body: Body) -> Result<Json<Value>, Problem> {
    let request: DelayRequest = parse(body).await?;
    if request.milliseconds > LONGEST_DELAY {
        return Err(Problem::Malformed("a delay is at most a minute".to_owned()));
    }
    app.delay.store(request.milliseconds, Ordering::Relaxed);
    Ok(Json(json!(request)))
}

async fn state(State(app): State<App>) -> Json<Value> {
    Json(app.with_bureau(|bureau| bureau.books().overview()).await)
}

fn serials(done: &Done) -> Json<Value> {
    Json(json!({"serials": done.serials}))
}

fn today() -> Date {
    offset(8).to_datetime(jiff::Timestamp::now()).date()
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}
