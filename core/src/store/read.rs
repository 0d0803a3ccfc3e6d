//! The read side: each call sees one state of the store, whatever is committed meanwhile.

use std::io;
use std::ops::Bound;

use data_encoding::HEXLOWER;
use redb::{AccessGuard, Database, ReadOnlyTable, ReadableDatabase};

use super::Store;
use super::engine::Failure;
use super::format::{META, STREAMS, VIEWS, length_name, open_length};
use super::place::{Place, Stream, View};

/// A value of a stream and its position.
pub type Positioned = (u64, Vec<u8>);
/// A key of a view and its value.
pub type Viewed = (Vec<u8>, Vec<u8>);

/// A position of a stream, and its value unless that was erased.
type Opened = (u64, Option<Vec<u8>>);

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A value of a stream is lost or was changed. The streams are the truth: this store needs
    /// its backup or its centre.
    #[error("value {position} of {stream:?} is damaged")]
    DamagedRecord {
        /// The stream.
        stream: Stream,
        /// The position of the value.
        position: u64,
    },
    /// The value was erased with [`Commit::erase`](super::Commit::erase): its holder may not
    /// keep it, and nothing is lost that should be there.
    #[error("value {position} of {stream:?} was erased")]
    ErasedRecord {
        /// The stream.
        stream: Stream,
        /// The position of the value.
        position: u64,
    },
    /// A value of a view was changed. [`Store::clear_views`] and deriving the views again heals
    /// it.
    #[error("the value of {view:?} under {} is damaged", HEXLOWER.encode(key))]
    DamagedEntry {
        /// The view.
        view: View,
        /// The key of the value.
        key: Vec<u8>,
    },
    /// The file does not hold what was written to it.
    #[error("the store is damaged: {detail}")]
    Damaged {
        /// What does not fit.
        detail: String,
    },
    /// The operating system refused.
    #[error("the store cannot be read: {source}")]
    Disk {
        /// What the operating system said.
        source: io::Error,
    },
}

impl ReadError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DamagedRecord { .. } => "store.damaged_record",
            Self::ErasedRecord { .. } => "store.erased_record",
            Self::DamagedEntry { .. } => "store.damaged_view",
            Self::Damaged { .. } => "store.damaged",
            Self::Disk { .. } => "store.cannot_read",
        }
    }
}

