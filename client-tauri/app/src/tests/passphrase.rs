//! Keys that a passphrase locks: who signs, for how long, and what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use canbao_core::facts::Fact;
use canbao_core::ids::VolumeId;
use canbao_core::passphrase::Passphrase;
use canbao_core::store::Stream;

use crate::keyring::FORGET_AFTER;
use crate::response::{OperatorView, StatusView};

use super::keys::answer;
use super::*;

const ZHANG: &str = "0001000001";
const RIGHT: &str = "春江潮水连海平";
const OTHER: &str = "滟滟随波千万里";

fn passphrase(text: &str) -> Passphrase {
    // Eight characters and more.
    format!("{text}。").try_into().expect("a passphrase")
}

fn by(passphrases: &[&str]) -> Context {
    Context {
        passphrases: passphrases.iter().map(|it| passphrase(it)).collect(),
        ..english()
    }
}

fn of(operator: &str, passphrases: &[&str]) -> Context {
    Context {
        operator: Some(operator.to_owned()),
        ..by(passphrases)
    }
}

/// A world whose clock is set from outside.
struct Moving {
    clock: Arc<AtomicI64>,
    rest: Fixed,
}

impl World for Moving {
    fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::Relaxed))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.rest.fill(bytes)
    }
}

fn open_moving(directory: &Path, seed: u8) -> (App, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(NOW.0));
    let world = Moving {
        clock: Arc::clone(&clock),
        rest: Fixed {
            now: NOW,
            seed,
            drawn: 0,
        },
    };
    let app = App::open_in(directory, Box::new(world)).expect("opens");
    (app, clock)
}

/// An employer's device whose operator's key was locked by `RIGHT`; opened again since.
fn locked(centre: &mut Centre, directory: &Path) -> App {
    let mut app = open(directory, 1);
    let employer = Mandate::Employer(vec![UNIT]);
    centre.enrol_locked(&mut app, employer, "王经办", Some(&passphrase(RIGHT)));
    centre.deliver(&mut app);
    drop(app);
    open(directory, 2)
}

fn try_by(app: &mut App, context: &Context, request: Request) -> Result<Response, String> {
    app.dispatch(context, request).map_err(|it| it.code)
}

/// The code of the refusal; nothing is kept by it.
fn refused(app: &mut App, context: &Context, request: Request) -> String {
    let lengths =
        |app: &App| [Stream::Identity, Stream::Local].map(|it| app.store.length(it).expect("read"));
    let (before, shown) = (lengths(app), declarations(app));
    let code = try_by(app, context, request).expect_err("refused");
    assert_eq!(lengths(app), before, "{code}");
    assert_eq!(declarations(app), shown, "{code}");
    code
}

fn status(app: &mut App) -> StatusView {
    match ask(app, Request::Status) {
        Response::Status(view) => *view,
        other => panic!("the status, not {other:?}"),
    }
}

fn locks(app: &mut App) -> Vec<String> {
    let operators = status(app).operators;
    operators
        .into_iter()
        .map(|it: OperatorView| it.lock)
        .collect()
}

fn waits_for_unlock(app: &mut App) -> Option<String> {
    let warnings = status(app).warnings;
    let found = warnings
        .into_iter()
        .find(|it| it.code == "status.waits_for_unlock");
    found.map(|it| it.text)
}

fn note() -> Request {
    Request::RosterNote {
        person: ZHANG.to_owned(),
        text: "产假".to_owned(),
    }
}

/// The seed of the first operator's key must not be readable with the store's key alone.
fn seed_lies_open(app: &App, seed: [u8; 32]) -> bool {
    let stored = app
        .store
        .read(Stream::Identity, 0, usize::MAX, usize::MAX)
        .expect("read");
    stored
        .iter()
        .any(|(_, bytes)| bytes.windows(32).any(|it| it == seed))
}

fn seed(app: &App) -> [u8; 32] {
    let operator = &app.identity.operators[0];
    *app.identity.key(operator).expect("not locked").seed()
}

