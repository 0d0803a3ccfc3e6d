//! Every input that fuzzing kept, and the seeds, through their target: `fuzz/corpus` is what
//! libFuzzer found worth keeping, `fuzz/regressions` what once went wrong.

use std::alloc::System;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use canbao_hostile::TARGETS;
use canbao_server::baseline::read_roster;
use canbao_tests::harness::Programs;
use canbao_workbook::{FileKind, Reader};
use cap::Cap;

/// The most memory that any input may take, in bytes; past it an allocation ends the process.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, 300 << 20);

/// One target at a time, since the limit is the process's.
static ONE: Mutex<()> = Mutex::new(());

fn check(name: &str) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = TARGETS.iter().find(|it| it.name == name).expect("a target");
    for seed in (target.seeds)() {
        (target.run)(&seed);
    }
    let kept = files(&folder("corpus").join(name));
    assert!(!kept.is_empty(), "no corpus of {name}");
    for file in kept.iter().chain(&files(&folder("regressions").join(name))) {
        println!("{}", file.display());
        (target.run)(&fs::read(file).expect("read"));
    }
}

#[test]
fn frames() {
    check("frames");
}

#[test]
fn batches() {
    check("batches");
}

#[test]
fn structure() {
    check("structure");
}

#[test]
fn statements() {
    check("statements");
}

#[test]
fn snapshots() {
    check("snapshots");
}

#[test]
fn packs() {
    check("packs");
}

#[test]
fn workbooks() {
    check("workbooks");
}

#[test]
fn notes() {
    check("notes");
}

#[test]
fn proofs() {
    check("proofs");
}

/// Files that end the process which reads them: it is not the one that asked.
#[test]
fn workbooks_that_their_reader_does_not_survive_are_damaged() {
    let programs = Programs::locate().unwrap();
    let reader = Reader::Apart(programs.path("canbao-server"));
    let folder = folder("regressions").join("workbooks-apart");
    let kept = files(&folder);
    assert!(!kept.is_empty());
    for file in kept {
        println!("{}", file.display());
        assert!(FileKind::of(&file).is_ok());
        let refused = read_roster(&file, &reader).unwrap_err();
        assert_eq!(refused.code(), "file.damaged");
    }
    let honest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/baseline/unit-320.xls");
    let roster = read_roster(&honest, &reader).unwrap();
    assert_eq!(roster.persons.len(), 320);
}

fn folder(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.join("../fuzz").join(name)
}

/// The files of a folder, none where it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("read").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}
