//! The details of an event.

use super::content::{Details, Tone};
use crate::protocol::event::{Event, EventKind};

/// What happened, when, to what, and who did it.
pub(super) fn details(event: &Event) -> Details {
    let mut details = Details::new("event");
    let tone = match event.kind {
        EventKind::Failure => Tone::Bad,
        EventKind::Alarm => Tone::Warn,
        _ => Tone::Plain,
    };
    details.fact("time", event.at.to_string(), Tone::Dim);
    details.fact("kind", event.kind.name(), tone);
    details.fact("stage", event.stage.as_ref().map_or_else(String::new, ToString::to_string), Tone::Plain);
    let by = match event.by.as_deref() {
        Some("key") => "a key of the console",
        Some("command") => "a command of the console",
        Some("api") => "the API",
        Some("signal") => "a signal",
        Some("itself") => "the pipeline itself",
        other => other.unwrap_or_default(),
    };
    details.fact("by", by, Tone::Plain);
    details.text(&event.text, tone);
    details
}
