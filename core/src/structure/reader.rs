//! Reads the LEB128 numbers and byte runs of a chunk, and the run-length encoding of its columns.

use super::chunk::ChunkError;

/// Bytes of a peer, read from the front; never past their end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

/// A stretch of a run-length encoded column: so many rows of one value, or of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) rows: u64,
    pub(super) value: Option<u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// An unsigned number in its shortest form.
    pub(super) fn number(&mut self) -> Result<u64, ChunkError> {
        let mut value: u64 = 0;
        for index in 0..10_u32 {
            let byte = self.byte()?;
            if index == 9 && byte > 1 {
                return Err(ChunkError::Malformed);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let padded = byte == 0 && index > 0;
                return if padded {
                    Err(ChunkError::NotCanonical)
                } else {
                    Ok(value)
                };
            }
        }
        Err(ChunkError::Malformed)
    }

    /// A signed number in its shortest form.
    pub(super) fn signed(&mut self) -> Result<i64, ChunkError> {
        let mut value: i64 = 0;
        let mut previous = 0;
        for index in 0..10_u32 {
            let byte = self.byte()?;
            if index == 9 && byte != 0 && byte != 0x7f {
                return Err(ChunkError::Malformed);
            }
            value |= i64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let repeats_the_sign =
                    (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if index > 0 && repeats_the_sign {
                    return Err(ChunkError::NotCanonical);
                }
                let bits = 7 * (index + 1);
                if bits < 64 && byte & 0x40 != 0 {
                    value |= -1 << bits;
                }
                return Ok(value);
            }
            previous = byte;
        }
        Err(ChunkError::Malformed)
    }

    /// The next so many bytes.
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], ChunkError> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = taken.ok_or(ChunkError::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ChunkError> {
        let (&byte, rest) = self.rest.split_first().ok_or(ChunkError::Malformed)?;
        self.rest = rest;
        Ok(byte)
    }
}

/// Calls `each` with every run of a column of unsigned numbers, a literal value being a run of
/// one row. The work is bounded by the column's bytes, whatever row counts it claims.
///
/// # Errors
/// [`ChunkError`] where the column does not read, or what `each` gives.
pub(super) fn for_each_run(
    column: &[u8],
    mut each: impl FnMut(Run) -> Result<(), ChunkError>,
) -> Result<(), ChunkError> {
    let mut reader = Reader::new(column);
    while !reader.rest.is_empty() {
        let count = reader.signed()?;
        let rows = count.unsigned_abs();
        if count > 0 {
            let value = Some(reader.number()?);
            each(Run { rows, value })?;
        } else if count == 0 {
            let rows = reader.number()?;
            each(Run { rows, value: None })?;
        } else {
            for _ in 0..rows {
                let value = Some(reader.number()?);
                each(Run { rows: 1, value })?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_numbers_have_one_form() {
        let read = |bytes: &[u8]| Reader::new(bytes).number();
        assert_eq!(read(&[0x7f]), Ok(127));
        assert_eq!(read(&[0xff, 0x01]), Ok(255));
        assert_eq!(read(&[0x80, 0x00]), Err(ChunkError::NotCanonical));
        assert_eq!(read(&[0xff; 11]), Err(ChunkError::Malformed));
        assert_eq!(read(&[]), Err(ChunkError::Malformed));
    }

    #[test]
    fn signed_numbers_have_one_form() {
        let read = |bytes: &[u8]| Reader::new(bytes).signed();
        assert_eq!(read(&[0x7f]), Ok(-1));
        assert_eq!(read(&[0x3f]), Ok(63));
        assert_eq!(read(&[0xc0, 0x00]), Ok(64));
        assert_eq!(read(&[0xbf, 0x7f]), Ok(-65));
        assert_eq!(read(&[0xff, 0x7f]), Err(ChunkError::NotCanonical));
        assert_eq!(read(&[0x81, 0x00]), Err(ChunkError::NotCanonical));
        let least = [[0x80; 9].as_slice(), &[0x7f]].concat();
        assert_eq!(read(&least), Ok(i64::MIN));
        let most = [[0xff; 9].as_slice(), &[0x00]].concat();
        assert_eq!(read(&most), Ok(i64::MAX));
        assert_eq!(read(&[0xff; 11]), Err(ChunkError::Malformed));
    }

    #[test]
    fn a_column_is_read_run_by_run() {
        let read = |column: &[u8]| {
            let mut runs = Vec::new();
            for_each_run(column, |run| {
                runs.push((run.rows, run.value));
                Ok(())
            })
            .map(|()| runs)
        };
        assert_eq!(
            read(&[3, 7, 0, 2, 0x7e, 1, 2]),
            Ok(vec![(3, Some(7)), (2, None), (1, Some(1)), (1, Some(2))])
        );
        assert_eq!(read(&[3]), Err(ChunkError::Malformed));
        assert_eq!(read(&[0x7d, 1, 2]), Err(ChunkError::Malformed));
    }
}
