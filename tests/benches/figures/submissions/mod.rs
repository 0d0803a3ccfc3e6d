//! Durable submissions a second: 64 devices against one server, and PostgreSQL beside it.

mod clients;
mod found;
mod postgres;
mod prepared;

use std::time::Duration;

use tempfile::TempDir;

use crate::machine;
use crate::server::{Disk, SLOWED, Server};
use crate::table::{Figure, Row, Table, grouped};
use crate::{centre, kept};

use clients::Taken;
use postgres::Inserted;
use prepared::{Device, Shape};

/// Devices that submit at the same time, each waiting for its answer before it goes on.
pub(crate) const CLIENTS: u32 = 64;
/// How long they do.
const LASTS: Duration = Duration::from_secs(5);
/// The units of a city, the persons of each, and so the entries that a store holds already: one to
/// a person.
const CITY: u32 = 10_000;
const PERSONS: u32 = 100;
/// The slowest answer but for one in a hundred should come within this.
const SLOWEST: Duration = Duration::from_millis(100);

/// The two shapes that are measured; their units stand behind those of the city.
const SHAPES: [Shape; 2] = [
    Shape {
        first: 10_000,
        units: 1_000,
        persons: 20,
    },
    Shape {
        first: 11_000,
        units: 100,
        persons: 200,
    },
];

/// What one run gave.
struct Run {
    taken: Vec<Taken>,
    lasted: Duration,
    /// Of all cores, in that time.
    generator: Duration,
    server: Duration,
}

pub(crate) fn measure(table: &mut Table) {
    let directory = kept::copy(&city());
    let devices = prepared::enrol(directory.path(), &SHAPES);
    let mut rows = Vec::new();
    for (round, disk) in [(0, Disk::AsItIs), (1, Disk::Slowed)] {
        for (shape, devices) in SHAPES.iter().zip(&devices) {
            let run = submit(&directory, shape, devices, round, disk);
            rows.push((shape, disk, run));
        }
    }
    let entry = rows.first().map_or(0, |(_, _, run)| {
        found::entry_bytes(directory.path(), &run.taken)
    });
    let inserted = postgres::insert(entry, u64::from(CITY * PERSONS));
    for (shape, disk, run) in &rows {
        tell(table, shape, *disk, run, &inserted);
    }
    for (shape, disk, run) in &rows {
        let kept = found::find(directory.path(), &run.taken);
        let what = format!(
            "acknowledged before SIGKILL and found, {}",
            named(shape, *disk)
        );
        table.add(
            Row::of(what, Figure::Count(kept.found))
                .at_least(Figure::Count(run.taken.len() as u64))
                .beside("acknowledged", Figure::Count(run.taken.len() as u64))
                .beside("of them as receipts", Figure::Count(kept.receipts))
                .beside("next to one of the same unit", Figure::Count(kept.in_a_row)),
        );
    }
}

/// A kept centre of 10,000 units of 100 persons, each person in an entry of its own, and the units
/// that are measured.
pub(crate) fn city() -> std::path::PathBuf {
    kept::centre("city-of-10000", async |centre| {
        centre::fill_common(centre).await;
        centre::fill_units(centre, 0..CITY, PERSONS, 1).await;
        for shape in &SHAPES {
            let units = shape.first..shape.first + shape.units;
            centre::fill_units(centre, units, shape.persons, 250).await;
        }
    })
}

/// The same of 1,000 units, for what depends on how many there are.
pub(crate) fn town() -> std::path::PathBuf {
    kept::centre("town-of-1000", async |centre| {
        centre::fill_common(centre).await;
        centre::fill_units(centre, 0..CITY / 10, PERSONS, 1).await;
    })
}

fn submit(directory: &TempDir, shape: &Shape, devices: &[Device], round: u32, disk: Disk) -> Run {
    let prepared = prepared::sign(shape, devices, round);
    let server = Server::start(directory.path(), disk);
    let own = std::process::id();
    let clients = clients::connect(&server.address, devices, prepared);
    let before = (machine::cpu(own), machine::cpu(server.process()));
    let lasted = clients.submit_for(LASTS);
    let generator = machine::cpu(own) - before.0;
    let used = machine::cpu(server.process()) - before.1;
    // The clients still submit: what is under way is cut with the server.
    server.kill();
    Run {
        taken: clients.end(),
        lasted,
        generator,
        server: used,
    }
}

fn tell(table: &mut Table, shape: &Shape, disk: Disk, run: &Run, inserted: &Inserted) {
    let count = run.taken.len() as u64;
    let cores = u32::try_from(machine::cores()).unwrap_or(1);
    let all = run.lasted * cores;
    let rate = Row::of(
        format!("durable submissions, {}", named(shape, disk)),
        Figure::rate(count, run.lasted),
    );
    // PostgreSQL has the disk as it is.
    let rate = match (disk, &inserted.rate) {
        (Disk::AsItIs, Figure::Rate(_)) => rate.at_least(inserted.rate.clone()),
        (Disk::AsItIs | Disk::Slowed, _) => rate,
    };
    table.add(
        rate.beside("PostgreSQL, the same bytes a row", inserted.rate.clone())
            .beside("its p50", inserted.half.clone())
            .beside("its p99", inserted.slowest.clone())
            .beside(
                "the server's share of the cores",
                Figure::share(run.server, all),
            )
            .beside("the generator's", Figure::share(run.generator, all))
            .beside("pgbench's", inserted.generator.clone())
            .note(format!(
                "{CLIENTS} devices over QUIC on loopback, one submission each at a time, into a \
                 store of {} entries",
                grouped(u64::from(CITY * PERSONS))
            )),
    );
    let mut times: Vec<Duration> = run.taken.iter().map(|it| it.took).collect();
    times.sort_unstable();
    let at = |percent: usize| {
        let place = times.len() * percent / 100;
        times.get(place).copied().unwrap_or_default()
    };
    table.add(
        Row::of(
            format!("p99 of a submission's answer, {}", named(shape, disk)),
            Figure::Time(at(99)),
        )
        .below(Figure::Time(SLOWEST))
        .beside("p50", Figure::Time(at(50))),
    );
}

fn named(shape: &Shape, disk: Disk) -> String {
    let units = grouped(u64::from(shape.units));
    let syncs = match disk {
        Disk::AsItIs => String::new(),
        Disk::Slowed => format!(", each sync {}", Figure::Time(SLOWED)),
    };
    format!("{units} units of {} persons{syncs}", shape.persons)
}
