//! The write side: a commit is a value, taken in whole and durably, or not at all.

use std::collections::BTreeMap;
use std::io;

use redb::{Database, ReadableTable};

use super::Store;
use super::engine::Failure;
use super::format::{META, STREAMS, VIEWS, begin_durable, length_name, open_length};
use super::place::{Place, Stream, View};
use super::sealing::{NoRandomness, Sealer};

/// The longest value of a stream or view, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024 * 1024;
/// The longest key of a view, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// A change to the store, made for streams of certain lengths.
///
/// ```
/// use canbao_core::store::{Commit, Stream, View};
///
/// let commit = Commit::new()
///     .expecting(Stream::Feed, 17)
///     .append(Stream::Feed, b"a fact".to_vec())
///     .put(View::Cursor, b"peer", 18_u64.to_be_bytes());
/// assert_eq!(commit.appends.len(), 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a commit changes nothing until a store takes it in"]
pub struct Commit {
    /// The length that each of these streams must have, which is the position of the first
    /// value appended to it. Every stream appended to is here; others may be.
    pub expect: Vec<(Stream, u64)>,
    /// The values to append, in order.
    pub appends: Vec<(Stream, Vec<u8>)>,
    /// The positions to erase, each below its stream's length before the appends.
    pub erases: Vec<(Stream, u64)>,
    /// The changes to views, in order: the last one to a key holds.
    pub views: Vec<ViewUpdate>,
}

/// One change to a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewUpdate {
    /// The key has this value from now on.
    Put {
        /// The view.
        view: View,
        /// The key, not sealed.
        key: Vec<u8>,
        /// The value.
        value: Vec<u8>,
    },
    /// The key has no value from now on; it need not have had one.
    Remove {
        /// The view.
        view: View,
        /// The key.
        key: Vec<u8>,
    },
}

/// Why a commit was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A stream has another length than the commit was made for. Nothing was changed; read what
    /// was appended and decide again.
    #[error("{stream:?} has {actual} values, the commit was made for {expected}")]
    Moved {
        /// The stream.
        stream: Stream,
        /// The length the commit was made for.
        expected: u64,
        /// The length the stream has.
        actual: u64,
    },
    /// A stream is appended to without saying what length it must have: a bug of the caller.
    #[error("the commit appends to {stream:?} without expecting a position")]
    Unguarded {
        /// The stream.
        stream: Stream,
    },
    /// There is no value at a position that is to be erased: a bug of the caller.
    #[error("there is no value {position} of {stream:?} to erase")]
    NothingToErase {
        /// The stream.
        stream: Stream,
        /// The position.
        position: u64,
    },
    /// A value or key is longer than [`MAX_VALUE_BYTES`] or [`MAX_KEY_BYTES`].
    #[error("{bytes} bytes are more than the {limit} that fit")]
    TooLarge {
        /// The length of the value or key.
        bytes: usize,
        /// The greatest length.
        limit: usize,
    },
    /// The disk is full or failed. What was acknowledged before is there. Whether this commit
    /// is can be told by the streams' lengths; offered again as it is, it is refused with
    /// [`CommitError::Moved`] if it is.
    #[error("the store cannot be written: {source}")]
    Disk {
        /// What the operating system said.
        source: io::Error,
    },
    /// The file does not hold what was written to it.
    #[error("the store is damaged: {detail}")]
    Damaged {
        /// What does not fit.
        detail: String,
    },
    /// The operating system gave no random bytes to seal with.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl CommitError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Moved { .. } => "store.moved",
            Self::Unguarded { .. } => "store.unguarded",
            Self::NothingToErase { .. } => "store.nothing_to_erase",
            Self::TooLarge { .. } => "store.too_large",
            Self::Disk { .. } => "store.cannot_write",
            Self::Damaged { .. } => "store.damaged",
            Self::NoRandomness => "store.no_randomness",
        }
    }
}

impl Commit {
    /// A commit of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses the commit unless `stream` has this length.
    pub fn expecting(mut self, stream: Stream, length: u64) -> Self {
        self.expect.push((stream, length));
        self
    }

    /// Appends a value to a stream whose length is [expected](Self::expecting).
    pub fn append(mut self, stream: Stream, value: impl Into<Vec<u8>>) -> Self {
        self.appends.push((stream, value.into()));
        self
    }

