//! What two devices of a unit filled in differently: seen, chosen, and never submitted before.

use canbao_core::document::{Action, ActorId, Change, Chunk, DocumentId, OverlayField, Volume};
use canbao_core::facts::Fact;
use canbao_core::ids::{DeclarationId, DeviceId, PersonId, VolumeId};
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::time::Timestamp;

use crate::app::App;
use crate::captions;
use crate::request::{Choice, Request};
use crate::response::{ConflictRow, FailureClass, PersonRow, Resolved, Response};

use super::*;

const ZHANG: &str = "0001000001";
const ZHAO: &str = "0001000002";
const VOLUME: DocumentId = DocumentId::EmployerVolume(UNIT, VolumeId(2022));
const ROSTER: DocumentId = DocumentId::EmployerRoster(UNIT);
/// The other device, an hour before this one. Of two values written at once that of the greater
/// actor is shown, so that this device shows its own.
const ELSEWHERE: DeviceId = DeviceId([0; 16]);
const EARLIER: Timestamp = Timestamp(NOW.0 - 3600);

/// What another device of the unit, which knows what this one knows now, does meanwhile; it
/// arrives here when the changes are merged.
fn elsewhere(app: &App, document: DocumentId, actions: &[Action]) -> Vec<Chunk> {
    let mut volume = match app.drafts.document(&document) {
        Some(known) => Volume::load(document, &known.save()).expect("whole"),
        None => Volume::replay(document, []).expect("begun"),
    };
    let actor = ActorId::new(ELSEWHERE, [9; 8]);
    let act = |action| volume.act(&actor, action, EARLIER).expect("acts").chunk;
    actions.iter().map(act).collect()
}

fn merge(app: &mut App, document: DocumentId, chunks: &[Chunk]) {
    let known = app.drafts.document(&document).cloned();
    let mut volume = known.unwrap_or_else(|| Volume::replay(document, []).expect("begun"));
    volume.extend(chunks).expect("applies");
    app.drafts
        .replica(document)
        .expect("opens")
        .acted(volume, 1);
}

fn amend(id: &str, fields: Vec<Change>) -> Action {
    let id: DeclarationId = id.parse().expect("an id");
    Action::Amend { id, fields }
}

fn paid(yuan: i64) -> Change {
    Change::Wage(Money::from_fen(yuan * 100))
}

fn edit(id: &str, from: Option<&str>, wage: Option<&str>) -> Request {
    amended(
        id,
        Form {
            from: from.map(str::to_owned),
            wage: wage.map(str::to_owned),
            ..Form::default()
        },
    )
}

fn resolve(record: &str, field: &str, choice: Choice) -> Request {
    Request::ConflictsResolve {
        record: record.to_owned(),
        field: field.to_owned(),
        choice,
    }
}

fn keep(text: &str) -> Choice {
    Choice::Keep(text.to_owned())
}

fn conflicts(app: &mut App) -> Vec<ConflictRow> {
    match ask(app, Request::ConflictsList) {
        Response::Conflicts(rows) => rows,
        other => panic!("conflicts, not {other:?}"),
    }
}

fn resolved(app: &mut App, request: Request) -> Resolved {
    match ask(app, request) {
        Response::Resolved(view) => *view,
        other => panic!("a choice, not {other:?}"),
    }
}

/// A draft of this device whose wage another device, an hour ago, made 5100.00 and this one
/// 5200.00.
fn in_conflict(app: &mut App) -> String {
    let id = declare(app, wage(ZHANG, "2022-01", "2022-12", "5000")).id;
    let there = elsewhere(app, VOLUME, &[amend(&id, vec![paid(5100)])]);
    declare(app, edit(&id, None, Some("5200")));
    merge(app, VOLUME, &there);
    id
}

#[test]
fn a_field_that_two_devices_wrote_is_listed_with_who_when_and_where() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = in_conflict(&mut app);
    let rows = conflicts(&mut app);
    let [row] = &rows[..] else {
        panic!("one conflict, not {rows:?}")
    };
    assert_eq!((&row.record, row.kind.as_str()), (&id, "WAGE"));
    assert_eq!(row.person.as_ref().map(|it| it.name.as_str()), Some("张三"));
    assert_eq!(row.field.code, "wage");
    let seen: Vec<_> = row
        .values
        .iter()
        .map(|it| (it.number, it.value.as_str(), it.here, it.at.clone()))
        .collect();
    let (earlier, now) = (EARLIER.to_string(), NOW.to_string());
    assert_eq!(
        seen,
        [(1, "5100.00", false, earlier), (2, "5200.00", true, now)]
    );
    let there = &row.values[0];
    assert_eq!(there.operator, None, "not known here");
    assert_eq!(there.device, Some(ELSEWHERE.to_string()));
    assert_eq!(row.values[1].operator.as_deref(), Some("王经办"));

    let listed = &declarations(&mut app)[0];
    assert_eq!(listed.conflicts, std::slice::from_ref(&row.field));
    assert_eq!(listed.status.code, "draft");
}

