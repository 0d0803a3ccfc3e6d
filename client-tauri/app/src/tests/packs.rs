//! A first sync whose documents come packed: what a signed batch leads to is taken, and nothing
//! else.

use canbao_core::declaration::Kind;
use canbao_core::document::{Action, ActorId, Batch, Change, DocumentId, SignedBatch, Volume};
use canbao_core::facts::{Audience, Entry, Fact};
use canbao_core::ids::{DeclarationId, Position, UnitId};
use canbao_core::structure::{CheckedRun, Packer, check_batch};
use canbao_core::sync;
use canbao_core::sync::Part;
use canbao_core::sync::device::{Advance, Backfilled, Coverage, Parts, Rescope};
use tempfile::TempDir;

use crate::request::Request;

use super::*;

/// The version of the scope of the new device.
const VERSION: u64 = 5;

/// An employer whose first device wrote drafts, all admitted, and a second one that has everything
/// else so far.
struct First {
    centre: Centre,
    old: App,
    new: App,
    directories: [TempDir; 2],
}

/// A batch in the log, and whether another one was built on it.
struct Logged {
    entry: sync::Entry,
    run: CheckedRun,
    built_upon: bool,
}

impl First {
    fn new() -> Self {
        let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let mut centre = Centre::new(1);
        let mut old = employer(&mut centre, directories[0].path());
        for month in ["2022-01", "2022-02", "2022-03"] {
            declare(&mut old, stop("0001000001", month));
            declare(&mut old, wage("0001000002", month, month, "5000"));
        }
        centre.exchange(&mut old);
        let mut new = open(directories[1].path(), 60);
        centre.enrol(&mut new, Mandate::Employer(vec![UNIT]), "周经办");
        let mut first = Self {
            centre,
            old,
            new,
            directories,
        };
        first.follow_feed();
        first
    }

    fn end(&self) -> u64 {
        self.centre.entries.len() as u64
    }

    fn part() -> Part {
        Part(Audience::Employer(UNIT).key())
    }

    /// The new device hears of its scope and has all that is not of documents.
    fn follow_feed(&mut self) {
        let (from, upto) = (0, self.end());
        let mut parts: Parts = [Audience::Everyone, Audience::Unit(UNIT)]
            .map(|it| (Part(it.key()), Coverage::Whole))
            .into();
        parts.insert(Self::part(), Coverage::Missing { from, upto });
        assert!(self.new.session_start().expect("enrolled").packed);
        let rescope = Rescope {
            version: VERSION,
            cursor: 0,
            late_from: upto,
            parts,
        };
        self.new.rescope(rescope).expect("made durable");
        let of_documents: Vec<Position> =
            self.logged().iter().map(|it| it.entry.position).collect();
        let mut entries = self.centre.feed_from(0);
        entries.retain(|it| !of_documents.contains(&it.position));
        let advance = Advance {
            entries,
            cursor: upto,
            scope_version: VERSION,
        };
        self.new.advance(advance).expect("made durable");
        assert!(declarations(&mut self.new).is_empty());
    }

    /// The batches of the log.
    fn logged(&self) -> Vec<Logged> {
        let entries = self.centre.feed_from(0).into_iter();
        let mut logged: Vec<Logged> = entries
            .filter_map(|entry| {
                let fact = Entry::from_bytes(&entry.bytes).ok()?.fact().ok()?;
                let Fact::BatchAdmitted { batch, .. } = fact else {
                    return None;
                };
                Some(Logged {
                    entry,
                    run: check_batch(&batch).expect("admitted").run,
                    built_upon: false,
                })
            })
            .collect();
        for at in 0..logged.len() {
            let tip = logged[at].run.tip();
            let mut later = logged[at..].iter();
            logged[at].built_upon = later.any(|it| it.run.outside_dependencies().contains(&tip));
        }
        logged
    }

    /// The rest comes in one page, altered on the way.
    fn fill(&mut self, alter: impl Fn(&mut Logged)) -> Result<u64, crate::fault::Fault> {
        let mut packer = Packer::default();
        let mut entries = Vec::new();
        for mut it in self.logged() {
            alter(&mut it);
            if it.built_upon {
                packer.add(it.entry.position, &it.run).expect("packs");
            } else {
                entries.push(it.entry);
            }
        }
        let pack = packer.finish();
        assert!(pack.is_some());
        self.new.backfill(Backfilled {
            part: Self::part(),
            entries,
            pack,
            coverage: Coverage::Whole,
            is_last: true,
        })
    }

    fn reopen(self) -> Self {
        let Self {
            centre,
            old,
            new,
            directories,
        } = self;
        drop(new);
        let new = open(directories[1].path(), 61);
        Self {
            centre,
            old,
            new,
            directories,
        }
    }

