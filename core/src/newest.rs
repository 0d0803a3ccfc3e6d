//! How far a program knows the formats that grow.

use crate::document::SCHEMA_VERSION;
use crate::facts::Fact;
use crate::statement::Statement;

/// The newest of each growing format that a program knows.
///
/// What is above is held and shown as 需要更新, never refused and never dropped (architecture,
/// section 3): it is kept as it came, and read again whenever the store is opened, so that the
/// updated program takes it in. An argument, so that the program of yesterday can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The schema of documents.
    pub schema: u64,
    /// The kind of facts.
    pub fact: u64,
    /// The kind of statements.
    pub statement: u64,
}

impl Newest {
    /// What this program knows.
    pub const KNOWN: Self = Self {
        schema: SCHEMA_VERSION,
        fact: Fact::NEWEST_KIND,
        statement: Statement::NEWEST_KIND,
    };
}

impl Default for Newest {
    fn default() -> Self {
        Self::KNOWN
    }
}

#[cfg(test)]
mod tests {
    use minicbor::{Decode, Encoder};

    use super::*;

    /// The greatest number of a kind that the type reads at all.
    fn greatest_kind<T: for<'b> Decode<'b, ()>>() -> Option<u64> {
        (0..200).rev().find(|kind| {
            let mut encoder = Encoder::new(Vec::new());
            encoder.array(2).unwrap().u64(*kind).unwrap();
            let bytes = encoder.array(0).unwrap().writer().clone();
            !minicbor::decode::<T>(&bytes).is_err_and(|error| error.is_unknown_variant())
        })
    }

    #[test]
    fn the_newest_kinds_are_the_greatest_that_are_read() {
        assert_eq!(greatest_kind::<Fact>(), Some(Newest::KNOWN.fact));
        assert_eq!(greatest_kind::<Statement>(), Some(Newest::KNOWN.statement));
    }
}
