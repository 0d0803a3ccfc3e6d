//! Creating and opening, and what is refused.

use std::fs;

use super::{Place, key};
use crate::store::format::{FORMAT, META};
use crate::store::{Commit, OpenError, SealingKey, Store, Stream, View};

fn one_value() -> Commit {
    Commit::new()
        .expecting(Stream::Local, 0)
        .append(Stream::Local, b"value")
        .put(View::Local, b"key", b"value")
}

fn code(opened: Result<Store, OpenError>) -> &'static str {
    opened.unwrap_err().code()
}

#[test]
fn a_store_gives_back_after_reopening_what_it_took_in() {
    let place = Place::new();
    Store::open_or_create(&place.file(), &key())
        .unwrap()
        .commit(one_value())
        .unwrap();
    let store = Store::open_or_create(&place.file(), &key()).unwrap();
    assert_eq!(
        store.get(Stream::Local, 0).unwrap().as_deref(),
        Some(&b"value"[..])
    );
    assert_eq!(
        store.view(View::Local, b"key").unwrap().as_deref(),
        Some(&b"value"[..])
    );
}

#[test]
fn a_new_file_is_for_its_owner_alone_and_nothing_is_left_beside_it() {
    let place = Place::new();
    let store = place.create();
    assert_eq!(store.file_path(), Some(&*place.file()));
    assert_eq!(
        store.size(),
        Some(fs::metadata(place.file()).unwrap().len())
    );
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(place.file()).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_store_is_never_created_over_a_file() {
    let place = Place::new();
    place.create().commit(one_value()).unwrap();
    assert_eq!(code(Store::create(&place.file(), &key())), "store.exists");
    assert_eq!(place.open().length(Stream::Local).unwrap(), 1);
}

#[test]
fn a_wrong_key_is_told_from_damage() {
    let place = Place::new();
    place.create().commit(one_value()).unwrap();
    let wrong = SealingKey::from_bytes([8; 32]);
    assert_eq!(code(Store::open(&place.file(), &wrong)), "store.wrong_key");
    assert_eq!(
        code(Store::open_or_create(&place.file(), &wrong)),
        "store.wrong_key"
    );
    assert_eq!(place.open().length(Stream::Local).unwrap(), 1);
}

#[test]
fn a_store_that_is_open_is_busy() {
    let place = Place::new();
    let store = place.create();
    assert_eq!(code(Store::open(&place.file(), &key())), "store.busy");
    drop(store);
    let store = place.open();
    assert_eq!(code(Store::open(&place.file(), &key())), "store.busy");
    store.commit(one_value()).unwrap();
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let place = Place::new();
    assert_eq!(code(Store::open(&place.file(), &key())), "store.missing");
    assert!(!place.file().exists());
    assert_eq!(
        code(Store::open(place.folder.path(), &key())),
        "store.not_a_store"
    );
    let in_no_folder = place.folder.path().join("no folder").join("store");
    assert_eq!(
        code(Store::create(&in_no_folder, &key())),
        "store.cannot_open"
    );
    for content in [
        &b""[..],
        b"x",
        b"redb",
        &[0; 8192],
        "单位编号,个人编号\n".as_bytes(),
    ] {
        fs::write(place.file(), content).unwrap();
        assert_eq!(
            code(Store::open_or_create(&place.file(), &key())),
            "store.not_a_store"
        );
        assert_eq!(fs::read(place.file()).unwrap(), content);
    }
}

#[test]
fn a_database_of_another_program_is_no_store() {
    let place = Place::new();
    let database = redb::Database::create(place.file()).unwrap();
    drop(database);
    assert_eq!(
        code(Store::open(&place.file(), &key())),
        "store.not_a_store"
    );
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_changed() {
    let place = Place::new();
    place.create().commit(one_value()).unwrap();
    let check = |format: u32, code_of_format: &str| {
        let database = redb::Database::open(place.file()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut meta = transaction.open_table(META).unwrap();
            meta.insert("format", &format.to_be_bytes()[..]).unwrap();
        }
        transaction.commit().unwrap();
        drop(database);
        assert_eq!(
            Store::open(&place.file(), &key())
                .err()
                .map_or("", |error| error.code()),
            code_of_format
        );
    };
    check(FORMAT + 1, "store.newer_format");
    check(u32::MAX, "store.newer_format");
    check(0, "store.not_a_store");
    check(FORMAT, "");
    let store = place.open();
    assert_eq!(store.length(Stream::Local).unwrap(), 1);
}

#[test]
fn nothing_written_can_be_read_in_the_file() {
    let marker = "张建国 210199199003078515";
    let place = Place::new();
    let store = place.create();
    let search = store.keyed_hash("id number", marker.as_bytes());
    let commit = Stream::ALL.iter().fold(Commit::new(), |commit, &stream| {
        commit.expecting(stream, 0).append(stream, marker)
    });
    let commit = View::ALL
        .iter()
        .fold(commit, |commit, &view| commit.put(view, search, marker));
    store.commit(commit).unwrap();
    assert!(
        !contains(&fs::read(place.file()).unwrap(), marker),
        "while it is open"
    );
    drop(store);
    let bytes = fs::read(place.file()).unwrap();
    for part in ["张建国", "210199199003078515"] {
        assert!(!contains(&bytes, part), "{part}");
    }
    assert!(
        bytes.windows(search.len()).any(|window| window == search),
        "the search key is there"
    );
    assert!(
        !bytes.windows(32).any(|window| window == key().as_bytes()),
        "nor the key"
    );
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn a_store_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Store>();
}
