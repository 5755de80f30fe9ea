//! Figures and foreign text as they look on the screen.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::text::printable;

/// What stands where there is no figure.
pub(crate) const NONE: &str = "—";

/// One character on the screen that takes more bytes than this is not honest text but a pile of combining marks.
const GRAPHEME_BYTES: usize = 64;

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `count` where it fits into `width`, else the short form: `1.23M`.
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
    match items_per_second {
        Some(rate) if rate.is_finite() => format!("{}/s", short(rate)),
        _ => NONE.to_owned(),
    }
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

/// A time span with the precision people need: `850 µs`, `3.2 ms`, `1.2 s`, `3m12s`, `2h05m`, `3d04h`.
pub(crate) fn span(time: Duration) -> String {
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
        // 59.97 s has left the branch above but is still no whole minute.
        let seconds = seconds.max(60);
        format!("{}m{:02}s", seconds / 60, seconds % 60)
    } else if seconds < 86_400 {
        format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60)
    } else {
        format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24)
    }
}

/// Whole seconds left, rounded up, so that a countdown ends at its event and not a second before: `3 s`, `2m05s`.
pub(crate) fn countdown(left: Duration) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    if seconds < 60 { format!("{seconds} s") } else { span(Duration::from_secs(seconds)) }
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

/// Seconds as the figures hold them (may be absent): `12.3 s`.
pub(crate) fn seconds(value: Option<f64>) -> String {
    match value.map(Duration::try_from_secs_f64) {
        Some(Ok(time)) if time < Duration::from_secs(60) => format!("{:.1} s", time.as_secs_f64()),
        Some(Ok(time)) => span(time),
        _ => NONE.to_owned(),
    }
}

/// `part` of `whole` as `12.3%`, in six columns at most.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NONE.to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    // Whole is only whole: 999,999 of a million is not 100%.
    if part < whole && share > 99.9 { "99.9%".to_owned() } else { format!("{share:.1}%") }
}

/// Columns `text` takes on the screen.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Foreign text, made printable and cut to `columns` with an ellipsis. Never wider than `columns`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    // A line of many kilobytes must not cost its whole length for the few columns there are.
    let mut end = text.len().min(columns.saturating_add(1).saturating_mul(GRAPHEME_BYTES));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let safe = printable(text.get(..end).unwrap_or(text));
    let whole = Span::raw(safe.as_ref());
    let mut kept = String::new();
    let mut used = 0;
    let mut last_width = 0;
    for grapheme in whole.styled_graphemes(Style::new()) {
        let symbol = if grapheme.symbol.len() > GRAPHEME_BYTES {
            grapheme.symbol.chars().next().map(String::from).unwrap_or_default()
        } else {
            grapheme.symbol.to_owned()
        };
        let wide = width(&symbol);
        if used + wide > columns {
            // The ellipsis takes the place of what stood in the last column.
            while used + 1 > columns && used > 0 {
                used -= last_width;
                let keep = last_grapheme_start(&kept);
                kept.truncate(keep);
                last_width = width(kept.get(last_grapheme_start(&kept)..).unwrap_or_default());
            }
            if columns > 0 {
                kept.push('…');
            }
            return kept;
        }
        // A combining mark with nothing before it would merge with the text to its left.
        if wide == 0 {
            continue;
        }
        kept.push_str(&symbol);
        used += wide;
        last_width = wide;
    }
    if end < text.len() && used < columns {
        kept.push('…');
    }
    kept
}

/// Foreign text, made printable and broken between words into lines of at most `columns`; words that are longer are broken
/// where they must be.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    wrap_after(text, 0, columns)
}

/// As [`wrap`], where `taken` columns of the first line are taken already.
pub(crate) fn wrap_after(text: &str, taken: usize, columns: usize) -> Vec<String> {
    let taken = " ".repeat(taken.min(columns));
    let options = textwrap::Options::new(columns.max(1))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(&taken);
    let safe = printable(text);
    let lines = textwrap::wrap(&safe, options);
    let rooms = std::iter::once(taken.len()).chain(std::iter::repeat(0));
    lines.iter().zip(rooms).map(|(line, taken)| fit(line.get(taken..).unwrap_or_default(), columns - taken)).collect()
}

/// The first `most` of `lines`, each of at most `columns`; with `…` at their end where some are left out.
pub(crate) fn first_lines(mut lines: Vec<String>, most: usize, columns: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last}…"), columns);
        }
    }
    lines
}

fn last_grapheme_start(text: &str) -> usize {
    let tail = Span::raw(text);
    let last = tail.styled_graphemes(Style::new()).last().map_or(0, |grapheme| grapheme.symbol.len());
    text.len() - last
}

/// [`fit`], then filled with blanks to exactly `columns`.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut cell = fit(text, columns);
    let blanks = columns.saturating_sub(width(&cell));
    cell.extend(std::iter::repeat_n(' ', blanks));
    cell
}

