//! Several devices that write without knowing of each other.

mod model;

use automerge::legacy::OpType;

use crate::declaration::Kind;
use crate::document::{
    Action, ActorId, Change, Chunk, Conflict, DocumentError, DocumentId, FieldName, OverlayField,
    Own, StoredDraft, Value, Volume,
};
use crate::ids::{DeclarationId, DeviceId, PersonId, UnitId, VolumeId};
use crate::money::Money;
use crate::time::Timestamp;

const DOCUMENT: DocumentId = DocumentId::EmployerVolume(UnitId([1; 16]), VolumeId(1));
const ROSTER: DocumentId = DocumentId::EmployerRoster(UnitId([1; 16]));
const DRAFT: DeclarationId = DeclarationId([7; 16]);
const PERSON: PersonId = PersonId([3; 16]);

fn actor(number: u8) -> ActorId {
    ActorId::new(DeviceId([number; 16]), [number; 8])
}

fn begun(document: DocumentId) -> Volume {
    Volume::replay(document, []).unwrap()
}

fn wage(fen: i64) -> Change {
    Change::Wage(Money::from_fen(fen))
}

fn declare(fields: Vec<Change>) -> Action {
    Action::Declare {
        id: DRAFT,
        kind: Kind::Wage,
        fields,
    }
}

fn amend(fields: Vec<Change>) -> Action {
    Action::Amend { id: DRAFT, fields }
}

/// Device `number` acts at a time of its own clock.
fn act(volume: &mut Volume, number: u8, at: i64, action: &Action) -> Own {
    volume.act(&actor(number), action, Timestamp(at)).unwrap()
}

/// Each gets what the other wrote.
fn exchange(one: &mut Volume, two: &mut Volume, from_one: &[Chunk], from_two: &[Chunk]) {
    one.extend(from_two).unwrap();
    two.extend(from_one).unwrap();
}

/// Two devices that have the draft with a wage of 5000.00.
fn two_devices() -> (Volume, Volume) {
    let (mut one, mut two) = (begun(DOCUMENT), begun(DOCUMENT));
    let made = act(&mut one, 1, 0, &declare(vec![wage(500_000)]));
    two.extend([&made.chunk]).unwrap();
    (one, two)
}

/// Two devices that changed the wage apart: the second to 5100.00 and, later by its clock, the
/// first to 5200.00.
fn two_who_differ() -> (Volume, Volume) {
    let (mut one, mut two) = two_devices();
    let first = act(&mut one, 1, 20, &amend(vec![wage(520_000)]));
    let second = act(&mut two, 2, 10, &amend(vec![wage(510_000)]));
    exchange(&mut one, &mut two, &[first.chunk], &[second.chunk]);
    (one, two)
}

fn stored(volume: &Volume) -> StoredDraft {
    volume.draft(DRAFT).unwrap()
}

fn said(conflict: &Conflict) -> Vec<Value> {
    conflict.values.iter().map(|it| it.value.clone()).collect()
}

/// Nothing but what the structure check takes: maps made and values put.
fn assert_only_puts(chunk: &Chunk) {
    let change = automerge::Change::try_from(&chunk.0[..]).unwrap();
    for operation in change.decode().operations {
        let taken = matches!(operation.action, OpType::Put(_) | OpType::Make(_));
        assert!(taken, "{operation:?}");
    }
}

#[test]
fn two_values_of_a_field_are_a_conflict_with_who_and_when() {
    let (one, two) = two_who_differ();
    let conflicts = stored(&one).conflicts;
    assert_eq!(conflicts, stored(&two).conflicts);
    let [conflict] = &conflicts[..] else {
        panic!("one conflict, not {conflicts:?}")
    };
    assert_eq!(conflict.field, FieldName::Wage);
    let seen: Vec<_> = conflict
        .values
        .iter()
        .map(|it| (it.value.clone(), it.actor.clone(), it.seq, it.at.0))
        .collect();
    let amount = |fen| Value::Amount(Money::from_fen(fen));
    assert_eq!(
        seen,
        [
            (amount(510_000), actor(2), 1, 10),
            (amount(520_000), actor(1), 2, 20),
        ]
    );
    assert_eq!(stored(&one).draft, stored(&two).draft, "both show the same");
    let loaded = Volume::load(DOCUMENT, &one.save()).unwrap();
    assert_eq!(loaded.drafts(), one.drafts());
}

