//! What went wrong, before its language is known; it becomes a [`Failure`] at the door.

use std::fmt;

use canbao_core::certificate::ChainError;
use canbao_core::declaration::{Field, Problem};
use canbao_core::document::DocumentError;
use canbao_core::facts::WINDOW;
use canbao_core::message::{self, Lang, Message};
use canbao_core::store::{CommitError, KeyFileError, OpenError, ReadError};
use canbao_core::sync::Refusal;

use crate::response::{Failure, FailureClass, ProblemView};
use crate::world::NoRandomness;

/// A failure without words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(crate) code: String,
    pub(crate) class: FailureClass,
    pub(crate) args: Vec<(&'static str, String)>,
    pub(crate) problems: Vec<Trouble>,
}

/// A problem of one field, of one item where a request is about several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) item: Option<String>,
    pub(crate) field: Field,
    pub(crate) code: String,
    pub(crate) args: Vec<(String, String)>,
}

impl Fault {
    pub(crate) fn new(class: FailureClass, code: &str) -> Self {
        Self {
            code: code.to_owned(),
            class,
            args: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What the hub refused, by its own name.
    pub(crate) fn of_hub(refusal: &Refusal) -> Self {
        Self::refused(refusal.code()).with("detail", refusal.detail())
    }

    pub(crate) fn refused(code: &str) -> Self {
        Self::new(FailureClass::Refused, code)
    }

    pub(crate) fn usage(code: &str) -> Self {
        Self::new(FailureClass::Usage, code)
    }

    pub(crate) fn trust(code: &str) -> Self {
        Self::new(FailureClass::Trust, code)
    }

    pub(crate) fn network(code: &str) -> Self {
        Self::new(FailureClass::Network, code)
    }

    pub(crate) fn store(code: &str) -> Self {
        Self::new(FailureClass::Store, code)
    }

    /// A declaration with problems in its fields.
    pub(crate) fn problems(code: &str, problems: Vec<Trouble>) -> Self {
        Self {
            problems,
            ..Self::refused(code)
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// What a sentence of the core says, as a refusal.
    pub(crate) fn refused_for(message: Message) -> Self {
        Self {
            args: message.args,
            ..Self::refused(message.code)
        }
    }

    /// With the place of the window, where a sentence sends a person to one (ACC-4, DIST-1).
    pub(crate) fn at_window(mut self, window: Option<&str>) -> Self {
        if let Some(window) = window
            && message::asks_for(&self.code, WINDOW)
            && self.args.iter().all(|(name, _)| *name != WINDOW)
        {
            self = self.with(WINDOW, window);
        }
        let problems = self.problems.into_iter();
        self.problems = problems.map(|it| it.at_window(window)).collect();
        self
    }

    /// In the words of a language.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> Failure {
        let text = message::render(&self.code, &self.args, lang);
        Failure {
            code: self.code.clone(),
            message: text.message,
            hint: text.hint,
            problems: self.problems.iter().map(|it| it.in_words(lang)).collect(),
            class: self.class,
        }
    }
}

impl Trouble {
    pub(crate) fn new(field: Field, code: &str) -> Self {
        Self {
            item: None,
            field,
            code: code.to_owned(),
            args: Vec::new(),
        }
    }

    pub(crate) fn of(field: Field, message: Message) -> Self {
        let args = message
            .args
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Self {
            args: args.collect(),
            ..Self::new(field, message.code)
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same with the place of the window, where its sentence sends a person to one that was
    /// not named yet.
    pub(crate) fn at_window(self, window: Option<&str>) -> Self {
        let is_named = self.args.iter().any(|(name, _)| name == WINDOW);
        match window {
            Some(window) if message::asks_for(&self.code, WINDOW) && !is_named => {
                self.with(WINDOW, window)
            }
            Some(_) | None => self,
        }
    }

    /// The same about this item of a request.
    pub(crate) fn at(self, item: impl fmt::Display) -> Self {
        Self {
            item: Some(item.to_string()),
            ..self
        }
    }

    pub(crate) fn in_words(&self, lang: Lang) -> ProblemView {
        let args: Vec<(&str, String)> = self
            .args
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let text = message::render(&self.code, &args, lang);
        ProblemView {
            code: self.code.clone(),
            field: field_name(self.field).to_owned(),
            message: text.message,
            hint: text.hint,
            item: self.item.clone(),
        }
    }
}

impl From<&Problem> for Trouble {
    fn from(problem: &Problem) -> Self {
        Self {
            item: None,
            field: problem.field,
            code: problem.code.as_str().to_owned(),
            args: problem.args.clone(),
        }
    }
}

/// The problems the centre or the parser found.
pub(crate) fn troubles(problems: &[Problem]) -> Vec<Trouble> {
    problems.iter().map(Trouble::from).collect()
}

/// The same in the words of a language.
pub(crate) fn problem_views(problems: &[Problem], lang: Lang) -> Vec<ProblemView> {
    problems
        .iter()
        .map(|it| Trouble::from(it).in_words(lang))
        .collect()
}

fn field_name(field: Field) -> &'static str {
    match field {
        Field::Person => "person",
        Field::Month => "month",
        Field::Reason => "reason",
        Field::From => "from",
        Field::To => "to",
        Field::Wage => "wage",
        Field::Whole => "whole",
        Field::IdKind => "id_kind",
        Field::Name => "name",
        Field::Born => "born",
        Field::Sex => "sex",
        Field::Insurance => "insurance",
        Field::Redo => "redo",
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

impl std::error::Error for Fault {}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        Self::store(error.code()).with("detail", error)
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        Self::store(error.code()).with("detail", error)
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        Self::store(error.code()).with("detail", error)
    }
}

impl From<KeyFileError> for Fault {
    fn from(error: KeyFileError) -> Self {
        Self::store(error.code()).with("detail", error)
    }
}

impl From<NoRandomness> for Fault {
    fn from(error: NoRandomness) -> Self {
        Self::store("store.no_randomness").with("detail", error)
    }
}

impl From<DocumentError> for Fault {
    fn from(error: DocumentError) -> Self {
        Self::store(error.code()).with("detail", error)
    }
}

impl From<ChainError> for Fault {
    fn from(error: ChainError) -> Self {
        Self::trust(error.code()).with("detail", error)
    }
}

/// As many names as one reads in a sentence.
pub(crate) fn some_of(names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 5;
    let mut shown: Vec<String> = names.take(MOST + 1).collect();
    if shown.len() > MOST {
        shown[MOST] = "…".to_owned();
    }
    shown.join("、")
}

/// A file of ours that cannot be read or written.
pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Fault {
    Fault::store("file.disk")
        .with("path", path.display())
        .with("detail", error)
}
