//! 100,000 posting lines, 320 to a posting: recorded, and verified from the tiles.

use std::time::Duration;

use canbao_core::facts::Audience;
use canbao_core::ids::UnitId;
use canbao_core::ledger::audit::verify_records;
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::{Commitment, commitment};
use canbao_core::ledger::note::{SignedNote, VerifierKey};
use canbao_core::statement::Statement;
use canbao_server::centre::{Centre, Outgoing, OutgoingContent, RawLine, RawPosting, TaxEvent};
use canbao_server::tax::EVENTS_AT_ONCE;

use futures_util::{StreamExt, stream};

use crate::centre::{self, Clerk, Filled, NOW};
use crate::table::{Table, milliseconds, timed, write_floor};

const UNITS: u32 = 313;
const PERSONS: u32 = 320;

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let filled = Filled::new();
    let postings = runtime.block_on(assess_everyone(&filled));
    let lines: usize = postings.iter().map(|posting| posting.lines.len()).sum();
    let store = filled.directory.join("centre.redb");
    let size = || std::fs::metadata(&store).map_or(0, |it| it.len());

    let before = size();
    let (centre, recorded) = timed(|| runtime.block_on(record(&filled, postings)));
    let grown = usize::try_from(size().saturating_sub(before)).unwrap_or_default();
    table.row(
        &format!("{lines} posting lines recorded, 320 to a posting"),
        milliseconds(recorded),
        "< 2 s",
        format!(
            "opening, a signed head and a sync each; the same {} KiB written with 313 syncs {}",
            grown / 1_024,
            milliseconds(write_floor(grown.max(UNITS as usize), UNITS as usize))
        ),
    );
    let (verified, hashing) = verify(&centre);
    table.row(
        &format!("{lines} records verified from the tiles"),
        milliseconds(verified),
        "< 0.2 s",
        format!(
            "making their commitments from salt and entry {}",
            milliseconds(hashing)
        ),
    );
}

/// Units, a labour agency that acts for them all, their assessments of 2022-01, and the
/// postings that pay them.
async fn assess_everyone(filled: &Filled) -> Vec<RawPosting> {
    let centre = centre::open(&filled.directory);
    centre::fill_common(&centre).await;
    let mut units = Vec::new();
    for number in 0..UNITS {
        units.push(centre::fill_unit(&centre, number, PERSONS).await);
    }
    let clerk = centre::enrol(&centre, units.clone(), 20).await;
    for unit in &units {
        apply(&centre, &clerk, *unit).await;
    }
    let waiting = centre
        .transactions_to_send(None, UNITS as usize)
        .expect("readable");
    let postings = waiting
        .iter()
        .zip(1_u32..)
        .map(|(outgoing, serial)| pay(outgoing, serial))
        .collect();
    centre.stop().await;
    postings
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
        .take_statement(signed.to_bytes(), NOW)
        .await
        .expect("taken");
}

fn pay(outgoing: &Outgoing, serial: u32) -> RawPosting {
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
async fn record(filled: &Filled, postings: Vec<RawPosting>) -> Centre {
    let centre = centre::open(&filled.directory);
    let mut answers = stream::iter(postings.into_iter().zip(1..))
        .map(|(posting, sequence)| centre.take_tax_event(sequence, TaxEvent::Posted(posting), NOW))
        .buffered(EVENTS_AT_ONCE);
    while let Some(answer) = answers.next().await {
        let _ = answer.expect("recorded");
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
    let units: Vec<Audience> = (0..UNITS)
        .map(|number| {
            let credit = centre
                .find_unit(&format!("021{number:07}"))
                .expect("readable");
            Audience::Unit(credit.expect("registered"))
        })
        .chain([Audience::Everyone, Audience::Centre])
        .collect();
    let mut from = size - wanted;
    let mut found = Vec::new();
    while from < size {
        let page = centre
            .feed(&units, from..u64::MAX, 10_000, 16 << 20)
            .expect("readable");
        found.extend(
            page.entries
                .into_iter()
                .map(|entry| (entry.salt, entry.bytes)),
        );
        from = page.upto;
    }
    assert_eq!(found.len() as u64, wanted, "the run of leaves has no gap");
    found
}