#[test]
fn equal_values_and_values_of_different_fields_are_no_conflict() {
    let check = |first: Change, second: Change| {
        let (mut one, mut two) = two_devices();
        let first = act(&mut one, 1, 1, &amend(vec![first]));
        let second = act(&mut two, 2, 2, &amend(vec![second]));
        exchange(&mut one, &mut two, &[first.chunk], &[second.chunk]);
        assert_eq!(stored(&one).conflicts, []);
        assert_eq!(stored(&one), stored(&two));
        stored(&one).draft
    };
    let both = check(wage(510_000), wage(510_000));
    assert_eq!(both.wage, Some(Money::from_fen(510_000)));
    let each = check(wage(510_000), Change::From("2022-02".to_owned()));
    assert_eq!(each.wage, Some(Money::from_fen(510_000)));
    assert_eq!(each.from, "2022-02");
}

#[test]
fn a_choice_of_either_value_or_of_a_third_ends_the_conflict_everywhere() {
    for fen in [510_000, 520_000, 530_000] {
        let (mut one, mut two) = two_who_differ();
        let chosen = act(&mut two, 2, 30, &amend(vec![wage(fen)]));
        assert_only_puts(&chosen.chunk);
        one.extend([&chosen.chunk]).unwrap();
        for volume in [&one, &two] {
            assert_eq!(stored(volume).conflicts, [], "{fen}");
            assert_eq!(stored(volume).draft.wage, Some(Money::from_fen(fen)));
        }
    }
}

#[test]
fn two_who_choose_differently_are_in_conflict_again() {
    let (mut one, mut two) = two_who_differ();
    let first = act(&mut one, 1, 30, &amend(vec![wage(510_000)]));
    let second = act(&mut two, 2, 30, &amend(vec![wage(520_000)]));
    exchange(&mut one, &mut two, &[first.chunk], &[second.chunk]);
    assert_eq!(stored(&one).conflicts.len(), 1);
    assert_eq!(stored(&one), stored(&two));
}

#[test]
fn a_record_that_two_devices_created_hides_nothing_of_either() {
    let (mut one, mut two) = (begun(DOCUMENT), begun(DOCUMENT));
    let from = |month: &str| Change::From(month.to_owned());
    let to = Change::To("2022-12".to_owned());
    let reason = Change::Reason("x".to_owned());
    let first = declare(vec![from("2022-01"), to.clone(), wage(1), reason]);
    let second = declare(vec![from("2022-02"), to, wage(1)]);
    let first = act(&mut one, 1, 1, &first).chunk;
    let second = act(&mut two, 2, 2, &second).chunk;
    exchange(&mut one, &mut two, &[first], &[second]);
    assert_eq!(one.drafts(), two.drafts());
    let [draft] = &one.drafts()[..] else {
        panic!("one record stands under one key")
    };
    let [conflict] = &draft.conflicts[..] else {
        panic!("{:?}", draft.conflicts)
    };
    let months = ["2022-01", "2022-02"].map(|it| Value::Text(it.to_owned()));
    assert_eq!(said(conflict), months);
    assert_eq!(draft.draft.reason, "x", "which only one of them has");

    let chosen = act(&mut one, 1, 3, &amend(vec![from("2022-01")]));
    assert_only_puts(&chosen.chunk);
    let voided = act(&mut two, 2, 3, &Action::Void { id: DRAFT });
    exchange(&mut one, &mut two, &[chosen.chunk], &[voided.chunk]);
    for volume in [&one, &two] {
        assert_eq!(stored(volume).conflicts, []);
        assert_eq!(stored(volume).draft.from, "2022-01");
        assert!(stored(volume).voided);
    }
}