#[test]
fn a_choice_by_number_or_by_text_ends_a_conflict() {
    let check = |choice: Choice, expected: &str| {
        let directory = tempfile::tempdir().expect("a directory");
        let mut app = employer(&mut Centre::new(1), directory.path());
        let id = in_conflict(&mut app);
        let view = resolved(&mut app, resolve(&id, "wage", choice));
        assert_eq!((view.text.as_str(), view.left.len()), (expected, 0));
        assert_eq!(conflicts(&mut app), []);
        let row = &declarations(&mut app)[0];
        assert_eq!(row.wage.as_deref(), Some(expected));
        assert_eq!(row.conflicts, []);
        let again = refuse(&mut app, resolve(&id, "wage", Choice::Value(1)));
        assert_eq!(again.code, "conflict.none");
    };
    check(Choice::Value(1), "5100.00");
    check(Choice::Value(2), "5200.00");
    check(keep(" 5100.0 "), "5100.00");
}

#[test]
fn a_choice_that_names_nothing_is_refused_by_name_and_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = in_conflict(&mut app);
    let length = app.outbox.length();
    let unknown = DeclarationId([8; 16]).to_string();
    let first = || Choice::Value(1);
    let checks = [
        (
            resolve(&unknown, "wage", first()),
            "conflict.no_such_record",
        ),
        (resolve(&id, "voided", first()), "conflict.no_such_field"),
        (resolve(&id, "to", first()), "conflict.none"),
        (resolve(ZHANG, "phone", first()), "conflict.none"),
        (
            resolve(&id, "wage", Choice::Value(0)),
            "conflict.no_such_value",
        ),
        (
            resolve(&id, "wage", Choice::Value(3)),
            "conflict.no_such_value",
        ),
        (resolve(&id, "wage", keep("5300")), "conflict.no_such_value"),
        (resolve(&id, "wage", keep("")), "conflict.no_such_value"),
    ];
    for (request, code) in checks {
        let failure = refuse(&mut app, request);
        assert_eq!(failure.code, code);
        assert!(!failure.message.contains('{'), "{}", failure.message);
    }
    let failure = refuse(&mut app, resolve(&id, "wage", keep("5300")));
    let values = "1 5100.00、2 5200.00";
    assert!(failure.message.ends_with(values), "{}", failure.message);
    assert_eq!(failure.class, FailureClass::Usage);
    assert_eq!(app.outbox.length(), length);
    assert_eq!(conflicts(&mut app).len(), 1);
}

#[test]
fn every_field_is_found_by_its_name_and_its_captions() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = declare(&mut app, stop(ZHANG, "2022-01")).id;
    let there = vec![
        Change::Person(person_id(&app, ZHAO).to_string()),
        Change::Month("2022-02".to_owned()),
        Change::Reason("退休".to_owned()),
    ];
    let there = elsewhere(&app, VOLUME, &[amend(&id, there)]);
    let here = amended(
        &id,
        Form {
            person: Some("0001000003".to_owned()),
            month: Some("2021-12".to_owned()),
            reason: Some("被辞退".to_owned()),
            ..Form::default()
        },
    );
    declare(&mut app, here);
    merge(&mut app, VOLUME, &there);
    assert_eq!(conflicts(&mut app).len(), 3);
    let view = resolved(&mut app, resolve(&id, "人员", keep(ZHAO)));
    assert_eq!(view.text, format!("赵四 {ZHAO}"));
    assert_eq!(view.left.len(), 2);
    resolved(&mut app, resolve(&id, "month", keep("202202")));
    resolved(&mut app, resolve(&id, "reason", keep("被辞退")));
    let row = &declarations(&mut app)[0];
    let person = row.person.as_ref().map(|it| it.personal_number.as_str());
    assert_eq!(person, Some(ZHAO));
    assert_eq!(row.month.as_deref(), Some("2022-02"));
    assert_eq!(row.change_reason.as_deref(), Some("被辞退"));
}

#[test]
fn a_draft_in_conflict_is_not_submitted_and_does_not_stop_the_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = in_conflict(&mut app);
    let named = Request::Submit {
        ids: vec![id.parse().expect("an id")],
        all: false,
    };
    let failure = refuse(&mut app, named.clone());
    assert_eq!(codes(&failure), [("wage", "submit.conflict")]);
    let problem = &failure.problems[0];
    assert_eq!(problem.item.as_ref(), Some(&id));
    assert!(problem.message.contains("5100.00、5200.00"), "{problem:?}");
    assert!(problem.hint.contains(&format!("{id} wage")), "{problem:?}");

    let other = declare(&mut app, stop(ZHAO, "2022-01")).id;
    let all = Request::Submit {
        ids: Vec::new(),
        all: true,
    };
    let Response::Submitted(report) = ask(&mut app, all) else {
        panic!("a report")
    };
    let done: Vec<&str> = report.submitted.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(done, [other.as_str()]);
    assert_eq!(report.failed[0].code, "submit.conflict");

    resolved(&mut app, resolve(&id, "wage", Choice::Value(1)));
    ask(&mut app, named);
    assert_eq!(declarations(&mut app)[0].status.code, "submitted");
}

