//! The forms in which `top` prints rows: a table as wide as the terminal, or JSON.

use std::io::Write;

use comfy_table::{CellAlignment, Table, TableStyle};
use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::storage::Page;
use crate::text::{printable, safe_json};

/// A table with texts on the left and figures on the right.
#[derive(Clone, Debug, Default)]
pub(super) struct TextTable {
    /// The titles of the columns.
    pub(super) heads: Vec<&'static str>,
    /// How many columns hold texts.
    pub(super) texts: usize,
    pub(super) rows: Vec<Vec<String>>,
}

/// The most columns for a country, if the table must fit into the terminal.
const COUNTRY: usize = 24;

/// The fewest columns for a url: with fewer nobody recognizes it, so the table gets wider than the terminal.
const URL_MIN: usize = 16;

/// Prints `pages`, with how many known times a mean is of if `has_timed`, and with texts cut so that a line has at most `width` columns, if a width is given.
///
/// # Errors
/// `out` cannot be written.
pub(super) fn table(pages: &[Page], has_timed: bool, width: Option<usize>, out: &mut impl Write) -> anyhow::Result<()> {
    let row = |page: &Page| {
        let mut cells = vec![
            printable(&page.url).into_owned(),
            printable(&page.country).into_owned(),
            page.clicks.to_string(),
            page.unique_users.to_string(),
            average(page.avg_time_spent),
        ];
        cells.extend(has_timed.then(|| page.timed.to_string()));
        cells
    };
    let mut heads = vec!["URL", "COUNTRY", "CLICKS", "USERS", "AVG TIME"];
    heads.extend(has_timed.then_some("TIMED"));
    text_table(TextTable { heads, texts: 2, rows: pages.iter().map(row).collect() }, width, out)
}

/// Prints an array with a row on each line.
///
/// # Errors
/// `out` cannot be written.
pub(super) fn json_rows<R: Serialize>(rows: impl Iterator<Item = R>, out: &mut impl Write) -> anyhow::Result<()> {
    // A row at a time, so that a large result is never in memory twice.
    out.write_all(b"[")?;
    for (at, row) in rows.enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        out.write_all(safe_json(&serde_json::to_string(&row)?).as_bytes())?;
    }
    out.write_all(b"\n]\n")?;
    Ok(())
}

/// The columns of the terminal, if the table must fit into it.
pub(super) fn width(fits: bool) -> Option<usize> {
    let (columns, _) = fits.then(crossterm::terminal::size)?.ok()?;
    (columns > 0).then(|| usize::from(columns))
}

/// Six decimals, without the zeros at the end.
pub(super) fn six_decimals(seconds: f64) -> String {
    let text = format!("{seconds:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A mean time spent in seconds.
pub(super) fn average(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1} s"))
}

/// Prints a table, with texts cut so that a line has at most `width` columns, if a width is given. The texts must be printable.
///
/// # Errors
/// `out` cannot be written.
pub(super) fn text_table(mut given: TextTable, width: Option<usize>, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(width) = width {
        fit(&mut given, width);
    }
    let TextTable { heads, texts, rows } = given;
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(heads);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(texts) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}

/// Cuts the second text, then the first one, so that the table has `width` columns.
fn fit(table: &mut TextTable, width: usize) {
    let TextTable { heads, texts, rows } = table;
    if *texts > 1 {
        rows.iter_mut().filter_map(|row| row.get_mut(1)).for_each(|text| cut(text, COUNTRY.min(width / 5)));
    }
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.chain(heads.get(column).map(|head| head.width())).max().unwrap_or(0)
    };
    // A blank on either side of each cell.
    let others: usize = (1..heads.len()).map(|column| widest(column) + 2).sum();
    let room = width.saturating_sub(others + 2).max(URL_MIN);
    rows.iter_mut().filter_map(|row| row.first_mut()).for_each(|text| cut(text, room));
}

/// Cuts `text` to `columns`, with `…` where something is left out.
pub(super) fn cut(text: &mut String, columns: usize) {
    if text.width() <= columns {
        return;
    }
    let mut used = 1;
    let mut fits = |c: char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    let kept: String = text.chars().take_while(|c| fits(*c)).collect();
    *text = kept + "…";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Timestamp;
    use crate::storage::figures::IndexCursor;

    fn page(url: &str, country: &str) -> Page {
        let at = Timestamp::from_millis(0);
        Page {
            at: IndexCursor::default(),
            url: url.into(),
            country: country.into(),
            clicks: 1_234_567,
            unique_users: 2,
            avg_time_spent: Some(1.5),
            timed: 1,
            first_seen: at,
            last_seen: at,
        }
    }

    fn printed(pages: &[Page], width: Option<usize>) -> String {
        let mut out = Vec::new();
        table(pages, false, width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn pages() -> Vec<Page> {
        let long = format!("/shop/{}", "category/".repeat(40));
        vec![
            page("/", "US"),
            page(&long, "FR"),
            page(&"/日本語の長いページ".repeat(20), "日本"),
            page("/c", &"x".repeat(300)),
        ]
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_what_is_cut_says_so() {
        for width in [60, 80, 81, 120, 200] {
            let text = printed(&pages(), Some(width));
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            assert_eq!(text.lines().count(), 1 + pages().len(), "{text}");
            assert_eq!(text.matches('…').count(), 3, "{text}");
        }
        assert!(printed(&pages(), Some(80)).lines().any(|line| line.width() >= 79), "the width is used");
    }

    #[test]
    fn a_narrow_terminal_keeps_a_piece_of_the_url_and_every_figure() {
        let text = printed(&pages(), Some(20));
        assert!(text.lines().skip(1).all(|line| line.contains("1234567") && line.contains("1.5 s")), "{text}");
    }

    #[test]
    fn without_a_width_everything_is_whole() {
        let text = printed(&pages(), None);
        assert!(!text.contains('…'), "{text}");
        for page in pages() {
            assert!(text.contains(&page.url) && text.contains(&page.country));
        }
    }

    #[test]
    fn texts_are_cut_by_columns_not_by_characters() {
        let cut_to = |text: &str, columns| {
            let mut text = text.to_owned();
            cut(&mut text, columns);
            text
        };
        assert_eq!(cut_to("日本語", 6), "日本語");
        assert_eq!(cut_to("日本語", 5), "日本…");
        assert_eq!(cut_to("日本語", 4), "日…");
        assert_eq!(cut_to("cafe\u{301}s", 5), "cafe\u{301}s");
        assert_eq!(cut_to("abc", 0), "…");
    }
}
