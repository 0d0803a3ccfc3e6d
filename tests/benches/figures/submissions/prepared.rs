//! What the devices submit: made and signed before anything is measured.

use std::path::Path;

use canbao_core::declaration::{Content, Declaration};
use canbao_core::ids::FeedId;
use canbao_core::ids::{DeclarationId, StatementId, UnitId};
use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::statement::Statement;

use super::CLIENTS;
use crate::centre::{self, Clerk};

/// Units of one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// The number of the first.
    pub(super) first: u32,
    pub(super) units: u32,
    pub(super) persons: u32,
}

/// A device that submits for some of the units; no two submit for the same.
pub(crate) struct Device {
    clerk: Clerk,
    units: Vec<u32>,
    pub(super) tls: PublicKey,
    pub(super) feed: FeedId,
}

/// A signed submission.
pub(crate) struct Prepared {
    pub(super) id: StatementId,
    pub(super) unit: UnitId,
    pub(super) bytes: Vec<u8>,
}

/// So many submissions a device has ready: more than it comes to make.
const READY: u32 = 1_000;
/// The months of a round: a person has one wage declared for each.
const MONTHS: u32 = 6;

impl Device {
    /// The key by which it connects.
    pub(super) fn key(&self) -> &SigningKey {
        &self.clerk.device
    }
}

/// Enrols the devices of each shape, in a centre that is not served yet.
pub(super) fn enrol(directory: &Path, shapes: &[Shape]) -> Vec<Vec<Device>> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let centre = centre::open(directory);
        let mut seeds = 1..=u8::MAX;
        let mut all = Vec::new();
        for shape in shapes {
            let mut devices = Vec::new();
            for client in 0..CLIENTS {
                let step = usize::try_from(CLIENTS).expect("few");
                let units = shape.first..shape.first + shape.units;
                let units: Vec<u32> = units.skip(client as usize).step_by(step).collect();
                let ids = units.iter().copied().map(centre::unit_id).collect();
                let seed = seeds.next().expect("128 of 255");
                devices.push(Device {
                    clerk: centre::enrol(&centre, ids, seed).await,
                    units,
                    tls: centre.trust().tls,
                    feed: centre.trust().feed,
                });
            }
            all.push(devices);
        }
        centre.stop().await;
        all
    })
}

/// The submissions of each device: wages of one month, its units in turn.
pub(super) fn sign(shape: &Shape, devices: &[Device], round: u32) -> Vec<Vec<Prepared>> {
    devices
        .iter()
        .map(|device| {
            let units = u32::try_from(device.units.len()).expect("few");
            let most = units * shape.persons * MONTHS;
            (0..READY.min(most))
                .map(|number| {
                    let unit = device.units[(number % units) as usize];
                    let turn = number / units;
                    let (line, month) = (turn % shape.persons, turn / shape.persons);
                    one(device, unit, line, round * MONTHS + month)
                })
                .collect()
        })
        .collect()
}

fn one(device: &Device, unit: u32, line: u32, month: u32) -> Prepared {
    let person = centre::person_id(unit, line);
    let mut id = person.0;
    // One declaration for each month of a person.
    id[0] = u8::try_from(month).expect("a month of the year");
    let month = i8::try_from(month + 1).expect("a month of the year");
    let month = Month::new(2022, month).expect("a month");
    let declaration = Declaration {
        id: DeclarationId(id),
        revision: 1,
        unit: centre::unit_id(unit),
        content: Content::Wage {
            person,
            from: month,
            to: month,
            wage: Money::from_fen(500_000 + i64::from(line)),
        },
        redoes: None,
    };
    let statement = Statement::Submission(declaration);
    let clerk = &device.clerk;
    let signed = statement.sign(&clerk.operator, clerk.certificate.serial, centre::NOW);
    Prepared {
        id: statement.id(),
        unit: centre::unit_id(unit),
        bytes: signed.to_bytes(),
    }
}