#[test]
fn equal_values_are_no_conflict_and_are_submitted() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = declare(&mut app, wage(ZHANG, "2022-01", "2022-12", "5000")).id;
    let there = elsewhere(&app, VOLUME, &[amend(&id, vec![paid(5200)])]);
    declare(&mut app, edit(&id, None, Some("5200")));
    merge(&mut app, VOLUME, &there);
    assert_eq!(conflicts(&mut app), []);
    submit_all(&mut app);
    assert_eq!(declarations(&mut app)[0].status.code, "submitted");
}

#[test]
fn an_edit_of_a_field_chooses_and_an_edit_of_another_does_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = in_conflict(&mut app);
    let shown = declarations(&mut app)[0].wage.clone().expect("one of them");
    let row = declare(&mut app, edit(&id, Some("2022-02"), None));
    assert_eq!(row.from.as_deref(), Some("2022-02"));
    assert_eq!(conflicts(&mut app).len(), 1);
    let row = declare(&mut app, edit(&id, None, Some(&shown)));
    assert_eq!(row.wage, Some(shown), "the value that was shown already");
    assert_eq!(conflicts(&mut app), []);
}

#[test]
fn a_frozen_declaration_asks_for_no_choice_until_it_comes_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let id = declare(&mut app, wage(ZHANG, "2022-01", "2022-12", "5000")).id;
    let there = elsewhere(&app, VOLUME, &[amend(&id, vec![paid(5100)])]);
    declare(&mut app, edit(&id, None, Some("5200")));
    submit_all(&mut app);
    centre.exchange(&mut app);
    merge(&mut app, VOLUME, &there);
    assert_eq!(conflicts(&mut app), []);
    assert_eq!(declarations(&mut app)[0].conflicts, []);
    let choice = resolve(&id, "wage", Choice::Value(1));
    let failure = refuse(&mut app, choice);
    assert_eq!(failure.code, "declaration.not_editable");

    let withdraw = Request::Withdraw {
        id: id.parse().expect("an id"),
    };
    ask(&mut app, withdraw);
    centre.exchange(&mut app);
    assert_eq!(declarations(&mut app)[0].status.code, "withdrawn");
    assert_eq!(conflicts(&mut app).len(), 1);
    let all = Request::Submit {
        ids: Vec::new(),
        all: true,
    };
    assert_eq!(
        codes(&refuse(&mut app, all)),
        [("wage", "submit.conflict")],
        "said, although the value shown is the one submitted before"
    );
}

#[test]
fn conflicts_of_a_sealed_volume_are_chosen_together_and_redone_in_the_open_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let id = declare(&mut app, wage(ZHANG, "2022-01", "2022-12", "5000")).id;
    let there = vec![paid(5100), Change::From("2022-03".to_owned())];
    let there = elsewhere(&app, VOLUME, &[amend(&id, there)]);
    declare(&mut app, edit(&id, Some("2022-02"), Some("5200")));
    merge(&mut app, VOLUME, &there);
    for fact in [
        Fact::VolumeOpened {
            volume: VolumeId(2023),
        },
        Fact::VolumeSealed {
            volume: VolumeId(2022),
        },
    ] {
        centre.add(&fact);
    }
    centre.deliver(&mut app);

    let one = resolve(&id, "wage", Choice::Value(1));
    let failure = refuse(&mut app, one);
    assert_eq!(failure.code, "conflict.choose_all");
    assert!(failure.hint.contains("--from --wage"), "{}", failure.hint);
    let half = edit(&id, None, Some("5100"));
    assert_eq!(refuse(&mut app, half).code, "conflict.choose_all");
    let row = declare(&mut app, edit(&id, Some("2022-02"), Some("5100")));
    assert_eq!(row.conflicts, []);
    assert_eq!(
        (row.from.as_deref(), row.wage.as_deref()),
        (Some("2022-02"), Some("5100.00"))
    );
    assert_eq!(conflicts(&mut app), []);
}

fn person_id(app: &App, number: &str) -> PersonId {
    let unit = &app.feed.projection.units[&UNIT];
    unit.find_person(number).expect("listed").record.id
}

fn roster(app: &mut App) -> Vec<PersonRow> {
    match ask(
        app,
        Request::RosterList {
            person: None,
            status: None,
        },
    ) {
        Response::Roster(rows) => rows,
        other => panic!("a roster, not {other:?}"),
    }
}

