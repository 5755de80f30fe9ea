//! The decoder of messages, `decode.sql`.

use super::input::{Input, TEXTS};
use super::program::Program;
use super::slices::Slices;
use super::template::Template;
use super::times::{foreign, read_times, time_reason};
use crate::click::{FIELD_NAMES, FieldLimits, Format, MAX_MESSAGE_BYTES, Timestamp};

/// The deepest nesting of a JSON value, as in the Rust decoder.
const MAX_DEPTH: i32 = 128;

/// The bytes of a reject's message that are kept.
pub(super) const MAX_PAYLOAD_BYTES: i32 = 64 * 1024;

/// What makes rows of the table `clicks` of the view `kafka_messages(topic, partition, offset, timestamp, value)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoder {
    /// Temporary views, each over those before it.
    pub(crate) views: Vec<View>,
    /// The query over them.
    pub(crate) query: String,
    /// Whether clicks have a user agent that tells what they lack.
    pub(crate) reads_agents: bool,
}

/// A temporary view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Its name.
    pub(crate) name: String,
    /// Its query.
    pub(crate) query: String,
}

/// The decoder of the nine fields.
pub(crate) fn decoder(format: Format, limits: FieldLimits, slices: Slices, input: Input) -> Decoder {
    let names: Vec<String> = FIELD_NAMES.iter().map(|name| format!("'{name}'")).collect();
    let bytes = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    let (lowest, highest) = slices.outermost();
    let mut times = Program::new("t");
    read_times(&mut times, None);
    let template = Template::new(include_str!("decode.sql"))
        .sql("may_be_json", (format != Format::Csv).to_string())
        .sql("may_be_csv", (format != Format::Json).to_string())
        .number("max_message_bytes", bytes(MAX_MESSAGE_BYTES))
        .number("max_url_bytes", bytes(limits.url))
        .number("max_field_bytes", bytes(limits.field))
        .number("max_depth", MAX_DEPTH)
        .number("max_payload_bytes", MAX_PAYLOAD_BYTES)
        .number("min_ms", Timestamp::MIN.as_millis())
        .number("max_ms", Timestamp::MAX.as_millis())
        .number("slice_ms", slices.millis())
        .number("lowest_slice", lowest)
        .number("highest_slice", highest)
        .sql("names", names.join(", "))
        .sql("fields", FIELD_NAMES.join(","))
        .sql("times", times.laterals())
        .sql("time_reason", Program::plain(&time_reason()))
        .sql("foreign", foreign())
        .sql("messages", input.view())
        .sql("more", input.more())
        .sql("not_looked_at", if input == Input::Opened { "fault IS NULL OR framed" } else { "fault IS NULL" });
    let query = input.rows(template.filled(), &TEXTS, MAX_PAYLOAD_BYTES);
    Decoder { views: Vec::new(), query, reads_agents: false }
}
