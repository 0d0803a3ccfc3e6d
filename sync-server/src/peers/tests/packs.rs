//! Documents that reach a new device packed.

use canbao_core::document::{Action, ActorId, Batch, Change, DocumentId, SignedBatch, Volume};
use canbao_core::ids::{DeclarationId, Position, VolumeId};
use canbao_core::structure::{CheckedRun, check_batch};

use super::*;
use crate::centre::Answer as Taken;

/// A batch of the log, by where it is.
type Admitted = (u64, CheckedRun);

/// What the operator's device does next in the document, admitted.
async fn write(it: &Fixture, by: &Operator, volume: &mut Volume, actor: u8, draft: u8) -> Admitted {
    let action = Action::Declare {
        id: DeclarationId([draft; 16]),
        kind: canbao_core::declaration::Kind::Wage,
        fields: vec![Change::Person(format!("{draft:010}"))],
    };
    let actor = ActorId::new(by.certificate.device, [actor; 8]);
    let own = volume.act(&actor, &action, NOW).unwrap();
    let batch = Batch::of(volume.id(), own, by.certificate.serial);
    let bytes = SignedBatch::make(&batch, &by.key).0;
    let run = check_batch(&bytes).unwrap().run;
    match it.centre.take_batch(bytes, NOW).await.unwrap() {
        Taken::Taken(position) => (position.0, run),
        other => panic!("{other:?}"),
    }
}

/// Twelve batches of one document: six, then two branches of three that nothing joins.
async fn branched(it: &Fixture, by: &Operator) -> Vec<Admitted> {
    let document = DocumentId::EmployerVolume(unit(1), VolumeId(2022));
    let mut volume = Volume::replay(document, []).unwrap();
    let mut written = Vec::new();
    for draft in 1..=6 {
        written.push(write(it, by, &mut volume, 1, draft).await);
    }
    for actor in 2..=3 {
        let mut branch = volume.clone();
        for draft in 0..3 {
            written.push(write(it, by, &mut branch, actor, actor * 10 + draft).await);
        }
    }
    written
}

fn is_batch(entry: &Entry) -> bool {
    matches!(entry.fact(), Ok(Fact::BatchAdmitted { .. }))
}

fn new_device() -> Device {
    Device {
        packed: true,
        ..Device::default()
    }
}

#[tokio::test]
async fn all_but_the_heads_of_a_document_reach_a_new_device_packed() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    let by = it.employer(1).await;
    let written = branched(it, &by).await;
    let mut device = new_device();
    served.session(&by.device_key, &mut device).await;
    assert!(device.is_whole());
    let packed: Vec<Admitted> = device
        .packs
        .iter()
        .map(|it| (it.position.0, it.run.clone()))
        .collect();
    let heads = [8, 11];
    let rest = (0..12).filter(|it| !heads.contains(it));
    assert_eq!(
        packed,
        rest.map(|at| written[at].clone()).collect::<Vec<_>>()
    );
    let batches = device.entries.iter().filter(|(_, it)| is_batch(it));
    let signed: Vec<u64> = batches.map(|(at, _)| *at).collect();
    assert_eq!(signed, heads.map(|at| written[at].0));

    // What comes later is no longer late.
    let document = written[0].1.batch.document;
    let chunks = written.iter().flat_map(|it| &it.1.batch.chunks);
    let mut volume = Volume::replay(document, chunks).unwrap();
    let (position, _) = write(it, &by, &mut volume, 4, 50).await;
    served.session(&by.device_key, &mut device).await;
    assert!(device.positions().any(|it| it == position));
    assert_eq!(device.packs.len(), 10);
}

#[tokio::test]
async fn pages_of_any_size_bring_every_batch_once() {
    let it = fixture::start().await;
    let by = it.employer(1).await;
    let written = branched(&it, &by).await;
    let everything: Vec<u64> = written.iter().map(|it| it.0).collect();
    // A range that ends within the document: what was built upon only behind it travels signed.
    for (upto, heads) in [(written[11].0 + 1, 2), (written[4].0, 1)] {
        for (items, bytes) in [(1, 1), (3, usize::MAX), (1024, 900), (1024, usize::MAX)] {
            let (mut from, mut signed, mut found) = (0, 0, Vec::new());
            while from < upto {
                let audience = Audience::Employer(unit(1));
                let page = it
                    .centre
                    .part_of_feed(audience, from..upto, true, items, bytes)
                    .unwrap();
                assert!(page.upto > from && page.upto <= upto);
                for entry in page.entries {
                    if is_batch(&Entry::from_bytes(&entry.bytes).unwrap()) {
                        signed += 1;
                        found.push(entry.position.0);
                    }
                }
                let pack = page.pack.map(|it| unpack(&it).unwrap());
                found.extend(pack.iter().flatten().map(|it| it.position.0));
                from = page.upto;
            }
            found.sort_unstable();
            let due = everything.iter().filter(|it| **it < upto);
            assert_eq!(found, due.copied().collect::<Vec<_>>());
            assert_eq!(signed, heads);
        }
    }
}

#[tokio::test]
async fn a_device_that_takes_no_packs_gets_every_entry_by_the_feed() {
    let served = serve(fixture::start().await).await;
    let by = served.it.employer(1).await;
    let written = branched(&served.it, &by).await;
    let mut device = Device::default();
    served.session(&by.device_key, &mut device).await;
    assert_eq!((device.backfilled, device.packs.len()), (0, 0));
    for (position, _) in written {
        assert!(device.positions().any(|it| it == position), "{position}");
    }
}
