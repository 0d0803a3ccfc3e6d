//! The chain of keys: followed, rotated, forged.

use super::*;

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed([n; 32])
}

fn pinned() -> RootHash {
    RootHash::of(&key(1).public())
}

fn chain() -> Chain {
    let (tls, log) = (key(3).public(), key(4).public());
    Chain::make(
        &key(1),
        &key(2),
        tls,
        log,
        "example.test/log",
        FeedId([9; 16]),
    )
}

fn trust(chain: &Chain) -> Trust {
    chain.follow(&pinned()).unwrap()
}

fn term(n: u8, since: u64) -> LogTerm {
    LogTerm {
        key: key(n).public(),
        since,
    }
}

/// New keys: TLS 13, then authority 12, then log 14 from size 70 on.
fn rotated() -> [Chain; 4] {
    let first = chain();
    let tls = first.with_tls(&trust(&first), &key(2), key(13).public());
    let authority = tls.with_authority(&trust(&tls), &key(1), &key(12));
    let log = authority.with_log(&trust(&authority), &key(1), &key(12), &key(4), term(14, 70));
    [first, tls, authority, log]
}

#[test]
fn the_chain_leads_from_the_pinned_root_to_every_key() {
    let trust = trust(&chain());
    assert_eq!(trust.version, 1);
    assert_eq!(trust.authority, key(2).public());
    assert_eq!(trust.tls, key(3).public());
    assert_eq!(trust.log, key(4).public());
}

#[test]
fn every_rotation_raises_the_version_and_keeps_the_keys_before() {
    let [_, tls, authority, log] = rotated();
    assert_eq!(trust(&tls).tls, key(13).public());
    let after = trust(&authority);
    assert_eq!(after.authorities, [key(2).public(), key(12).public()]);
    assert_eq!(
        (after.authority, after.tls),
        (key(12).public(), key(13).public())
    );
    let last = trust(&log);
    assert_eq!((last.version, last.log), (4, key(14).public()));
    assert_eq!(last.logs, [term(4, 0), term(14, 70)]);
    assert_eq!((last.authority, last.tls), (after.authority, after.tls));
}

#[test]
fn only_a_chain_that_continues_the_one_held_is_taken() {
    let chains = rotated();
    for (at, held) in chains.iter().enumerate() {
        for (shown_at, shown) in chains.iter().enumerate() {
            let followed = shown.follow_from(held, &pinned());
            match shown_at < at {
                true => assert_eq!(followed, Err(ChainError::Older)),
                false => assert_eq!(followed, Ok(trust(shown))),
            }
        }
    }
    let [first, second, ..] = chains;
    let other = first.with_tls(&trust(&first), &key(2), key(23).public());
    assert_eq!(
        other.follow_from(&second, &pinned()),
        Err(ChainError::Forked),
        "two of one version"
    );
    let stolen = other.with_tls(&trust(&other), &key(2), key(23).public());
    let stolen = stolen.with_tls(&trust(&stolen), &key(2), key(23).public());
    assert_eq!(trust(&stolen).version, 4);
    let [_, _, authority, _] = rotated();
    assert_eq!(
        stolen.follow_from(&authority, &pinned()),
        Err(ChainError::Forked),
        "an authority that was replaced signs no chain any more"
    );
}

#[test]
fn links_that_are_swapped_forged_or_missing_are_refused() {
    let [_, _, authority, log] = rotated();
    let refused = |chain: Chain| chain.follow(&pinned()).unwrap_err().code();
    let elsewhere = chain().follow(&RootHash::of(&key(7).public()));
    assert_eq!(elsewhere, Err(ChainError::OtherRoot));
    let swapped = vec![chain().logs[0].link.clone()];
    assert_eq!(
        refused(Chain {
            authorities: swapped,
            ..chain()
        }),
        "chain.purpose"
    );
    let forged = link(
        &key(8),
        &CentreKey::Tls {
            key: key(8).public(),
            version: 9,
            links: [0; 32],
        },
    );
    assert_eq!(
        refused(Chain {
            tls: forged,
            ..chain()
        }),
        "chain.broken"
    );
    let mut cut = log.clone();
    cut.logs.pop();
    assert_eq!(refused(cut), "chain.broken", "the hash covers every link");
    let empty = Chain {
        authorities: Vec::new(),
        ..chain()
    };
    assert_eq!(refused(empty), "chain.length");
    let many = Chain {
        logs: vec![chain().logs[0].clone(); MAX_LINKS + 1],
        ..chain()
    };
    assert_eq!(refused(many), "chain.length");
    let (held, root, ca) = (trust(&authority), key(1), key(12));
    let by_nobody = authority.with_log(&held, &root, &ca, &key(9), term(14, 70));
    assert_eq!(refused(by_nobody), "chain.broken", "not by the key before");
    let back = log.with_log(&trust(&log), &root, &ca, &key(14), term(24, 69));
    assert_eq!(refused(back), "trust.other_log");
    let elsewhere = Trust {
        feed: FeedId([8; 16]),
        ..held
    };
    let elsewhere = authority.with_log(&elsewhere, &root, &ca, &key(4), term(14, 70));
    assert_eq!(refused(elsewhere), "trust.other_log");
}