impl Store {
    /// The number of values in a stream, which is the position of the next one.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn length(&self, stream: Stream) -> Result<u64, ReadError> {
        let sealed = self
            .engine
            .run(|database| sealed_length(database, stream))?;
        self.open_length(stream, sealed.as_deref())
    }

    /// The value of a stream at a position; `None` past the end.
    ///
    /// # Errors
    /// [`ReadError`]; [`ReadError::ErasedRecord`] where it was erased.
    pub fn get(&self, stream: Stream, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        match self.page(stream, position, 1, usize::MAX)?.pop() {
            Some((_, Some(value))) => Ok(Some(value)),
            Some((position, None)) => Err(ReadError::ErasedRecord { stream, position }),
            None => Ok(None),
        }
    }

    /// The values of a stream from a position on: at most `max_items`, and no more once their
    /// stored bytes exceed `max_bytes`, but one at least where there is one. What was erased is
    /// stepped over: positions ascend, with gaps where it stood.
    ///
    /// # Errors
    /// [`ReadError`]; [`ReadError::DamagedRecord`] names the first damaged value.
    pub fn read(
        &self,
        stream: Stream,
        from: u64,
        max_items: usize,
        max_bytes: usize,
    ) -> Result<Vec<Positioned>, ReadError> {
        let mut from = from;
        loop {
            let page = self.page(stream, from, max_items, max_bytes)?;
            let Some((last, _)) = page.last() else {
                return Ok(Vec::new());
            };
            from = last.saturating_add(1);
            let kept: Vec<Positioned> = page
                .into_iter()
                .filter_map(|(position, value)| Some((position, value?)))
                .collect();
            if !kept.is_empty() {
                return Ok(kept);
            }
        }
    }

    /// A run of positions.
    fn page(
        &self,
        stream: Stream,
        from: u64,
        max_items: usize,
        max_bytes: usize,
    ) -> Result<Vec<Opened>, ReadError> {
        let (length, stored) = self.engine.run(|database| {
            let transaction = database.begin_read()?;
            let meta = transaction.open_table(META)?;
            let length = meta
                .get(length_name(stream))?
                .map(|value| value.value().to_vec());
            let streams = transaction.open_table(STREAMS)?;
            Ok((
                length,
                Stored::read(&streams, stream, from, max_items, max_bytes)?,
            ))
        })?;
        let length = self.open_length(stream, length.as_deref())?;
        let end = from.saturating_add(stored.records.len() as u64);
        let mut opened = Vec::with_capacity(stored.records.len());
        for ((position, sealed), expected) in stored.records.into_iter().zip(from..end) {
            if position != expected || position >= length {
                return Err(ReadError::DamagedRecord {
                    stream,
                    position: expected,
                });
            }
            opened.push((position, self.open_record(stream, position, &sealed)?));
        }
        // Nothing more is stored, so what the length promises beyond is lost.
        if stored.is_to_the_end && end < length {
            return Err(ReadError::DamagedRecord {
                stream,
                position: end,
            });
        }
        Ok(opened)
    }

    /// The value of a view under a key.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn view(&self, view: View, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        let sealed = self.engine.run(|database| {
            let views = database.begin_read()?.open_table(VIEWS)?;
            Ok(views
                .get((view as u8, key))?
                .map(|value| value.value().to_vec()))
        })?;
        sealed
            .map(|sealed| self.open_entry(view, key, &sealed))
            .transpose()
    }

    /// The keys and values of a view between two keys, in the order of the keys, at most
    /// `limit`. To go on, start with the last key excluded.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn view_range(
        &self,
        view: View,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Viewed>, ReadError> {
        let sealed = self.engine.run(|database| {
            let views = database.begin_read()?.open_table(VIEWS)?;
            let Some(bounds) = entry_bounds(view, from, to) else {
                return Ok(Vec::new());
            };
            views
                .range::<(u8, &[u8])>(bounds)?
                .take(limit)
                .map(owned)
                .collect()
        })?;
        sealed
            .into_iter()
            .map(|(key, sealed)| self.opened(view, key, &sealed))
            .collect()
    }

    /// The keys that begin with `prefix` and their values, in the order of the keys, at most
    /// `limit`.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn view_prefix(
        &self,
        view: View,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<Viewed>, ReadError> {
        let end = successor(prefix);
        self.view_range(view, Bound::Included(prefix), before(end.as_deref()), limit)
    }

    /// The greatest key that begins with `prefix`, and its value.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn view_last(&self, view: View, prefix: &[u8]) -> Result<Option<Viewed>, ReadError> {
        let end = successor(prefix);
        let sealed = self.engine.run(|database| {
            let views = database.begin_read()?.open_table(VIEWS)?;
            let bounds = entry_bounds(view, Bound::Included(prefix), before(end.as_deref()));
            let Some(bounds) = bounds else {
                return Ok(None);
            };
            views
                .range::<(u8, &[u8])>(bounds)?
                .next_back()
                .map(owned)
                .transpose()
        })?;
        sealed
            .map(|(key, sealed)| self.opened(view, key, &sealed))
            .transpose()
    }

    fn open_length(&self, stream: Stream, sealed: Option<&[u8]>) -> Result<u64, ReadError> {
        open_length(&self.sealer, stream, sealed).ok_or_else(|| ReadError::Damaged {
            detail: format!("the length of {stream:?} does not open"),
        })
    }

    /// The value of a record; `None` where it is a tombstone.
    fn open_record(
        &self,
        stream: Stream,
        position: u64,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let value = self.sealer.open(Place::Record(stream, position), sealed);
        if let Ok(value) = value {
            return Ok(Some(value));
        }
        match self.sealer.open(Place::Erased(stream, position), sealed) {
            Ok(_) => Ok(None),
            Err(_) => Err(ReadError::DamagedRecord { stream, position }),
        }
    }

    fn open_entry(&self, view: View, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.sealer
            .open(Place::Entry(view, key), sealed)
            .map_err(|_| ReadError::DamagedEntry {
                view,
                key: key.to_vec(),
            })
    }

    fn opened(&self, view: View, key: Vec<u8>, sealed: &[u8]) -> Result<Viewed, ReadError> {
        let value = self.open_entry(view, &key, sealed)?;
        Ok((key, value))
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Disk(source) => Self::Disk { source },
            Failure::Damaged(detail) => Self::Damaged { detail },
        }
    }
}