    #[track_caller]
    fn assert_alike(&mut self) {
        let shown = declarations(&mut self.new);
        assert_eq!(shown, declarations(&mut self.old));
        assert_eq!(shown.len(), 6);
    }
}

#[test]
fn drafts_that_came_packed_are_those_of_the_other_device_for_good() {
    let mut first = First::new();
    assert!(first.fill(|_| {}).expect("taken") > 0);
    first.assert_alike();
    let mut first = first.reopen();
    first.assert_alike();
    // What is done next builds on them, on either device.
    declare(&mut first.new, stop("0001000003", "2022-01"));
    let Some(row) = declarations(&mut first.old).pop() else {
        panic!("six drafts")
    };
    let id = row.id.parse().expect("as it was shown");
    ask(&mut first.old, Request::DeclareVoid { id });
    for _ in 0..2 {
        first.centre.exchange(&mut first.new);
        first.centre.exchange(&mut first.old);
    }
    first.centre.deliver(&mut first.new);
    assert_eq!(declarations(&mut first.new), declarations(&mut first.old));
    let mut first = first.reopen();
    assert_eq!(declarations(&mut first.new), declarations(&mut first.old));
    // A device that made batches itself takes none packed.
    assert!(!first.new.session_start().expect("enrolled").packed);
}

#[test]
fn a_page_that_comes_twice_is_held_once() {
    let mut first = First::new();
    assert!(first.fill(|_| {}).expect("taken") > 0);
    let length = first.new.feed.length();
    assert_eq!(first.fill(|_| {}).expect("once more"), 0);
    assert_eq!(first.new.feed.length(), length);
    first.assert_alike();
}

/// After such a page nothing of it is shown, the same again is not asked for, and the entries
/// themselves bring everything.
#[track_caller]
fn check_refused(alter: impl Fn(&mut Logged)) {
    let mut first = First::new();
    if let Err(fault) = first.fill(alter) {
        assert_eq!(fault.code, crate::packs::REFUSED);
    }
    assert!(first.new.packs_are_off());
    let mut first = first.reopen();
    assert!(declarations(&mut first.new).is_empty());
    let start = first.new.session_start().expect("enrolled");
    assert!(!start.packed);
    assert!(matches!(
        start.parts[&First::part()],
        Coverage::Missing { from: 0, .. }
    ));
    let entries = first.logged().into_iter().map(|it| it.entry).collect();
    let page = Backfilled {
        part: First::part(),
        entries,
        pack: None,
        coverage: Coverage::Whole,
        is_last: true,
    };
    first.new.backfill(page).expect("taken");
    first.assert_alike();
}

#[test]
fn a_packed_batch_that_no_signed_one_leads_to_is_not_taken() {
    // The newest one, on which nothing was built.
    check_refused(|it| it.built_upon = true);
}

#[test]
fn a_packed_batch_with_another_content_is_not_taken() {
    let other = |it: &mut Logged| {
        if it.run.batch.from == 1 {
            let volume = Volume::replay(it.run.batch.document, []).expect("opens");
            let actor = ActorId(it.run.batch.actor.to_vec());
            let action = Action::Declare {
                id: DeclarationId([7; 16]),
                kind: Kind::Wage,
                fields: vec![Change::Person("0001000009".to_owned())],
            };
            let own = { volume }.act(&actor, &action, NOW).expect("acts");
            let batch = Batch::of(it.run.batch.document, own, it.run.batch.signer);
            let key = canbao_core::signing::SigningKey::from_seed([1; 32]);
            let bytes = SignedBatch::make(&batch, &key).0;
            it.run = check_batch(&bytes).expect("of good form").run;
        }
    };
    check_refused(other);
}

#[test]
fn a_pack_of_another_part_is_not_taken() {
    check_refused(|it| it.run.batch.document = DocumentId::EmployerRoster(UnitId([9; 16])));
}

#[test]
fn what_came_packed_is_purged_with_its_part() {
    let mut first = First::new();
    first.fill(|_| {}).expect("taken");
    let everyone = Part(Audience::Everyone.key());
    let rescope = Rescope {
        version: VERSION + 1,
        cursor: first.end(),
        late_from: 0,
        parts: [(everyone, Coverage::Whole)].into(),
    };
    first.new.rescope(rescope).expect("made durable");
    let mut first = first.reopen();
    assert_eq!(first.new.entries_held(0).expect("read").len(), 4);
    assert!(first.new.documents().is_empty());
    let failure = refuse(&mut first.new, Request::DeclareList);
    assert_eq!(failure.code, "unit.none_yet");
}
