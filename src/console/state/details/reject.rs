//! The details of a reject.

use super::content::{Details, Tone};
use crate::console::format::bytes;
use crate::console::tables::rejects::origin;
use crate::protocol::answer::RejectRow;

/// Where the message came from, why it could not be used, and what it says.
pub(super) fn details(row: &RejectRow) -> Details {
    let mut details = Details::new("reject");
    details.fact("reason", row.reason.clone(), Tone::Warn);
    details.fact("time", row.at.to_string(), Tone::Dim);
    details.fact("stage", row.stage.clone(), Tone::Plain);
    details.fact("from", origin(row), Tone::Plain);
    let shown = row.payload.len() as u64;
    let size = if row.payload_bytes > shown {
        format!("{}, of which the first {} are shown", bytes(row.payload_bytes), bytes(shown))
    } else {
        bytes(row.payload_bytes)
    };
    details.fact("size", size, Tone::Dim);
    details.text(&row.payload, Tone::Plain);
    details
}
