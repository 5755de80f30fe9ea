//! Breakdowns: the clicks of a window, a country or a url, grouped by one dimension, counted from the stored clicks.
//!
//! One count reads every click of its span in order of time, in slices of bounded time. Nothing is kept for it while nobody asks, so a
//! click costs nothing for it. If the users or the values do not fit into memory, the count takes several passes, each for a part of
//! them.

mod count;
mod tally;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use count::{BreakdownCount, CountEnd, Covered};
pub use count::{BreakdownError, count_breakdown};
