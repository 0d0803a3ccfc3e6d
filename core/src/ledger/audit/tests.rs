//! Copies of a log that is true, damaged or another's.

use std::collections::BTreeMap;

use super::super::note::VerifierKey;
use super::super::sample::{commitments, log, log_key};
use super::*;
use crate::signing::SigningKey;

type Files = BTreeMap<String, Vec<u8>>;

/// A copy of a log as `admin log copy` writes it.
fn copy_of(size: u64) -> Files {
    let (origin, key, _) = log_key();
    let (frontier, tiles) = log(size);
    let checkpoint = Checkpoint {
        origin,
        size,
        root: frontier.head().root,
    };
    let mut files: Files = tiles
        .into_iter()
        .map(|tile| (tile.id.to_string(), tile.bytes))
        .collect();
    files.insert(
        "checkpoint".to_owned(),
        checkpoint.sign(&key).to_string().into_bytes(),
    );
    files
}

fn audit_files(files: &Files) -> Result<Checkpoint, AuditError> {
    let (_, _, key) = log_key();
    audit(&|path| Ok(files.get(path).cloned()), &key.into())
}

fn records(files: &Files, first: u64, records: &[Commitment]) -> Result<(), AuditError> {
    let (_, _, key) = log_key();
    let note = SignedNote::parse(&files["checkpoint"]).unwrap();
    let checkpoint = Checkpoint::open(&note, &key).unwrap();
    verify_records(
        &|path| Ok(files.get(path).cloned()),
        &checkpoint,
        first,
        records,
    )
}

fn mismatch(path: &str) -> AuditError {
    AuditError::TileMismatch {
        tile: path.parse().unwrap(),
    }
}

#[test]
fn a_true_copy_of_any_size_passes() {
    for size in [0, 1, 255, 256, 257, 512, 700, 65_536, 65_600] {
        assert_eq!(audit_files(&copy_of(size)).map(|c| c.size), Ok(size));
    }
}

/// Every file of a small log, and of a log of three levels some of every kind.
fn files_to_damage() -> Vec<(Files, Vec<String>)> {
    let small = copy_of(700);
    let all = small
        .keys()
        .filter(|path| *path != "checkpoint")
        .cloned()
        .collect();
    let some = [
        "tile/entries/200",
        "tile/0/100",
        "tile/0/257.p/208",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
    ];
    vec![
        (small, all),
        (copy_of(66_000), some.map(str::to_owned).to_vec()),
    ]
}

#[test]
fn a_flipped_byte_in_any_file_names_the_file() {
    for (mut files, paths) in files_to_damage() {
        for path in paths {
            let last = files[&path].len() - 1;
            for at in [0, last] {
                files.get_mut(&path).unwrap()[at] ^= 1;
                assert_eq!(audit_files(&files), Err(mismatch(&path)), "byte {at}");
                files.get_mut(&path).unwrap()[at] ^= 1;
            }
        }
    }
}

#[test]
fn a_missing_short_or_long_file_is_named() {
    for (mut files, paths) in files_to_damage() {
        for path in paths {
            let bytes = files.remove(&path).unwrap();
            let missing = AuditError::Missing { path: path.clone() };
            assert_eq!(audit_files(&files), Err(missing));
            files.insert(path.clone(), bytes[1..].to_vec());
            assert_eq!(audit_files(&files), Err(mismatch(&path)));
            files.insert(path.clone(), [&bytes[..], &[0]].concat());
            assert_eq!(audit_files(&files), Err(mismatch(&path)));
            files.insert(path, bytes);
        }
    }
    let mut files = copy_of(1);
    files.remove("checkpoint");
    let missing = AuditError::Missing {
        path: "checkpoint".to_owned(),
    };
    assert_eq!(audit_files(&files), Err(missing));
}

#[test]
fn a_medium_that_fails_is_told_from_a_missing_file() {
    let (_, _, key) = log_key();
    let failed = audit(&|_| Err("no medium".to_owned()), &key.into());
    let (path, reason) = ("checkpoint".to_owned(), "no medium".to_owned());
    assert_eq!(failed, Err(AuditError::Unreadable { path, reason }));
}

