//! Counts, rates, sizes and times as people read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::click::Timestamp;
use crate::protocol::view::Window;
use crate::text::grouped;

/// Shown in place of a figure that is not known.
pub(crate) const UNKNOWN: &str = "—";

/// `value` as `show` writes it, or a dash if it is not known.
pub(crate) fn or_unknown<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), show)
}

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    grouped(n)
}

/// [`count`] if it fits into `width` columns, else [`short`]: `1.23M`.
pub(crate) fn count_in(n: u64, width: usize) -> String {
    let full = count(n);
    if full.len() <= width { full } else { short(n as f64) }
}

/// Three significant digits with a unit letter: `999`, `12.3k`, `1.23M`.
pub(crate) fn short(n: f64) -> String {
    let units = ["", "k", "M", "G", "T", "P"];
    let mut value = n.max(0.0);
    let mut unit = 0;
    // 999.5 would round to 1000 in the smaller unit.
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let letter = units.get(unit).copied().unwrap_or_default();
    match (unit, value) {
        (0, v) if v >= 9.95 || v.fract() == 0.0 => format!("{v:.0}"),
        (0, v) => format!("{v:.1}"),
        (_, v) if v < 9.995 => format!("{v:.2}{letter}"),
        (_, v) if v < 99.95 => format!("{v:.1}{letter}"),
        (_, v) => format!("{v:.0}{letter}"),
    }
}

/// Items a second: `12.3k/s`.
pub(crate) fn rate(items_per_second: Option<f64>) -> String {
    or_unknown(items_per_second.filter(|rate| rate.is_finite()), |rate| format!("{}/s", short(rate)))
}

/// `3.4 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB"].into_iter();
    if n < 1024 {
        return format!("{n} B");
    }
    let mut unit = "B";
    while value >= 1023.5 {
        match units.next() {
            Some(next) => unit = next,
            None => break,
        }
        value /= 1024.0;
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A duration as precise as people need it: `850 µs`, `3.2 ms`, `1.2 s`, `3m12s`, `2h05m`, `3d04h`.
pub(crate) fn duration(time: Duration) -> String {
    let micros = time.as_micros();
    let seconds = time.as_secs();
    if micros < 1000 {
        format!("{micros} µs")
    } else if micros < 9_950 {
        format!("{:.1} ms", micros as f64 / 1000.0)
    } else if micros < 999_500 {
        format!("{:.0} ms", micros as f64 / 1000.0)
    } else if micros < 59_950_000 {
        format!("{:.1} s", time.as_secs_f64())
    } else if seconds < 3600 {
        // 59.97 s rounds to a whole minute, but holds only 59 whole seconds.
        let seconds = seconds.max(60);
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else if seconds < 86_400 {
        format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60)
    } else {
        format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24)
    }
}

/// A time of which only whole seconds are known: `0 s`, `12 s`, `3m12s`, `2h05m`.
pub(crate) fn whole_time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => duration(Duration::from_secs(seconds)),
    }
}

/// The whole seconds that are left: `3 s`, `2m05s`. They are rounded up, so that a countdown reaches 0 when its event comes.
pub(crate) fn countdown(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    if seconds < 60 { format!("{seconds} s") } else { duration(Duration::from_secs(seconds)) }
}

/// When something is tried again: `next try in 3 s`; `trying now` once its time has come, until the answer is there.
pub(crate) fn next_try(left: Duration) -> String {
    if left.is_zero() { "trying now".to_owned() } else { format!("next try in {}", countdown(left)) }
}

/// A running clock: `00:12:34`, `3d 04:05:06`.
pub(crate) fn clock(time: Duration) -> String {
    let s = time.as_secs();
    let (days, hours, minutes, seconds) = (s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60);
    if days == 0 {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    } else {
        format!("{days}d {hours:02}:{minutes:02}:{seconds:02}")
    }
}

/// The time of day, UTC: `09:30:00`. A log line or a recent click needs no date.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let text = at.to_string();
    let time = text.split_once('T').map_or("", |(_, time)| time);
    time.get(..8).unwrap_or(time).to_owned()
}

/// The span of a window: `last hour`.
pub(crate) const fn span_words(window: Window) -> &'static str {
    match window {
        Window::AllTime => "all time",
        Window::LastHour => "last hour",
        Window::LastFiveMinutes => "last 5 min",
    }
}

/// Day and time, UTC: `01-31 09:30:00`.
pub(crate) fn day_and_time(at: SystemTime) -> String {
    let millis = at.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let text = Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)).to_string();
    match (text.get(5..10), text.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => text,
    }
}

/// An average time in seconds: `12.3 s`, `1m01s`.
pub(crate) fn seconds(value: Option<f64>) -> String {
    let time = value.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    or_unknown(time, |time| match time {
        time if time < Duration::from_secs(60) => format!("{:.1} s", time.as_secs_f64()),
        time => duration(time),
    })
}

/// `part` of `whole` as `12.3%`, in at most six columns.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return UNKNOWN.to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    // Only the whole is 100%: 999,999 of a million must not round up to it.
    if part < whole && share > 99.9 { "99.9%".to_owned() } else { format!("{share:.1}%") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_group_their_digits() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!((count_in(1_234_567, 9), count_in(1_234_567, 8)), ("1,234,567".into(), "1.23M".into()));
    }

    #[test]
    fn short_figures_keep_three_digits_at_every_boundary() {
        let shown = [0.0, 3.4, 9.96, 345.0, 999.4, 999.5, 12_345.0, 99_960.0, 999_500.0, 1.2e9].map(short);
        assert_eq!(shown, ["0", "3.4", "10", "345", "999", "1.00k", "12.3k", "100k", "1.00M", "1.20G"]);
    }

    #[test]
    fn an_unknown_rate_is_a_dash_and_not_zero() {
        assert_eq!((rate(None), rate(Some(0.0)), rate(Some(f64::NAN))), ("—".into(), "0/s".into(), "—".into()));
    }

    #[test]
    fn bytes_and_times_have_units() {
        assert_eq!([0, 1023, 1024, 3_565_158].map(bytes), ["0 B", "1023 B", "1.0 KiB", "3.4 MiB"]);
        let times = [850, 3_200, 85_000, 999_600, 59_960_000, 192_000_000, 7_500_000_000];
        let shown = times.map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(shown, ["850 µs", "3.2 ms", "85 ms", "1.0 s", "1m00s", "3m12s", "2h05m"]);
        assert_eq!(clock(Duration::from_secs(754)), "00:12:34");
        assert_eq!(clock(Duration::from_secs(3 * 86_400 + 14_706)), "3d 04:05:06");
        assert_eq!(countdown(Duration::from_millis(2001)), "3 s");
        assert_eq!(next_try(Duration::from_millis(1)), "next try in 1 s");
        assert_eq!(next_try(Duration::ZERO), "trying now");
        assert_eq!(day_and_time(UNIX_EPOCH + Duration::from_millis(1_769_851_800_125)), "01-31 09:30:00");
        assert_eq!((seconds(Some(-1.0)), seconds(Some(61.0))), ("—".into(), "1m01s".into()));
    }

    #[test]
    fn a_part_is_never_rounded_up_to_the_whole() {
        assert_eq!(
            (percent(999_999, 1_000_000), percent(5, 5), percent(0, 0)),
            ("99.9%".into(), "100.0%".into(), "—".into())
        );
    }
}
