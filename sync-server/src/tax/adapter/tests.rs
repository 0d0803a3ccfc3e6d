//! The adapter, round by round, against a bureau of a few lines.

use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use canbao_core::facts::TransactionId;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::centre::tests::fixture::{self, Fixture, NOW, assessment, unit};

/// What the bureau answers, and what it was asked.
#[derive(Debug, Clone)]
struct Bureau {
    /// To a sending.
    taken: StatusCode,
    /// To a question after a transaction.
    known: StatusCode,
    events: Vec<Value>,
    asked: Vec<String>,
    /// A sending arrives and is never answered.
    silent: bool,
}

type Shared = Arc<Mutex<Bureau>>;

async fn answer(State(bureau): State<Shared>, method: Method, uri: Uri) -> (StatusCode, String) {
    match answered(&bureau, &method, &uri) {
        Some(answered) => answered,
        None => std::future::pending().await,
    }
}

fn answered(bureau: &Shared, method: &Method, uri: &Uri) -> Option<(StatusCode, String)> {
    let mut bureau = bureau.lock().unwrap();
    let path = uri.path();
    if path == "/v1/events" {
        let after = uri
            .query()
            .and_then(|it| it.strip_prefix("after=")?.parse().ok());
        let events: Vec<_> = bureau.events.iter().skip(after.unwrap()).collect();
        let page = json!({ "last_sequence": bureau.events.len(), "events": events });
        return Some((StatusCode::OK, page.to_string()));
    }
    bureau.asked.push(method.to_string());
    if method != Method::POST {
        return Some((bureau.known, String::new()));
    }
    let refused = json!({ "title": "Not as the interface describes" });
    (!bureau.silent).then(|| (bureau.taken, refused.to_string()))
}

/// A centre with one assessment to send, its adapter, and the bureau.
struct Place {
    it: Fixture,
    adapter: Adapter,
    bureau: Shared,
    transaction: TransactionId,
}

impl Place {
    async fn new() -> Self {
        Self::with_patience(Duration::from_secs(30)).await
    }

    async fn with_patience(within: Duration) -> Self {
        let it = fixture::start().await;
        let employer = it.employer(1).await;
        let _ = it.taken(&employer, &assessment(1, "2022-01", 1)).await;
        let waiting = it.centre.transactions_to_send(None, 2).unwrap();
        let [outgoing] = &waiting[..] else {
            panic!("{}", waiting.len())
        };
        let transaction = outgoing.transaction.clone();
        let bureau: Shared = Arc::new(Mutex::new(Bureau {
            taken: StatusCode::ACCEPTED,
            known: StatusCode::NOT_FOUND,
            events: Vec::new(),
            asked: Vec::new(),
            silent: false,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&bureau));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let client = Client::patient(&address, within).unwrap();
        let adapter = Adapter::new(it.centre.clone(), client, Arc::default());
        Self {
            it,
            adapter,
            bureau,
            transaction,
        }
    }

    fn set(&self, change: impl FnOnce(&mut Bureau)) {
        change(&mut self.bureau.lock().unwrap());
    }

    /// One round as the loop does it; gives the code of its trouble.
    async fn round(&mut self) -> Option<&'static str> {
        match self.adapter.round().await {
            Ok(()) => self.adapter.contact.well(),
            Err(trouble) => self.adapter.tell(trouble),
        }
        self.adapter.contact.known().trouble.map(|(code, _)| code)
    }