#[test]
fn a_rewritten_entry_is_found_wherever_its_tiles_were_made_to_fit() {
    // Entry 3 with its leaf tile rewritten, the tiles above left.
    let mut files = copy_of(700);
    let other = commitments(701)[700];
    let bundle = files.get_mut("tile/entries/000").unwrap();
    bundle[3 * 34 + 2..4 * 34].copy_from_slice(&other.0);
    files.get_mut("tile/0/000").unwrap()[3 * 32..4 * 32].copy_from_slice(&other.leaf_hash().0);
    assert_eq!(audit_files(&files), Err(mismatch("tile/0/000")));
    // The tile above rewritten as well: all fits but the signed root.
    let hashes = read_hashes(&files["tile/0/000"]).unwrap();
    files.get_mut("tile/1/000.p/2").unwrap()[..32].copy_from_slice(&tree_root(&hashes).0);
    assert_eq!(audit_files(&files), Err(AuditError::RootMismatch));
}

#[test]
fn another_logs_checkpoint_and_a_wrong_key_are_refused_by_name() {
    let files = copy_of(3);
    let read = |path: &str| Ok(files.get(path).cloned());
    let (origin, key, _) = log_key();
    let other = VerifierKey::new("log.example/other".parse().unwrap(), key.public());
    assert_eq!(
        audit(&read, &other.into()).unwrap_err().code(),
        "checkpoint.other_log"
    );
    let wrong = VerifierKey::new(origin, SigningKey::from_seed([99; 32]).public());
    assert_eq!(
        audit(&read, &wrong.into()).unwrap_err().code(),
        "note.wrong_key"
    );
}

#[test]
fn a_checkpoint_of_another_size_finds_tiles_missing() {
    let mut files = copy_of(300);
    files.insert("checkpoint".to_owned(), copy_of(301)["checkpoint"].clone());
    let missing = AuditError::Missing {
        path: "tile/0/001.p/45".to_owned(),
    };
    assert_eq!(audit_files(&files), Err(missing));
}

#[test]
fn records_are_verified_from_the_tiles() {
    let all = commitments(66_000);
    let files = copy_of(66_000);
    for (first, count) in [
        (0, 1),
        (0, 66_000),
        (255, 2),
        (256, 256),
        (65_999, 1),
        (300, 320),
    ] {
        let run = &all[first..first + count];
        assert_eq!(
            records(&files, first as u64, run),
            Ok(()),
            "{first}+{count}"
        );
    }
    let size = 66_000;
    for (first, run) in [(0, &all[..0]), (66_000, &all[..1]), (u64::MAX, &all[..2])] {
        assert_eq!(
            records(&files, first, run),
            Err(AuditError::OutOfRange { size })
        );
    }
}

#[test]
fn a_wrong_record_is_named_by_its_place() {
    let all = commitments(1000);
    let files = copy_of(1000);
    let mut run = all[200..520].to_vec();
    run[100] = all[0];
    run[200] = all[0];
    assert_eq!(
        records(&files, 200, &run),
        Err(AuditError::RecordMismatch { index: 300 })
    );
    let moved = records(&files, 201, &all[200..520]);
    assert_eq!(moved, Err(AuditError::RecordMismatch { index: 201 }));
}

#[test]
fn a_wrong_tile_is_told_from_a_wrong_record() {
    let all = commitments(1000);
    for path in ["tile/0/002", "tile/1/000.p/3", "tile/0/003.p/232"] {
        let mut files = copy_of(1000);
        files.get_mut(path).unwrap()[40] ^= 1;
        assert_eq!(records(&files, 600, &all[600..700]), Err(mismatch(path)));
        files.remove(path);
        let missing = AuditError::Missing {
            path: path.to_owned(),
        };
        assert_eq!(records(&files, 600, &all[600..700]), Err(missing));
    }
}