#[test]
fn whatever_an_employer_signs_needs_the_passphrase_and_nothing_is_done_without() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = locked(&mut Centre::new(1), directory.path());
    let draft = try_by(&mut app, &by(&[RIGHT]), stop(ZHANG, "2022-01")).expect("declared");
    let Response::Declaration(draft) = draft else {
        panic!("a declaration, not {draft:?}")
    };
    let id = || draft.id.parse().expect("an id");
    let submit = || Request::Submit {
        ids: vec![id()],
        all: false,
    };
    let signing: Vec<Box<dyn Fn() -> Request>> = vec![
        Box::new(note),
        Box::new(|| Request::RosterSet {
            person: ZHANG.to_owned(),
            department: Some("车间".to_owned()),
            phone: None,
        }),
        Box::new(|| Request::RosterReveal {
            person: ZHANG.to_owned(),
            reason: "核对".to_owned(),
        }),
        Box::new(|| wage("0001000002", "2022-01", "2022-12", "6000")),
        Box::new(|| Request::DeclareEdit {
            id: id(),
            form: Box::new(Form {
                reason: Some("退休".to_owned()),
                ..Form::default()
            }),
        }),
        Box::new(submit),
        Box::new(|| Request::Withdraw { id: id() }),
        Box::new(|| Request::AssessApply {
            settlement: "2022-01".to_owned(),
            insurance: 210,
        }),
    ];
    for request in signing {
        ask(&mut app, Request::Lock);
        assert_eq!(
            refused(&mut app, &english(), request()),
            "passphrase.needed"
        );
        assert_eq!(
            refused(&mut app, &by(&[OTHER]), request()),
            "passphrase.wrong"
        );
        try_by(&mut app, &by(&[RIGHT]), request()).expect("done");
    }
}

#[test]
fn a_clerk_decides_by_the_passphrase_and_only_looks_without() {
    let (mine, theirs) = (
        tempfile::tempdir().expect("a directory"),
        tempfile::tempdir().expect("a directory"),
    );
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, mine.path());
    declare(&mut app, stop(ZHANG, "2022-01"));
    submit_all(&mut app);
    centre.exchange(&mut app);
    let mut clerk = open(theirs.path(), 101);
    let agency = Mandate::Agency(DISTRICT);
    centre.enrol_locked(&mut clerk, agency, "李窗口", Some(&passphrase(RIGHT)));
    centre.deliver(&mut clerk);
    assert_eq!(locks(&mut clerk), ["locked"]);
    let Response::Queue(queue) = ask(&mut clerk, Request::ReviewQueue) else {
        panic!("the queue")
    };
    let approve = || Request::ReviewApprove {
        ids: vec![queue[0].receipt.clone()],
    };
    let code = try_by(&mut clerk, &english(), approve()).expect_err("refused");
    assert_eq!(code, "passphrase.needed");
    assert_eq!(clerk.waiting(), 0);
    try_by(&mut clerk, &by(&[RIGHT]), approve()).expect("decided");
    assert_eq!(clerk.waiting(), 1);
}

#[test]
fn an_unlocked_key_locks_itself_some_minutes_after_its_last_use() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(locked(&mut Centre::new(1), directory.path()));
    let (mut app, clock) = open_moving(directory.path(), 3);
    let at = |seconds: i64| {
        clock.fetch_add(seconds, Ordering::Relaxed);
    };
    try_by(&mut app, &by(&[RIGHT]), note()).expect("done");
    assert_eq!(locks(&mut app), ["unlocked"]);
    at(FORGET_AFTER - 1);
    ask(&mut app, note());
    at(FORGET_AFTER - 1);
    ask(&mut app, note());
    at(FORGET_AFTER);
    assert_eq!(refused(&mut app, &english(), note()), "passphrase.needed");

    try_by(&mut app, &by(&[RIGHT]), Request::Unlock).expect("unlocked");
    at(-1);
    assert_eq!(refused(&mut app, &english(), note()), "passphrase.needed");
    try_by(&mut app, &by(&[RIGHT]), Request::Unlock).expect("unlocked");
    ask(&mut app, Request::Lock);
    assert_eq!(refused(&mut app, &english(), note()), "passphrase.needed");

    try_by(&mut app, &by(&[RIGHT]), Request::Unlock).expect("unlocked");
    let public = app.identity.operators[0].certificate.operator_key;
    let door = crate::Door::to(app);
    let held = || door.app().identity.keyring.key(&public).is_some();
    door.forget_unused_keys();
    assert!(held());
    at(FORGET_AFTER);
    door.forget_unused_keys();
    assert!(!held(), "nobody has to ask for it");
}

