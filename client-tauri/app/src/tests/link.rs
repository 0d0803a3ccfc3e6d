//! Over a real link on the loopback: enrolment, sync, a wrong server, no server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use canbao_core::certificate::Mandate;
use canbao_core::enrolment::Ask;
use canbao_core::facts::Insured;
use canbao_core::sync::hub::{FeedPage, FeedWanted, PartPage, Visible};
use canbao_core::sync::message::{BackfillWanted, ProofWanted, StatusWanted};
use canbao_core::sync::{Hello, Item, ItemId, NeedsUpdate, RangeProof, Refusal, Verdict};
use canbao_transport::{
    Accepted, HubBackend, HubEvent, Limits, ServerEndpoint, drive_hub, offer_enrolment,
};

use crate::door::Door;
use crate::request::Request;
use crate::response::{FailureClass, Response, SyncReport};

use super::*;

pub(super) type Shared = Arc<Mutex<Centre>>;

/// The hub of the centre in memory.
struct Hub(Shared);

impl Hub {
    fn centre(&self) -> std::sync::MutexGuard<'_, Centre> {
        self.0.lock().expect("no panic before")
    }
}

impl HubBackend for Hub {
    type Error = std::convert::Infallible;

    async fn admit(&mut self, _: &Hello) -> Result<Result<Visible, Refusal>, Self::Error> {
        Ok(Ok(self.centre().visible()))
    }

    async fn read_feed(
        &mut self,
        wanted: FeedWanted,
    ) -> Result<(Option<Visible>, FeedPage), Self::Error> {
        let centre = self.centre();
        let head = centre.entries.len() as u64;
        let page = FeedPage {
            entries: centre.visible_from(wanted.from),
            upto: head,
            head,
        };
        Ok((Some(centre.visible()), page))
    }

    async fn backfill(
        &mut self,
        wanted: &BackfillWanted,
        _: usize,
    ) -> Result<Option<PartPage>, Self::Error> {
        Ok(self.centre().part_of_feed(wanted))
    }

    async fn take_in(&mut self, _: ItemId, content: Item) -> Result<Verdict, Self::Error> {
        Ok(match self.centre().take(&content) {
            Ok(position) => Verdict::Taken { position },
            Err(refusal) => Verdict::Refused(refusal),
        })
    }

    async fn range_proof(
        &mut self,
        wanted: ProofWanted,
    ) -> Result<Result<RangeProof, Refusal>, Self::Error> {
        Ok(Ok(self.centre().prove(wanted)))
    }

    async fn person_status(
        &mut self,
        wanted: StatusWanted,
    ) -> Result<Result<Insured, Refusal>, Self::Error> {
        Ok(self.centre().insured(&wanted))
    }

    fn needs_update(&mut self, _: NeedsUpdate) {}

    async fn next_event(&mut self) -> HubEvent {
        // Growth by this session's own items shows with the next page; there is no other.
        let known = self.centre().entries.len();
        loop {
            tokio::task::yield_now().await;
            if self.centre().entries.len() != known {
                return HubEvent::LogGrew;
            }
        }
    }
}

/// Serves until the runtime ends.
pub(super) fn serve(centre: &Shared) -> SocketAddr {
    let tls = canbao_core::signing::SigningKey::from_seed(
        *centre.lock().expect("no panic before").tls.seed(),
    );
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let endpoint = ServerEndpoint::bind(any, &tls, Limits::default()).expect("bound");
    let address = endpoint.local_addr().expect("bound");
    let centre = Arc::clone(centre);
    tokio::spawn(async move {
        while let Some(handshake) = endpoint.accept().await {
            let centre = Arc::clone(&centre);
            tokio::spawn(async move {
                match handshake.complete().await {
                    Ok(Accepted::Sync { connection, .. }) => {
                        let feed = centre.lock().expect("no panic before").feed;
                        let _ = drive_hub(&connection, feed, &mut Hub(centre)).await;
                    }
                    Ok(Accepted::Enrol { connection }) => certify(&connection, &centre).await,
                    Err(_) => {}
                }
            });
        }
    });
    address
}

