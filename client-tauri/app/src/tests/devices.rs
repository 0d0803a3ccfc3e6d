//! Several devices of one employer: they merge, and what the centre refuses is done again.

use std::path::Path;

use canbao_core::document::{Action, Change, DocumentId, SignedBatch, Volume};
use canbao_core::facts::Fact;
use canbao_core::ids::{CertificateSerial, DeclarationId, DeviceId, VolumeId};
use canbao_core::signing::SigningKey;
use tempfile::TempDir;

use crate::outbox::BatchState;
use crate::request::Request;

use super::*;

pub(super) const ZHANG: &str = "0001000001";
pub(super) const ZHAO: &str = "0001000002";
pub(super) const SUN: &str = "0001000003";

/// Two devices of one employer, each with its operator.
pub(super) struct Two {
    pub(super) centre: Centre,
    pub(super) one: App,
    pub(super) two: App,
    directories: [TempDir; 2],
}

impl Two {
    pub(super) fn new() -> Self {
        let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let mut centre = Centre::new(1);
        let mut one = employer(&mut centre, directories[0].path());
        let mut two = open(directories[1].path(), 60);
        centre.enrol(&mut two, Mandate::Employer(vec![UNIT]), "周经办");
        centre.deliver(&mut one);
        centre.deliver(&mut two);
        Self {
            centre,
            one,
            two,
            directories,
        }
    }

    /// Both exchange until neither has anything left.
    pub(super) fn settle(&mut self) {
        for _ in 0..4 {
            self.centre.exchange(&mut self.one);
            self.centre.exchange(&mut self.two);
        }
        self.centre.deliver(&mut self.one);
        for app in [&self.one, &self.two] {
            assert_eq!(app.outbox.waiting(&app.feed).count(), 0);
        }
    }

    /// What both show alike.
    pub(super) fn agreed(&mut self) -> Vec<DeclarationRow> {
        let shown = |app: &mut App| declarations(app);
        let (one, two) = (shown(&mut self.one), shown(&mut self.two));
        let text = |rows: &[DeclarationRow]| serde_json::to_string(rows).expect("json");
        assert_eq!(text(&one), text(&two));
        for document in self.one.drafts.documents() {
            let genesis = || Volume::replay(document, []).expect("opens").heads();
            let heads = |app: &App| {
                app.drafts
                    .document(&document)
                    .map_or_else(genesis, Volume::heads)
            };
            assert_eq!(heads(&self.one), heads(&self.two), "{document}");
        }
        one
    }
}

fn set_wage(id: &str, amount: &str) -> Request {
    amended(
        id,
        Form {
            wage: Some(amount.to_owned()),
            ..Form::default()
        },
    )
}

fn set_last_month(id: &str, month: &str) -> Request {
    amended(
        id,
        Form {
            to: Some(month.to_owned()),
            ..Form::default()
        },
    )
}

pub(super) fn refused(app: &App) -> Vec<String> {
    let states = app
        .outbox
        .batches()
        .map(|(_, item)| app.outbox.batch_state(item, &app.feed));
    states
        .filter_map(|state| match state {
            BatchState::Refused(code) | BatchState::GivenUp(code) => Some(code.to_owned()),
            BatchState::Waiting | BatchState::Admitted | BatchState::Redone => None,
        })
        .collect()
}

#[test]
fn what_two_devices_draft_offline_is_on_both_afterwards() {
    let mut pair = Two::new();
    let first = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    declare(&mut pair.two, stop(ZHAO, "2022-01"));
    pair.settle();
    assert_eq!(pair.agreed().len(), 2);

    declare(&mut pair.two, set_wage(&first, "6100"));
    declare(&mut pair.one, stop(SUN, "2022-01"));
    pair.settle();
    let rows = pair.agreed();
    let row = rows.iter().find(|it| it.id == first).expect("there");
    assert_eq!((rows.len(), row.wage.as_deref()), (3, Some("6100.00")));

    for (directory, seed) in [(0, 5), (1, 65)] {
        let app = match directory {
            0 => &mut pair.one,
            _ => &mut pair.two,
        };
        let before = serde_json::to_string(&declarations(app)).expect("json");
        let elsewhere = tempfile::tempdir().expect("a directory");
        drop(std::mem::replace(app, open(elsewhere.path(), 200)));
        *app = open(pair.directories[directory].path(), seed);
        assert_eq!(
            serde_json::to_string(&declarations(app)).expect("json"),
            before
        );
    }
}

