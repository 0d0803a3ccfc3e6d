//! Tests of keys under a passphrase.

use super::*;
use crate::signed::encode;

fn passphrase(text: &str) -> Passphrase {
    text.to_owned().try_into().unwrap()
}

fn locked(text: &str) -> Locked {
    let key = SigningKey::from_seed([7; 32]);
    let cost = Cost::new(64, 1, 1).unwrap();
    Locked::seal(&key, &passphrase(text), cost, [1; 16], [2; 24]).unwrap()
}

#[test]
fn a_key_opens_by_its_passphrase_alone() {
    let locked = locked("春眠不觉晓处处闻");
    let opened = locked.open(&passphrase("春眠不觉晓处处闻")).unwrap();
    assert_eq!(opened.public(), locked.public());
    assert_eq!(opened.seed(), &[7; 32]);
    for other in ["春眠不觉晓处处问", "春眠不觉晓处处闻 ", "x"] {
        let refused = locked.open(&passphrase(other)).unwrap_err();
        assert_eq!(refused, UnlockError::Wrong, "{other}");
    }
}

#[test]
fn what_is_locked_says_nothing_of_the_seed_and_opens_beside_no_other_key() {
    let locked = locked("long enough");
    let bytes = encode(&locked);
    assert!(!bytes.windows(8).any(|it| it == [7; 8]));
    let read: Locked = minicbor::decode(&bytes).unwrap();
    assert_eq!(read, locked);
    let moved = Locked {
        key: SigningKey::from_seed([8; 32]).public(),
        ..read
    };
    let refused = moved.open(&passphrase("long enough")).unwrap_err();
    assert_eq!(refused, UnlockError::Wrong);
}

#[test]
fn another_salt_or_cost_makes_another_key() {
    let locked = locked("long enough");
    let salted = Locked {
        salt: [3; 16],
        ..locked.clone()
    };
    let dearer = Locked {
        cost: Cost::new(64, 2, 1).unwrap(),
        ..locked
    };
    for other in [salted, dearer] {
        let refused = other.open(&passphrase("long enough")).unwrap_err();
        assert_eq!(refused, UnlockError::Wrong);
    }
}

#[test]
fn a_passphrase_is_bounded_and_locks_with_eight_characters_or_more() {
    for (typed, expected) in [
        (String::new(), PassphraseError::Empty),
        ("x".repeat(1025), PassphraseError::TooLong),
    ] {
        assert_eq!(Passphrase::try_from(typed).unwrap_err(), expected);
    }
    assert!(Passphrase::try_from("x".repeat(1024)).is_ok());
    let key = SigningKey::from_seed([7; 32]);
    let seal = |text: &str| {
        let cost = Cost::new(64, 1, 1).unwrap();
        Locked::seal(&key, &passphrase(text), cost, [1; 16], [2; 24])
    };
    assert_eq!(seal("春眠不觉晓处处").unwrap_err(), LockError::TooShort);
    assert!(seal("春眠不觉晓处处闻").is_ok());
}

#[test]
fn a_file_cannot_make_us_spend_more_than_we_ever_would() {
    for (memory, passes, lanes, good) in [
        (19 * 1024, 2, 1, true),
        (256 * 1024, 16, 4, true),
        (256 * 1024 + 1, 2, 1, false),
        (u32::MAX, 1, 1, false),
        (19 * 1024, 17, 1, false),
        (19 * 1024, 2, 5, false),
        (0, 2, 1, false),
        (19 * 1024, 0, 1, false),
        (19 * 1024, 2, 0, false),
    ] {
        let cost = Cost {
            memory,
            passes,
            lanes,
        };
        let read = minicbor::decode::<Cost>(&encode(&cost));
        assert_eq!(read.ok(), good.then_some(cost), "{cost:?}");
    }
    assert!(minicbor::decode::<Cost>(&[0x82, 1, 1]).is_err());
}

#[test]
fn nothing_of_a_passphrase_or_key_is_printed() {
    let shown = format!(
        "{:?} {:?}",
        passphrase("long enough"),
        locked("long enough")
    );
    assert!(!shown.contains("enough"), "{shown}");
    let public = SigningKey::from_seed([7; 32]).public();
    assert_eq!(shown, format!("Passphrase Locked({public})"));
}