    /// Replaces a value of a stream by a tombstone: the stream's length and its other positions
    /// stay. An erased value may be erased again.
    ///
    /// After the commit nothing in the file leads to the value's bytes. The engine does not
    /// overwrite the page that held them; they stay there, sealed, until it is used again.
    pub fn erase(mut self, stream: Stream, position: u64) -> Self {
        self.erases.push((stream, position));
        self
    }

    /// Gives a key of a view a value.
    pub fn put(mut self, view: View, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.views.push(ViewUpdate::Put {
            view,
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// Takes a key of a view away.
    pub fn remove(mut self, view: View, key: impl Into<Vec<u8>>) -> Self {
        self.views.push(ViewUpdate::Remove {
            view,
            key: key.into(),
        });
        self
    }
}

impl Store {
    /// Takes a commit in. It is on the disk when this returns `Ok`.
    ///
    /// # Errors
    /// [`CommitError`]; then nothing of it is in the store, but see [`CommitError::Disk`].
    pub fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.commit_group(&[commit])
    }

    /// Takes several commits in, in order, all or none, for the price of one: each expects the
    /// lengths that those before it leave.
    ///
    /// # Errors
    /// As [`Store::commit`], of the first commit that cannot be taken in.
    pub fn commit_group(&self, commits: &[Commit]) -> Result<(), CommitError> {
        let sealed = seal_group(&self.sealer, commits)?;
        self.engine
            .run(|database| write(database, &self.sealer, &sealed))?
    }

    /// Removes every value of every view, to be derived from the streams again.
    ///
    /// # Errors
    /// [`CommitError::Disk`], [`CommitError::Damaged`].
    pub fn clear_views(&self) -> Result<(), CommitError> {
        self.engine.run(|database| {
            let transaction = begin_durable(database)?;
            transaction.delete_table(VIEWS)?;
            transaction.open_table(VIEWS)?;
            transaction.commit()?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Commits made ready before the one writer's turn: positions assigned, values sealed.
struct SealedGroup<'a> {
    commits: Vec<SealedCommit<'a>>,
    /// The sealed length of each stream appended to, after the whole group.
    lengths: BTreeMap<Stream, Vec<u8>>,
}

struct SealedCommit<'a> {
    expect: &'a [(Stream, u64)],
    tombstones: Vec<(Stream, u64, Vec<u8>)>,
    records: Vec<(Stream, u64, Vec<u8>)>,
    views: Vec<SealedUpdate<'a>>,
}

struct SealedUpdate<'a> {
    view: View,
    key: &'a [u8],
    /// `None` takes the key away.
    sealed: Option<Vec<u8>>,
}

fn seal_group<'a>(sealer: &Sealer, commits: &'a [Commit]) -> Result<SealedGroup<'a>, CommitError> {
    let commits = commits
        .iter()
        .map(|commit| seal(sealer, commit))
        .collect::<Result<Vec<_>, _>>()?;
    let ends: BTreeMap<Stream, u64> = commits
        .iter()
        .flat_map(|commit| &commit.records)
        .map(|(stream, position, _)| (*stream, position.saturating_add(1)))
        .collect();
    let lengths = ends
        .into_iter()
        .map(|(stream, end)| {
            let place = Place::Meta(length_name(stream));
            Ok((stream, sealer.seal(place, &end.to_be_bytes())?))
        })
        .collect::<Result<_, NoRandomness>>()?;
    Ok(SealedGroup { commits, lengths })
}

fn seal<'a>(sealer: &Sealer, commit: &'a Commit) -> Result<SealedCommit<'a>, CommitError> {
    // The first expectation of a stream gives the positions; where a later one differs, one of
    // the two is refused when they are compared with the store.
    let mut next = BTreeMap::new();
    for &(stream, length) in &commit.expect {
        next.entry(stream).or_insert(length);
    }
    let mut records = Vec::with_capacity(commit.appends.len());
    for (stream, value) in &commit.appends {
        fits(value, MAX_VALUE_BYTES)?;
        let position = next
            .get_mut(stream)
            .ok_or(CommitError::Unguarded { stream: *stream })?;
        records.push((
            *stream,
            *position,
            sealer.seal(Place::Record(*stream, *position), value)?,
        ));
        // No stream has 2^64 values, so a position that stays there is refused as moved.
        *position = position.saturating_add(1);
    }
    let tombstones = commit
        .erases
        .iter()
        .map(|&(stream, position)| {
            let sealed = sealer.seal(Place::Erased(stream, position), b"")?;
            Ok((stream, position, sealed))
        })
        .collect::<Result<_, NoRandomness>>()?;
    let views = commit
        .views
        .iter()
        .map(|update| seal_update(sealer, update))
        .collect::<Result<_, CommitError>>()?;
    Ok(SealedCommit {
        expect: &commit.expect,
        tombstones,
        records,
        views,
    })
}

