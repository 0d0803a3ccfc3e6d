//! The one question that is answered at once and leaves nothing on the device: where a person is
//! insured (REG-1).

use minicbor::{Decode, Encode};

use super::Refusal;
use crate::declaration::PersonNumber;
use crate::facts::Insured;
use crate::ids::UnitId;

/// Device to hub: where is this person insured?
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StatusWanted {
    /// The device's own number of the question; the answer carries it.
    #[n(0)]
    pub number: u32,
    /// The unit that asks.
    #[n(1)]
    pub unit: UnitId,
    /// Of whom.
    #[n(2)]
    pub person: PersonNumber,
}

/// Hub to device: where the person is insured.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StatusKnown {
    /// Of which question.
    #[n(0)]
    pub number: u32,
    /// Where.
    #[n(1)]
    pub insured: Insured,
}

/// Hub to device: the question is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StatusRefused {
    /// Which question.
    #[n(0)]
    pub number: u32,
    /// Why not.
    #[n(1)]
    pub refusal: Refusal,
}