#[test]
fn the_same_content_submitted_on_two_devices_is_one_submission() {
    let mut pair = Two::new();
    declare(&mut pair.one, stop(ZHANG, "2022-01"));
    pair.settle();
    submit_all(&mut pair.one);
    submit_all(&mut pair.two);
    pair.settle();
    let received = pair.centre.projection.units[&UNIT].submissions.len();
    assert_eq!(received, 1);
    assert_eq!(pair.agreed()[0].status.code, "received");
}

#[test]
fn an_edit_to_a_volume_sealed_meanwhile_is_done_again_in_the_open_one() {
    let mut pair = Two::new();
    let amended = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    let voided = declare(&mut pair.one, stop(ZHAO, "2022-01")).id;
    pair.settle();
    for volume in [
        Fact::VolumeSealed {
            volume: VolumeId(2022),
        },
        Fact::VolumeOpened {
            volume: VolumeId(2023),
        },
    ] {
        pair.centre.add(&volume);
    }
    // Offline, the device does not know of it.
    declare(&mut pair.one, set_wage(&amended, "6200"));
    declare(
        &mut pair.one,
        Request::DeclareVoid {
            id: voided.parse().expect("an id"),
        },
    );
    let fresh = declare(&mut pair.one, wage(SUN, "2022-01", "2022-12", "5500")).id;
    declare(&mut pair.one, set_wage(&fresh, "5600"));
    pair.settle();

    let rows = pair.agreed();
    let row = |id: &str| rows.iter().find(|it| it.id == id).expect("there");
    assert_eq!(row(&amended).wage.as_deref(), Some("6200.00"));
    assert_eq!(row(&amended).from.as_deref(), Some("2022-01"));
    assert_eq!(row(&voided).status.code, "voided");
    assert_eq!(row(&fresh).wage.as_deref(), Some("5600.00"));
    let open = DocumentId::EmployerVolume(UNIT, VolumeId(2023));
    assert_eq!(
        pair.two
            .drafts
            .document(&open)
            .expect("there")
            .drafts()
            .len(),
        3
    );
    assert!(refused(&pair.one).is_empty(), "each was done again");

    // Known to be sealed, the next edit goes to the open volume at once.
    declare(&mut pair.two, set_wage(&amended, "6300"));
    pair.settle();
    let row = pair
        .agreed()
        .into_iter()
        .find(|it| it.id == amended)
        .expect("there");
    assert_eq!(row.wage.as_deref(), Some("6300.00"));
}

#[test]
fn without_an_open_volume_the_refused_change_waits_for_one() {
    let mut pair = Two::new();
    pair.centre.add(&Fact::VolumeSealed {
        volume: VolumeId(2022),
    });
    let id = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    pair.centre.exchange(&mut pair.one);
    assert_eq!(refused(&pair.one), ["admission.volume_sealed"]);
    assert_eq!(
        pair.one.outbox.refused(&pair.one.feed),
        1,
        "and status says so"
    );
    pair.centre.add(&Fact::VolumeOpened {
        volume: VolumeId(2023),
    });
    pair.settle();
    assert_eq!(pair.agreed()[0].id, id);
    assert!(refused(&pair.one).is_empty());
}