#[test]
fn a_lock_is_set_changed_and_taken_off() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let set = |text: &str| Request::PassphraseSet {
        passphrase: passphrase(text),
    };
    let change = |text: &str| Request::PassphraseChange {
        passphrase: passphrase(text),
    };
    let seed = seed(&app);
    assert!(seed_lies_open(&app, seed));
    for request in [Request::PassphraseRemove, Request::Unlock, change(RIGHT)] {
        assert_eq!(
            refused(&mut app, &by(&[RIGHT]), request),
            "passphrase.not_set"
        );
    }
    ask(&mut app, set(RIGHT));
    assert_eq!(locks(&mut app), ["locked"]);
    assert!(!seed_lies_open(&app, seed), "what held it is erased");
    assert_eq!(
        refused(&mut app, &english(), set(RIGHT)),
        "passphrase.already_set"
    );

    // The next one at this PC must not be able to keep the key for good.
    try_by(&mut app, &by(&[RIGHT]), Request::Unlock).expect("unlocked");
    for request in [Request::PassphraseRemove, change(OTHER)] {
        let again = match &request {
            Request::PassphraseRemove => Request::PassphraseRemove,
            _ => change(OTHER),
        };
        assert_eq!(refused(&mut app, &english(), request), "passphrase.needed");
        assert_eq!(refused(&mut app, &by(&[OTHER]), again), "passphrase.wrong");
    }
    try_by(&mut app, &by(&[RIGHT]), change(OTHER)).expect("changed");
    for _ in 0..2 {
        assert_eq!(refused(&mut app, &by(&[RIGHT]), note()), "passphrase.wrong");
        try_by(&mut app, &by(&[OTHER]), note()).expect("done");
        assert!(!seed_lies_open(&app, seed));
        drop(app);
        app = open(directory.path(), 5);
    }
    try_by(&mut app, &by(&[OTHER]), Request::PassphraseRemove).expect("taken off");
    assert_eq!(locks(&mut app), ["open"]);
    drop(app);
    let mut app = open(directory.path(), 6);
    ask(&mut app, note());
}

#[test]
fn each_operator_of_a_device_has_a_lock_of_their_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = locked(&mut centre, directory.path());
    let employer = || Mandate::Employer(vec![UNIT]);
    centre.enrol_locked(&mut app, employer(), "赵经办", Some(&passphrase(OTHER)));
    centre.deliver(&mut app);
    assert_eq!(locks(&mut app), ["locked", "locked"]);
    let code = refused(&mut app, &by(&[RIGHT]), Request::Unlock);
    assert_eq!(code, "identity.which_operator");
    assert_eq!(
        refused(&mut app, &of("赵经办", &[RIGHT]), note()),
        "passphrase.wrong"
    );
    try_by(&mut app, &of("赵经办", &[OTHER]), note()).expect("done");
    assert_eq!(locks(&mut app), ["locked", "unlocked"]);
    assert_eq!(
        refused(&mut app, &of("王经办", &[]), note()),
        "passphrase.needed"
    );
    let failure = app
        .dispatch(&of("王经办", &[]), note())
        .expect_err("refused");
    assert!(failure.message.contains("王经办"), "{}", failure.message);
}

#[test]
fn what_a_sync_would_do_again_waits_for_the_key_and_status_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = locked(&mut centre, directory.path());
    for fact in [
        Fact::VolumeSealed {
            volume: VolumeId(2022),
        },
        Fact::VolumeOpened {
            volume: VolumeId(2023),
        },
    ] {
        centre.add(&fact);
    }
    try_by(&mut app, &by(&[RIGHT]), stop(ZHANG, "2022-01")).expect("declared");
    drop(app);
    let mut app = open(directory.path(), 4);
    centre.exchange(&mut app);
    assert_eq!((app.waiting(), status(&mut app).refused), (0, 1));
    let text = waits_for_unlock(&mut app).expect("told");
    assert!(text.contains("王经办"), "{text}");
    assert!(text.contains("canbao unlock"), "{text}");

    assert_eq!(
        refused(&mut app, &by(&[OTHER]), Request::Unlock),
        "passphrase.wrong"
    );
    try_by(&mut app, &by(&[RIGHT]), Request::Unlock).expect("unlocked");
    assert_eq!((app.waiting(), status(&mut app).refused), (1, 0));
    assert_eq!(waits_for_unlock(&mut app), None);
    centre.exchange(&mut app);
    assert_eq!((app.waiting(), declarations(&mut app).len()), (0, 1));
}

#[test]
fn what_an_ended_certificate_signed_waits_until_the_next_one_is_unlocked() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop(ZHANG, "2022-01"));
    let employer = Mandate::Employer(vec![UNIT]);
    centre.enrol_locked(&mut app, employer, "王经办", Some(&passphrase(RIGHT)));
    drop(app);
    let mut app = open(directory.path(), 4);
    centre.revoke(canbao_core::ids::CertificateSerial(1));
    centre.deliver(&mut app);
    assert!(app.sign_anew().expect("nothing to do").is_empty());
    assert!(waits_for_unlock(&mut app).is_some());
    // Whatever unlocks the key lets it go on.
    try_by(&mut app, &by(&[RIGHT]), note()).expect("done");
    assert_eq!(waits_for_unlock(&mut app), None);
    centre.exchange(&mut app);
    assert_eq!((status(&mut app).queued, status(&mut app).refused), (0, 0));
    assert_eq!(status(&mut app).drafts, 1);
}

