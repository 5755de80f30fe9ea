//! Foreign text, made printable and cut, broken or padded to the columns of the screen.
//!
//! Widths are those of the cells that ratatui fills: it draws each grapheme (a character as people see it) in cells of its own.
//! `unicode-truncate` is not used: it panics in debug builds if a text is narrower than its graphemes together, as Arabic with
//! ligatures is.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::text::printable;

/// A grapheme of more bytes than this is no honest text but a pile of combining marks; only its first character is shown.
const GRAPHEME_BYTES: usize = 64;

/// The columns that `text` takes on the screen.
pub(crate) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    text.graphemes(true).map(|grapheme| grapheme.width()).sum()
}

/// Foreign text, made printable and cut to `columns` with an ellipsis. It is never wider than `columns`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    // Of a line of many kilobytes, only the bytes that may be shown are looked at.
    let mut end = text.len().min(columns.saturating_add(1).saturating_mul(GRAPHEME_BYTES));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let safe = printable(text.get(..end).unwrap_or(text));
    let mut kept = String::new();
    let mut used = 0;
    // The bytes of `kept` that leave a column for the ellipsis.
    let mut before_ellipsis = 0;
    for grapheme in safe.graphemes(true) {
        let shown = bounded(grapheme);
        let wide = shown.width();
        // A combining mark with nothing before it would merge with the text to its left.
        if wide == 0 {
            continue;
        }
        if used + wide > columns {
            kept.truncate(before_ellipsis);
            if columns > 0 {
                kept.push('…');
            }
            return kept;
        }
        kept.push_str(shown);
        used += wide;
        if used < columns {
            before_ellipsis = kept.len();
        }
    }
    if end < text.len() && used < columns {
        kept.push('…');
    }
    kept
}

/// `grapheme`, or its first character if it is a pile of combining marks.
fn bounded(grapheme: &str) -> &str {
    let first = grapheme.chars().next().map_or(0, char::len_utf8);
    if grapheme.len() > GRAPHEME_BYTES { grapheme.get(..first).unwrap_or_default() } else { grapheme }
}

/// The end of `text` that fits into `columns`, with an ellipsis before it where something is left out.
pub(crate) fn fit_end(text: &str, columns: usize) -> String {
    let safe = printable(text);
    if width(&safe) <= columns {
        return fit(&safe, columns);
    }
    let mut used = 1;
    let fitting = safe.grapheme_indices(true).rev().take_while(|(_, grapheme)| {
        used += grapheme.width();
        used <= columns
    });
    let start = fitting.last().map_or(safe.len(), |(at, _)| at);
    fit(&format!("…{}", safe.get(start..).unwrap_or_default()), columns)
}

/// Foreign text, made printable and broken between words into lines of at most `columns`. Longer words are broken anywhere.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    wrap_after(text, 0, columns)
}

/// Same as [`wrap`], for a first line of which `taken` columns are not free.
pub(crate) fn wrap_after(text: &str, taken: usize, columns: usize) -> Vec<String> {
    let taken = " ".repeat(taken.min(columns));
    let options = textwrap::Options::new(columns.max(1))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(&taken);
    let safe = printable(text);
    let lines = textwrap::wrap(&safe, options);
    let indents = std::iter::once(taken.len()).chain(std::iter::repeat(0));
    lines.iter().zip(indents).map(|(line, taken)| fit(line.get(taken..).unwrap_or_default(), columns - taken)).collect()
}

/// The rows of `text`, each of at most `columns`, as ranges of its bytes: between words if that is possible. No byte is left out; a blank
/// at the end of a row may be one column too much. `text` must be printable. There is at least one row.
pub(crate) fn breaks(text: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Where the last word of the row begins, and the columns before it.
    let mut word = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = bounded(grapheme).width();
        let is_blank = grapheme == " ";
        if used + wide > columns && !is_blank && at > start {
            let (end, kept) = if word.0 > start { word } else { (at, used) };
            rows.push(start..end);
            (start, used) = (end, used - kept);
        }
        used += wide;
        if is_blank {
            word = (at + grapheme.len(), used);
        }
    }
    rows.push(start..text.len());
    rows
}

/// The first `most` of `lines`, each of at most `columns`. The last one ends in an ellipsis if lines are left out.
pub(crate) fn first_lines(mut lines: Vec<String>, most: usize, columns: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last}…"), columns);
        }
    }
    lines
}

