//! The time of an event, in the form that the mapping names.

use super::pattern;
use super::refusal::Refusal;
use crate::click::mapping::compiled::Clock;
use crate::click::{Timestamp, TimestampError};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;
use crate::engine::spark::sql::times::{BEYOND, read_times, time_reason};

/// Adds the column `ms` to `program`, whose column `time_text` has the text. Returns the reason of a text that is no time, or NULL.
pub(super) fn read(program: &mut Program, clock: &Clock) -> Result<String, Refusal> {
    let (ms, reason) = match clock {
        Clock::Auto => {
            read_times(program, None);
            ("@ms".to_owned(), time_reason())
        }
        Clock::AutoIn(zone) => {
            read_times(program, Some(&text(zone.name())));
            ("@ms".to_owned(), time_reason())
        }
        Clock::Rfc3339 => rfc_3339(program),
        Clock::Unix { unit, digits } => unix(program, unit, *digits),
        Clock::Pattern { pattern, zone } => {
            program.read(TIME);
            let ms = pattern::read(program, pattern, zone.name())?;
            let reason = format!("does not fit the pattern `{pattern}` of events.time_form");
            (ms, format!("concat({}, {})", quoted(), text(&reason)))
        }
    };
    let (first, last) = (Timestamp::MIN.as_millis(), Timestamp::MAX.as_millis());
    let wrong = format!("@time_text IS NOT NULL AND ({ms} IS NULL OR NOT {ms} BETWEEN {first} AND {last})");
    // A lambda is interpreted: as generated code, these many cases would be a method too long for the JVM to compile.
    Ok(program.define("time_fault", format!("IF({wrong}, get(transform(array(1), one -> {reason}), 0), NULL)")))
}

/// The text without blanks at its ends.
const TIME: &str = "time =\n  regexp_replace(@time_text, r'\\A{{white}}++|(?<!{{white}}){{white}}++\\z', '')\n";

/// The text as reasons quote it. Characters that steer a terminal are not quoted.
fn quoted() -> String {
    "concat('timestamp ', CASE WHEN @time_text RLIKE '[^ -~]' THEN '' \
     WHEN length(@time_text) > 80 THEN concat('`', left(@time_text, 80), '…` ') ELSE concat('`', @time_text, '` ') END)"
        .to_owned()
}

fn rfc_3339(program: &mut Program) -> (String, String) {
    read_times(program, None);
    let offset = "@time RLIKE r'(?:[zZ]|[+-][0-9]{2}:[0-9]{2})\\z'";
    let ms = program.define("rfc_ms", format!("IF(@time_form = 'rfc' AND {offset}, @ms, NULL)"));
    let quoted = quoted();
    let form = text("is not RFC 3339 (2026-01-31T09:30:00.125Z), which events.time_form asks for");
    let no_offset = text(&TimestampError::NoOffset.to_string());
    let reason = format!(
        "CASE WHEN @time_form <> 'rfc' THEN concat({quoted}, {form}) \
         WHEN @ms IS NOT NULL AND NOT {offset} THEN concat({quoted}, {no_offset}) ELSE {} END",
        time_reason()
    );
    (ms, reason)
}

/// A number of units since 1970. A second has ten to the power of `digits` units. The time is rounded down to the millisecond.
fn unix(program: &mut Program, unit: &str, digits: u8) -> (String, String) {
    program.read(TIME);
    program.define(
        "part",
        "IF(@time RLIKE r'{{decimal}}', split(regexp_replace(@time, r'{{decimal}}', '$1|$2|$3|$4|$5'), r'\\|', -1), NULL)",
    );
    program.define("digits", "trim(LEADING '0' FROM concat(get(@part, 1), get(@part, 2)))");
    // The digits before the point, once the number is one of milliseconds.
    program.define(
        "whole",
        format!(
            "IF(get(@part, 3) = '-', -1, 1) * IF(length(get(@part, 4)) > 9, 1000000000L, CAST(concat('0', get(@part, 4)) AS BIGINT)) \
             + {} + length(@digits) - length(get(@part, 2))",
            3 - i64::from(digits)
        ),
    );
    let rounded = "get(@part, 3) = '+' AND @digits <> '' AND length(@digits) <= 7";
    let ms = program.define(
        "ms",
        format!(
            "CASE WHEN @digits = '' THEN 0L WHEN {rounded} THEN NULL WHEN @whole > 18 THEN {BEYOND} \
             WHEN @whole <= 0 THEN IF(get(@part, 0) = '-', -1L, 0L) \
             ELSE get(transform(array(CAST(rpad(left(@digits, CAST(@whole AS INT)), CAST(@whole AS INT), '0') AS BIGINT)), m -> \
             IF(get(@part, 0) = '-', -m - IF(substring(@digits, CAST(@whole AS INT) + 1) RLIKE '[^0]', 1, 0), m)), 0) END"
        ),
    );
    let no_number = text(&format!("is not a number of {unit} since 1970, which events.time_form asks for"));
    let outside =
        text(&format!("is outside the years 1 to 9999 as a number of {unit} since 1970; check events.time_form"));
    let lost = text(&TimestampError::Rounded.to_string());
    let reason = format!(
        "concat({}, CASE WHEN @part IS NULL THEN {no_number} WHEN {rounded} THEN {lost} ELSE {outside} END)",
        quoted()
    );
    (ms, reason)
}