#[test]
fn a_restored_backup_goes_on_and_gets_back_what_it_lost() {
    let mut pair = Two::new();
    declare(&mut pair.one, stop(ZHANG, "2022-01"));
    pair.settle();
    let backup = tempfile::tempdir().expect("a directory");
    let directory = pair.directories[0].path().to_owned();
    let elsewhere = tempfile::tempdir().expect("a directory");
    drop(std::mem::replace(
        &mut pair.one,
        open(elsewhere.path(), 201),
    ));
    copy(&directory, backup.path());
    pair.one = open(&directory, 6);
    let lost = declare(&mut pair.one, wage(ZHAO, "2022-01", "2022-12", "6000")).id;
    pair.settle();

    drop(std::mem::replace(
        &mut pair.one,
        open(elsewhere.path(), 202),
    ));
    copy(backup.path(), &directory);
    pair.one = open(&directory, 7);
    assert_eq!(declarations(&mut pair.one).len(), 1);
    declare(&mut pair.one, wage(SUN, "2022-01", "2022-12", "6000"));
    pair.settle();
    let rows = pair.agreed();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().any(|it| it.id == lost));
}

#[test]
fn two_clones_of_a_running_machine_that_draw_the_same_actor_both_get_their_changes_in() {
    let mut pair = Two::new();
    let id = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    pair.settle();
    let clone = tempfile::tempdir().expect("a directory");
    let directory = pair.directories[0].path().to_owned();
    let elsewhere = tempfile::tempdir().expect("a directory");
    drop(std::mem::replace(
        &mut pair.one,
        open(elsewhere.path(), 203),
    ));
    copy(&directory, clone.path());
    pair.one = open(&directory, 8);
    let mut cloned = open(clone.path(), 8);
    declare(&mut pair.one, set_wage(&id, "6100"));
    declare(&mut cloned, set_last_month(&id, "2022-06"));
    declare(&mut cloned, stop(SUN, "2022-01"));
    pair.centre.exchange(&mut pair.one);
    pair.centre.exchange(&mut cloned);
    assert!(
        refused(&cloned).is_empty(),
        "done again under a fresh actor"
    );
    pair.centre.exchange(&mut cloned);
    pair.settle();
    let rows = pair.agreed();
    let row = rows.iter().find(|it| it.id == id).expect("there");
    assert_eq!(row.wage.as_deref(), Some("6100.00"));
    assert_eq!(row.to.as_deref(), Some("2022-06"));
    assert_eq!(rows.len(), 2);
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("read") {
        let file = file.expect("an entry");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

#[test]
fn an_admitted_batch_that_no_operator_of_the_owner_signed_is_left_out_on_every_device() {
    let mut pair = Two::new();
    let document = DocumentId::EmployerVolume(UNIT, VolumeId(2022));
    let mut volume = Volume::replay(document, []).expect("opens");
    let actor = canbao_core::document::ActorId::new(DeviceId([7; 16]), [7; 8]);
    let action = Action::Declare {
        id: DeclarationId([7; 16]),
        kind: canbao_core::declaration::Kind::Wage,
        fields: vec![Change::Person("P".to_owned())],
    };
    let own = volume.act(&actor, &action, NOW).expect("acts");
    let batch = canbao_core::document::Batch::of(document, own, CertificateSerial(1));
    let batch = SignedBatch::make(&batch, &SigningKey::from_seed([250; 32]));
    let position = pair.centre.add(&Fact::BatchAdmitted {
        document,
        batch: batch.0,
    });
    declare(&mut pair.one, stop(ZHANG, "2022-01"));
    pair.settle();
    assert_eq!(pair.agreed().len(), 1);
    for app in [&pair.one, &pair.two] {
        assert_eq!(
            app.drafts.left_out.get(&position),
            Some(&"admission.bad_signature")
        );
    }
}

#[test]
fn a_clock_that_is_years_off_neither_blocks_a_declaration_nor_the_exchange() {
    const YEAR: i64 = 366 * 24 * 60 * 60;
    for off in [-YEAR, YEAR, -NOW.0] {
        let mut pair = Two::new();
        let directory = pair.directories[0].path().to_owned();
        let elsewhere = tempfile::tempdir().expect("a directory");
        drop(std::mem::replace(
            &mut pair.one,
            open(elsewhere.path(), 204),
        ));
        let clock = canbao_core::time::Timestamp(NOW.0 + off);
        pair.one = open_at(&directory, 9, clock);
        declare(&mut pair.one, stop(SUN, "2022-01"));
        submit_all(&mut pair.one);
        declare(&mut pair.two, stop(ZHAO, "2022-01"));
        pair.settle();
        let mut statuses: Vec<String> =
            pair.agreed().into_iter().map(|it| it.status.code).collect();
        statuses.sort();
        assert_eq!(statuses, ["draft", "received"], "{off}");
    }
}

fn conflicts(app: &mut App) -> Vec<crate::response::ConflictRow> {
    match ask(app, Request::ConflictsList) {
        Response::Conflicts(rows) => rows,
        other => panic!("conflicts, not {other:?}"),
    }
}

/// The values of the one conflict, each with the operator who wrote it.
fn contested(app: &mut App) -> Vec<(String, Option<String>)> {
    let rows = conflicts(app);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let values = rows[0].values.iter();
    let mut values: Vec<_> = values
        .map(|it| (it.value.clone(), it.operator.clone()))
        .collect();
    values.sort();
    values
}

#[test]
fn two_wages_for_one_draft_are_a_conflict_on_both_devices_until_one_chooses() {
    let mut pair = Two::new();
    let id = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    pair.settle();
    declare(&mut pair.one, set_wage(&id, "6100"));
    declare(&mut pair.two, set_wage(&id, "6200"));
    // The same value on both is no conflict.
    declare(&mut pair.one, set_last_month(&id, "2022-06"));
    declare(&mut pair.two, set_last_month(&id, "2022-06"));
    pair.settle();
    let expected = [("6100.00", "王经办"), ("6200.00", "周经办")]
        .map(|(text, name)| (text.to_owned(), Some(name.to_owned())));
    for app in [&mut pair.one, &mut pair.two] {
        assert_eq!(contested(app), expected);
        let ids = vec![id.parse().expect("an id")];
        let refused = refuse(app, Request::Submit { ids, all: false });
        assert_eq!(codes(&refused), [("wage", "submit.conflict")]);
    }
    ask(
        &mut pair.two,
        Request::ConflictsResolve {
            record: id.clone(),
            field: "wage".to_owned(),
            choice: crate::request::Choice::Keep("6100".to_owned()),
        },
    );
    pair.settle();
    for app in [&mut pair.one, &mut pair.two] {
        assert!(conflicts(app).is_empty());
    }
    assert_eq!(pair.agreed()[0].wage.as_deref(), Some("6100.00"));
    submit_all(&mut pair.one);
    pair.settle();
    assert_eq!(pair.agreed()[0].status.code, "received");
}

#[test]
fn a_refused_change_that_is_done_again_does_not_write_over_what_was_written_meanwhile() {
    let mut pair = Two::new();
    let id = declare(&mut pair.one, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    pair.settle();
    // Refused for a reason of its own: its actor's number is taken by a copy of the machine.
    let clone = tempfile::tempdir().expect("a directory");
    let directory = pair.directories[0].path().to_owned();
    let elsewhere = tempfile::tempdir().expect("a directory");
    drop(std::mem::replace(
        &mut pair.one,
        open(elsewhere.path(), 205),
    ));
    copy(&directory, clone.path());
    pair.one = open(&directory, 10);
    let mut cloned = open(clone.path(), 10);
    declare(&mut cloned, set_last_month(&id, "2022-06"));
    pair.centre.exchange(&mut cloned);
    declare(&mut pair.two, set_wage(&id, "6200"));
    pair.centre.exchange(&mut pair.two);
    declare(&mut pair.one, set_wage(&id, "6100"));
    pair.settle();
    assert!(pair.one.outbox.refused(&pair.one.feed) == 0);
    let texts = |app: &mut App| {
        contested(app)
            .into_iter()
            .map(|it| it.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&mut pair.one), ["6100.00", "6200.00"]);
    assert_eq!(texts(&mut pair.two), ["6100.00", "6200.00"]);
}
