//! The cheap part: each fault of a batch's or a change's form has its name.

use proptest::prelude::*;

use super::*;

/// Three changes as a device makes them: two declarations, and two fields of the first amended.
static HONEST: LazyLock<Vec<Chunk>> = LazyLock::new(|| {
    let mut device = Device::new(1);
    let fields = vec![
        Change::From("2022-02".to_owned()),
        Change::Month("2022-03".to_owned()),
    ];
    [declare(1), declare(2), amend(1, fields)]
        .iter()
        .map(|action| device.act(action))
        .collect()
});

fn honest() -> Batch {
    batch(HONEST[..2].to_vec())
}

#[test]
fn an_honest_batch_is_read_with_the_heads_of_its_changes() {
    let checked = check_batch(&signed(&honest())).unwrap();
    let heads = &checked.run.heads;
    assert_eq!(heads.iter().map(|it| it.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        heads.iter().map(|it| it.operations).collect::<Vec<_>>(),
        [5, 5]
    );
    assert!(heads[1].dependencies.contains(&heads[0].hash));
    assert_eq!(
        checked.run.outside_dependencies().len(),
        1,
        "the genesis alone"
    );
}

#[test]
fn each_fault_of_a_batch_has_its_name() {
    let check = |change: &dyn Fn(&mut Batch), expected: &str| {
        let mut batch = honest();
        change(&mut batch);
        assert_eq!(check_batch(&signed(&batch)).unwrap_err().code(), expected);
        assert!(check_batch(&signed(&honest())).is_ok());
    };
    check(&|it| it.chunks.clear(), "structure.change_count");
    check(
        &|it| it.chunks = vec![it.chunks[0].clone(); MAX_BATCH_CHANGES + 1],
        "structure.change_count",
    );
    check(&|it| it.schema = 0, "structure.no_schema");
    check(&|it| it.actor = vec![9; 24].into(), "structure.other_actor");
    check(&|it| it.to = 3, "structure.sequence");
    check(&|it| it.from = 0, "structure.sequence");
    check(&|it| (it.from, it.to) = (2, 3), "structure.sequence");
    check(&|it| it.chunks.swap(0, 1), "structure.sequence");
    check(&|it| it.chunks[0].0[0] = 0, "structure.no_header");
    check(&|it| it.chunks[0].0[4] ^= 1, "structure.checksum");
    check(&|it| it.chunks[0].0[8] = 2, "structure.not_a_change");
    check(&|it| it.chunks[0].0.push(0), "structure.not_canonical");
    check(&|it| it.chunks[0].0.truncate(20), "structure.not_canonical");
    check(&|it| it.chunks[0].0.truncate(8), "structure.no_header");
    check(
        &|it| it.chunks[0].0 = vec![0x85; MAX_CHANGE_BYTES + 1],
        "structure.change_too_large",
    );
    check(
        &|it| {
            let genesis = automerge::ChangeHash(crate::document::genesis_hash(&DOCUMENT).0);
            it.chunks[1] = altered(&it.chunks[1], |change| change.deps = vec![genesis]);
        },
        "structure.previous",
    );
    let large = vec![0; MAX_BATCH_BYTES + 1];
    let too_large = check_batch(&large).unwrap_err();
    assert_eq!(too_large.code(), "structure.batch_too_large");
}

#[test]
fn a_batch_of_a_newer_schema_is_named_before_anything_else_in_it_is_read() {
    let newer = Batch {
        schema: SCHEMA_VERSION + 1,
        chunks: Vec::new(),
        ..honest()
    };
    let expected = Err(BatchError::NewerSchema(SCHEMA_VERSION + 1));
    assert_eq!(check_batch(&signed(&newer)), expected);

    // A field more than this program knows, and chunks of another kind.
    let key = SigningKey::from_seed([1; 32]);
    let future = ((), 1_u8, 2_u8, 3_u8, (), "chunks", SCHEMA_VERSION + 1, 8_u8);
    let signed = Signed::make(&key, Domain::Batch, &future).to_bytes();
    assert_eq!(check_batch(&signed), expected);
}

#[test]
fn each_fault_of_a_change_has_its_name() {
    let honest = &HONEST[2];
    assert_eq!(&Parts::of(honest).chunk(), honest, "the surgeon's hand");
    let check = |alter: &dyn Fn(&mut Parts), expected: &str| {
        let mut parts = Parts::of(honest);
        alter(&mut parts);
        assert_eq!(check_chunk(&parts.chunk().0).unwrap_err().code(), expected);
    };
    check(&|it| it.dependencies.clear(), "structure.dependencies");
    check(
        &|it| it.dependencies.push(it.dependencies[0]),
        "structure.dependencies",
    );
    check(
        &|it| it.dependencies = vec![[2; 32], [1; 32]],
        "structure.dependencies",
    );
    check(
        &|it| it.dependencies = (0..65).map(|number| [number; 32]).collect(),
        "structure.dependencies",
    );
    check(&|it| it.actor.truncate(23), "structure.actor_length");
    check(&|it| it.actor.push(1), "structure.actor_length");
    check(&|it| it.time = signed_leb(-1), "structure.time");
    check(&|it| it.time = signed_leb(i64::MAX), "structure.time");
    check(&|it| it.time = vec![0x80, 0x00], "structure.not_canonical");
    check(&|it| it.message = b"m".to_vec(), "structure.message");
    check(
        &|it| it.others = vec![vec![2; 17]],
        "structure.other_actors",
    );
    check(
        &|it| it.others = vec![it.actor.clone()],
        "structure.other_actors",
    );
    check(
        &|it| it.others = vec![vec![3; 24], vec![2; 24]],
        "structure.other_actors",
    );
    check(
        &|it| it.others = vec![vec![3; 24]; 2],
        "structure.other_actors",
    );
    check(&|it| it.columns.swap(0, 1), "structure.columns");
    check(&|it| it.columns[0].0 |= 8, "structure.columns");
    check(&|it| it.columns[0].1.clear(), "structure.columns");
    check(
        &|it| it.columns.insert(1, it.columns[0].clone()),
        "structure.columns",
    );
    for list_key_or_mark in [17, 19, 148, 165, 1 << 40] {
        let place = |(number, _): &(u64, Vec<u8>)| *number < list_key_or_mark;
        check(
            &|it| {
                let at = it.columns.partition_point(place);
                it.columns.insert(at, (list_key_or_mark, vec![2, 1]));
            },
            "structure.columns",
        );
    }
    check(&|it| it.column(66).clear(), "structure.columns");
    check(
        &|it| it.columns.retain(|(number, _)| *number != 66),
        "structure.operation_count",
    );
    check(
        &|it| *it.column(66) = [signed_leb(4_001), vec![1]].concat(),
        "structure.operation_count",
    );
    check(
        &|it| {
            *it.column(66) = [signed_leb(i64::MAX), vec![1], signed_leb(i64::MAX), vec![1]].concat()
        },
        "structure.operation_count",
    );
    check(
        &|it| *it.column(66) = [vec![0], unsigned_leb(u64::MAX)].concat(),
        "structure.operation_count",
    );
    check(
        &|it| *it.column(66) = signed_leb(i64::MIN),
        "structure.malformed",
    );
    check(&|it| it.extra = vec![1], "structure.extra_bytes");
    assert!(check_chunk(&honest.0).is_ok());
}

#[test]
fn a_few_bytes_that_claim_millions_of_predecessors_are_refused_unread() {
    let claim = |rows: i64, each: u64| {
        let mut parts = Parts::of(&HONEST[2]);
        *parts.column(112) = [signed_leb(rows), unsigned_leb(each)].concat();
        *parts.column(113) = vec![0xff, 0xff, 0xff, 0x07, 0];
        check_chunk(&parts.chunk().0)
    };
    assert_eq!(claim(1, 10_000_000), Err(ChunkError::PredecessorCount));
    assert_eq!(claim(i64::MAX, u64::MAX), Err(ChunkError::PredecessorCount));
    assert_eq!(claim(1, 81), Err(ChunkError::PredecessorCount));
    assert!(claim(1, 80).is_ok());
}

#[test]
fn an_actor_that_the_change_does_not_list_is_refused_before_automerge_panics_on_it() {
    for column in [1, 113] {
        let mut parts = Parts::of(&HONEST[2]);
        *parts.column(column) = vec![0x7f, 1];
        let refused = check_chunk(&parts.chunk().0).unwrap_err();
        assert_eq!(refused.code(), "structure.unknown_actor");
    }
}

#[test]
fn a_deflated_change_is_refused() {
    let mut device = Device::new(1);
    let long = Change::Person("产假".repeat(200));
    device.act(&declare(1));
    let chunk = device.act(&amend(1, vec![long]));
    let mut change = Encoded::try_from(&chunk.0[..]).unwrap();
    let deflated = change.bytes();
    assert!(deflated.len() < chunk.0.len());
    let refused = check_chunk(&deflated).unwrap_err();
    assert_eq!(refused.code(), "structure.not_a_change");
}

proptest! {
    #[test]
    fn no_bytes_break_the_checks(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = check_batch(&bytes);
        let _ = check_chunk(&bytes);
        let _ = check_chunk(&sealed(&bytes).0);
    }

    #[test]
    fn a_flipped_bit_never_passes_unnoticed(place in 0_usize..10_000, bit in 0_u8..8) {
        let mut batch = honest();
        let chunk = &mut batch.chunks[0].0;
        let place = place % chunk.len();
        chunk[place] ^= 1 << bit;
        prop_assert!(check_batch(&signed(&batch)).is_err());
    }

    /// Column bytes of any kind under a right checksum: what the cheap part takes, the rest
    /// refuses without a panic, or automerge takes as well.
    #[test]
    fn no_columns_break_the_history(
        column in 0_usize..10,
        bytes in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut history = History::new(DOCUMENT);
        for chunk in &HONEST[..2] {
            prop_assert_eq!(verdict(&mut history, chunk), Ok(()));
        }
        let mut parts = Parts::of(&HONEST[2]);
        let column = column % parts.columns.len();
        parts.columns[column].1 = bytes;
        let chunk = parts.chunk();
        if let Ok(head) = check_chunk(&chunk.0) {
            let checked = check_batch(&signed(&batch(vec![chunk.clone()]))).unwrap();
            prop_assert_eq!(&checked.run.heads[0], &head);
            if history.check(&checked.run).is_ok() {
                let chunks = HONEST[..2].iter().chain([&chunk]);
                let volume = Volume::replay(DOCUMENT, chunks).unwrap();
                prop_assert!(Volume::load(DOCUMENT, &volume.save()).is_ok());
            } else {
                prop_assert_eq!(verdict(&mut history, &HONEST[2]), Ok(()));
            }
        }
    }
}
