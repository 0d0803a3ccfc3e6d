//! The centre's log: append-only, and everything acknowledged in it.

use canbao_core::sync::Entry;

use super::super::kept::Answered;
use super::super::truth::Truth;

/// The log, read again, begins with what was seen of it.
pub(in crate::simulation) fn log_is_append_only(
    truth: &Truth,
    log: &[Entry],
) -> Result<(), String> {
    if log.len() < truth.entries.len() {
        return Err(format!(
            "the log shrank from {} to {} entries",
            truth.entries.len(),
            log.len()
        ));
    }
    match truth
        .entries
        .iter()
        .zip(log)
        .find(|(seen, it)| seen.entry != **it)
    {
        Some((seen, _)) => Err(format!(
            "{:?} is another entry than it was",
            seen.entry.position
        )),
        None => Ok(()),
    }
}

/// What a device was told was taken is at its place in the log, as it was then.
pub(in crate::simulation) fn acknowledged_is_durable(
    answered: &[Answered],
    log: &[Entry],
) -> Result<(), String> {
    for it in answered {
        let place = usize::try_from(it.position.0).unwrap_or(usize::MAX);
        if log.get(place).is_none_or(|entry| entry.bytes != it.entry) {
            let item = data_encoding::HEXLOWER.encode(&it.item[..4]);
            return Err(format!("item {item} is not at {:?} any more", it.position));
        }
    }
    Ok(())
}
