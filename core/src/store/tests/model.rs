//! Random commits, refused ones among them, against a model that is two maps.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::prelude::*;

use super::Place;
use crate::store::{Commit, ReadError, Store, Stream, View, ViewUpdate};

/// What a store holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Model {
    /// The values of each stream, none where one was erased.
    streams: BTreeMap<Stream, Vec<Option<Vec<u8>>>>,
    views: BTreeMap<(View, Vec<u8>), Vec<u8>>,
}

impl Model {
    /// What this store holds.
    pub(super) fn of(store: &Store) -> Result<Self, ReadError> {
        let mut model = Self::default();
        for stream in Stream::ALL {
            let length = usize::try_from(store.length(stream)?).unwrap();
            let mut values = vec![None; length];
            for (position, value) in store.read(stream, 0, usize::MAX, usize::MAX)? {
                values[usize::try_from(position).unwrap()] = Some(value);
            }
            for (position, _) in (0..).zip(&values).filter(|(_, value)| value.is_none()) {
                match store.get(stream, position) {
                    Err(ReadError::ErasedRecord { .. }) => {}
                    Err(error) => return Err(error),
                    Ok(found) => panic!("{found:?} was not read"),
                }
            }
            if !values.is_empty() {
                model.streams.insert(stream, values);
            }
        }
        for view in View::ALL {
            let entries = store.view_range(view, Bound::Unbounded, Bound::Unbounded, usize::MAX)?;
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| ((view, key), value));
            model.views.extend(entries);
        }
        Ok(model)
    }

    pub(super) fn length(&self, stream: Stream) -> u64 {
        self.streams
            .get(&stream)
            .map_or(0, |values| values.len() as u64)
    }

    /// Whether the commit is taken in.
    pub(super) fn take_in(&mut self, commit: &Commit) -> bool {
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

    pub(super) fn clear_views(&mut self) {
        self.views.clear();
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
                    model.clear_views();
                }
                Step::Reopen => {
                    drop(store.take());
                    store = Some(place.open());
                }
            }
            prop_assert_eq!(&Model::of(store.as_ref().unwrap()).unwrap(), &model);
        }
        drop(store);
        prop_assert_eq!(&Model::of(&place.open()).unwrap(), &model);
    }
}
