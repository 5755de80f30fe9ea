//! The details of a reject.

use super::content::{Details, Tone};
use super::followed;
use crate::console::format::bytes;
use crate::console::tables::rejects::origin;
use crate::protocol::Snapshot;
use crate::protocol::answer::RejectRow;
use crate::protocol::follow::{ClickQuestion, MessageOrigin};

/// What to ask the engine about the message; `None` if it is not one of Kafka.
pub(super) fn question(row: &RejectRow) -> Option<ClickQuestion> {
    let (partition, offset) = (row.partition?, row.offset?);
    let message = MessageOrigin { topic: row.topic.clone(), partition: Some(partition), offset: Some(offset) };
    Some(ClickQuestion { click: None, message: Some(message) })
}

/// Where the message came from, why it could not be used, what it says, and what Kafka has of it.
pub(super) fn details(row: &RejectRow, snapshot: &Snapshot) -> Details {
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
    let Some(question) = question(row) else {
        details.text(&row.payload, Tone::Plain);
        return details;
    };
    let answer = followed::answer_to(Some(&question), snapshot);
    let message = match answer {
        Some(Err(problem)) => Some(Err(problem)),
        answer => answer.and_then(|found| found.as_ref().ok()?.message.as_ref()).map(Result::as_ref),
    };
    match message {
        None => details.fact("in Kafka", "asking…", Tone::Dim),
        Some(Err(problem)) => details.fact("in Kafka", problem.clone(), Tone::Warn),
        Some(Ok(message)) => {
            details.fact("in Kafka", followed::size(message), Tone::Dim);
            followed::around_payload(&mut details, message);
        }
    }
    // Kafka may have more of it than the store has kept.
    let whole =
        message.and_then(Result::ok).filter(|message| !message.is_text || message.payload.len() > row.payload.len());
    details.text(whole.map_or(&row.payload, |message| &message.payload), Tone::Plain);
    details
}
