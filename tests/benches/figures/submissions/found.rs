//! What is in the store after the server was killed.

use std::collections::BTreeMap;
use std::path::Path;

use canbao_core::facts::{Answered, Audience, Entry, Fact};
use canbao_core::ids::UnitId;
use canbao_server::centre::Centre;

use super::clients::Taken;
use crate::centre;

/// How much of what was acknowledged is there.
pub(super) struct Kept {
    /// Entries at their place that answer the submission acknowledged there.
    pub(super) found: u64,
    /// Those of them that give a receipt.
    pub(super) receipts: u64,
    /// Those that stand right behind an answer to the same unit.
    pub(super) in_a_row: u64,
}

/// Opens the store anew and looks every acknowledged submission up.
pub(super) fn find(directory: &Path, taken: &[Taken]) -> Kept {
    let centre = centre::open(directory);
    let mut kept = Kept {
        found: 0,
        receipts: 0,
        in_a_row: 0,
    };
    let mut units: BTreeMap<u64, UnitId> = BTreeMap::new();
    for acknowledged in taken {
        let Some(fact) = fact_of(&centre, acknowledged).and_then(|it| it.fact().ok()) else {
            continue;
        };
        if fact.answers() == Ok(Some(Answered::Statement(acknowledged.id))) {
            kept.found += 1;
            kept.receipts += u64::from(matches!(fact, Fact::Received { .. }));
            units.insert(acknowledged.position.0, acknowledged.unit);
        }
    }
    let follows = |(position, unit): (&u64, &UnitId)| units.get(&(position + 1)) == Some(unit);
    kept.in_a_row = units.iter().filter(|it| follows(*it)).count() as u64;
    close(&centre);
    kept
}

/// The bytes of an entry that answers a submission, on average.
pub(super) fn entry_bytes(directory: &Path, taken: &[Taken]) -> u64 {
    let centre = centre::open(directory);
    let some = taken.iter().take(100);
    let bytes: Vec<u64> = some
        .filter_map(|it| fact_of(&centre, it))
        .map(|it| it.to_bytes().len() as u64)
        .collect();
    close(&centre);
    bytes.iter().sum::<u64>() / (bytes.len() as u64).max(1)
}

fn fact_of(centre: &Centre, taken: &Taken) -> Option<Entry> {
    let audience = [Audience::Unit(taken.unit)];
    let place = taken.position.0;
    let page = centre
        .feed(&audience, place..place + 1, 1, usize::MAX)
        .ok()?;
    let entry = page.entries.into_iter().next()?;
    Entry::from_bytes(&entry.bytes).ok()
}

fn close(centre: &Centre) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(centre.stop());
}