fn seal_update<'a>(
    sealer: &Sealer,
    update: &'a ViewUpdate,
) -> Result<SealedUpdate<'a>, CommitError> {
    match update {
        ViewUpdate::Put { view, key, value } => {
            fits(key, MAX_KEY_BYTES)?;
            fits(value, MAX_VALUE_BYTES)?;
            let sealed = Some(sealer.seal(Place::Entry(*view, key), value)?);
            Ok(SealedUpdate {
                view: *view,
                key,
                sealed,
            })
        }
        ViewUpdate::Remove { view, key } => {
            fits(key, MAX_KEY_BYTES)?;
            Ok(SealedUpdate {
                view: *view,
                key,
                sealed: None,
            })
        }
    }
}

fn fits(bytes: &[u8], limit: usize) -> Result<(), CommitError> {
    if bytes.len() <= limit {
        Ok(())
    } else {
        Err(CommitError::TooLarge {
            bytes: bytes.len(),
            limit,
        })
    }
}

/// Writes the group in one transaction; dropped unless it reaches its end.
fn write(
    database: &Database,
    sealer: &Sealer,
    group: &SealedGroup<'_>,
) -> Result<Result<(), CommitError>, redb::Error> {
    let transaction = begin_durable(database)?;
    {
        let mut meta = transaction.open_table(META)?;
        let mut streams = transaction.open_table(STREAMS)?;
        let mut views = transaction.open_table(VIEWS)?;
        let mut lengths = match stored_lengths(&meta, sealer)? {
            Ok(lengths) => lengths,
            Err(damaged) => return Ok(Err(damaged)),
        };
        for commit in &group.commits {
            if let Some(moved) = first_moved(commit.expect, &lengths) {
                return Ok(Err(moved));
            }
            for (stream, position, sealed) in &commit.tombstones {
                let (stream, position) = (*stream, *position);
                if position >= lengths[&stream] {
                    return Ok(Err(CommitError::NothingToErase { stream, position }));
                }
                streams.insert((stream as u8, position), &sealed[..])?;
            }
            for (stream, position, sealed) in &commit.records {
                if streams
                    .insert((*stream as u8, *position), &sealed[..])?
                    .is_some()
                {
                    return Ok(Err(damaged(format!("{stream:?} goes on after its end"))));
                }
                lengths.insert(*stream, position + 1);
            }
            for SealedUpdate { view, key, sealed } in &commit.views {
                match sealed {
                    Some(sealed) => views.insert((*view as u8, *key), &sealed[..])?,
                    None => views.remove((*view as u8, *key))?,
                };
            }
        }
        for (stream, sealed) in &group.lengths {
            meta.insert(length_name(*stream), &sealed[..])?;
        }
    }
    transaction.commit()?;
    Ok(Ok(()))
}

fn stored_lengths(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    sealer: &Sealer,
) -> Result<Result<BTreeMap<Stream, u64>, CommitError>, redb::Error> {
    let mut lengths = BTreeMap::new();
    for stream in Stream::ALL {
        let sealed = meta.get(length_name(stream))?;
        match open_length(
            sealer,
            stream,
            sealed.as_ref().map(redb::AccessGuard::value),
        ) {
            Some(length) => lengths.insert(stream, length),
            None => {
                return Ok(Err(damaged(format!(
                    "the length of {stream:?} does not open"
                ))));
            }
        };
    }
    Ok(Ok(lengths))
}

fn first_moved(expect: &[(Stream, u64)], lengths: &BTreeMap<Stream, u64>) -> Option<CommitError> {
    expect.iter().find_map(|&(stream, expected)| {
        let actual = lengths[&stream];
        (actual != expected).then_some(CommitError::Moved {
            stream,
            expected,
            actual,
        })
    })
}

fn damaged(detail: String) -> CommitError {
    CommitError::Damaged { detail }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Disk(source) => Self::Disk { source },
            Failure::Damaged(detail) => Self::Damaged { detail },
        }
    }
}

impl From<NoRandomness> for CommitError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}
