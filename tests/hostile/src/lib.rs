//! What must hold for any bytes that a peer or a file sends: one function a target, which panics
//! where it does not.
//!
//! `fuzz/` calls them with what libFuzzer makes up, `tests/tests/corpus.rs` with what it kept.
//! Each has honest values of the programs' own making to start from.

mod batches;
mod document;
mod frames;
mod input;
mod log;
mod notes;
mod packs;
mod proofs;
mod snapshots;
mod statements;
mod structure;
#[cfg(feature = "workbooks")]
mod workbooks;

pub use batches::batches;
pub use frames::frames;
pub use notes::notes;
pub use packs::packs;
pub use proofs::proofs;
pub use snapshots::snapshots;
pub use statements::statements;
pub use structure::structure;
#[cfg(feature = "workbooks")]
pub use workbooks::workbooks;

/// What is fed, how, and what it is fed with at first.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of the fuzz target, and of its folders of inputs.
    pub name: &'static str,
    /// Feeds it one input.
    ///
    /// # Panics
    /// Where something does not hold that must.
    pub run: fn(&[u8]),
    /// Honest inputs, and some in which one thing is wrong.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "frames",
        run: frames,
        seeds: frames::seeds,
    },
    Target {
        name: "batches",
        run: batches,
        seeds: batches::seeds,
    },
    Target {
        name: "structure",
        run: structure,
        seeds: structure::seeds,
    },
    Target {
        name: "statements",
        run: statements,
        seeds: statements::seeds,
    },
    Target {
        name: "snapshots",
        run: snapshots,
        seeds: snapshots::seeds,
    },
    Target {
        name: "packs",
        run: packs,
        seeds: packs::seeds,
    },
    #[cfg(feature = "workbooks")]
    Target {
        name: "workbooks",
        run: workbooks,
        seeds: workbooks::seeds,
    },
    Target {
        name: "notes",
        run: notes,
        seeds: notes::seeds,
    },
    Target {
        name: "proofs",
        run: proofs,
        seeds: proofs::seeds,
    },
];
