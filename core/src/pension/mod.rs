//! What follows for unemployment insurance from what pension insurance tells: the flag of linked
//! business, the head counts, both rosters side by side, the results of both.
//!
//! Nothing is made up here: what the feed does not say is unknown, never zero and never 不适用.

mod counts;
mod linked;
mod results;
mod roster;

pub use counts::{HeadCounts, PensionCount, UnemploymentCount, head_counts};
pub use linked::{Linked, Unknown, linked, usable_feed};
pub use results::{PENSION, ResultFilter, ResultItem, Results, results};
pub use roster::{RosterFilter, RosterRow, roster};

#[cfg(test)]
mod tests;
