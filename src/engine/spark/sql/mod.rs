//! The SQL of the engine: the decoder, the tables, a round of aggregation, and what the console asks.
//!
//! The statements are in files beside this one, with `{{name}}` where a value belongs. Numbers and a checked path are filled in here;
//! a text of a user is a parameter of the statement (`:name`), and never a part of it.
//!
//! # The decoder
//! `decode.sql` gives the same clicks and the same rejects as [`crate::click::Decoder`]: a test decodes 37,000 messages with both, under
//! four settings. One kind of click is a reject in SQL: a JSON object with an unknown member in which objects called `click_data`,
//! `geo_data` or `user_agent_data` nest in one another more than three deep. Reasons of rejects are the same text, with these exceptions:
//! - invalid JSON has one reason, without the position; it is also the reason of JSON that is invalid behind another fault, and of
//!   JSON that nests deeper than 128 levels;
//! - a time with characters beyond printable ASCII is not quoted;
//! - among several faults in one JSON object, SQL names the first in the order of the fields, and Rust the first in the message;
//! - a family that is not an object is not named.

mod agents;
mod asked;
mod cursor;
mod decoder;
mod frames;
mod housekeeping;
mod input;
mod literal;
mod mapping;
mod moves;
mod places;
mod program;
mod rebuild;
mod slices;
mod tables;
mod template;
#[cfg(test)]
mod tests;
mod times;

pub(crate) use agents::AGENTS_VIEW;
pub(crate) use asked::{Kept, WindowSpan};
pub(crate) use cursor::{Cursor, First};
pub(crate) use decoder::{Decoder, View, decoder};
pub(crate) use frames::{Opening, UNKNOWN_SCHEMA, opened_view, opening};
pub(crate) use housekeeping::{KEPT_PROPERTY, Tidied, kept};
pub(crate) use input::Input;
pub(crate) use mapping::{LEFT_OUT, mapped_decoder};
pub(crate) use moves::MOVED_VIEW;
pub(crate) use places::{DIGEST_LEVEL, FAN_OUT, NAMES, NAMES_LEVEL};
pub(crate) use rebuild::Rebuild;
pub(crate) use slices::Slices;
pub(crate) use tables::{Application, CHANGING, OVERTAKEN, Root, Round, SCHEMA, Tables};
