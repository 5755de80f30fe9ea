//! Times with a logical type, as `src/registry/times.rs` writes them.

use crate::registry::TimeStyle;

/// The seconds that the calendar of the local engine has.
const SECONDS: (i64, i64) = (-377_705_023_201, 253_402_207_200);
/// The days that it has.
const DAYS: (i64, i64) = (-4_371_587, 2_932_896);

/// The JSON of an instant, or of a local time, which has no `zone`: `x` units; a second has ten to the power of `digits` of them.
pub(super) fn instant(x: &str, digits: u8, style: TimeStyle, zone: &str) -> String {
    match style {
        TimeStyle::Unix(wanted) => unix(x, digits, wanted),
        TimeStyle::Text => {
            let (first, last) = SECONDS;
            let (seconds, rest) = split(x, digits);
            format!(
                "IF({seconds} BETWEEN {first}L AND {last}L, \
                 concat('\"', replace(CAST(timestamp_seconds({seconds}) AS STRING), ' ', 'T'), {}, '{zone}\"'), {})",
                fraction(&rest, digits),
                out_of_range(x, digits, "")
            )
        }
    }
}

/// The whole units of ten to the power of `digits`, and the rest, which is never negative.
fn split(x: &str, digits: u8) -> (String, String) {
    let factor = 10_i64.pow(digits.into());
    (format!("({x} div {factor}L - IF({x} % {factor}L < 0L, 1L, 0L))"), format!("pmod({x}, {factor}L)"))
}

/// A fraction with its point, without zeros at the end; nothing if it is zero.
fn fraction(rest: &str, digits: u8) -> String {
    format!("IF({rest} = 0L, '', concat('.', trim(TRAILING '0' FROM lpad(CAST({rest} AS STRING), {digits}, '0'))))")
}

fn out_of_range(x: &str, digits: u8, of: &str) -> String {
    format!("concat('\"', CAST({x} AS STRING), ' units of 1e-{digits} s{of}\"')")
}

/// `x` units of `digits` digits as a number of units of `wanted` digits.
fn unix(x: &str, digits: u8, wanted: u8) -> String {
    if wanted >= digits {
        let zeros = "0".repeat(usize::from(wanted - digits));
        return format!("IF({x} = 0L, '0', concat(CAST({x} AS STRING), '{zeros}'))");
    }
    let fewer = digits - wanted;
    let (whole, rest) = split(x, fewer);
    format!(
        "IF({rest} = 0L OR {whole} < 0L, CAST({whole} AS STRING), \
         concat(CAST({whole} AS STRING), '.', lpad(CAST({rest} AS STRING), {fewer}, '0')))"
    )
}

/// The JSON of a date: `x` days after 1970; NULL if it is no 32-bit number.
pub(super) fn date(x: &str) -> String {
    let (first, last) = DAYS;
    format!(
        "CASE WHEN {x} BETWEEN {first}L AND {last}L THEN concat('\"', CAST(date_add(DATE'1970-01-01', CAST({x} AS INT)) AS STRING), '\"') \
         WHEN {x} BETWEEN -2147483648L AND 2147483647L THEN concat('\"', CAST({x} AS STRING), ' days after 1970\"') END"
    )
}

/// The JSON of a time of day: `x` units after midnight.
pub(super) fn time_of_day(x: &str, digits: u8) -> String {
    let day = 86_400 * 10_i64.pow(digits.into());
    let (seconds, rest) = split(x, digits);
    let two = |number: String| format!("lpad(CAST({number} AS STRING), 2, '0')");
    format!(
        "IF({x} >= 0L AND {x} < {day}L, concat('\"', {}, ':', {}, ':', {}, {}, '\"'), {})",
        two(format!("{seconds} div 3600L")),
        two(format!("{seconds} div 60L % 60L")),
        two(format!("{seconds} % 60L")),
        fraction(&rest, digits),
        out_of_range(x, digits, " after midnight")
    )
}
