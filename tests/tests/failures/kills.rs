//! The real programs are killed between every two of receive, commit and answer, again and again
//! on one site: what was acknowledged is there once, a retry gets the same receipt, and device
//! and centre agree.
//!
//! No point inside the programs is marked for these tests, so that what is tested is what is
//! shipped. A kill is aimed by what can be seen from outside (the relay, the log's line about a
//! statement, the metrics), and counted where it struck by what the victim's files are found to
//! hold afterwards: a file of a killed process changes no more.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime};

use canbao_core::store::simulated::Seeded;
use canbao_tests::harness::{DEADLINE, LARGE, Relay, items, text, until};

use super::power::metric;
use super::*;

/// How many kills of one victim.
const KILLS: u64 = 50;
/// How long a device may take to store an answer that has reached it.
const TO_STORE: Duration = Duration::from_millis(500);
/// How long a store is not written to when a commit is done.
const DONE_AFTER: Duration = Duration::from_millis(30);
/// What the centre's log says when it has decided on a statement and not yet committed.
const RECEIVED: &str = "statement taken in";
const TAKEN: &str = "canbao_submissions_taken_total";

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Centre,
    Device,
}

/// Where what was offered stood when the victim died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// The offer had not reached the centre.
    BeforeTheOffer,
    /// The centre had received and not committed it.
    Received,
    /// It was committed, and no answer had reached the device.
    Committed,
    /// The answer was on its way past the relay, and the device had not stored it.
    Answered,
    /// The device had stored the answer: the kill came too late.
    Stored,
}

impl Moment {
    const AIMED_AT: [Self; 4] = [
        Self::BeforeTheOffer,
        Self::Received,
        Self::Committed,
        Self::Answered,
    ];
}

/// A centre, the device whose link is cut, and another of the same employer on a good link.
struct Scene<'a> {
    centre: Centre<'a>,
    log: Receiver<String>,
    relay: Relay,
    device: Device<'a>,
    witness: Device<'a>,
    persons: Vec<Insured>,
    /// The receipt of each declaration that was submitted, where it is known.
    receipts: BTreeMap<String, Option<String>>,
    random: Seeded,
}

/// Receipts by declaration.
type Receipts = BTreeMap<String, String>;

impl Scene<'_> {
    /// Something new in the outbox: one or two submissions, and the drafts under them.
    fn submit(&mut self) {
        let mut submit = vec!["submit".to_owned()];
        for _ in 0..=self.random.below(2) {
            let person = self.persons.pop().expect("the unit is large");
            let made = self.device.ok(&wage_of(&person.personal_number, "5000.00"));
            submit.push(text(&made["id"]).to_owned());
        }
        let arguments: Vec<&str> = submit.iter().map(String::as_str).collect();
        let _ = self.device.ok(&arguments);
        let declarations = submit.drain(1..).map(|id| (id, None));
        self.receipts.extend(declarations);
    }

    /// Syncs through the relay in the background.
    fn sync_through_the_relay(&self) -> Child {
        self.device
            .command()
            .arg("sync")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs")
    }

    /// Kills the victim as near to the moment as can be aimed.
    fn kill(&mut self, victim: Victim, aim: Moment) {
        let taken = metric(&self.centre, TAKEN);
        for _ in self.log.try_iter() {}
        if aim == Moment::BeforeTheOffer {
            self.relay.lose_after(self.random.below(4));
        }
        let mut syncing = self.sync_through_the_relay();
        match aim {
            Moment::BeforeTheOffer => until("the relay loses something", || {
                (self.relay.lost() > 0).then_some(())
            }),
            Moment::Received => self.wait_for_the_offer(),
            Moment::Committed | Moment::Answered | Moment::Stored => {
                self.wait_for_the_offer();
                self.relay.hold();
                until("the centre commits", || {
                    (metric(&self.centre, TAKEN) > taken).then_some(())
                });
            }
        }
        match (victim, aim == Moment::Answered) {
            (Victim::Centre, false) => self.centre.kill(),
            (Victim::Centre, true) => {
                until("an answer leaves the centre", || {
                    (self.relay.waiting() > 0).then_some(())
                });
                self.centre.kill();
                let before = self.written();
                // Of a dead centre only what waits in the relay still arrives.
                self.relay.release();
                self.give_time_to_store(before);
            }
            (Victim::Device, false) => {}
            (Victim::Device, true) => self.let_the_answer_pass(),
        }
        let _ = syncing.kill();
        let _ = syncing.wait();
    }

    /// Waits for the centre's word that it decided on an offer, which it has yet to commit.
    fn wait_for_the_offer(&self) {
        let start = Instant::now();
        while let Some(left) = DEADLINE.checked_sub(start.elapsed()) {
            let line = self.log.recv_timeout(left).expect("the offer arrives");
            if line.contains(RECEIVED) {
                return;
            }
        }
        panic!("the offer does not arrive");
    }

    /// Returns when an answer was passed on, and some moment later.
    fn let_the_answer_pass(&mut self) {
        let passed = self.relay.passed();
        self.relay.release();
        until("the answer passes", || {
            (self.relay.passed() > passed).then_some(())
        });
        let later = Duration::from_micros(self.random.below(4_000));
        let start = Instant::now();
        while start.elapsed() < later {
            std::hint::spin_loop();
        }
    }

    /// Returns when the device, which runs, has written to its store and is done with that, or
    /// has had time for it.
    fn give_time_to_store(&self, before: SystemTime) {
        let start = Instant::now();
        let mut last = (before, start);
        while start.elapsed() < TO_STORE {
            let written = self.written();
            if written != last.0 {
                last = (written, Instant::now());
            } else if written != before && last.1.elapsed() > DONE_AFTER {
                return;
            }
        }
    }

    /// When the device's store was last written to.
    fn written(&self) -> SystemTime {
        let store = self.device.directory.join("canbao.redb");
        let metadata = store.metadata().expect("a store");
        metadata.modified().expect("a time")
    }

    /// Everything works again; what was acknowledged is there once, on both devices. Where the
    /// kill struck.
    fn recover(&mut self, victim: Victim, aim: Moment) -> Moment {
        self.relay.release();
        let stored = self.stored();
        if victim == Victim::Centre {
            self.centre.kill();
            self.log = self.centre.start_telling();
        }

        let committed = self.known_to(&self.witness);
        let moment = self.struck(victim, aim, &stored, &committed);
        let retried = self.known_to(&self.device);
        assert_eq!(retried.len(), self.receipts.len(), "every one is received");
        for (declaration, receipt) in stored.iter().chain(&committed) {
            assert_eq!(&retried[declaration], receipt, "the retry gets the same");
        }
        for (declaration, receipt) in retried {
            let known = self.receipts.get_mut(&declaration);
            let known = known.expect("what has a receipt was submitted");
            assert!(known.as_ref().is_none_or(|known| *known == receipt));
            *known = Some(receipt);
        }
        moment
    }

    /// Where a kill struck, by what the dead device had stored and what the centre, which was
    /// killed or not, knows without the retry.
    fn struck(
        &self,
        victim: Victim,
        aim: Moment,
        stored: &Receipts,
        committed: &Receipts,
    ) -> Moment {
        let is_stored = stored.len() > self.received();
        let is_committed = committed.len() > self.received();
        assert!(is_committed || !is_stored, "a receipt of nothing");
        match (aim, victim) {
            (Moment::BeforeTheOffer, _) => {
                assert!(!is_committed, "it did not reach the centre");
                Moment::BeforeTheOffer
            }
            (Moment::Received, Victim::Centre) if is_committed => Moment::Committed,
            // A centre that lives goes on, so that nothing of it can be told from its files.
            (Moment::Received, _) => Moment::Received,
            (Moment::Committed | Moment::Answered | Moment::Stored, _) => {
                assert!(is_committed, "what was committed is there before the retry");
                match (aim, victim, is_stored) {
                    (Moment::Answered, Victim::Centre, true)
                    | (Moment::Answered, Victim::Device, false) => Moment::Answered,
                    (_, Victim::Device, true) => Moment::Stored,
                    (_, _, _) => Moment::Committed,
                }
            }
        }
    }

    /// How many receipts are known.
    fn received(&self) -> usize {
        self.receipts.values().flatten().count()
    }

    /// The receipts that the device on the bad link has stored.
    fn stored(&self) -> Receipts {
        receipts_of(&self.device)
    }

    /// The receipts that a device has after a sync.
    fn known_to(&self, device: &Device<'_>) -> Receipts {
        let _ = device.ok(&["sync"]);
        receipts_of(device)
    }
}

