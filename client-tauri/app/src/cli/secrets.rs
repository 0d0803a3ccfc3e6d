//! Where passphrases come from: the files that the command line names, else the terminal. Never
//! an argument: those are seen by everyone on the machine.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

use canbao_client::response::{Failure, FailureClass};
use canbao_core::message::{Lang, Message, render};
use canbao_core::passphrase::{MAX_PASSPHRASE_BYTES, Passphrase, PassphraseError};
use zeroize::Zeroizing;

use super::args::Options;
use crate::local::failure;

/// Who mistyped so often is not asked again.
const TRIES: usize = 3;

/// What is known of passphrases, and who can be asked.
pub(super) struct Secrets {
    files: Vec<PathBuf>,
    read: bool,
    terminal: bool,
    typed: bool,
    mistyped: usize,
    lang: Lang,
    /// Those to unlock keys by.
    pub(super) given: Vec<Passphrase>,
}

impl Secrets {
    /// Those of the options, and a person at the terminal where there is one.
    pub(super) fn of(options: &Options, here: &Path) -> Self {
        Self {
            files: options.passphrase_files(here),
            terminal: io::stdin().is_terminal(),
            ..Self::none(options.lang)
        }
    }

    /// None, and nobody to ask.
    pub(super) fn none(lang: Lang) -> Self {
        Self {
            files: Vec::new(),
            read: false,
            terminal: false,
            typed: false,
            mistyped: 0,
            lang,
            given: Vec::new(),
        }
    }

    /// The passphrase that shall lock a new key: of the file of the options, or typed twice; none
    /// where nothing is typed, or nobody can be asked.
    pub(super) fn choose(&mut self) -> Result<Option<Passphrase>, Failure> {
        self.choose_by("caption.passphrase_first")
    }

    /// The one that shall lock a key that has no lock yet.
    pub(super) fn choose_now(&mut self) -> Result<Passphrase, Failure> {
        let chosen = self.choose_by("caption.passphrase_new")?;
        self.must(chosen)
    }

    /// The one that shall lock a key in the place of another, by a file of its own; the other
    /// is looked for first.
    pub(super) fn choose_other(&mut self, file: Option<PathBuf>) -> Result<Passphrase, Failure> {
        if !self.read_files()? && self.terminal {
            self.type_one("caption.passphrase_old")?;
        }
        let chosen = match file {
            Some(file) => Some(from_file(&file, self.lang)?),
            None => self.type_twice("caption.passphrase_new")?,
        };
        self.must(chosen)
    }

    /// Whether to ask the application again after a failure: with one more passphrase, or with
    /// another in the place of one that was mistyped.
    pub(super) fn after(&mut self, failed: &Failure) -> Result<bool, Failure> {
        match failed.code.as_str() {
            "passphrase.needed" if self.read_files()? => Ok(true),
            "passphrase.needed" if self.terminal => {
                eprintln!("{}", failed.message);
                self.type_one("caption.passphrase")?;
                Ok(true)
            }
            "passphrase.wrong" if self.typed && self.mistyped + 1 < TRIES => {
                self.mistyped += 1;
                self.given.pop();
                eprintln!("{}", failed.message);
                self.type_one("caption.passphrase")?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Reads the files of the options, the first time. Tells whether they gave anything.
    fn read_files(&mut self) -> Result<bool, Failure> {
        if std::mem::replace(&mut self.read, true) {
            return Ok(false);
        }
        for file in &self.files {
            let passphrase = from_file(file, self.lang)?;
            if !self.given.contains(&passphrase) {
                self.given.push(passphrase);
            }
        }
        Ok(!self.given.is_empty())
    }

    fn type_one(&mut self, prompt: &str) -> Result<(), Failure> {
        let typed = self.ask(prompt)?;
        self.given.push(self.parsed(typed)?);
        self.typed = true;
        Ok(())
    }

    fn choose_by(&mut self, prompt: &str) -> Result<Option<Passphrase>, Failure> {
        match self.files.as_slice() {
            [] => self.type_twice(prompt),
            [one] => from_file(one, self.lang).map(Some),
            [_, _, ..] => Err(self.usage("passphrase.one_only")),
        }
    }

    fn must(&self, chosen: Option<Passphrase>) -> Result<Passphrase, Failure> {
        chosen.ok_or_else(|| self.usage("passphrase.none_chosen"))
    }

    fn type_twice(&self, prompt: &str) -> Result<Option<Passphrase>, Failure> {
        if !self.terminal {
            return Ok(None);
        }
        let first = self.ask(prompt)?;
        if first.is_empty() {
            return Ok(None);
        }
        if first != self.ask("caption.passphrase_again")? {
            return Err(self.usage("passphrase.differ"));
        }
        self.parsed(first).map(Some)
    }

    fn ask(&self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let prompt = render(prompt, &[], self.lang).message;
        let typed = rpassword::prompt_password(format!("{prompt}: "));
        typed.map(Zeroizing::new).map_err(|error| {
            let message = Message::bare("passphrase.terminal").with("detail", error);
            failure(&message, FailureClass::Store, self.lang)
        })
    }

    fn parsed(&self, mut text: Zeroizing<String>) -> Result<Passphrase, Failure> {
        let text = std::mem::take(&mut *text);
        text.try_into()
            .map_err(|error: PassphraseError| self.usage(error.code()))
    }

    fn usage(&self, code: &'static str) -> Failure {
        let message = Message::bare(code).with("most", MAX_PASSPHRASE_BYTES);
        failure(&message, FailureClass::Usage, self.lang)
    }
}

/// The first line of a file, or of the standard input where it is called `-`.
fn from_file(path: &Path, lang: Lang) -> Result<Passphrase, Failure> {
    let line = if path == Path::new("-") {
        first_line(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|it| first_line(&mut BufReader::new(it)))
    };
    let line = line.map_err(|error| {
        let message = Message::bare("passphrase.file")
            .with("path", path.display())
            .with("detail", error);
        failure(&message, FailureClass::Usage, lang)
    })?;
    Secrets::none(lang).parsed(line)
}

/// A line without its end; what is too long for a passphrase is cut where that shows.
fn first_line(from: &mut impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE_BYTES + 3));
    from.take(MAX_PASSPHRASE_BYTES as u64 + 3)
        .read_until(b'\n', &mut line)?;
    for end in [b'\n', b'\r'] {
        if line.last() == Some(&end) {
            line.pop();
        }
    }
    let text = std::str::from_utf8(&line).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: &'static str) -> Failure {
        failure(&Message::bare(code), FailureClass::Usage, Lang::En)
    }

