//! What a broken rule makes of what a device is to keep.

use std::collections::BTreeMap;

use canbao_client::driver::FeedValue;
use canbao_core::facts::{Entry, Fact};
use canbao_core::ids::DeviceId;
use canbao_core::structure::check_batch;
use canbao_core::sync::device::{Advance, DeviceOutput};
use canbao_transport::DeviceBackend;

use super::broken::Broken;
use super::device_session::at_once;
use super::invariants::Step;
use super::world::World;

impl World<'_> {
    /// Where a purge leaves something behind, one entry that it took is there again.
    pub(super) fn leave_entry(
        &mut self,
        device: usize,
        before: Option<BTreeMap<u64, FeedValue>>,
    ) -> Step {
        let it = &mut self.devices[device];
        let held = &it.kept.held;
        let mut purged = before.into_iter().flatten();
        let purged = purged.find_map(|(place, it)| match it {
            FeedValue::Entry(entry) if !held.contains_key(&place) => Some(entry),
            FeedValue::Entry(_) | FeedValue::Pack(_) => None,
        });
        if let Some(entry) = purged
            && let Some(process) = &mut it.process
            && let Ok(start) = process.door.session_start()
        {
            let advance = Advance {
                entries: vec![entry],
                cursor: start.cursor,
                scope_version: start.scope_version,
            };
            if at_once(process.backend.persist(advance)).is_ok() {
                self.note_kept(device)?;
            }
        }
        Ok(())
    }

    /// What a broken rule makes of what the device is to keep.
    pub(super) fn tampered(&mut self, device: usize, output: DeviceOutput) -> DeviceOutput {
        if let DeviceOutput::Backfill(mut backfilled) = output {
            if self.is_broken(Broken::BackfillsLess) {
                backfilled.entries.pop();
            }
            return DeviceOutput::Backfill(backfilled);
        }
        let DeviceOutput::Persist(mut advance) = output else {
            return output;
        };
        if self.is_broken(Broken::SkipsEntry) && self.dice.percent(5) {
            advance.entries.pop();
        }
        if self.is_broken(Broken::LosesBatch) && self.dice.percent(30) {
            let id = self.devices[device].id;
            advance
                .entries
                .retain(|it| !is_batch_of_another(id, &it.bytes));
        }
        DeviceOutput::Persist(advance)
    }
}

fn is_batch_of_another(device: DeviceId, entry: &[u8]) -> bool {
    let fact = Entry::from_bytes(entry).ok().and_then(|it| it.fact().ok());
    match fact {
        Some(Fact::BatchAdmitted { batch, .. }) => {
            check_batch(&batch).is_ok_and(|it| !it.run.batch.actor.starts_with(&device.0))
        }
        Some(_) | None => false,
    }
}