fn sealed_length(database: &Database, stream: Stream) -> Result<Option<Vec<u8>>, redb::Error> {
    let meta = database.begin_read()?.open_table(META)?;
    Ok(meta
        .get(length_name(stream))?
        .map(|value| value.value().to_vec()))
}

/// Records as they are stored, still sealed.
struct Stored {
    records: Vec<Positioned>,
    /// No limit stopped the reading.
    is_to_the_end: bool,
}

impl Stored {
    fn read(
        streams: &ReadOnlyTable<(u8, u64), &'static [u8]>,
        stream: Stream,
        from: u64,
        max_items: usize,
        max_bytes: usize,
    ) -> Result<Self, redb::Error> {
        let mut records = Vec::new();
        let mut bytes = 0_usize;
        for entry in streams.range((stream as u8, from)..=(stream as u8, u64::MAX))? {
            let (key, value) = entry?;
            bytes = bytes.saturating_add(value.value().len());
            if records.len() >= max_items || (bytes > max_bytes && !records.is_empty()) {
                return Ok(Self {
                    records,
                    is_to_the_end: false,
                });
            }
            records.push((key.value().1, value.value().to_vec()));
        }
        Ok(Self {
            is_to_the_end: records.len() < max_items,
            records,
        })
    }
}

type EntryBound<'a> = Bound<(u8, &'a [u8])>;

/// The bounds within one view; `None` where they are crossed, which the engine panics on.
fn entry_bounds<'a>(
    view: View,
    from: Bound<&'a [u8]>,
    to: Bound<&'a [u8]>,
) -> Option<(EntryBound<'a>, EntryBound<'a>)> {
    let number = view as u8;
    let (Bound::Included(low) | Bound::Excluded(low)) = from else {
        return entry_bounds(view, Bound::Included(&[]), to);
    };
    let crossed = match to {
        Bound::Included(high) => low > high || (low == high && from == Bound::Excluded(low)),
        Bound::Excluded(high) => low >= high,
        Bound::Unbounded => false,
    };
    let high = match to {
        Bound::Unbounded => Bound::Excluded((number + 1, &[][..])),
        Bound::Included(key) => Bound::Included((number, key)),
        Bound::Excluded(key) => Bound::Excluded((number, key)),
    };
    (!crossed).then_some((from.map(|key| (number, key)), high))
}

type Entry<'a> = (
    AccessGuard<'a, (u8, &'static [u8])>,
    AccessGuard<'a, &'static [u8]>,
);

fn owned(entry: Result<Entry<'_>, redb::StorageError>) -> Result<Viewed, redb::Error> {
    let (key, value) = entry?;
    Ok((key.value().1.to_vec(), value.value().to_vec()))
}

fn before(end: Option<&[u8]>) -> Bound<&[u8]> {
    end.map_or(Bound::Unbounded, Bound::Excluded)
}

/// The least key after every key that begins with `prefix`; `None` where there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
