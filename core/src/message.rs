//! The one place of sentences for people: a code and its arguments become text in a language.

use std::fmt;

/// A sentence before its language is known: a dotted code and what its placeholders stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the sentence, e.g. `identity.wrong_check_digit`; screens and tests branch on it.
    pub code: &'static str,
    /// Placeholder names and what to put there. Never an ID number.
    pub args: Vec<(&'static str, String)>,
}

impl Message {
    /// A sentence without placeholders.
    #[must_use]
    pub fn bare(code: &'static str) -> Self {
        Self {
            code,
            args: Vec::new(),
        }
    }

    /// The same sentence with one more placeholder filled.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}
