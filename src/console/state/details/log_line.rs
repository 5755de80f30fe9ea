//! The details of a line of the log.

use super::content::{Details, Tone};
use crate::protocol::snapshot::{LogLevel, LogLine};

/// The line in full.
pub(super) fn details(line: &LogLine) -> Details {
    let mut details = Details::new("log line");
    details.fact("time", line.at.to_string(), Tone::Dim);
    details.fact("level", name(line.level), Tone::of_level(line.level));
    details.fact("from", line.target.clone(), Tone::Plain);
    details.text(&line.message, Tone::of_level(line.level));
    details
}

fn name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}
