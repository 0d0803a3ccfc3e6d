//! The story of the demo: from an employer without a network to payment records that anyone can
//! verify. Every assertion reads the JSON of a fresh process.

mod beside;
mod declaring;
mod founding;
mod merging;
mod moving;
mod paying;
mod proving;
mod stops;

pub use founding::site_in;

use serde_json::Value;

use crate::harness::{Centre, Device, Insured, LARGE, Site, Tax, Unit, count, items, text};

/// The unit of the story.
const UNIT: Unit = LARGE;

/// Says what happens, for a person who watches.
pub trait Narrator {
    /// A chapter begins.
    fn chapter(&mut self, title: &str);
    /// Something happened and was checked.
    fn line(&mut self, text: &str);
}

/// Says nothing: for tests.
#[derive(Debug, Default)]
pub struct Silent;

impl Narrator for Silent {
    fn chapter(&mut self, _: &str) {}
    fn line(&mut self, _: &str) {}
}

/// What a told story leaves: its processes run until it is dropped.
#[derive(Debug)]
pub struct Told<'a> {
    /// The centre.
    pub centre: Centre<'a>,
    /// The tax bureau.
    pub tax: Tax<'a>,
    /// The employer's device.
    pub employer: Device<'a>,
    /// The agency's device.
    pub agency: Device<'a>,
}

/// A story being told.
struct Telling<'a, 'n> {
    site: &'a Site,
    told: Told<'a>,
    insured: Vec<Insured>,
    narrator: &'n mut dyn Narrator,
}

/// Tells the whole story in an empty site.
///
/// # Panics
/// Where anything is not as it should be; the message names it.
pub fn tell<'a>(site: &'a Site, narrator: &mut dyn Narrator) -> Told<'a> {
    let mut telling = founding::found(site, narrator);
    telling.declare_without_the_centre();
    telling.receive();
    telling.review_without_the_centre();
    telling.correct_and_resubmit();
    telling.assess();
    telling.pay_and_post();
    telling.look_at_the_payments();
    telling.prove_offline();
    telling.flip_one_byte();
    telling.merge_two_devices();
    telling.move_between_units();
    telling.told
}

impl Telling<'_, '_> {
    fn chapter(&mut self, title: &str) {
        self.narrator.chapter(title);
    }

    fn line(&mut self, text: &str) {
        self.narrator.line(text);
    }

    /// 张, the first of the workbook.
    fn zhang(&self) -> &Insured {
        &self.insured[0]
    }
}
