//! The first sync of a second device of a unit: what the wire carries, beside the least that would
//! say the same.

use std::collections::BTreeMap;
use std::path::Path;

use canbao_client::Door;
use canbao_client::request::{Form, Importing, Request};
use canbao_core::declaration::Kind;
use canbao_core::document::{Chunk, DocumentId, Volume};
use canbao_core::facts::{Audience, Entry, Fact};
use canbao_core::ids::UnitId;
use canbao_core::message::Lang;
use canbao_core::structure::check_batch;
use canbao_server::centre::Centre;
use canbao_tests::stranger::Stranger;

use crate::centre::{self, Filled, Listening};
use crate::table::{Figure, Row, Table, timed};
use crate::{device, machine};

const PERSONS: u32 = 5_000;
/// Wages declared by a file, stoppages one by one, and drafts that were changed again.
const IMPORTED: u32 = 5_000;
const STOPPED: u32 = 50;
const AMENDED: u32 = 200;
/// How hard the facts are compressed for the floor.
const HARDEST: i32 = 19;

/// What the unit's devices may see, as the centre holds it.
struct Seen {
    /// The facts but the batches of documents, one after the other.
    facts: Vec<u8>,
    /// The changes of each document.
    documents: BTreeMap<DocumentId, Vec<Chunk>>,
    batches: u64,
}

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let filled = Filled::new();
    let first = machine::scratch();
    let (engine, unit, listening, code) = runtime.block_on(async {
        let engine = centre::open(&filled.directory);
        centre::fill_common(&engine).await;
        let unit = centre::fill_unit(&engine, 1, PERSONS).await;
        let listening = Listening::of(&engine);
        let door = Door::open(first.path(), Lang::Zh).expect("opens");
        device::enrol(&door, &engine, &listening.server, unit, 9).await;
        device::sync(&door).await;
        draft(&door, first.path()).await;
        device::sync(&door).await;
        let code = centre::code(&engine, vec![unit], 11).await;
        (engine, unit, listening, code.to_string())
    });

    let stranger = Stranger::enrol(&code, &listening.server, 60);
    let (synced, took) = timed(|| stranger.first_sync());
    let seen = seen(&engine, unit);
    let floor = floor(&seen);
    let wire = synced.statistics.datagram_bytes_sent + synced.statistics.datagram_bytes_received;
    let stream = synced.statistics.sent + synced.statistics.received;
    table.add(
        Row::of(
            format!("first sync of a unit of {PERSONS} persons, wire beside its floor"),
            Figure::ratio(wire, floor.0 + floor.1),
        )
        .below(Figure::Thousandths(1_300))
        .beside("UDP payload both ways", Figure::Bytes(wire))
        .beside("of it the stream", Figure::Bytes(stream))
        .beside("save() of its documents", Figure::Bytes(floor.0))
        .beside("zstd -19 of its facts", Figure::Bytes(floor.1))
        .beside("facts as they are", Figure::Bytes(seen.facts.len() as u64))
        .beside("taken in", Figure::Time(took))
        .note(format!(
            "loopback; drafts: {IMPORTED} wages of a file, {STOPPED} stoppages, {AMENDED} of \
             them all amended, {} batches",
            seen.batches
        )),
    );
    apply(table, &runtime, &engine, &listening, unit);
    runtime.block_on(async {
        listening.end().await;
        engine.stop().await;
    });
}

/// The same by the application, which verifies and stores what comes.
fn apply(
    table: &mut Table,
    runtime: &tokio::runtime::Runtime,
    engine: &Centre,
    listening: &Listening,
    unit: UnitId,
) {
    let second = machine::scratch();
    let took = runtime.block_on(async {
        let door = Door::open(second.path(), Lang::Zh).expect("opens");
        device::enrol(&door, engine, &listening.server, unit, 12).await;
        let begun = std::time::Instant::now();
        device::sync(&door).await;
        begun.elapsed()
    });
    table.add(
        Row::of(
            format!("first sync of a unit of {PERSONS} persons by the application"),
            Figure::Time(took),
        )
        .note("loopback; verified, stored and folded"),
    );
}

/// What a clerk leaves in the drafts of a year.
async fn draft(door: &Door, directory: &Path) {
    let file = directory.join("wages.csv");
    std::fs::write(&file, wages()).expect("written");
    let importing = Importing {
        kind: "WAGE".to_owned(),
        file,
        failures: None,
        preview: false,
        from: None,
        to: None,
    };
    let report = device::ask(door, Request::DeclareImport(importing)).await;
    assert_eq!(report.body()["good"], IMPORTED, "every row is good");
    let listed = device::ask(door, Request::DeclareList).await;
    let drafts = listed.body().as_array().cloned().unwrap_or_default();
    for (number, draft) in (0..).zip(drafts.iter().step_by(25)).take(AMENDED as usize) {
        let id = draft["id"].as_str().expect("an id").parse().expect("an id");
        let form = Form {
            wage: Some(format!("{}.50", 5_000 + number)),
            ..Form::default()
        };
        let form = Box::new(form);
        let _ = device::ask(door, Request::DeclareEdit { id, form }).await;
    }
    for line in 0..STOPPED {
        let form = Form {
            person: Some(personal_number(line)),
            month: Some("2022-01".to_owned()),
            reason: Some("辞职".to_owned()),
            ..Form::default()
        };
        let (kind, form) = (Kind::Interruption, Box::new(form));
        let _ = device::ask(door, Request::Declare { kind, form }).await;
    }
}

fn wages() -> String {
    let rows = (0..IMPORTED).map(|line| {
        let number = personal_number(line);
        let wage = 4_000 + line * 7_919 % 12_000;
        format!("{number},员工{line},2022-01,2022-12,{wage}\n")
    });
    let header = "个人编号,姓名,开始年月,结束年月,缴费工资\n".to_owned();
    std::iter::once(header).chain(rows).collect()
}

fn personal_number(line: u32) -> String {
    centre::listed(1, line).person.personal_number.to_string()
}

fn seen(centre: &Centre, unit: UnitId) -> Seen {
    let audiences = [
        Audience::Everyone,
        Audience::Unit(unit),
        Audience::Employer(unit),
    ];
    let mut seen = Seen {
        facts: Vec::new(),
        documents: BTreeMap::new(),
        batches: 0,
    };
    let mut from = 0;
    loop {
        let page = centre
            .feed(&audiences, from..u64::MAX, 1_024, 16 << 20)
            .expect("readable");
        for entry in page.entries {
            let read = Entry::from_bytes(&entry.bytes).expect("our own");
            match read.fact().expect("our own") {
                Fact::BatchAdmitted { document, batch } => {
                    let run = check_batch(&batch).expect("admitted").run;
                    let chunks = run.batch.chunks;
                    seen.documents.entry(document).or_default().extend(chunks);
                    seen.batches += 1;
                }
                _ => seen.facts.extend(entry.bytes),
            }
        }
        from = page.upto;
        if from == page.head {
            return seen;
        }
    }
}

/// The bytes of the documents as automerge saves them, and of the facts, compressed hard.
fn floor(seen: &Seen) -> (u64, u64) {
    let documents = seen.documents.iter().map(|(id, chunks)| {
        let volume = Volume::replay(*id, chunks).expect("admitted changes apply");
        volume.save().len() as u64
    });
    let facts = zstd::bulk::compress(&seen.facts, HARDEST).expect("compressed");
    (documents.sum(), facts.len() as u64)
}
