//! What a device holds and shows, beside the centre's log.

use std::collections::{BTreeMap, BTreeSet};

use canbao_client::driver::FeedValue;
use canbao_client::request::{Context, Request};
use canbao_client::response::Response;
use canbao_client::{App, Door};
use canbao_core::facts::{Audience, Entry, Fact, Placed, Projection, RecordView};
use canbao_core::ids::Position;
use canbao_core::ledger::proof::EntryProof;
use canbao_core::signing::PublicKey;
use canbao_core::structure::check_batch;
use canbao_core::sync;
use futures_util::FutureExt;

use super::super::kept::{Kept, Made, Piece};
use super::super::scopes::Scopes;
use super::super::sight::Sight;
use super::super::truth::{Seen, Truth};

/// After a crash and after a purge a device has everything that it had made durable, but for what
/// is in no part of its scope. A purge takes with an item the note of how it ended.
pub(in crate::simulation) fn kept_is_durable(
    kept: &Kept,
    found: &Kept,
    sight: &Sight,
) -> Result<(), String> {
    let left = |it: &Audience| sight.was_told() && !sight.includes(it);
    let (mut items_purged, mut ends_gone) = (false, false);
    for (place, made) in &kept.made {
        match (found.made.get(place), &made.audience) {
            (Some(it), _) if it == made => {}
            (None, Some(audience)) if left(audience) => items_purged = true,
            (None, None) => ends_gone = true,
            (Some(_) | None, audience) => {
                return Err(format!("what was made here for {audience:?} is gone"));
            }
        }
    }
    if ends_gone && !items_purged {
        return Err("how an item ended is gone without the item".to_owned());
    }
    for (place, held) in &kept.held {
        match found.held.get(place) {
            Some(it) if it == held => {}
            Some(_) => return Err(format!("the value at {place} is another one now")),
            None if audience_of(held)?.iter().all(left) => {}
            None => return Err(format!("the value at {place} was held and is gone")),
        }
    }
    Ok(())
}

/// The entries held are those that the device may see below its cursor, but for some of the range
/// that a part misses, whatever the order in which they came.
pub(in crate::simulation) fn facts_are_a_prefix<'a>(
    kept: &Kept,
    seen: impl Iterator<Item = &'a Seen>,
    sight: &Sight,
) -> Result<(), String> {
    let mut pieces = kept.pieces().into_iter().peekable();
    for seen in seen {
        let position = seen.entry.position;
        let mut found = false;
        while let Some(piece) = pieces.next_if(|it| it.position() == position) {
            is_of_log(piece, seen)?;
            found = true;
        }
        if !found && sight.must_hold(seen) {
            return Err(format!("{position:?} is missing below {}", sight.cursor));
        }
    }
    match pieces.next() {
        Some(it) => Err(format!(
            "{:?} is held and not to be seen below {}",
            it.position(),
            sight.cursor
        )),
        None => Ok(()),
    }
}

/// What is held of a position is what the log has there; of a batch that came packed, its changes
/// and who signed them.
fn is_of_log(piece: Piece<'_>, seen: &Seen) -> Result<(), String> {
    let is_same = match (piece, &seen.fact) {
        (Piece::Entry(entry), _) => *entry == seen.entry,
        (Piece::Packed(packed), Fact::BatchAdmitted { batch, .. }) => {
            check_batch(batch).is_ok_and(|it| it.run == packed.run)
        }
        (Piece::Packed(_), _) => false,
    };
    if is_same {
        return Ok(());
    }
    Err(format!("{:?} is held otherwise", piece.position()))
}

/// Nothing that was made here is for a part that left the scope.
pub(in crate::simulation) fn nothing_is_left_behind(
    made: &BTreeMap<u64, Made>,
    sight: &Sight,
) -> Result<(), String> {
    let left = made
        .values()
        .filter_map(|it| it.audience)
        .find(|it| sight.was_told() && !sight.includes(it));
    match left {
        Some(audience) => Err(format!("what was made here for {audience:?} is still here")),
        None => Ok(()),
    }
}

/// The parts that a device was told are what the certificates of one of its keys covered at some
/// length of the log from its cursor on.
pub(in crate::simulation) fn scope_was_told(
    scopes: &Scopes,
    keys: &BTreeSet<PublicKey>,
    sight: &Sight,
) -> Result<(), String> {
    if !sight.was_told() {
        return match sight.cursor {
            0 => Ok(()),
            cursor => Err(format!("the cursor is {cursor} without a scope")),
        };
    }
    let told = sight.audiences();
    let at = |length| {
        let mut seen = keys.iter().filter_map(|it| scopes.seen_by(*it, length));
        seen.any(|it| it == told)
    };
    if scopes.lengths_from(sight.cursor).any(at) {
        return Ok(());
    }
    Err(format!(
        "the scope {told:?} was none of its certificates' from {} on",
        sight.cursor
    ))
}

