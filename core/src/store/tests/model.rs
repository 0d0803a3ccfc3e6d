//! Random commits, refused ones among them, against a model that is two maps.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use super::Place;
use crate::store::{Commit, ReadError, Store, Stream, View, ViewUpdate};

#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    /// The values of each stream, none where one was erased.
    streams: BTreeMap<Stream, Vec<Option<Vec<u8>>>>,
    views: BTreeMap<(View, Vec<u8>), Vec<u8>>,
}

impl Model {
    fn length(&self, stream: Stream) -> u64 {
        self.streams
            .get(&stream)
            .map_or(0, |values| values.len() as u64)
    }

    /// Whether the commit is taken in.
    fn take_in(&mut self, commit: &Commit) -> bool {
        if commit
            .expect
            .iter()
            .any(|&(stream, length)| self.length(stream) != length)
        {
            return false;
        }
        for (stream, position) in &commit.erases {
            let place = usize::try_from(*position).unwrap();
            self.streams.get_mut(stream).unwrap()[place] = None;
        }
        for (stream, value) in &commit.appends {
            let values = self.streams.entry(*stream).or_default();
            values.push(Some(value.clone()));
        }
        for update in &commit.views {
            match update.clone() {
                ViewUpdate::Put { view, key, value } => self.views.insert((view, key), value),
                ViewUpdate::Remove { view, key } => self.views.remove(&(view, key)),
            };
        }
        true
    }

    fn assert_is(&self, store: &Store) {
        for stream in Stream::ALL {
            let read = store.read(stream, 0, usize::MAX, usize::MAX).unwrap();
            let values = self.streams.get(&stream).cloned().unwrap_or_default();
            for (value, position) in values.iter().zip(0..) {
                match (store.get(stream, position), value) {
                    (Ok(Some(read)), Some(value)) => assert_eq!(read, *value),
                    (Err(ReadError::ErasedRecord { .. }), None) => {}
                    (read, value) => panic!("{read:?} instead of {value:?}"),
                }
            }
            let kept: Vec<(u64, Vec<u8>)> = (0..)
                .zip(values)
                .filter_map(|(position, value)| Some((position, value?)))
                .collect();
            assert_eq!(read, kept);
            assert_eq!(store.length(stream).unwrap(), self.length(stream));
        }
        let read: BTreeMap<(View, Vec<u8>), Vec<u8>> = View::ALL
            .iter()
            .flat_map(|&view| {
                let read = store
                    .view_range(view, Bound::Unbounded, Bound::Unbounded, usize::MAX)
                    .unwrap();
                read.into_iter()
                    .map(move |(key, value)| ((view, key), value))
            })
            .collect();
        assert_eq!(read, self.views);
    }
}

/// A commit whose expectations are filled in when it is its turn; some of them wrongly.
#[derive(Debug, Clone)]
struct Sketch {
    appends: Vec<(Stream, Vec<u8>)>,
    /// Streams, and which of their values to erase, as a share of the length.
    erases: Vec<(Stream, u8)>,
    views: Vec<ViewUpdate>,
    is_late: bool,
}

impl Sketch {
    fn commit(self, model: &Model) -> Commit {
        let shift = u64::from(self.is_late);
        let expect = Stream::ALL.map(|stream| (stream, model.length(stream).saturating_sub(shift)));
        let erases = self.erases.into_iter().filter_map(|(stream, share)| {
            let position = u64::from(share) * model.length(stream) / 256;
            (position < model.length(stream)).then_some((stream, position))
        });
        Commit {
            expect: expect.to_vec(),
            erases: erases.collect(),
            appends: self.appends,
            views: self.views,
        }
    }
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40),
        1 => any::<u8>().prop_map(|byte| vec![byte; 20_000]),
    ]
}

fn updates() -> impl Strategy<Value = ViewUpdate> {
    let keys = || prop::collection::vec(0..3_u8, 0..3);
    prop_oneof![
        3 => (prop::sample::select(&View::ALL), keys(), values())
            .prop_map(|(view, key, value)| ViewUpdate::Put { view, key, value }),
        1 => (prop::sample::select(&View::ALL), keys())
            .prop_map(|(view, key)| ViewUpdate::Remove { view, key }),
    ]
}

fn sketches() -> impl Strategy<Value = Sketch> {
    let appends = (prop::sample::select(&Stream::ALL), values());
    let erases = (prop::sample::select(&Stream::ALL), any::<u8>());
    (
        prop::collection::vec(appends, 0..5),
        prop::collection::vec(erases, 0..3),
        prop::collection::vec(updates(), 0..5),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(appends, erases, views, is_late)| Sketch {
            appends,
            erases,
            views,
            is_late,
        })
}

#[derive(Debug, Clone)]
enum Step {
    Group(Vec<Sketch>),
    ClearViews,
    Reopen,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(sketches(), 1..4).prop_map(Step::Group),
        1 => Just(Step::ClearViews),
        2 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_store_is_its_model(steps in prop::collection::vec(steps(), 1..12)) {
        let place = Place::new();
        let mut store = Some(place.create());
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Group(sketches) => {
                    let mut after = model.clone();
                    let mut commits = Vec::new();
                    let mut taken_in = true;
                    for sketch in sketches {
                        let commit = sketch.commit(&after);
                        taken_in = taken_in && after.take_in(&commit);
                        commits.push(commit);
                    }
                    let result = store.as_ref().unwrap().commit_group(&commits);
                    prop_assert_eq!(result.as_ref().err().map(|error| error.code()), (!taken_in).then_some("store.moved"));
                    if taken_in {
                        model = after;
                    }
                }
                Step::ClearViews => {
                    store.as_ref().unwrap().clear_views().unwrap();
                    model.views.clear();
                }
                Step::Reopen => {
                    drop(store.take());
                    store = Some(place.open());
                }
            }
            model.assert_is(store.as_ref().unwrap());
        }
        drop(store);
        model.assert_is(&place.open());
    }
}
