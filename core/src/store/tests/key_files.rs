//! The file that a sealing key is kept in.

use std::fs;
use std::path::Path;

use crate::store::SealingKey;

#[test]
fn a_key_file_gives_back_its_key_and_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = SealingKey::generate().unwrap();
    key.write_new_file(&path).unwrap();
    assert_eq!(SealingKey::read_file(&path).unwrap(), key);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn two_generated_keys_differ_and_none_is_printed() {
    let key = SealingKey::generate().unwrap();
    assert_ne!(key, SealingKey::generate().unwrap());
    assert_eq!(format!("{key:?}"), "SealingKey(..)");
}

#[test]
fn a_key_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = SealingKey::from_bytes([1; 32]);
    key.write_new_file(&path).unwrap();
    let refused = SealingKey::from_bytes([2; 32])
        .write_new_file(&path)
        .unwrap_err();
    assert_eq!(refused.code(), "store.key_exists");
    assert_eq!(SealingKey::read_file(&path).unwrap(), key);
}

#[test]
fn what_is_no_key_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let code = |path: &Path| SealingKey::read_file(path).unwrap_err().code();
    assert_eq!(code(&path), "store.key_missing");
    let in_no_folder = folder.path().join("no folder").join("key");
    assert_eq!(
        SealingKey::from_bytes([1; 32])
            .write_new_file(&in_no_folder)
            .unwrap_err()
            .code(),
        "store.key_disk"
    );
    SealingKey::from_bytes([1; 32])
        .write_new_file(&path)
        .unwrap();
    let right = fs::read(&path).unwrap();
    for wrong in [
        &b""[..],
        &right[..64],
        &right[1..],
        &[&right[..], b"\n"].concat(),
        &[b'g'; 65],
        &vec![b'a'; 1 << 20],
    ] {
        fs::write(&path, wrong).unwrap();
        assert_eq!(code(&path), "store.key_malformed");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_open_to_others_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    SealingKey::from_bytes([1; 32])
        .write_new_file(&path)
        .unwrap();
    for (mode, is_exposed) in [(0o604, true), (0o640, true), (0o620, true), (0o600, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let code = SealingKey::read_file(&path).err().map(|error| error.code());
        assert_eq!(code, is_exposed.then_some("store.key_exposed"), "{mode:o}");
    }
}
