//! The event: one click, its wire forms, and the compact batch the pipeline moves. Pure, no I/O.

pub mod batch;
pub mod columns;
mod csv;
pub mod decode;
mod encode;
mod error;
mod fields;
mod json;
mod looks;
mod names;
pub mod timestamp;

pub use batch::ClickBatch;
pub use columns::{Columns, HeaderError};
pub use csv::is_csv_header;
pub use decode::{Decoder, Format};
pub use error::DecodeError;
pub use fields::FieldLimits;
pub use looks::Looks;
pub use names::FIELD_NAMES;
pub use timestamp::{Timestamp, TimestampError};

/// What an empty optional field is stored and shown as.
pub const UNKNOWN: &str = "unknown";

/// The largest message that is decoded, in bytes. Longer ones are rejected whole: no honest click comes
/// near it, and it fits a Kafka broker's default `message.max.bytes`, so a file's over-long line can travel to `rejects`.
pub const MAX_MESSAGE_BYTES: usize = 512 * 1024;

/// One click event, borrowed from the message it was decoded from (or from a [`ClickBatch`]).
///
/// The four required fields are never empty; the others are [`UNKNOWN`] where the message left them empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click<'a> {
    /// Identity of the event: with the timestamp, what makes a re-sent event a duplicate.
    pub click_id: &'a str,
    /// Who clicked.
    pub user_id: &'a str,
    /// When, by the event's own clock.
    pub timestamp: Timestamp,
    /// What was clicked.
    pub url: &'a str,
    /// Country, usually an ISO 3166 code.
    pub country: &'a str,
    /// City.
    pub city: &'a str,
    /// Browser name.
    pub browser: &'a str,
    /// Operating system.
    pub os: &'a str,
    /// Device class.
    pub device: &'a str,
}