    fn sending(&self) -> Sending {
        let read = self.it.centre.with_unit(unit(1), |it| {
            it.transactions[&self.transaction].sending.clone()
        });
        read.unwrap().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.bureau.lock().unwrap().asked.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tax_holds_is_sent_once() {
    let mut place = Place::new().await;
    assert_eq!(place.round().await, None);
    assert_eq!(place.round().await, None);
    assert_eq!(
        (place.sending(), place.asked()),
        (Sending::Sent, vec!["POST".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_attempt_tax_is_asked_before_anything_is_sent_again() {
    for (known, asked) in [
        (StatusCode::NOT_FOUND, vec!["GET", "POST"]),
        (StatusCode::OK, vec!["GET"]),
    ] {
        let mut place = Place::new().await;
        let began = place
            .it
            .centre
            .set_sending(place.transaction.clone(), Sending::Sending, NOW);
        began.await.unwrap();
        place.set(|bureau| bureau.known = known);
        assert_eq!(place.round().await, None);
        assert_eq!(
            (place.sending(), place.asked()),
            (Sending::Sent, texts(&asked))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sending_without_an_answer_in_time_is_of_unknown_state_until_tax_says_what_it_has() {
    for (known, asked) in [
        (StatusCode::OK, vec!["POST", "GET"]),
        (StatusCode::NOT_FOUND, vec!["POST", "GET", "POST"]),
    ] {
        let mut place = Place::with_patience(Duration::from_millis(300)).await;
        place.set(|bureau| bureau.silent = true);
        assert_eq!(place.round().await, Some("tax.unreachable"));
        assert_eq!(place.sending(), Sending::Sending);
        place.set(|bureau| {
            bureau.silent = false;
            bureau.known = known;
        });
        assert_eq!(place.round().await, None);
        assert_eq!(
            (place.sending(), place.asked()),
            (Sending::Sent, texts(&asked))
        );
    }
}

fn texts(asked: &[&str]) -> Vec<String> {
    asked.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roster_of_a_unit_that_tax_answered_about_is_fetched_and_is_due_no_more() {
    let mut place = Place::new().await;
    assert_eq!(place.round().await, None);
    assert_eq!(place.it.centre.rosters_due(None, 9), Ok(Vec::new()));
    let accepted = json!({
        "sequence": 1, "at": "2022-02-10T02:00:01Z", "kind": "transaction_accepted",
        "transaction": place.transaction,
    });
    place.set(|bureau| bureau.events = vec![accepted]);
    assert_eq!(place.round().await, None);
    assert_eq!(place.it.centre.rosters_due(None, 9), Ok(Vec::new()));
    // This bureau answers 404: it has no such unit, which is known from here on.
    let known = place.it.centre.with_unit(unit(1), |view| {
        let roster = view.tax_roster().unwrap();
        (roster.version.clone(), roster.persons.len())
    });
    assert_eq!(known, Ok(Some((None, 0))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_that_is_not_to_be_had_stays_due_and_keeps_nothing_else_back() {
    let mut place = Place::new().await;
    let accepted = |sequence: u64| {
        json!({
            "sequence": sequence, "at": "2022-02-10T02:00:01Z", "kind": "transaction_accepted",
            "transaction": place.transaction,
        })
    };
    let events = vec![accepted(1), accepted(2)];
    place.set(|bureau| {
        bureau.known = StatusCode::SERVICE_UNAVAILABLE;
        bureau.events = events;
    });
    assert_eq!(place.round().await, None);
    assert_eq!(place.it.centre.tax_events_taken(), Ok(2));
    assert_eq!(place.it.centre.rosters_due(None, 9), Ok(vec![unit(1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bureau_that_cannot_now_is_asked_again_later() {
    let mut place = Place::new().await;
    place.set(|bureau| bureau.taken = StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(place.round().await, Some("tax.unavailable"));
    assert_eq!(place.sending(), Sending::Sending);
    place.set(|bureau| bureau.taken = StatusCode::ACCEPTED);
    assert_eq!(place.round().await, None);
    assert_eq!((place.sending(), place.asked().len()), (Sending::Sent, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tax_does_not_take_is_named_and_left_alone() {
    for status in [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY] {
        let mut place = Place::new().await;
        place.set(|bureau| bureau.taken = status);
        assert_eq!(place.round().await, None);
        assert_eq!(place.round().await, None);
        let reason = format!("{} Not as the interface describes", status.as_u16());
        assert_eq!(
            (place.sending(), place.asked().len()),
            (Sending::Failed(reason), 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_taken_in_up_to_the_one_that_is_held() {
    let mut place = Place::new().await;
    let head = |sequence: u64, kind: &str| json!({ "sequence": sequence, "at": "2022-02-10T02:00:01Z", "kind": kind });
    let mut accepted = head(1, "transaction_accepted");
    accepted["transaction"] = json!(place.transaction);
    let mut malformed = accepted.clone();
    malformed["sequence"] = json!("2");
    for (second, code) in [
        (head(2, "refunded"), "tax.newer_event"),
        (malformed, "tax.malformed_event"),
        (head(3, "refunded"), "tax.newer_event"),
    ] {
        place.set(|bureau| bureau.events = vec![accepted.clone(), second]);
        assert_eq!(place.round().await, Some(code));
        assert_eq!(place.it.centre.tax_events_taken(), Ok(1));
        let held = place.adapter.contact.known().held.unwrap();
        assert_eq!((held.sequence, held.code), (2, code));
    }
    let mut gap = accepted.clone();
    gap["sequence"] = json!(3);
    place.set(|bureau| bureau.events[1] = gap);
    assert_eq!(place.round().await, Some("tax.sequence_gap"));
    let mut repeated = accepted.clone();
    repeated["sequence"] = json!(2);
    place.set(|bureau| bureau.events[1] = repeated);
    assert_eq!(place.round().await, None);
    assert_eq!(place.it.centre.tax_events_taken(), Ok(2));
    assert_eq!(place.adapter.contact.known().held, None);
}
