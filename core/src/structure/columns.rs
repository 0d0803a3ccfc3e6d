//! The columns of a change: which there are, and what they claim, summed before any is decoded.
//!
//! A few bytes can claim millions of operations or predecessors, since columns are run-length
//! encoded; and an index of an actor that is not there makes automerge panic.

use super::chunk::ChunkError;
use super::reader::{Reader, for_each_run};

/// The most operations in a change.
pub const MAX_OPERATIONS: u64 = 4_000;
/// A change may have this many predecessors, and [`PREDECESSORS_PER_OPERATION`] more for each of
/// its operations: an operation has as many as the field it writes has concurrent values.
const PREDECESSORS: u64 = 64;
const PREDECESSORS_PER_OPERATION: u64 = 8;

/// How often a change may write a key in a row: twice where a conflict is resolved to the value
/// that wins it. Every other operation takes a byte to name another object or key, so that no
/// change costs thousands of times what it weighs.
const WRITES_OF_A_KEY: u64 = 2;

// The columns of automerge's binary format, each a number with a type in the low four bits. Ours
// hold neither list keys nor marks, and compression is a bit that none of these has.
const OBJECT_ACTOR: u64 = 1;
const OBJECT_COUNTER: u64 = 2;
const KEY_TEXT: u64 = 21;
const INSERT: u64 = 52;
const ACTION: u64 = 66;
const VALUE_TYPE: u64 = 86;
const VALUE: u64 = 87;
const PREDECESSOR_COUNT: u64 = 112;
const PREDECESSOR_ACTOR: u64 = 113;
const PREDECESSOR_COUNTER: u64 = 115;

/// A value's type is in the low bits of its number, its length in the others.
const VALUE_TYPE_BITS: u32 = 4;

const KNOWN: [u64; 10] = [
    OBJECT_ACTOR,
    OBJECT_COUNTER,
    KEY_TEXT,
    INSERT,
    ACTION,
    VALUE_TYPE,
    VALUE,
    PREDECESSOR_COUNT,
    PREDECESSOR_ACTOR,
    PREDECESSOR_COUNTER,
];

/// The bytes of each column of a change, in the order of [`KNOWN`]; empty where there is none.
pub(super) struct Columns<'a>([&'a [u8]; KNOWN.len()]);

impl<'a> Columns<'a> {
    /// Reads the table of columns and the columns behind it.
    ///
    /// # Errors
    /// [`ChunkError::Columns`], or where a number does not read.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, ChunkError> {
        let count = reader.number()?;
        if count > KNOWN.len() as u64 {
            return Err(ChunkError::Columns);
        }
        let mut table = Vec::new();
        let mut unseen = KNOWN.iter().enumerate();
        for _ in 0..count {
            let (number, length) = (reader.number()?, reader.number()?);
            // The known ones are ascending, so that searching on refuses a second or misplaced one.
            let place = unseen.find(|(_, known)| **known == number);
            match place {
                Some((place, _)) if length > 0 => table.push((place, length)),
                Some(_) | None => return Err(ChunkError::Columns),
            }
        }
        let mut columns = [&[][..]; KNOWN.len()];
        for (place, length) in table {
            columns[place] = reader.take(length).map_err(|_| ChunkError::Columns)?;
        }
        Ok(Self(columns))
    }

    /// Bounds what the columns claim, and gives the number of operations.
    ///
    /// # Errors
    /// [`ChunkError`], in the order of the checks.
    pub(super) fn check(&self, actors: u64) -> Result<u64, ChunkError> {
        let mut operations: u64 = 0;
        for_each_run(self.get(ACTION), |run| {
            operations = operations.saturating_add(run.rows);
            Ok(())
        })?;
        let named = [OBJECT_ACTOR, OBJECT_COUNTER, KEY_TEXT]
            .map(|it| self.get(it).len() as u64)
            .iter()
            .sum::<u64>();
        let most = MAX_OPERATIONS.min(WRITES_OF_A_KEY * named);
        if !(1..=most).contains(&operations) {
            return Err(ChunkError::OperationCount);
        }
        let mut predecessors: u64 = 0;
        for_each_run(self.get(PREDECESSOR_COUNT), |run| {
            let claimed = run.rows.saturating_mul(run.value.unwrap_or(0));
            predecessors = predecessors.saturating_add(claimed);
            Ok(())
        })?;
        if predecessors > PREDECESSORS + PREDECESSORS_PER_OPERATION * operations {
            return Err(ChunkError::PredecessorCount);
        }
        check_texts(self.get(KEY_TEXT))?;
        self.check_values()?;
        for column in [OBJECT_ACTOR, PREDECESSOR_ACTOR] {
            for_each_run(self.get(column), |run| match run.value {
                Some(actor) if actor >= actors => Err(ChunkError::UnknownActor),
                Some(_) | None => Ok(()),
            })?;
        }
        Ok(operations)
    }

    /// The values say how long each is: together no more than there is.
    fn check_values(&self) -> Result<(), ChunkError> {
        let mut claimed: u64 = 0;
        for_each_run(self.get(VALUE_TYPE), |run| {
            let length = run.value.unwrap_or(0) >> VALUE_TYPE_BITS;
            claimed = claimed.saturating_add(run.rows.saturating_mul(length));
            Ok(())
        })?;
        if claimed > self.get(VALUE).len() as u64 {
            return Err(ChunkError::Columns);
        }
        Ok(())
    }

    fn get(&self, number: u64) -> &'a [u8] {
        KNOWN
            .iter()
            .zip(self.0)
            .find(|(known, _)| **known == number)
            .map_or(&[], |(_, column)| column)
    }
}

/// Whether every text of a column of texts is there: automerge makes room for the length that a
/// text claims before it looks for its bytes.
fn check_texts(column: &[u8]) -> Result<(), ChunkError> {
    let mut reader = Reader::new(column);
    while !reader.rest.is_empty() {
        let count = reader.signed()?;
        let texts = match count {
            0 => {
                reader.number()?;
                0
            }
            1.. => 1,
            ..0 => count.unsigned_abs(),
        };
        for _ in 0..texts {
            let length = reader.number()?;
            reader.take(length)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_longer_than_its_column() {
        let check = |column: &[u8]| check_texts(column);
        assert_eq!(check(&[3, 2, b'a', b'b', 0, 7, 0x7e, 0, 1, b'c']), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        for column in [
            &[1, 3, b'a', b'b'][..],
            &[0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a'],
            &[0x7e, 1, b'a'],
            &[0],
        ] {
            assert_eq!(check(column), Err(ChunkError::Malformed), "{column:?}");
        }
    }

    #[test]
    fn values_are_no_longer_than_their_bytes() {
        let of = |types: &'static [u8], values: &'static [u8]| {
            let mut columns = [&[][..]; KNOWN.len()];
            for (place, known) in KNOWN.iter().enumerate() {
                match *known {
                    VALUE_TYPE => columns[place] = types,
                    VALUE => columns[place] = values,
                    _ => {}
                }
            }
            Columns(columns).check_values()
        };
        // Two texts of two bytes, and a nothing.
        assert_eq!(of(&[2, 0x26, 0x7f, 0], b"abcd"), Ok(()));
        assert_eq!(of(&[2, 0x26], b"abc"), Err(ChunkError::Columns));
        let most = &[2, 0xf6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(of(most, b"abc"), Err(ChunkError::Columns));
    }
}