#[test]
fn what_one_device_voids_stays_voided_whatever_another_writes() {
    let (mut one, mut two) = two_devices();
    let voided = act(&mut one, 1, 1, &Action::Void { id: DRAFT });
    let amended = act(&mut two, 2, 2, &amend(vec![wage(1)]));
    exchange(&mut one, &mut two, &[voided.chunk], &[amended.chunk]);
    for volume in [&one, &two] {
        assert!(stored(volume).voided);
        assert_eq!(stored(volume).draft.wage, Some(Money::from_fen(1)));
    }
}

#[test]
fn declaring_what_is_there_amends_it_and_keeps_its_form() {
    let (mut one, _) = two_devices();
    let again = Action::Declare {
        id: DRAFT,
        kind: Kind::Interruption,
        fields: vec![wage(1)],
    };
    let own = act(&mut one, 1, 1, &again);
    let change = automerge::Change::try_from(&own.chunk.0[..]).unwrap();
    let operations = change.decode().operations;
    assert!(
        operations
            .iter()
            .all(|it| matches!(it.action, OpType::Put(_))),
        "{operations:?}"
    );
    assert_eq!(stored(&one).draft.kind, Kind::Wage);
    assert_eq!(stored(&one).draft.wage, Some(Money::from_fen(1)));
}

#[test]
fn an_action_that_changes_nothing_makes_no_change() {
    let (mut one, _) = two_devices();
    let before = one.save();
    let mut refused = |action: &Action| {
        let refused = one.act(&actor(1), action, Timestamp(9)).unwrap_err();
        assert!(
            matches!(refused, DocumentError::NothingChanges),
            "{refused}"
        );
    };
    refused(&amend(vec![wage(500_000)]));
    refused(&amend(Vec::new()));
    refused(&declare(vec![wage(500_000)]));
    assert_eq!(one.save(), before);
    let own = act(&mut one, 1, 9, &Action::Void { id: DRAFT });
    assert_eq!(own.seq, 2, "the next change follows the last one made");
    let again = one.act(&actor(1), &Action::Void { id: DRAFT }, Timestamp(9));
    assert!(matches!(again, Err(DocumentError::NothingChanges)));
}

#[test]
fn what_two_devices_keep_on_a_person_is_one_overlay() {
    let overlay = |fields: Vec<OverlayField>| Action::Overlay {
        person: PERSON,
        fields,
    };
    let department = |text: &str| OverlayField::department(text).unwrap();
    let phone = |text: &str| OverlayField::phone(text).unwrap();
    let (mut one, mut two) = (begun(ROSTER), begun(ROSTER));
    let first = act(
        &mut one,
        1,
        1,
        &overlay(vec![department("装配"), phone("024-1")]),
    );
    let second = act(&mut two, 2, 2, &overlay(vec![department("装配")]));
    exchange(&mut one, &mut two, &[first.chunk], &[second.chunk]);
    let kept = one.overlay(PERSON).unwrap();
    assert_eq!(two.overlays(), std::slice::from_ref(&kept));
    assert_eq!(
        (kept.department.as_str(), kept.phone.as_str()),
        ("装配", "024-1")
    );
    assert_eq!(kept.conflicts, []);

    let first = act(&mut one, 1, 3, &overlay(vec![phone("")]));
    let second = act(&mut two, 2, 4, &overlay(vec![phone("024-2")]));
    exchange(&mut one, &mut two, &[first.chunk], &[second.chunk]);
    let kept = one.overlay(PERSON).unwrap();
    assert_eq!(two.overlays(), std::slice::from_ref(&kept));
    let values = ["", "024-2"].map(|it| Value::Text(it.to_owned()));
    assert_eq!(said(&kept.conflicts[0]), values, "cleared here, set there");
    let _ = act(&mut one, 1, 5, &overlay(vec![phone(""), department("")]));
    assert_eq!(one.overlay(PERSON), None, "nothing is kept any more");
    assert!(one.drafts().is_empty() && one.notes().is_empty());
}
