//! What a front asks beyond the running counts: boards of figures, windows, and answers to questions.

pub(crate) mod answers;
pub mod board;
