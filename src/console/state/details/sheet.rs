//! The details in rows of the screen, and the places in them where a text is found.

use std::ops::Range;

use ratatui::layout::Rect;

use super::content::{Details, Tone};
use crate::console::format::{breaks, width};
use crate::console::state::layout::ScreenLayout;
use crate::text::printable;

/// The most columns of labels.
const LABEL_MOST: usize = 14;

/// Columns for a text, beside its label.
const TEXT_LEAST: usize = 16;

/// The details in rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) lines: Vec<SheetLine>,
    pub(crate) rows: Vec<SheetRow>,
    /// Columns of the labels, with the blanks after them; 0 if there are none.
    pub(crate) label_columns: usize,
}

/// A line whose text is safe to print.
#[derive(Clone, Debug)]
pub(crate) struct SheetLine {
    pub(crate) label: &'static str,
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

/// A row: a part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SheetRow {
    /// The position of the line.
    pub(crate) line: usize,
    /// The bytes of its text.
    pub(crate) part: Range<usize>,
}

/// A place where a text was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The position of the line.
    pub(crate) line: usize,
    /// Whether it is in the label of the line instead of the text.
    pub(crate) in_label: bool,
    /// The bytes of its label or text.
    pub(crate) part: Range<usize>,
}

impl Sheet {
    /// Lays `details` out in rows of `columns`.
    pub(crate) fn of(details: &Details, columns: usize) -> Self {
        let widest = details.lines.iter().map(|line| width(line.label)).max().unwrap_or(0);
        let label_columns = if widest == 0 { 0 } else { widest.min(LABEL_MOST) + 2 };
        let mut sheet = Self { label_columns, ..Self::default() };
        for (at, line) in details.lines.iter().enumerate() {
            let text = printable(&line.text).into_owned();
            // A text without a label has the whole width.
            let indent = if line.label.is_empty() { 0 } else { label_columns };
            let room = columns.saturating_sub(indent).max(TEXT_LEAST.min(columns)).max(1);
            sheet.rows.extend(breaks(&text, room).into_iter().map(|part| SheetRow { line: at, part }));
            sheet.lines.push(SheetLine { label: line.label, text, tone: line.tone });
        }
        sheet
    }

    /// Where `text` is found in labels and texts, whatever the case of its letters, from the top to the bottom.
    pub(crate) fn hits(&self, text: &str) -> Vec<Hit> {
        let wanted: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut hits = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            for (field, in_label) in [(line.label, true), (line.text.as_str(), false)] {
                let mut from = 0;
                while let Some(part) = found(field, from, &wanted) {
                    from = part.end;
                    hits.push(Hit { line: at, in_label, part });
                }
            }
        }
        hits
    }

    /// The row in which `hit` begins.
    pub(crate) fn row_of(&self, hit: &Hit) -> usize {
        let start = if hit.in_label { 0 } else { hit.part.start };
        let begins = |row: &SheetRow| row.line == hit.line && row.part.start <= start;
        self.rows.iter().rposition(begins).unwrap_or(0)
    }
}

/// The first place at or after the byte `from` where the lower-case letters of `text` are those that are `wanted`.
fn found(text: &str, from: usize, wanted: &[char]) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    rest.char_indices().find_map(|(start, _)| {
        let mut wanted = wanted.iter();
        for (at, c) in rest.get(start..)?.char_indices() {
            if !c.to_lowercase().all(|lower| wanted.next() == Some(&lower)) {
                return None;
            }
            if wanted.as_slice().is_empty() {
                return Some(from + start..from + start + at + c.len_utf8());
            }
        }
        None
    })
}

/// The cells that the details fill, with their frame: between the header and the footer, and no more rows than they need.
pub(crate) fn area(layout: &ScreenLayout, rows: usize) -> Rect {
    let (whole, top) = (layout.area, layout.header.bottom());
    let most = layout.footer.y.saturating_sub(top);
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2).min(most);
    Rect { y: top, height, ..whole }
}

/// Columns for the text of the details.
pub(crate) fn columns(layout: &ScreenLayout) -> usize {
    // The frame and its padding take two columns on each side.
    usize::from(area(layout, 0).width.saturating_sub(4))
}

/// The most rows of the details that are visible.
pub(crate) fn most_rows(layout: &ScreenLayout) -> usize {
    usize::from(area(layout, usize::from(u16::MAX)).height.saturating_sub(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str, columns: usize) -> Sheet {
        let mut details = Details::new("test");
        details.fact("reason", text, Tone::Plain);
        Sheet::of(&details, columns)
    }

    fn rows(sheet: &Sheet) -> Vec<&str> {
        sheet.rows.iter().map(|row| &sheet.lines[row.line].text[row.part.clone()]).collect()
    }

    #[test]
    fn the_whole_text_is_there_in_rows_beside_its_label() {
        let sheet = sheet("Kafka at broker:9092 refuses connections", 28);
        assert_eq!(rows(&sheet), ["Kafka at broker:9092 ", "refuses connections"]);
        assert_eq!(sheet.label_columns, 8);
    }

    #[test]
    fn a_text_is_found_whatever_its_case_also_over_the_end_of_a_row() {
        let sheet = sheet("Kafka refuses connections: REFUSES", 28);
        let hits = sheet.hits("refuses");
        assert_eq!(hits.iter().map(|hit| sheet.row_of(hit)).collect::<Vec<_>>(), [0, 1], "{:?}", rows(&sheet));
        assert_eq!(sheet.hits("refuses conn").len(), 1, "the row ends between the two words");
        assert_eq!((sheet.hits("").len(), sheet.hits("nowhere").len()), (0, 0));
        assert_eq!(self::sheet("İstanbul ß", 28).hits("ß").len(), 1);
    }

    #[test]
    fn a_label_is_found_in_the_first_row_of_its_line() {
        let sheet = sheet("Kafka at broker:9092 has no reason", 28);
        let hits = sheet.hits("REASON");
        assert_eq!(
            hits.iter().map(|hit| (hit.in_label, sheet.row_of(hit))).collect::<Vec<_>>(),
            [(true, 0), (false, 1)]
        );
    }
}