/// The end of `text` that fits into `columns`, `…` before it where something is left out.
pub(crate) fn fit_end(text: &str, columns: usize) -> String {
    let safe = printable(text);
    if width(&safe) <= columns {
        return fit(&safe, columns);
    }
    let starts = safe.char_indices().map(|(at, _)| safe.get(at..).unwrap_or_default());
    let end = starts.into_iter().find(|end| width(end) < columns).unwrap_or_default();
    fit(&format!("…{end}"), columns)
}

/// [`fit`], then set flush right in exactly `columns`.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let cell = fit(text, columns);
    let mut out = " ".repeat(columns.saturating_sub(width(&cell)));
    out.push_str(&cell);
    out
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
    fn a_rate_that_is_not_known_is_not_zero() {
        assert_eq!((rate(None), rate(Some(0.0)), rate(Some(f64::NAN))), ("—".into(), "0/s".into(), "—".into()));
    }

    #[test]
    fn bytes_and_times_read_like_units() {
        assert_eq!([0, 1023, 1024, 3_565_158].map(bytes), ["0 B", "1023 B", "1.0 KiB", "3.4 MiB"]);
        let times = [850, 3_200, 85_000, 999_600, 59_960_000, 192_000_000, 7_500_000_000];
        let shown = times.map(|micros| span(Duration::from_micros(micros)));
        assert_eq!(shown, ["850 µs", "3.2 ms", "85 ms", "1.0 s", "1m00s", "3m12s", "2h05m"]);
        assert_eq!(clock(Duration::from_secs(754)), "00:12:34");
        assert_eq!(clock(Duration::from_secs(3 * 86_400 + 14_706)), "3d 04:05:06");
        assert_eq!(countdown(Duration::from_millis(2001)), "3 s");
        assert_eq!((seconds(Some(-1.0)), seconds(Some(61.0))), ("—".into(), "1m01s".into()));
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(
            (percent(999_999, 1_000_000), percent(5, 5), percent(0, 0)),
            ("99.9%".into(), "100.0%".into(), "—".into())
        );
    }

    #[test]
    fn cells_are_exactly_as_wide_as_asked_whatever_the_text() {
        let texts =
            ["", "ascii", "日本語のページ", "e\u{301}e\u{301}e\u{301}", "👩‍👩‍👧 family", "\u{301}x", "a\u{1b}[2Jb", "🇩🇪🇫🇷"];
        for text in texts {
            for columns in 0..20 {
                assert_eq!(width(&left(text, columns)), columns, "{text:?} left in {columns}");
                assert_eq!(width(&right(text, columns)), columns, "{text:?} right in {columns}");
            }
        }
        assert_eq!(
            (fit_end("/shop/cart", 6), fit_end("/cart", 6), fit_end("/cart", 0)),
            ("…/cart".into(), "/cart".into(), "".into())
        );
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("e\u{301}tude", 3), "e\u{301}t…");
    }

    #[test]
    fn lines_are_broken_between_words_and_never_wider_than_asked() {
        assert_eq!(wrap("Kafka refuses connections", 15), ["Kafka refuses", "connections"]);
        assert_eq!(wrap("https://search:9200/clicktop", 10), ["https://se", "arch:9200/", "clicktop"]);
        assert_eq!(wrap_after("Kafka refuses connections", 9, 15), ["Kafka", "refuses", "connections"]);
        assert_eq!(wrap_after("Kafka refuses", 15, 15), ["", "Kafka refuses"]);
        assert_eq!(first_lines(wrap("Kafka refuses connections", 15), 1, 15), ["Kafka refuses…"]);
        assert_eq!(first_lines(wrap("https://search:9200/clicktop", 10), 2, 10), ["https://se", "arch:9200…"]);
        assert_eq!(first_lines(wrap("all of it", 10), 1, 10), ["all of it"]);
        assert_eq!(wrap("a\u{1b}[2J\nb", 40), ["a\\u{1b}[2J\\nb"]);
        for text in ["日本語のページ x", "e\u{301}e\u{301} e\u{301}", "👩‍👩‍👧 family 👩‍👩‍👧👩‍👩‍👧", "🇩🇪🇫🇷 a"]
        {
            for columns in 1..20 {
                let first = first_lines(wrap(text, columns), 1, columns);
                assert!(first.iter().all(|line| width(line) <= columns), "{first:?} in {columns}");
                assert!(wrap(text, columns).iter().all(|line| width(line) <= columns), "{text:?} in {columns}");
            }
        }
    }

    #[test]
    fn a_tower_of_combining_marks_stays_one_small_cell() {
        let tower = format!("a{}b", "\u{301}".repeat(10_000));
        assert!(fit(&tower, 10).len() < 100);
    }
}
