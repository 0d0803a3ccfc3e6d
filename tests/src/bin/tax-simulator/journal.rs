//! The simulator's durable state: a file of JSON lines that only grows.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::books::{Books, Inconsistent, Record};
use crate::faults::Point;

/// Why a journal does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotOpen {
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    #[error("{0} is open in another process")]
    InUse(PathBuf),
    #[error("{0}, line {1}: {2}")]
    Line(PathBuf, usize, #[source] serde_json::Error),
    #[error("{0}, line {1}: {2}")]
    Inconsistent(PathBuf, usize, #[source] Inconsistent),
}

/// One line is what one request wrote, so that it is there whole or not at all.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens or starts the journal in a directory, and reads it into books. A last line without
    /// its end is what a dying process left of a request that was never answered: it is dropped.
    pub(crate) fn open(directory: &Path) -> Result<(Self, Books), CannotOpen> {
        let path = directory.join("journal.jsonl");
        let failed = |error| CannotOpen::Io(path.clone(), error);
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => CannotOpen::InUse(path.clone()),
            std::fs::TryLockError::Error(error) => failed(error),
        })?;
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64)
                .and_then(|()| file.sync_all())
                .map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let books = read(&path, &bytes[..whole])?;
        Ok((Self { file }, books))
    }

    /// Writes what one request did, durably, or dies where it was told to.
    ///
    /// # Errors
    /// Where the disk fails. How much of the line is in the file is then unknown, so that the
    /// process must end and read the file anew.
    pub(crate) fn append(&mut self, records: &[Record], dies: Option<Point>) -> io::Result<()> {
        if dies == Some(Point::BeforeJournal) {
            std::process::abort();
        }
        if !records.is_empty() {
            let mut line = serde_json::to_vec(records)?;
            line.push(b'\n');
            if dies == Some(Point::WithinJournal) {
                line.truncate(line.len() / 2);
            }
            self.file.write_all(&line)?;
            self.file.sync_data()?;
        }
        if matches!(dies, Some(Point::WithinJournal | Point::AfterJournal)) {
            std::process::abort();
        }
        Ok(())
    }
}

fn read(path: &Path, bytes: &[u8]) -> Result<Books, CannotOpen> {
    let mut books = Books::default();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    for (index, line) in lines {
        let number = index + 1;
        let records: Vec<Record> = serde_json::from_slice(line)
            .map_err(|error| CannotOpen::Line(path.to_owned(), number, error))?;
        for record in records {
            books
                .apply(record)
                .map_err(|error| CannotOpen::Inconsistent(path.to_owned(), number, error))?;
        }
    }
    Ok(books)
}
