//! What goes wrong: cuts, partitions, crashes, failing disks, restored and cloned ones, clocks.

use super::invariants::Step;
use super::journal::Met;
use super::network::{End, LinkId};
use super::world::{Event, World};

/// A year, in seconds.
const YEAR: u64 = 365 * 86_400;

#[derive(Debug, Clone, Copy)]
enum Trouble {
    Cut,
    Partition,
    CrashDevice,
    FailDeviceDisk,
    CrashCentre,
    FailCentreDisk,
    Backup,
    Restore,
    Clone,
    DeviceClock,
    CentreClock,
}

impl World<'_> {
    /// Something goes wrong.
    pub(super) fn trouble(&mut self) -> Step {
        let trouble = self.dice.weighted(&[
            (8, Trouble::Cut),
            (5, Trouble::Partition),
            (3, Trouble::CrashDevice),
            (5, Trouble::FailDeviceDisk),
            (1, Trouble::CrashCentre),
            (3, Trouble::FailCentreDisk),
            (3, Trouble::Backup),
            (3, Trouble::Restore),
            (1, Trouble::Clone),
            (3, Trouble::DeviceClock),
            (1, Trouble::CentreClock),
        ]);
        let device = self.dice.place(self.devices.len()).unwrap_or(0);
        match trouble {
            Trouble::Cut => self.cut_a_link(),
            Trouble::Partition => self.hold_up(),
            Trouble::CrashDevice => self.crash_device(device),
            Trouble::FailDeviceDisk => {
                let it = &mut self.devices[device];
                if it.process.is_some() {
                    it.disk.set_power(self.dice.between(1, 60));
                    it.failing = true;
                }
            }
            Trouble::CrashCentre => self.crash_centre(),
            Trouble::FailCentreDisk => {
                if self.centre.process.is_some() {
                    self.centre.disk.set_power(self.dice.between(1, 60));
                    self.centre.failing = true;
                }
            }
            Trouble::Backup => {
                let it = &mut self.devices[device];
                it.backup = Some(it.disk.contents());
                let name = it.name.clone();
                self.write(&name, "is backed up");
            }
            Trouble::Restore => self.restore(),
            Trouble::Clone => self.clone_disk(device),
            Trouble::DeviceClock => {
                let wrong = self.dice.below(2 * YEAR);
                let wrong = i64::try_from(wrong).unwrap_or(0) - i64::try_from(YEAR).unwrap_or(0);
                let it = &self.devices[device];
                it.clock.put_wrong(wrong);
                let name = it.name.clone();
                self.write(&name, format_args!("has a clock wrong by {wrong} s"));
            }
            Trouble::CentreClock => {
                let wrong = i64::try_from(self.dice.below(120)).unwrap_or(0) - 60;
                self.centre.clock.put_wrong(wrong);
                self.write("zx", format_args!("has a clock wrong by {wrong} s"));
            }
        }
        Ok(())
    }

    /// Ends what still goes wrong.
    pub(super) fn end_troubles(&mut self) -> Step {
        for device in 0..self.devices.len() {
            let it = &mut self.devices[device];
            it.held_up_until = 0;
            if it.failing {
                self.crash_device(device);
            }
        }
        if self.centre.failing {
            self.crash_centre();
        }
        Ok(())
    }

    fn cut_a_link(&mut self) {
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        let Some(id) = self.dice.pick(&links).copied() else {
            return;
        };
        if let Some(link) = self.links.get_mut(&id) {
            link.cut = true;
            link.to_device.tear(&mut self.dice);
            link.to_hub.tear(&mut self.dice);
        }
        self.journal.meet(Met::LinkCut);
        self.write("", format_args!("link {id} is cut"));
        self.tell_or_not(id, End::Device);
        self.tell_or_not(id, End::Hub);
    }

    /// Some devices and the centre do not reach each other for a while.
    fn hold_up(&mut self) {
        let until = self.time.now() + self.dice.between(1_000, 90_000);
        let mut names = Vec::new();
        for device in &mut self.devices {
            if self.dice.percent(40) {
                device.held_up_until = until;
                names.push(device.name.clone());
            }
        }
        let names = names.join(" ");
        self.journal.meet(Met::HeldUp);
        self.write("", format_args!("held up to {until}: {names}"));
    }

    /// The disk is set back to its backup.
    fn restore(&mut self) {
        let backed_up = |it: &usize| self.devices[*it].backup.is_some();
        let backed_up: Vec<usize> = (0..self.devices.len()).filter(backed_up).collect();
        let Some(device) = self.dice.pick(&backed_up).copied() else {
            return;
        };
        let Some(backup) = self.devices[device].backup.clone() else {
            return;
        };
        self.crash_device(device);
        let it = &mut self.devices[device];
        it.replace_disk(backup);
        let name = it.name.clone();
        self.journal.meet(Met::Restored);
        self.write(&name, "is set back to its backup");
    }

    /// Another machine goes on from a copy of the disk; one such in a run.
    fn clone_disk(&mut self, device: usize) {
        if self.devices.iter().any(|it| it.name.ends_with('\'')) {
            return;
        }
        let clone = self.devices[device].cloned(&self.time, &mut self.dice);
        let name = clone.name.clone();
        self.devices.push(clone);
        self.journal.meet(Met::Cloned);
        self.write(&name, "goes on from a copy of the disk");
        let device = self.devices.len() - 1;
        self.schedule(500, Event::StartDevice { device });
    }
}
