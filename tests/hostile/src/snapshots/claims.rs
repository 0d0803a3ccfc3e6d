//! How many rows the columns of a document's chunk claim: automerge makes room for all of them.

/// More than any of these documents has.
const MOST: u64 = 1 << 16;

/// The bits of a column's number that say how it is encoded.
const ENCODING: u64 = 0b111;
const DEFLATED: u64 = 0b1000;

/// Whether no column claims more rows, or more entries of its groups, than an honest one may; one
/// that is deflated is not looked into.
pub(super) fn are_few(body: &[u8]) -> bool {
    claimed(&mut Reader(body)).is_some_and(|claimed| claimed <= MOST)
}

fn claimed(reader: &mut Reader<'_>) -> Option<u64> {
    for _ in 0..reader.number()? {
        let length = reader.number()?;
        reader.take(length)?;
    }
    let heads = reader.number()?;
    reader.take(heads.checked_mul(32)?)?;
    let mut columns = Vec::new();
    for _ in 0..2 {
        for _ in 0..reader.number()? {
            columns.push((reader.number()?, reader.number()?));
        }
    }
    let mut claimed = 0;
    for (number, length) in columns {
        let mut column = Reader(reader.take(length)?);
        if number & DEFLATED != 0 {
            return None;
        }
        claimed = claimed.max(rows(number & ENCODING, &mut column)?);
    }
    Some(claimed)
}

/// The rows of a column, or the entries of its groups where there are more.
fn rows(encoding: u64, column: &mut Reader<'_>) -> Option<u64> {
    let (mut rows, mut entries) = (0_u64, 0_u64);
    while !column.0.is_empty() {
        match encoding {
            // Runs of truth values.
            4 => rows = rows.checked_add(column.number()?)?,
            // Bytes.
            7 => return Some(0),
            _ => match column.signed()? {
                0 => rows = rows.checked_add(column.number()?)?,
                run @ 1.. => {
                    let value = column.value(encoding)?;
                    rows = rows.checked_add(run.unsigned_abs())?;
                    entries = entries.checked_add(value.checked_mul(run.unsigned_abs())?)?;
                }
                literals => {
                    for _ in 0..literals.unsigned_abs() {
                        rows = rows.checked_add(1)?;
                        entries = entries.checked_add(column.value(encoding)?)?;
                    }
                }
            },
        }
    }
    Some(if encoding == 0 {
        rows.max(entries)
    } else {
        rows
    })
}

/// Bytes read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let (bits, _) = self.bits()?;
        Some(bits)
    }

    fn signed(&mut self) -> Option<i64> {
        let (bits, width) = self.bits()?;
        let spare = 64_u32.saturating_sub(width);
        Some((bits << spare).cast_signed() >> spare)
    }

    /// The value of a run: a count in a column of groups, anything else elsewhere.
    fn value(&mut self, encoding: u64) -> Option<u64> {
        match encoding {
            0 => self.number(),
            5 => {
                let length = self.number()?;
                self.take(length).map(|_| 0)
            }
            _ => self.number().map(|_| 0),
        }
    }

    /// A number in LEB128 and how many bits it was written in.
    fn bits(&mut self) -> Option<(u64, u32)> {
        let mut bits = 0;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            bits |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some((bits, 7 * (place + 1)));
            }
        }
        None
    }
}
