//! The details of what the user picked: the whole text of a log line, a reject, a click, a stage or the index. Each kind has a pure
//! function that makes its content.

mod alarm;
mod click;
pub(crate) mod content;
mod event;
mod followed;
mod index;
mod log_line;
pub(crate) mod open;
mod reject;
pub(crate) mod sheet;
mod stage;
pub(crate) mod subject;
