//! Answers what a front asks beyond the running counts: boards of figures, windows, and questions.

pub(crate) mod answers;
pub mod board;
pub mod breakdown;
mod moment;
mod percent;
