//! The steps from an older format to this program's.
//!
//! All steps of a file and its new version are one durable transaction: after a power cut the
//! file has the old format or the new one, whole. The streams are the truth and no step may
//! change a value of theirs.

use redb::{Database, WriteTransaction};

use super::format::{FORMAT, VIEWS, begin_durable, write_version};

/// One step; the one at index `n` leads from format `n + 1` to `n + 2`.
type Step = fn(&WriteTransaction) -> Result<(), redb::Error>;

const STEPS: [Step; 1] = [clear_views];

// A new format comes with the step to it.
const _: () = assert!(STEPS.len() + 1 == FORMAT as usize);

/// Takes a file of an older format, 1 at least, to this program's.
pub(super) fn step_up(database: &Database, format: u32) -> Result<(), redb::Error> {
    let transaction = begin_durable(database)?;
    for step in STEPS.iter().skip(format as usize - 1) {
        step(&transaction)?;
    }
    write_version(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// From 1 to 2: snapshots have a generation in their key. A snapshot is a cache, as all views
/// are, and is made again from the streams.
fn clear_views(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    transaction.delete_table(VIEWS)?;
    transaction.open_table(VIEWS)?;
    Ok(())
}