/// The receipts that a device has, each under its declaration.
fn receipts_of(device: &Device<'_>) -> Receipts {
    let listed = device.ok(&["receipt", "list"]);
    let rows = items(&listed).iter();
    let receipts: Receipts = rows
        .map(|row| {
            let receipt = text(&row["receipt"]).to_owned();
            (text(&row["declaration"]).to_owned(), receipt)
        })
        .collect();
    assert_eq!(receipts.len(), items(&listed).len(), "one receipt for each");
    receipts
}

/// Kills the victim [`KILLS`] times, at every moment in turn.
fn check(victim: Victim, seed: u64) {
    let place = Place::new();
    let tax = place.site.tax();
    let mut centre = place.site.centre(&tax.address);
    let log = centre.start_telling();
    centre.load_common();
    let _ = centre.load(&LARGE);
    tax.know(&LARGE);
    let relay = Relay::to(centre.quic.parse().expect("an address"));
    let (device, witness) = (place.site.device("device"), place.site.device("witness"));
    centre.enrol_employer(&witness, &LARGE, "单位经办人钱");
    let code = centre.issue(&["--employer", LARGE.credit_code, "--operator-name", "吴"]);
    let _ = device.ok(&["enrol", &code, "--server", &relay.address.to_string()]);
    let _ = device.ok(&["sync"]);
    let mut scene = Scene {
        centre,
        log,
        relay,
        device,
        witness,
        persons: insured_of(&LARGE.path()),
        receipts: BTreeMap::new(),
        random: Seeded::new(seed),
    };

    let mut struck: BTreeMap<Moment, u64> = BTreeMap::new();
    for aim in (0..KILLS).map(|kill| Moment::AIMED_AT[(kill % 4) as usize]) {
        scene.submit();
        scene.kill(victim, aim);
        let moment = scene.recover(victim, aim);
        *struck.entry(moment).or_default() += 1;
    }
    println!("{victim:?} killed, seed {seed}: {struck:?}");
    for moment in Moment::AIMED_AT {
        assert!(struck.contains_key(&moment), "{moment:?}: {struck:?}");
    }
    assert_eq!(
        scene.known_to(&scene.witness),
        scene.known_to(&scene.device),
        "the devices agree"
    );
}

#[test]
fn a_centre_killed_between_receive_commit_and_answer_loses_and_doubles_nothing() {
    check(Victim::Centre, 1);
}

#[test]
fn a_device_killed_between_receive_commit_and_answer_loses_and_doubles_nothing() {
    check(Victim::Device, 2);
}
