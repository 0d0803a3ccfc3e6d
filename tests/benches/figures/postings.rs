//! A million posting lines, 320 to a posting: recorded, and verified from the tiles.

use std::path::Path;
use std::time::Duration;

use canbao_core::facts::Audience;
use canbao_core::ids::UnitId;
use canbao_core::ledger::audit::verify_records;
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::{Commitment, commitment};
use canbao_core::ledger::note::{SignedNote, VerifierKey};
use canbao_core::statement::Statement;
use canbao_server::border;
use canbao_server::centre::{
    Centre, Outgoing, OutgoingContent, RawLine, RawPosting, TaxAnswer, TaxEvent,
};
use canbao_server::tax::EVENTS_AT_ONCE;
use futures_util::{StreamExt, stream};

use crate::centre::{self, Clerk, NOW};
use crate::table::{Figure, Row, Table, grouped, timed};
use crate::{kept, machine};

const UNITS: u32 = 3_125;
const PERSONS: u32 = 320;
/// How many units ask for their assessment at once.
const AT_ONCE: usize = 16;

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let assessed = kept::centre("assessed", fill);
    let directory = kept::copy(&assessed);
    let postings = runtime.block_on(owed(directory.path()));
    let lines: usize = postings.iter().map(|posting| posting.lines.len()).sum();
    assert_eq!(lines, (UNITS * PERSONS) as usize, "everyone owes a line");
    let store = directory.path().join("centre.redb");
    let size = || std::fs::metadata(&store).map_or(0, |it| it.len());

    let before = size();
    let (centre, recorded) = timed(|| runtime.block_on(record(directory.path(), postings)));
    let grown = size().saturating_sub(before);
    let floor = machine::write_floor(grown, u64::from(UNITS));
    let lines = grouped(lines as u64);
    table.add(
        Row::of(
            format!("{lines} posting lines recorded, {PERSONS} to a posting"),
            Figure::Time(recorded),
        )
        .below(Figure::Time(Duration::from_secs(10)))
        .beside("the file grew by", Figure::Bytes(grown))
        .beside(
            format!("as much written with {UNITS} syncs"),
            Figure::Time(floor),
        )
        .note("opening the centre is in it; a signed head and a commit to each group of postings"),
    );
    let (verified, hashing) = verify(&centre);
    table.add(
        Row::of(
            format!("{lines} records verified from the tiles"),
            Figure::Time(verified),
        )
        .below(Figure::Time(Duration::from_millis(750)))
        .beside(
            "their commitments from salt and entry",
            Figure::Time(hashing),
        ),
    );
    runtime.block_on(centre.stop());
}

/// Units, a labour agency that acts for them all, and their assessments of 2022-01.
async fn fill(centre: &Centre) {
    centre::fill_common(centre).await;
    centre::fill_units(centre, 0..UNITS, PERSONS, 250).await;
    let units: Vec<UnitId> = (0..UNITS).map(centre::unit_id).collect();
    let clerk = centre::enrol(centre, units.clone(), 20).await;
    stream::iter(&units)
        .map(|unit| apply(centre, &clerk, *unit))
        .buffer_unordered(AT_ONCE)
        .count()
        .await;
}

/// The postings that pay what was assessed.
async fn owed(directory: &Path) -> Vec<RawPosting> {
    let centre = centre::open(directory);
    let mut postings: Vec<RawPosting> = Vec::new();
    loop {
        let last = postings.last().map(|it| &it.transaction);
        let waiting = centre.transactions_to_send(last, 100).expect("readable");
        if waiting.is_empty() {
            centre.stop().await;
            return postings;
        }
        let serials = postings.len() + 1..;
        postings.extend(
            waiting
                .iter()
                .zip(serials)
                .map(|(it, serial)| pay(it, serial)),
        );
    }
}

async fn apply(centre: &Centre, clerk: &Clerk, unit: UnitId) {
    let settlement = "2022-01".parse().expect("a month");
    let request = Statement::AssessmentRequest {
        unit,
        insurance: 210,
        settlement,
        attempt: 1,
    };
    let signed = request.sign(&clerk.operator, clerk.certificate.serial, NOW);
    let _ = centre
        .take_statement(signed.to_bytes(), border::now())
        .await
        .expect("taken");
}

fn pay(outgoing: &Outgoing, serial: usize) -> RawPosting {
    let OutgoingContent::Assessment {
        settlement,
        lines,
        totals,
    } = &outgoing.content
    else {
        unreachable!("only assessments were made");
    };
    RawPosting {
        serial: format!("S{serial:08}"),
        transaction: outgoing.transaction.clone(),
        credit_code: outgoing.unit.credit_code.to_string(),
        settlement: *settlement,
        posted_on: "2022-02-16".to_owned(),
        lines: lines
            .iter()
            .map(|(due, person)| RawLine {
                line: due.line,
                transaction_line: due.line,
                personal_number: person.personal_number.to_string(),
                month: due.month,
                base: due.base,
                unit_amount: due.unit_amount,
                person_amount: due.person_amount,
            })
            .collect(),
        total: totals.unit + totals.person,
    }
}

/// Opens the centre and takes the postings in as the tax adapter does.
async fn record(directory: &Path, postings: Vec<RawPosting>) -> Centre {
    let centre = centre::open(directory);
    let mut answers = stream::iter(postings.into_iter().zip(1..))
        .map(|(posting, sequence)| centre.take_tax_event(sequence, TaxEvent::Posted(posting), NOW))
        .buffered(EVENTS_AT_ONCE);
    while let Some(answer) = answers.next().await {
        let answer = answer.expect("taken");
        assert!(matches!(answer, TaxAnswer::Recorded { .. }), "{answer:?}");
    }
    drop(answers);
    centre
}

/// Verifies every leaf since the first posting against the served tiles.
fn verify(centre: &Centre) -> (Duration, Duration) {
    let head = centre.head();
    let trust = centre.trust();
    let key = VerifierKey::new(trust.origin.parse().expect("a name"), trust.log);
    let note = SignedNote::parse(head.note.as_bytes()).expect("a note");
    let checkpoint = Checkpoint::open(&note, &key).expect("our checkpoint");
    let entries = leaves(centre, head.tree.size);
    let (commitments, hashing) = timed(|| {
        entries
            .iter()
            .map(|(salt, bytes)| commitment(salt, bytes))
            .collect::<Vec<Commitment>>()
    });
    let first = head.tree.size - commitments.len() as u64;
    let read = |path: &str| centre.tile(path).map_err(|error| error.to_string());
    let (verified, took) = timed(|| verify_records(&read, &checkpoint, first, &commitments));
    verified.expect("every record is in the log");
    (took, hashing)
}

/// The salts and bytes of the newest leaves, back to the first of the postings.
fn leaves(centre: &Centre, size: u64) -> Vec<([u8; 16], Vec<u8>)> {
    let wanted = u64::from(UNITS) * (u64::from(PERSONS) + 2);
    let mut found = Vec::new();
    let units = (0..UNITS).map(|number| Audience::Unit(centre::unit_id(number)));
    for audience in units.chain([Audience::Centre]) {
        let mut from = size - wanted;
        while from < size {
            let page = centre.feed(&[audience], from..size, 10_000, 16 << 20);
            let page = page.expect("readable");
            found.extend(page.entries);
            from = page.upto;
        }
    }
    found.sort_unstable_by_key(|entry| entry.position);
    assert_eq!(found.len() as u64, wanted, "the run of leaves has no gap");
    found
        .into_iter()
        .map(|entry| (entry.salt, entry.bytes))
        .collect()
}