#[test]
fn new_keys_are_locked_as_those_before_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = locked(&mut centre, directory.path());
    let agency = Mandate::Agency(DISTRICT);
    centre.enrol_locked(&mut app, agency, "李窗口", Some(&passphrase(OTHER)));
    let rekey = |app: &mut App, passphrases: &[&str]| {
        let asked = app.prepare_rekey(&by(passphrases));
        asked.map_err(|it| (it.code.clone(), it.in_words(Lang::En).message))
    };
    let refused_rekey = |app: &mut App, passphrases: &[&str]| {
        let asked = rekey(app, passphrases);
        asked.err().expect("refused")
    };
    for begun in [false, true] {
        // That a key is unlocked does not suffice: it could not lock the next one.
        let length = app.store.length(Stream::Identity).expect("read");
        let (code, text) = refused_rekey(&mut app, &[]);
        assert_eq!(code, "passphrase.needed", "{begun}");
        assert!(text.contains("王经办"), "{text}");
        let (code, text) = refused_rekey(&mut app, &[RIGHT]);
        assert_eq!(code, "passphrase.needed");
        assert!(text.contains("李窗口"), "{text}");
        let (code, _) = refused_rekey(&mut app, &[RIGHT, "落月摇情满江树"]);
        assert_eq!(code, "passphrase.wrong");
        assert_eq!(app.store.length(Stream::Identity).expect("read"), length);
        rekey(&mut app, &[OTHER, RIGHT]).expect("asked");
        let set = Request::PassphraseChange {
            passphrase: passphrase(RIGHT),
        };
        let code = refused(&mut app, &of("李窗口", &[OTHER]), set);
        assert_eq!(code, "passphrase.while_rekeying");
        drop(app);
        app = open(directory.path(), 7);
    }
    let asked = rekey(&mut app, &[RIGHT, OTHER]).expect("asked");
    let answered = answer(&mut centre, &asked);
    let rekeyed = app.finish_rekey(&asked, &answered).expect("taken");
    let again = rekeyed.operators.iter().all(|it| it.lock == "locked");
    assert!(again, "{rekeyed:?}");
    drop(app);
    let mut app = open(directory.path(), 8);
    assert_eq!(locks(&mut app), ["locked", "locked"]);
    assert_eq!(refused(&mut app, &english(), note()), "passphrase.needed");
    assert_eq!(refused(&mut app, &by(&[OTHER]), note()), "passphrase.wrong");
    try_by(&mut app, &by(&[RIGHT]), note()).expect("done");
}

#[test]
fn a_device_with_one_lock_enrols_nobody_without_and_a_retry_keeps_the_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = locked(&mut centre, directory.path());
    let code = centre.code(9);
    let mut prepare = |by: Option<&str>| {
        let by = by.map(passphrase);
        let asked = app.prepare_enrolment(&code, by.as_ref());
        asked.map_err(|it| it.code)
    };
    assert_eq!(prepare(None).err().expect("refused"), "passphrase.choose");
    let asked = prepare(Some(OTHER)).expect("asked");
    assert_eq!(prepare(None).err().expect("refused"), "passphrase.choose");
    assert_eq!(
        prepare(Some(RIGHT)).err().expect("refused"),
        "passphrase.wrong"
    );
    let again = prepare(Some(OTHER)).expect("asked");
    assert!(again == asked, "the same keys");
}

#[test]
fn a_key_made_open_is_locked_where_the_retry_brings_a_passphrase() {
    let directory = tempfile::tempdir().expect("a directory");
    let centre = Centre::new(1);
    let mut app = open(directory.path(), 1);
    let code = centre.code(9);
    let short: Passphrase = "七个字符短一个".to_owned().try_into().expect("one");
    let refused = app.prepare_enrolment(&code, Some(&short));
    assert_eq!(refused.err().expect("refused").code, "passphrase.too_short");
    assert_eq!(app.store.length(Stream::Identity).expect("read"), 0);
    let asked = app.prepare_enrolment(&code, None).expect("asked");
    let again = app.prepare_enrolment(&code, Some(&passphrase(RIGHT)));
    assert!(again.expect("asked") == asked, "the same keys");
    drop(app);
    let mut app = open(directory.path(), 2);
    let refused = app.prepare_enrolment(&code, None).err().expect("refused");
    assert_eq!(refused.code, "passphrase.choose");
}

#[test]
fn nobody_prints_a_passphrase() {
    let request = Request::Enrol {
        code: String::new(),
        server: String::new(),
        passphrase: Some(passphrase(RIGHT)),
    };
    let shown = format!("{request:?} {:?}", by(&[RIGHT]));
    assert!(!shown.contains("春江"), "{shown}");
}
