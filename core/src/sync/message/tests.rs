//! Messages read back what they write, by the documented bytes and within their bounds.

use super::*;
use crate::declaration::PersonNumber;
use crate::facts::Insured;
use crate::identity::{IdDocument, IdKind};
use crate::ids::{FeedId, Position, UnitId};
use crate::refusal::RefusalName;

#[track_caller]
fn check(message: Message) {
    let bytes = message.encode();
    assert_eq!(Message::decode(&bytes), Ok(Incoming::Known(message)));
    for length in 0..bytes.len() {
        assert!(
            Message::decode(&bytes[..length]).is_err(),
            "cut at {length}"
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(Message::decode(&longer).is_err());
}

#[test]
fn messages_read_back_what_they_write() {
    let feed = FeedId([1; 16]);
    let item = ItemId([2; 32]);
    let position = Position(u64::MAX);
    let refusal = Refusal::new(RefusalName::PeersCertificateRevoked, "详情");
    let wanted = ProofWanted {
        first: position,
        count: 3,
    };
    check(Message::Hello(Hello {
        protocol: 1,
        feed,
        scope_version: 2,
        cursor: 3,
        offers: 4,
        late_from: 5,
    }));
    check(Message::Welcome(Welcome {
        feed,
        scope_version: 2,
        head: 9,
        upto: 8,
    }));
    check(Message::Refuse(refusal.clone()));
    let entries = vec![Entry {
        position,
        salt: [3; 16],
        bytes: vec![4; 100],
    }];
    check(Message::Entries(Entries { from: 1, entries }));
    check(Message::CaughtUp(CaughtUp { from: 1, cursor: 2 }));
    check(Message::Offer(Offer {
        item,
        content: Item::Batch(vec![1]),
    }));
    check(Message::Offer(Offer {
        item,
        content: Item::Statement(vec![]),
    }));
    check(Message::Answer(Answer {
        item,
        verdict: Verdict::Taken { position },
    }));
    check(Message::Answer(Answer {
        item,
        verdict: Verdict::Refused(refusal.clone()),
    }));
    check(Message::Answer(Answer {
        item,
        verdict: Verdict::Held,
    }));
    check(Message::ProofWanted(wanted));
    let hashes = vec![ProofHash([5; 32]); 40];
    let checkpoint = "note".to_owned();
    check(Message::RangeProof(RangeProof {
        first: position,
        count: 1,
        checkpoint,
        hashes,
    }));
    check(Message::ProofRefused(ProofRefused {
        wanted,
        refusal: refusal.clone(),
    }));
    let document = IdDocument::parse(IdKind::Passport, "E12345678").unwrap();
    check(Message::StatusWanted(StatusWanted {
        number: 3,
        unit: UnitId([4; 16]),
        person: PersonNumber::Document(document),
    }));
    check(Message::StatusKnown(StatusKnown {
        number: 3,
        insured: Insured::Elsewhere,
    }));
    check(Message::StatusRefused(StatusRefused { number: 3, refusal }));
    check(Message::Ping);
    check(Message::Pong);
    let part = Part(vec![2; 17]);
    check(Message::Scope(Scope {
        version: 7,
        from: 40,
        parts: vec![Part(vec![1]), part.clone()],
        late_from: 60,
        late: vec![part.clone()],
    }));
    check(Message::BackfillWanted(BackfillWanted {
        part: part.clone(),
        from: 3,
        upto: 40,
        packed: true,
    }));
    check(Message::Backfill(Backfill {
        part,
        from: 3,
        entries: vec![Entry {
            position,
            salt: [3; 16],
            bytes: vec![4; 100],
        }],
        next: 40,
        pack: Some(vec![6; 9]),
    }));
}

/// The bytes of `docs/sync-protocol.md`: other implementations depend on them.
#[track_caller]
fn check_bytes(message: &Message, hex: &str) {
    assert_eq!(data_encoding::HEXLOWER.encode(&message.encode()), hex);
}

#[test]
fn the_encoding_is_the_documented_one() {
    let item = ItemId([0xaa; 32]);
    let id = "aa".repeat(32);
    let (feed, position) = (FeedId([0xbb; 16]), Position(7));
    check_bytes(
        &Message::Hello(Hello {
            protocol: 1,
            feed,
            scope_version: 2,
            cursor: 1_000,
            offers: 3,
            late_from: 0,
        }),
        &format!("820186 01 50{} 02 1903e8 03 00", "bb".repeat(16)).replace(' ', ""),
    );
    check_bytes(
        &Message::Offer(Offer {
            item,
            content: Item::Statement(vec![5]),
        }),
        &format!("8206825820{id}8201814105"),
    );
    let answer = |verdict| Message::Answer(Answer { item, verdict });
    check_bytes(
        &answer(Verdict::Taken { position }),
        &format!("8207825820{id}82008107"),
    );
    let refusal = Refusal::new(RefusalName::StructureTime, "");
    let refused = format!("8207825820{id}820181826e7374727563747572652e74696d6560");
    check_bytes(&answer(Verdict::Refused(refusal)), &refused);
    check_bytes(&answer(Verdict::Held), &format!("8207825820{id}820280"));
    check_bytes(
        &Message::StatusWanted(StatusWanted {
            number: 3,
            unit: UnitId([0xcc; 16]),
            person: PersonNumber::Personal("2100000001".parse().unwrap()),
        }),
        &format!(
            "82108303 50{} 8202816a32313030303030303031",
            "cc".repeat(16)
        )
        .replace(' ', ""),
    );
    let known = StatusKnown {
        number: 3,
        insured: Insured::Never,
    };
    check_bytes(&Message::StatusKnown(known), "8211820304");
    check_bytes(&Message::Ping, "820b80");
    let part = Part(vec![1]);
    let (version, from) = (2, 9);
    let parts = vec![part.clone()];
    let scope = Scope {
        version,
        from,
        parts,
        late_from: 12,
        late: vec![part.clone()],
    };
    check_bytes(&Message::Scope(scope), "820d8502098141010c814101");
    let (from, upto) = (3, 9);
    let wanted = BackfillWanted {
        part: part.clone(),
        from,
        upto,
        packed: true,
    };
    check_bytes(&Message::BackfillWanted(wanted), "820e8441010309f5");
    let (entries, next) = (Vec::new(), 9);
    let backfill = Backfill {
        part,
        from,
        entries,
        next,
        pack: None,
    };
    check_bytes(&Message::Backfill(backfill), "820f844101038009");
}

#[test]
fn an_unknown_kind_is_named() {
    assert_eq!(
        Message::decode(&[0x82, 0x18, 77, 0]),
        Ok(Incoming::Unknown { kind: 77 })
    );
}

#[test]
fn a_field_that_a_later_version_appends_is_skipped() {
    assert_eq!(
        Message::decode(&[0x82, 5, 0x83, 1, 2, 0x61, b'x']),
        Ok(Incoming::Known(Message::CaughtUp(CaughtUp {
            from: 1,
            cursor: 2
        })))
    );
}

#[test]
fn a_refusal_is_cut_between_characters() {
    let refusal = Refusal::new(RefusalName::SyncHubFailed, &"参".repeat(400));
    assert_eq!(refusal.detail().len(), 510);
}

#[test]
fn a_name_of_a_newer_hub_is_kept_as_it_is_said() {
    let said = b"\x82\x03\x82\x6bnewer.named\x60";
    let Ok(Incoming::Known(Message::Refuse(refusal))) = Message::decode(said) else {
        panic!("a refusal")
    };
    assert_eq!(refusal.code(), "newer.named");
    assert!(refusal.code().parse::<RefusalName>().is_err());
}

#[test]
fn parts_beyond_their_bounds_are_refused() {
    let refuse = |body: &[u8]| Message::decode(&[&[0x82][..], body].concat()).unwrap_err();
    let long = "x".repeat(MAX_CODE + 1);
    let code = [&[3, 0x82, 0x78, 65], long.as_bytes(), &[0x60]].concat();
    assert_eq!(refuse(&code), MessageError::PartTooLong { part: "code" });
    check_refused(scope_of(vec![Part(vec![1; MAX_PART + 1])]), "part");
    let many = (0..=u32::try_from(MAX_PARTS).unwrap()).map(|it| Part(it.to_be_bytes().to_vec()));
    check_refused(scope_of(many.collect()), "scope");
    for disordered in [[2, 1], [1, 1]] {
        let parts = disordered.map(|it| Part(vec![it])).to_vec();
        let error = Message::decode(&scope_of(parts).encode()).unwrap_err();
        assert_eq!(error.code(), "sync.malformed");
    }
    let nothing = Message::BackfillWanted(BackfillWanted {
        part: Part(vec![1]),
        from: 5,
        upto: 5,
        packed: false,
    });
    let error = Message::decode(&nothing.encode()).unwrap_err();
    assert_eq!(error.code(), "sync.malformed");
    let none = Message::ProofWanted(ProofWanted {
        first: Position(0),
        count: 0,
    });
    assert_eq!(
        Message::decode(&none.encode()).unwrap_err().code(),
        "sync.malformed"
    );
}

fn scope_of(parts: Vec<Part>) -> Message {
    Message::Scope(Scope {
        version: 0,
        from: 0,
        parts,
        late_from: 0,
        late: Vec::new(),
    })
}

#[track_caller]
fn check_refused(message: Message, part: &'static str) {
    let error = Message::decode(&message.encode()).unwrap_err();
    assert_eq!(error, MessageError::PartTooLong { part });
}