/// What the device makes of its facts is what is expected, but for the proofs it verified.
///
/// While something of its scope is missing still, a unit that was brought meanwhile need not be
/// shown yet. `misprojects` breaks the rule: the device passes over what decisions change.
pub(in crate::simulation) fn projection_agrees(
    app: &App,
    mut expected: Projection,
    sight: &Sight,
    misprojects: bool,
) -> Result<(), String> {
    let undecided;
    let shown = if misprojects {
        undecided = without_effects(app, sight)?;
        &undecided
    } else {
        app.projection()
    };
    for (unit, view) in &mut expected.units {
        for record in proven_records(shown, *unit) {
            view.mark_proven(record.position, 1);
        }
    }
    if shown.common != expected.common {
        return Err("the common view differs".to_owned());
    }
    for (unit, view) in &expected.units {
        match shown.units.get(unit) {
            Some(it) if it == view => {}
            Some(_) => return Err(format!("the view of {unit} differs")),
            None if sight.misses_something() => {}
            None => return Err(format!("{unit} is not shown")),
        }
    }
    let mut units = shown.units.keys();
    match units.find(|it| !expected.units.contains_key(it)) {
        Some(unit) => Err(format!("{unit} is shown, which is not whole here")),
        None => Ok(()),
    }
}

/// Every record shown as recorded has a proof that verifies for the entry in the log. Those in
/// `known` were looked at before.
///
/// `unproven` breaks the rule: every record whose posting is here counts as recorded.
pub(in crate::simulation) fn records_are_proven(
    door: &Door,
    truth: &Truth,
    known: &mut BTreeSet<Position>,
    unproven: bool,
) -> Result<(), String> {
    let recorded: Vec<(String, Position)> = door.look(|app| {
        let units = app.projection().units.values();
        units
            .flat_map(|unit| &unit.records)
            .filter(|it| unproven || it.is_recorded())
            .filter(|it| !known.contains(&it.position))
            .map(|it| {
                (
                    format!("{}/{}", it.record.serial, it.record.line),
                    it.position,
                )
            })
            .collect()
    });
    for (id, position) in recorded {
        let place = usize::try_from(position.0).unwrap_or(usize::MAX);
        let in_log = truth.entries.get(place).map(|it| &it.entry);
        let in_log = in_log.ok_or_else(|| format!("record {id} is not in the log"))?;
        let unit = match &truth.entries[place].fact {
            Fact::Recorded(record) => record.unit,
            _ => return Err(format!("record {id} is no record in the log")),
        };
        let context = Context {
            unit: Some(unit.to_string()),
            ..Context::default()
        };
        let shown = door.ask(&context, Request::ProofShow { id: id.clone() });
        let shown = shown.now_or_never().ok_or("a proof waits for something")?;
        let proof = match shown {
            Ok(Response::Proof(view)) => view.proof,
            Ok(_) => return Err(format!("record {id}: no proof in the answer")),
            Err(failure) => return Err(format!("record {id}: {}", failure.code)),
        };
        let proof = EntryProof::parse(proof.as_bytes()).map_err(|it| it.to_string())?;
        proof
            .verify(&truth.key)
            .map_err(|error| format!("record {id}: {error}"))?;
        if proof.entry != in_log.bytes || proof.index != position.0 {
            return Err(format!("record {id}: the proof is of another entry"));
        }
        known.insert(position);
    }
    Ok(())
}

fn proven_records(
    projection: &Projection,
    unit: canbao_core::ids::UnitId,
) -> impl Iterator<Item = &RecordView> {
    let view = projection.units.get(&unit);
    view.into_iter()
        .flat_map(|it| &it.records)
        .filter(|it| it.proven)
}

/// The fold of what the device holds, without what decisions change.
fn without_effects(app: &App, sight: &Sight) -> Result<Projection, String> {
    let held = app.entries_held(0).map_err(|fault| fault.to_string())?;
    let entries = held.into_iter().filter_map(|(_, held)| match held {
        FeedValue::Entry(entry) => Some(entry),
        // Nothing of documents is projected.
        FeedValue::Pack(_) => None,
    });
    let mut held: Vec<sync::Entry> = entries.collect();
    held.sort_by_key(|it| it.position);
    let mut projection = Projection::default();
    for it in held {
        let entry = Entry::from_bytes(&it.bytes).map_err(|error| error.to_string())?;
        let mut fact = entry.fact().map_err(|error| error.to_string())?;
        if let Fact::DecisionTaken { effect, .. } = &mut fact {
            *effect = None;
        }
        projection.apply(&Placed {
            position: it.position,
            at: entry.at,
            fact,
        });
    }
    projection.units.retain(|unit, _| sight.is_whole(*unit));
    Ok(projection)
}

fn audience_of(held: &FeedValue) -> Result<Vec<Audience>, String> {
    match held {
        FeedValue::Entry(entry) => {
            let read = Entry::from_bytes(&entry.bytes).map_err(|error| error.to_string())?;
            Ok(read.audience)
        }
        FeedValue::Pack(pack) => {
            let documents = pack.iter().map(|it| it.run.batch.document);
            Ok(documents.map(|it| it.audience()).collect())
        }
    }
}