async fn certify(connection: &canbao_transport::Connection, centre: &Shared) {
    let chain = centre.lock().expect("no panic before").chain_bytes();
    let Ok(asked) = offer_enrolment(connection, chain).await else {
        return;
    };
    let Ok(Ask::Enrol(request)) = Ask::from_bytes(asked.request()) else {
        panic!("an enrolment");
    };
    let answer = centre.lock().expect("no panic before").certify(
        &request,
        Mandate::Employer(vec![UNIT]),
        "王经办",
    );
    let _ = asked.answer(Ok(answer.to_bytes())).await;
}

pub(super) async fn sync(door: &Door) -> Result<SyncReport, Failure> {
    match door.ask(&english(), Request::Sync { watch: false }).await? {
        Response::Synced(report) => Ok(report),
        other => panic!("a report, not {other:?}"),
    }
}

pub(super) async fn enrolled(centre: &Shared, address: SocketAddr, directory: &Path) -> Door {
    let door = Door::to(open(directory, 1));
    let code = centre.lock().expect("no panic before").code(7).to_string();
    let request = Request::Enrol {
        code,
        server: address.to_string(),
        passphrase: None,
    };
    let Response::Enrolled(enrolled) = door.ask(&english(), request).await.expect("enrolled")
    else {
        panic!("enrolled")
    };
    assert_eq!(enrolled.operator.name, "王经办");
    door
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_hands_over_the_outbox_brings_the_answers_and_verifies_the_proofs() {
    let directory = tempfile::tempdir().expect("a directory");
    let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let address = serve(&centre);
    let door = enrolled(&centre, address, directory.path()).await;
    let report = sync(&door).await.expect("synced");
    assert_eq!(report.entries, 7, "all that the centre ordered");

    for person in ["0001000001", "0001000002", "0001000003"] {
        declare(&mut door.app(), wage(person, "2022-01", "2022-12", "6000"));
    }
    submit_all(&mut door.app());
    let report = sync(&door).await.expect("synced");
    assert_eq!(
        (report.sent, report.queued),
        (6, 0),
        "three changes and three submissions"
    );
    let received = declarations(&mut door.app());
    assert!(received.iter().all(|it| it.status.code == "received"));

    centre.lock().expect("no panic before").approve_all();
    sync(&door).await.expect("synced");
    let apply = Request::AssessApply {
        settlement: "2022-01".to_owned(),
        insurance: 210,
    };
    door.ask(&english(), apply).await.expect("queued");
    sync(&door).await.expect("synced");
    centre
        .lock()
        .expect("no panic before")
        .post("2022-01", "SN-1");
    let report = sync(&door).await.expect("synced");
    assert_eq!(report.proven, 3);
    assert_eq!(
        report.checkpoint.map(|it| it.origin).as_deref(),
        Some("log.example/canbao")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_server_learns_nothing_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let right: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let wrong: Shared = Arc::new(Mutex::new(Centre::new(2)));
    let address = serve(&wrong);
    let door = Door::to(open(directory.path(), 1));
    let code = right.lock().expect("no panic before").code(7).to_string();
    let request = Request::Enrol {
        code,
        server: address.to_string(),
        passphrase: None,
    };
    let failure = door.ask(&english(), request).await.expect_err("refused");
    assert_eq!(
        (failure.code.as_str(), failure.class),
        ("chain.other_root", FailureClass::Trust)
    );
    assert_eq!(wrong.lock().expect("no panic before").entries.len(), 6);
    assert!(door.app().identity.operators.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_new_key_of_the_same_root_is_followed_and_another_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let door = enrolled(&centre, serve(&centre), directory.path()).await;
    let renew = |address: SocketAddr| {
        let mut app = door.app();
        let centre = app.identity.centre.as_mut().expect("enrolled");
        centre.server = address.to_string();
    };
    let new = canbao_core::signing::SigningKey::from_seed([77; 32]);
    centre.lock().expect("no panic before").rotate_tls(new);
    renew(serve(&centre));
    sync(&door).await.expect("the new key is the centre's");

    let before: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let stranger: Shared = Arc::new(Mutex::new(Centre::new(2)));
    for (other, code) in [(before, "chain.older"), (stranger, "chain.other_root")] {
        renew(serve(&other));
        let failure = sync(&door).await.expect_err("not the centre any more");
        assert_eq!(
            (failure.code.as_str(), failure.class.exit_code()),
            (code, 5)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_keeps_everything_queued() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop("0001000001", "2022-01"));
    submit_all(&mut app);
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port that never answers");
    app.identity.centre.as_mut().expect("enrolled").server =
        closed.local_addr().expect("bound").to_string();
    let door = Door::to(app);
    let failure = sync(&door).await.expect_err("unreachable");
    assert_eq!(failure.code, "transport.unreachable");
    assert_eq!(failure.class.exit_code(), 3);
    let Response::Status(status) = ask(&mut door.app(), Request::Status) else {
        panic!("status")
    };
    assert_eq!((status.queued, status.transport), (2, None));
}

/// What is said of where a person is insured, and whether the centre said it.
async fn insured(door: &Door, number: &str) -> (String, bool) {
    let request = Request::PersonInsured {
        number: number.to_owned(),
        id_kind: None,
    };
    match door.ask(&english(), request).await.expect("an answer") {
        Response::Insured(view) => (view.insured.code, view.asked),
        other => panic!("an answer, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_person_is_insured_is_asked_of_the_centre_where_the_roster_does_not_tell() {
    const STRANGER: &str = "210199199511030015";
    let directory = tempfile::tempdir().expect("a directory");
    let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let door = Arc::new(enrolled(&centre, serve(&centre), directory.path()).await);
    sync(&door).await.expect("synced");
    let said = |code: &str, asked| (code.to_owned(), asked);
    assert_eq!(insured(&door, "0001000001").await, said("here", false));
    assert_eq!(insured(&door, STRANGER).await, said("never", true));
    let wrong = Request::PersonInsured {
        number: "210199199511030016".to_owned(),
        id_kind: None,
    };
    let failure = door
        .ask(&english(), wrong)
        .await
        .expect_err("no such number");
    assert_eq!(failure.problems[0].code, "identity.wrong_check_digit");

    // Through a session that stays open, several at once.
    let watching = {
        let door = Arc::clone(&door);
        tokio::spawn(async move { door.ask(&english(), Request::Sync { watch: true }).await })
    };
    let mut settled = door.settled.subscribe();
    settled.changed().await.expect("welcomed and settled");
    let (one, two) = tokio::join!(insured(&door, STRANGER), insured(&door, "7777777777"));
    assert_eq!((one, two), (said("never", true), said("never", true)));
    door.stop();
    watching.await.expect("no panic").expect("stopped");

    let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port that never answers");
    door.app()
        .identity
        .centre
        .as_mut()
        .expect("enrolled")
        .server = closed.local_addr().expect("bound").to_string();
    assert_eq!(insured(&door, STRANGER).await, said("unknown", false));
    assert_eq!(insured(&door, "0001000001").await, said("here", false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watching_sync_hands_over_at_once_and_stops_in_good_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let door = Arc::new(enrolled(&centre, serve(&centre), directory.path()).await);
    sync(&door).await.expect("synced");
    let watching = {
        let door = Arc::clone(&door);
        tokio::spawn(async move { door.ask(&english(), Request::Sync { watch: true }).await })
    };
    let mut settled = door.settled.subscribe();
    settled.changed().await.expect("welcomed and settled");
    door.ask(&english(), stop("0001000001", "2022-01"))
        .await
        .expect("declared");
    let all = Request::Submit {
        ids: Vec::new(),
        all: true,
    };
    door.ask(&english(), all).await.expect("submitted");
    let handed_over = async {
        while declarations(&mut door.app())[0].status.code != "received" {
            settled.changed().await.expect("the session lives");
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), handed_over)
        .await
        .expect("handed over without a further command");
    door.stop();
    watching
        .await
        .expect("no panic")
        .expect("stopped in good order");
}
