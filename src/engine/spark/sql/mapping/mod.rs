//! The decoder of a mapping in SQL.
//!
//! It gives the same clicks and the same rejects as [`crate::click::mapping::MappedDecoder`]; tests compare both, message by message.
//! What SQL cannot do is a [`Refusal`] at start:
//! - forms whose lines need a header that came before: `w3c`, and `csv` or `tsv` by names without `events.columns`;
//! - strptime directives that no regular expression can read.
//!
//! A message that nests deeper than 32 levels is a reject here; the Rust decoder reads 128. Reasons of rejects are the same text, with these
//! exceptions: invalid JSON has one reason without the position; a text with characters beyond printable ASCII is not quoted; what
//! jiff says about a time that does not fit a strptime pattern is missing.
//!
//! A user agent becomes the column `agent` of a click, and what it may tell of the click is NULL (see `engine::spark::agents`).
//!
//! ```text
//! message.sql ──▶ json.rs, log.rs, separated.rs ──▶ slots.rs ──▶ sources.rs ──▶ urls.rs, clock.rs, agent.rs ──▶ event.rs
//! ```

mod address;
mod agent;
mod clock;
mod event;
mod json;
mod log;
mod pattern;
mod refusal;
mod separated;
mod slots;
mod sources;
mod statement;
mod urls;

pub(crate) use statement::{LEFT_OUT, mapped_decoder};
