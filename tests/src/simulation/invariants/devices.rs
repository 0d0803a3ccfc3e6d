//! What a device holds and shows, beside the centre's log.

use std::collections::BTreeSet;

use canbao_client::request::{Context, Request};
use canbao_client::response::Response;
use canbao_client::{App, Door};
use canbao_core::facts::{Entry, Fact, Placed, Projection, RecordView};
use canbao_core::ids::Position;
use canbao_core::ledger::proof::EntryProof;
use canbao_core::sync;
use futures_util::FutureExt;

use super::super::device::Kept;
use super::super::truth::{Seen, Truth};

/// After a crash a device has everything that it had made durable.
pub(in crate::simulation) fn kept_is_durable(
    kept: &Kept,
    made: &[[u8; 32]],
    held: &[sync::Entry],
) -> Result<(), String> {
    if !made.starts_with(&kept.made) {
        return Err(format!(
            "{} values made here, {} of them found again",
            kept.made.len(),
            made.iter()
                .zip(&kept.made)
                .take_while(|(a, b)| a == b)
                .count()
        ));
    }
    if !held.starts_with(&kept.held) {
        return Err(format!(
            "{} entries held, not all found again",
            kept.held.len()
        ));
    }
    Ok(())
}

/// The entries held are exactly the visible ones below the cursor, whatever the order in which
/// they came.
pub(in crate::simulation) fn facts_are_a_prefix<'a>(
    held: &[sync::Entry],
    visible: impl Iterator<Item = &'a Seen>,
    cursor: u64,
) -> Result<(), String> {
    let mut held: Vec<&sync::Entry> = held.iter().collect();
    held.sort_by_key(|it| it.position);
    let mut held = held.into_iter();
    for seen in visible {
        match held.next() {
            Some(it) if *it == seen.entry => {}
            Some(it) => {
                return Err(format!(
                    "{:?} is held where {:?} belongs",
                    it.position, seen.entry.position
                ));
            }
            None => {
                return Err(format!(
                    "{:?} is missing below {cursor}",
                    seen.entry.position
                ));
            }
        }
    }
    match held.next() {
        Some(it) => Err(format!(
            "{:?} is held and not visible below {cursor}",
            it.position
        )),
        None => Ok(()),
    }
}

/// What the device makes of its facts is what is expected, but for the proofs it verified.
///
/// `misprojects` breaks the rule: the device passes over what decisions change.
pub(in crate::simulation) fn projection_agrees(
    app: &App,
    mut expected: Projection,
    misprojects: bool,
) -> Result<(), String> {
    let undecided;
    let shown = if misprojects {
        undecided = without_effects(app)?;
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
        if shown.units.get(unit) != Some(view) {
            return Err(format!("the view of {unit} differs"));
        }
    }
    if shown.units.len() != expected.units.len() {
        return Err("there is a unit too many".to_owned());
    }
    Ok(())
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
fn without_effects(app: &App) -> Result<Projection, String> {
    let held = app.entries_held(0).map_err(|fault| fault.to_string())?;
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
    Ok(projection)
}
