//! Opening a device: everything that the application knows of its unit is folded anew.

use std::fs;
use std::time::Duration;

use crate::device;
use crate::table::{Figure, Row, Table, grouped, median, timed};

/// Each opening is in a process of its own; the file is in the kernel's memory.
const RUNS: usize = 7;

pub(crate) fn measure(table: &mut Table) {
    for (persons, aim) in [(5_000, Some(Duration::from_millis(300))), (50_000, None)] {
        let directory = device::kept_of(persons);
        let opened: Vec<device::Opened> =
            (0..RUNS).map(|_| device::open_apart(&directory)).collect();
        let store = directory.join("canbao.redb");
        let (bytes, read) = timed(|| fs::read(&store).expect("the store").len() as u64);
        let middle = median(opened);
        let what = format!("opening a unit of {} persons", grouped(u64::from(persons)));
        let row = Row::of(what, Figure::Time(middle.took))
            .beside("its memory", Figure::Bytes(middle.memory.resident))
            .beside("at most", Figure::Bytes(middle.memory.peak))
            .beside("its file", Figure::Bytes(bytes))
            .beside("which is read in", Figure::Time(read))
            .note(format!("median of {RUNS} fresh processes"));
        table.add(match aim {
            Some(aim) => row.below(Figure::Time(aim)),
            None => row,
        });
    }
}