    fn secrets(files: &[&str], directory: &Path) -> Secrets {
        Secrets {
            files: files.iter().map(|it| directory.join(it)).collect(),
            ..Secrets::none(Lang::En)
        }
    }

    #[test]
    fn a_file_gives_its_first_line() {
        let long = "x".repeat(2000);
        for (content, expected) in [
            ("correct horse\n", Ok("correct horse")),
            ("correct horse", Ok("correct horse")),
            ("correct horse\r\nsecond line\n", Ok("correct horse")),
            (" 春眠不觉晓 \n", Ok(" 春眠不觉晓 ")),
            ("", Err("passphrase.empty")),
            ("\nsecond\n", Err("passphrase.empty")),
            (&long, Err("passphrase.too_long")),
        ] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join("p"), content).unwrap();
            let read = secrets(&["p"], directory.path()).choose();
            let expected = expected
                .map(|it| Some(it.to_owned().try_into().unwrap()))
                .map_err(str::to_owned);
            assert_eq!(read.map_err(|it| it.code), expected, "{content:?}");
        }
    }

    #[test]
    fn files_are_read_where_a_passphrase_is_needed_and_once() {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in [("a", "first one\n"), ("b", "second one\n")] {
            std::fs::write(directory.path().join(name), content).unwrap();
        }
        let mut both = secrets(&["a", "b", "a"], directory.path());
        assert!(!both.after(&failed("unit.which")).unwrap());
        assert!(both.given.is_empty());
        assert!(both.after(&failed("passphrase.needed")).unwrap());
        assert_eq!(both.given.len(), 2);
        assert!(!both.after(&failed("passphrase.needed")).unwrap());
        assert!(!both.after(&failed("passphrase.wrong")).unwrap());
        let refused = both.choose().unwrap_err();
        assert_eq!(refused.code, "passphrase.one_only");
        let missing = secrets(&["c"], directory.path()).after(&failed("passphrase.needed"));
        assert_eq!(missing.unwrap_err().code, "passphrase.file");
    }

    #[test]
    fn without_a_file_or_a_terminal_nothing_is_chosen() {
        let mut secrets = Secrets::none(Lang::En);
        assert_eq!(secrets.choose().unwrap(), None);
        let refused = secrets.choose_now().unwrap_err();
        assert_eq!(refused.code, "passphrase.none_chosen");
        let refused = secrets.choose_other(None).unwrap_err();
        assert_eq!(refused.code, "passphrase.none_chosen");
        assert!(!secrets.after(&failed("passphrase.needed")).unwrap());
    }
}
