//! The forms of times that both decoders know, `times.sql`.

use super::program::Program;
use super::template::Template;
use crate::click::TimestampError;

/// Adds the columns of a time to `program`, whose column `time_text` has the text; among them `ms`. `zone` is the SQL of the name of the
/// zone of times without an offset; UTC if there is none.
pub(super) fn read_times(program: &mut Program, zone: Option<&str>) {
    // Behind an offset, and in a comment, words mean nothing.
    const LOCAL: &str = "CASE @time_form WHEN 'rfc' THEN NOT @time RLIKE r'(?:[zZ]|[+-][0-9]{2}:[0-9]{2})\\z' \
        WHEN 'form' THEN get(@part, 5) || get(@part, 7) || get(@part, 8) = '' \
        AND NOT regexp_replace(@plain, r'(?s)\\(.*', '') RLIKE r'(?i)z|utc|gmt' ELSE false END";
    let (local, local_ms) = match zone {
        None => ("false", "CAST(NULL AS BIGINT)".to_owned()),
        Some(zone) => (LOCAL, in_zone("@civil", zone)),
    };
    let times = Template::new(include_str!("times.sql")).sql("local", local).sql("local_ms", local_ms).filled();
    program.read(&times);
}

/// Why the text is no time, in the columns of the program.
pub(super) fn time_reason() -> String {
    let mut template = Template::new(include_str!("time_reason.sql"));
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
    without_comments(&template.filled())
}

/// The branches that tell what another program has put into a message.
pub(super) fn foreign() -> String {
    let template = Template::new(include_str!("foreign.sql"))
        .sql("compressed", ", not a click: send events uncompressed, and let Kafka compress them (compression.type)")
        .sql("file", ", which clicktop does not read: send CSV or JSON, one event in each message");
    without_comments(&template.filled())
}

/// Milliseconds of a civil time in a zone, of its milliseconds as if it were UTC. A time that occurs twice is the first of both, and one
/// that does not occur counts from the offset before, as in the Rust decoder. A time that jiff cannot have is beyond all times.
pub(super) fn in_zone(civil: &str, zone: &str) -> String {
    format!(
        "get(transform(array(unix_millis(to_utc_timestamp(timestamp_millis({civil}), {zone}))), m -> IF(m > {JIFF_MAX_MS}, {BEYOND}, m)), 0)"
    )
}

/// The last second of jiff's timestamps, in milliseconds.
pub(super) const JIFF_MAX_MS: i64 = 253_402_207_200_000;

/// A number of milliseconds that no time has.
pub(super) const BEYOND: i64 = 300_000_000_000_000;

fn without_comments(sql: &str) -> String {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    lines.join("\n")
}
