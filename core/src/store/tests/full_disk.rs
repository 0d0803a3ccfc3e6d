//! A write that really fails: a child process under a limit on the size of its files.

use std::path::Path;
use std::process::Command;

use super::{Place, key};
use crate::store::{Commit, Store, Stream};

/// Names the store's file to the child process, which is this same test.
const CHILD: &str = "CANBAO_TEST_FULL_DISK";
const THIS_TEST: &str =
    "store::tests::full_disk::a_full_disk_loses_nothing_acknowledged_and_work_goes_on_with_room";
/// In the shell's blocks, of 512 or 1,024 bytes.
const LIMIT: &str = "4000";

fn commit(number: u64) -> Commit {
    Commit::new()
        .expecting(Stream::Local, number)
        .append(Stream::Local, value(number))
}

fn value(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(8_000)
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_and_work_goes_on_with_room() {
    if let Some(file) = std::env::var_os(CHILD) {
        return fill_the_disk(Path::new(&file));
    }
    let place = Place::new();
    drop(place.create());
    let limited = format!("trap '' XFSZ; ulimit -S -f {LIMIT}; exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([THIS_TEST, "--exact", "--nocapture"])
        .env(CHILD, place.file())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let store = place.open();
    let length = store.length(Stream::Local).unwrap();
    assert!(length > 4, "the child wrote something: {length}");
    assert_holds(&store, length);
    store.commit(commit(length)).unwrap();
}

/// Commits until the disk is full, reads, gets room, and commits again, all on one store.
fn fill_the_disk(file: &Path) {
    let store = Store::open(file, &key()).unwrap();
    let (acknowledged, error) = (0..)
        .find_map(|number| {
            store
                .commit(commit(number))
                .err()
                .map(|error| (number, error))
        })
        .unwrap();
    assert_eq!(error.code(), "store.cannot_write", "{error}");
    assert_holds(&store, acknowledged);
    let error = store.commit(commit(acknowledged)).unwrap_err();
    assert_eq!(error.code(), "store.cannot_write", "still full: {error}");
    assert_holds(&store, acknowledged);

    let process = std::process::id().to_string();
    let freed = Command::new("prlimit")
        .args(["--pid", &process, "--fsize=unlimited"])
        .status();
    assert!(freed.unwrap().success());
    store.commit(commit(acknowledged)).unwrap();
    assert_holds(&store, acknowledged + 1);
}

fn assert_holds(store: &Store, length: u64) {
    assert_eq!(store.length(Stream::Local).unwrap(), length);
    for number in 0..length {
        assert_eq!(
            store.get(Stream::Local, number).unwrap(),
            Some(value(number))
        );
    }
}