/// [`fit`], then filled with blanks to exactly `columns`.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut cell = fit(text, columns);
    let blanks = columns.saturating_sub(width(&cell));
    cell.extend(std::iter::repeat_n(' ', blanks));
    cell
}

/// [`fit`], then flush right in exactly `columns`.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let cell = fit(text, columns);
    let mut out = " ".repeat(columns.saturating_sub(width(&cell)));
    out.push_str(&cell);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scripts whose characters are wide, joined, combined, or narrower together than apart.
    const TEXTS: [&str; 9] = [
        "",
        "ascii",
        "日本語のページ",
        "e\u{301}e\u{301}e\u{301}",
        "👩‍👩‍👧 family",
        "\u{301}x",
        "a\u{1b}[2Jb",
        "🇩🇪🇫🇷",
        "/لا/سلام/لا",
    ];

    #[test]
    fn cells_are_exactly_as_wide_as_asked_whatever_the_text() {
        for text in TEXTS {
            for columns in 0..20 {
                assert_eq!(width(&left(text, columns)), columns, "{text:?} left in {columns}");
                assert_eq!(width(&right(text, columns)), columns, "{text:?} right in {columns}");
                assert!(width(&fit_end(text, columns)) <= columns, "the end of {text:?} in {columns}");
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
    fn a_text_is_as_wide_as_the_cells_that_it_fills() {
        for text in TEXTS {
            let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 40, 1));
            let safe = printable(text);
            let (end, _) = buffer.set_stringn(0, 0, safe.as_ref(), 40, ratatui::style::Style::new());
            assert_eq!(width(&safe), usize::from(end), "{text:?}");
        }
    }

    #[test]
    fn lines_are_broken_between_words_and_never_wider_than_asked() {
        assert_eq!(wrap("Kafka refuses connections", 15), ["Kafka refuses", "connections"]);
        assert_eq!(wrap("https://search:9200/clicktop", 10), ["https://se", "arch:9200/", "clicktop"]);
        assert_eq!(wrap("at https://search:9200 now", 8), ["at", "https://", "search:9", "200 now"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap_after("Kafka refuses connections", 9, 15), ["Kafka", "refuses", "connections"]);
        assert_eq!(wrap_after("Kafka refuses", 15, 15), ["", "Kafka refuses"]);
        assert_eq!(first_lines(wrap("Kafka refuses connections", 15), 1, 15), ["Kafka refuses…"]);
        assert_eq!(first_lines(wrap("https://search:9200/clicktop", 10), 2, 10), ["https://se", "arch:9200…"]);
        assert_eq!(first_lines(wrap("all of it", 10), 1, 10), ["all of it"]);
        assert_eq!(wrap("a\u{1b}[2J\nb", 40), ["a\\u{1b}[2J\\nb"]);
        for text in TEXTS {
            for columns in 1..20 {
                let first = first_lines(wrap(text, columns), 1, columns);
                assert!(first.iter().all(|line| width(line) <= columns), "{first:?} in {columns}");
                assert!(wrap(text, columns).iter().all(|line| width(line) <= columns), "{text:?} in {columns}");
            }
        }
    }

    #[test]
    fn rows_hold_every_byte_of_a_text_and_end_between_words() {
        let rows = |text: &'static str, columns| -> Vec<&str> {
            breaks(text, columns).into_iter().map(|row| &text[row]).collect()
        };
        assert_eq!(rows("Kafka refuses connections", 15), ["Kafka refuses ", "connections"]);
        assert_eq!(rows("Kafka refuses connections", 13), ["Kafka refuses ", "connections"]);
        assert_eq!(rows("at https://search:9200", 8), ["at ", "https://", "search:9", "200"]);
        assert_eq!((rows("日本語", 4), rows("", 4)), (vec!["日本", "語"], vec![""]));
        for text in TEXTS {
            for columns in 2..20 {
                assert_eq!(rows(text, columns).concat(), text);
                assert!(
                    rows(text, columns).iter().all(|row| width(row.trim_end()) <= columns),
                    "{text:?} in {columns}"
                );
            }
        }
    }

    #[test]
    fn a_tower_of_combining_marks_stays_one_small_cell() {
        let tower = format!("a{}b", "\u{301}".repeat(10_000));
        assert!(fit(&tower, 10).len() < 100);
    }
}
