//! Workbooks are read in a process of their own, whose memory and time are bounded.
//!
//! The reader of .xls believes what a file says of its own size and ends the process where there
//! is not so much memory; one of its loops has no end where a chain of sectors is a ring. Neither
//! can be caught, so that it happens where it harms nothing.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use minicbor::{Decode, Encode};

use crate::error::SheetError;
use crate::file::{FileKind, MAX_BYTES, bounded};
use crate::package::MAX_INFLATED;
use crate::sheet::Sheet;

/// The command under which this program is the reader: the kind of file follows, the file comes
/// by the standard input, and the sheet goes to the standard output.
pub const COMMAND: &str = "read-sheet";

/// The most memory of the reader, its program included, in bytes.
#[cfg(unix)]
const MOST_MEMORY: u64 = 300 << 20;
/// The most time of the reader, in seconds of a processor.
#[cfg(unix)]
const MOST_SECONDS: u64 = 20;
/// The most bytes that a sheet has on its way back.
const MAX_ANSWER: u64 = 64 << 20;

/// Where a workbook is read. A table of text is read in this process always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// In this process: for files of one's own making.
    Here,
    /// In a process of this program, which knows [`COMMAND`].
    Apart(PathBuf),
}

/// What the reader answers.
#[derive(Debug, Encode, Decode)]
enum Answer {
    #[n(1)]
    Sheet(#[n(0)] Sheet),
    #[n(2)]
    TooLarge,
    #[n(3)]
    NotAWorkbook,
    #[n(4)]
    Damaged(#[n(0)] String),
    #[n(5)]
    Empty,
    #[n(6)]
    TooManyCells,
}

impl Reader {
    /// Reads in a process of the program that this one is.
    ///
    /// # Errors
    /// Those of asking the operating system for its file.
    pub fn apart() -> io::Result<Self> {
        std::env::current_exe().map(Self::Apart)
    }

    /// The first sheet that is shown of the file of this name.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn open(&self, path: &Path) -> Result<Sheet, SheetError> {
        self.read(FileKind::of(path)?, bounded(path)?)
    }

    /// The first sheet that is shown of a file of this kind.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn read(&self, kind: FileKind, bytes: Vec<u8>) -> Result<Sheet, SheetError> {
        match (self, kind) {
            (Self::Here, _) | (Self::Apart(_), FileKind::Csv) => Sheet::of(kind, bytes),
            (Self::Apart(program), FileKind::Xls | FileKind::Xlsx) => {
                let mut reader = Command::new(program);
                reader.args([COMMAND, kind.name()]);
                ask(reader, &bytes)
            }
        }
    }
}

/// A reader that ends without an answer met its limits: what it read is no honest workbook.
fn ask(mut reader: Command, bytes: &[u8]) -> Result<Sheet, SheetError> {
    let mut reader = reader
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (input, output) = (reader.stdin.take(), reader.stdout.take());
    // It answers only once it has read all, and may end before: then there is no answer.
    if let Some(mut input) = input {
        let _ = input.write_all(bytes);
    }
    let mut answer = Vec::new();
    if let Some(output) = output {
        output.take(MAX_ANSWER + 1).read_to_end(&mut answer)?;
    }
    if answer.len() as u64 > MAX_ANSWER {
        reader.kill()?;
    }
    let status = reader.wait()?;
    match minicbor::decode(&answer) {
        Ok(answer) if status.success() => result(answer),
        Ok(_) | Err(_) => Err(SheetError::Damaged(format!("its reader ended, {status}"))),
    }
}

fn result(answer: Answer) -> Result<Sheet, SheetError> {
    Err(match answer {
        Answer::Sheet(sheet) => return Ok(sheet),
        Answer::TooLarge => SheetError::TooLarge { most: MAX_INFLATED },
        Answer::NotAWorkbook => SheetError::NotAWorkbook,
        Answer::Damaged(detail) => SheetError::Damaged(detail),
        Answer::Empty => SheetError::Empty,
        Answer::TooManyCells => SheetError::TooManyCells,
    })
}

/// The reader: bounds itself, reads a file of this kind and answers.
#[must_use]
pub fn answer(kind: FileKind) -> ExitCode {
    match limit().and_then(|()| answer_to(kind, io::stdin().lock(), io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer_to(kind: FileKind, input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let answer = match Sheet::of(kind, bytes) {
        Ok(sheet) => Answer::Sheet(sheet),
        Err(SheetError::Unreadable(error)) => return Err(error),
        Err(SheetError::TooLarge { .. }) => Answer::TooLarge,
        Err(SheetError::UnknownKind | SheetError::NotAWorkbook | SheetError::NotUtf8) => {
            Answer::NotAWorkbook
        }
        Err(SheetError::Damaged(detail)) => Answer::Damaged(detail),
        Err(SheetError::Empty) => Answer::Empty,
        Err(SheetError::TooManyCells) => Answer::TooManyCells,
    };
    output.write_all(&canbao_core::signed::encode(&answer))?;
    output.flush()
}

#[cfg(unix)]
fn limit() -> io::Result<()> {
    use rlimit::Resource;

    Resource::AS.set(MOST_MEMORY, MOST_MEMORY)?;
    Resource::CPU.set(MOST_SECONDS, MOST_SECONDS)?;
    // A reader that ends at its limits leaves no image of what it read.
    Resource::CORE.set(0, 0)
}

/// Elsewhere the operating system bounds no process at its own wish.
#[cfg(not(unix))]
fn limit() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_as_it_was() {
        let fixture = include_bytes!("../../tests/fixtures/baseline/unit-12.xls");
        let check = |kind, bytes: &[u8], expected: Result<usize, &str>| {
            let mut answer = Vec::new();
            answer_to(kind, bytes, &mut answer).unwrap();
            let read = result(minicbor::decode(&answer).unwrap());
            let rows = read.map(|sheet| sheet.rows().len());
            assert_eq!(rows.map_err(|it| it.code()), expected);
        };
        check(FileKind::Xls, fixture, Ok(13));
        check(FileKind::Xls, &fixture[..2000], Err("file.damaged"));
        check(FileKind::Xlsx, fixture, Err("file.not_a_workbook"));
        check(FileKind::Csv, b"\n", Err("file.empty"));
    }

    #[test]
    fn a_reader_that_ends_without_an_answer_is_damage_of_the_file() {
        // A program that every developer of this one has, and that knows no such command.
        let reader = Reader::Apart("rustc".into());
        let refused = reader.read(FileKind::Xls, vec![0; 1 << 20]).unwrap_err();
        assert_eq!(refused.code(), "file.damaged");
        let absent = Reader::Apart("no-such-program-of-canbao".into());
        let refused = absent.read(FileKind::Xls, vec![0]).unwrap_err();
        assert_eq!(refused.code(), "file.unreadable");
    }
}