fn set(person: &str, department: Option<&str>, phone: Option<&str>) -> Request {
    Request::RosterSet {
        person: person.to_owned(),
        department: department.map(str::to_owned),
        phone: phone.map(str::to_owned),
    }
}

#[test]
fn department_and_phone_are_kept_shown_and_cleared() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    ask(&mut app, set(ZHANG, Some(" 装配车间 "), Some("024-1")));
    drop(app);
    let mut app = open(directory.path(), 2);
    let kept = |app: &mut App| {
        let row = roster(app).remove(0);
        assert_eq!(row.conflicts, []);
        (row.department, row.phone)
    };
    let both = (Some("装配车间".to_owned()), Some("024-1".to_owned()));
    assert_eq!(kept(&mut app), both);
    assert_eq!(roster(&mut app)[1].department, None, "of another person");
    let length = app.outbox.length();
    let Response::Person(detail) = ask(&mut app, set(ZHANG, Some("装配车间"), None)) else {
        panic!("a person")
    };
    assert_eq!(detail.row.department.as_deref(), Some("装配车间"));
    assert_eq!(app.outbox.length(), length, "nothing changed");
    ask(&mut app, set(ZHANG, None, Some("")));
    assert_eq!(kept(&mut app), (both.0, None));

    let checks = [
        (set(ZHANG, None, None), "overlay.nothing_given"),
        (
            set(ZHANG, Some(&"部".repeat(61)), None),
            "overlay.department_too_long",
        ),
        (
            set(ZHANG, None, Some(&"1".repeat(41))),
            "overlay.phone_too_long",
        ),
        (set(ZHANG, None, Some("1\n2")), "overlay.not_one_line"),
    ];
    for (request, code) in checks {
        let failure = refuse(&mut app, request);
        assert_eq!(failure.code, code);
        assert!(!failure.hint.contains('{'), "{}", failure.hint);
    }
}

#[test]
fn a_conflict_of_the_roster_is_chosen_by_the_person() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let overlay = |person: PersonId, phone: &str| Action::Overlay {
        person,
        fields: vec![OverlayField::phone(phone).expect("short")],
    };
    let there = [ZHANG, ZHAO].map(|number| overlay(person_id(&app, number), "024-2"));
    let there = elsewhere(&app, ROSTER, &there);
    for number in [ZHANG, ZHAO] {
        ask(&mut app, set(number, Some("装配车间"), Some("024-1")));
    }
    merge(&mut app, ROSTER, &there);
    let rows = conflicts(&mut app);
    let seen: Vec<_> = rows
        .iter()
        .map(|it| (it.kind.as_str(), it.field.code.as_str(), it.values.len()))
        .collect();
    assert_eq!(seen, [("roster", "phone", 2), ("roster", "phone", 2)]);
    assert_eq!(roster(&mut app)[0].conflicts[0].code, "phone");
    assert_eq!(rows[0].record, person_id(&app, ZHANG).to_string());

    let view = resolved(&mut app, resolve(ZHANG, "联系电话", keep("024-2")));
    assert_eq!(view.left.len(), 1);
    let shown = roster(&mut app)[1].phone.clone().expect("one of them");
    ask(&mut app, set(ZHAO, None, Some(&shown)));
    assert_eq!(conflicts(&mut app), [], "the value that was shown already");
    let phones: Vec<_> = roster(&mut app).into_iter().map(|it| it.phone).collect();
    let phones: Vec<_> = phones.iter().map(Option::as_deref).collect();
    assert_eq!(phones, [Some("024-2"), Some("024-1"), None]);
}

#[test]
fn the_status_counts_what_waits_for_a_choice_and_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let counted = |app: &mut App| {
        let Response::Status(status) = ask(app, Request::Status) else {
            panic!("the status")
        };
        let codes = status.warnings.into_iter().map(|it| it.code);
        let warned = codes.filter(|it| it == "status.conflicts").count();
        (status.conflicts, warned)
    };
    assert_eq!(counted(&mut app), (0, 0));
    let id = in_conflict(&mut app);
    assert_eq!(counted(&mut app), (1, 1));
    let void = Request::DeclareVoid {
        id: id.parse().expect("an id"),
    };
    ask(&mut app, void);
    assert_eq!(counted(&mut app), (0, 0), "of a voided draft nothing waits");
}

#[test]
fn every_field_has_a_caption_in_both_languages() {
    use canbao_core::document::FieldName;
    for field in FieldName::OF_DRAFT.into_iter().chain(FieldName::OF_OVERLAY) {
        for lang in [Lang::Zh, Lang::En] {
            let caption = captions::field(field, lang);
            assert!(!caption.text.contains('.'), "{caption:?}");
        }
    }
}
