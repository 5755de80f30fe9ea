//! The decoder of messages, `decode.sql`.

use super::slices::Slices;
use super::template::Template;
use crate::click::{FIELD_NAMES, FieldLimits, Format, MAX_MESSAGE_BYTES, Timestamp, TimestampError};

/// The deepest nesting of a JSON value, as in the Rust decoder.
const MAX_DEPTH: i32 = 128;

/// The bytes of a reject's message that are kept.
const MAX_PAYLOAD_BYTES: i32 = 64 * 1024;

/// The query that decodes the view `kafka_messages(topic, partition, offset, timestamp, value)` into rows of the table `clicks`.
pub(crate) fn decoder(format: Format, limits: FieldLimits, slices: Slices) -> String {
    let names: Vec<String> = FIELD_NAMES.iter().map(|name| format!("'{name}'")).collect();
    let bytes = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    let (lowest, highest) = slices.outermost();
    let mut template = Template::new(include_str!("decode.sql"))
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
        .sql("compressed", ", not a click: send events uncompressed, and let Kafka compress them (compression.type)")
        .sql("file", ", which clicktop does not read: send CSV or JSON, one event in each message");
    for (name, error) in [
        ("no_time", TimestampError::Form),
        ("no_calendar", TimestampError::Calendar),
        ("outside", TimestampError::Range),
        ("compact_date", TimestampError::Compact),
        ("negative", TimestampError::Negative),
        ("rounded", TimestampError::Rounded),
        ("only_date", TimestampError::DateOnly),
        ("order", TimestampError::Order),
        ("week", TimestampError::Week),
        ("unknown_zone", TimestampError::Zone),
        ("minus", TimestampError::Minus),
    ] {
        template = template.sql(name, error.to_string());
    }
    template.filled()
}
