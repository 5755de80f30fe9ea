//! Answers to the questions of fronts, and the boards that the aggregation does not make.
//!
//! A thread with a reading connection of its own answers what needs the database, so that neither the async threads nor the
//! stages wait. Searches go to the engine in a task beside it, so that a slow engine delays nothing else.

mod breakdowns;
mod desk;
mod follow;
mod keeper;
mod lookup;
mod minute;
mod questions;
mod row_ids;
mod standing;
mod tables;
#[cfg(test)]
mod tests;
mod thread;
mod trends;
mod work_time;

pub(crate) use desk::{AnswerDesk, AnswerOptions};
#[cfg(feature = "spark")]
pub(crate) use lookup::{
    LOOKED_AT_CLICKS, MOST_ROWS, SHOWN_PAYLOAD_BYTES, TREND_PARTS, countries_of_url, reject_row, text_of_beginning,
};
#[cfg(all(test, feature = "spark"))]
pub(crate) use lookup::{page, rejects};
