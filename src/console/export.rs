//! Out of the console: the table the reader is at as CSV or JSON, the screen as text or ANSI, a url to the clipboard.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::style::{Attribute, Color as TerminalColor, Colors, ResetColor, SetAttribute, SetColors};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use serde_json::{Map, Value};

/// What the terminal's side of the console is to do for the app.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Write a file into the current directory.
    Write { name: String, content: String },
    /// Write the screen as it is into a file in the current directory.
    Picture { name: String, format: Format },
    /// Put a text on the clipboard.
    Copy(String),
}

/// What an export is written as; the ending of the file says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The table.
    Csv,
    /// The table.
    Json,
    /// The screen without colours.
    Text,
    /// The screen with its colours, for `cat`.
    Ansi,
}

impl Format {
    const ALL: [(Format, &'static str); 4] =
        [(Format::Csv, ".csv"), (Format::Json, ".json"), (Format::Text, ".txt"), (Format::Ansi, ".ansi")];

    /// Of a file of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, ending)| name.len() > ending.len() && name.ends_with(ending)).map(|(it, _)| it)
    }

    /// `name` with the ending of the next format.
    pub(crate) fn next_name(name: &str) -> String {
        let at = Self::ALL.iter().position(|(_, ending)| name.ends_with(ending));
        let stem = at.and_then(|at| name.strip_suffix(Self::ALL.get(at)?.1)).unwrap_or(name);
        let next = Self::ALL.get(at.map_or(0, |at| (at + 1) % Self::ALL.len())).map_or("", |(_, ending)| ending);
        format!("{stem}{next}")
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error("{0}: end the name in .csv or .json for the table, .txt or .ansi for the screen")]
    Ending(String),
    #[error("{0}: give a plain name; it is written to the current directory")]
    NotAName(String),
    #[error("{0} exists already; give another name")]
    Exists(String),
    #[error("{0} cannot be written: {1}")]
    Io(String, io::Error),
}

/// Columns and rows to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extract {
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Extract {
    /// An array of objects.
    pub(crate) fn json(&self) -> String {
        let row = |cells: &Vec<Value>| -> Value {
            let named = self.heads.iter().map(|head| (*head).to_owned()).zip(cells.iter().cloned());
            Value::Object(named.collect::<Map<_, _>>())
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        text.push('\n');
        text
    }

    /// RFC 4180 with a header. A text that a spreadsheet would take for a formula gets a `'` before it.
    pub(crate) fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.heads)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(cell))?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The format that `name` asks for, if it is a name that can be written.
pub(crate) fn check_name(name: &str) -> Result<Format, ExportError> {
    let shown = || crate::text::excerpt(name, 60).into_owned();
    if name.contains(['/', '\\']) || name.starts_with('.') || name.chars().any(crate::text::is_unsafe) {
        return Err(ExportError::NotAName(shown()));
    }
    Format::of(name).ok_or_else(|| ExportError::Ending(shown()))
}

/// Writes a new file into `folder`; never over one that is there.
pub(crate) fn write(folder: &Path, name: &str, content: &str) -> Result<(), ExportError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists(name.to_owned()),
        _ => ExportError::Io(name.to_owned(), error),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(folder.join(name)).map_err(failed)?;
    file.write_all(content.as_bytes()).and_then(|()| file.flush()).map_err(failed)
}

/// What a terminal takes to put `text` on the clipboard (OSC 52).
pub(crate) fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

/// The screen as lines of text, blanks at their ends left out.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as a terminal is told to draw it.
pub(crate) fn ansi_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let mut before: Option<&Cell> = None;
        for cell in row {
            let same = |other: &&Cell| (other.fg, other.bg, other.modifier) == (cell.fg, cell.bg, cell.modifier);
            if before.as_ref().is_none_or(|other| !same(other)) {
                text.push_str(&style(cell));
            }
            text.push_str(cell.symbol());
            before = Some(cell);
        }
        text.push_str(&ResetColor.to_string());
        text.push_str(&SetAttribute(Attribute::Reset).to_string());
        text.push('\n');
    }
    text
}

fn style(cell: &Cell) -> String {
    let known = [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::UNDERLINED, Attribute::Underlined),
        (Modifier::REVERSED, Attribute::Reverse),
    ];
    let mut told = SetAttribute(Attribute::Reset).to_string();
    for (_, attribute) in known.into_iter().filter(|(modifier, _)| cell.modifier.contains(*modifier)) {
        told.push_str(&SetAttribute(attribute).to_string());
    }
    told.push_str(&SetColors(Colors { foreground: color(cell.fg), background: color(cell.bg) }).to_string());
    told
}

fn color(color: ratatui::style::Color) -> Option<TerminalColor> {
    use ratatui::backend::IntoCrossterm as _;
    (color != ratatui::style::Color::Reset).then(|| color.into_crossterm())
}

/// The cells of each row, without those that a wide character before them covers.
fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<&Cell>> {
    let columns = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(columns).map(|row| {
        let mut shown = Vec::with_capacity(row.len());
        let mut covered = 0;
        for cell in row {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = super::format::width(cell.symbol()).saturating_sub(1);
            shown.push(cell);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

    fn extract() -> Extract {
        Extract {
            heads: vec!["url", "clicks", "avg"],
            rows: vec![
                vec![Value::from("/a,\"b\""), Value::from(3), Value::Null],
                vec![Value::from("=HYPERLINK(1)"), Value::from(-1), Value::from(1.5)],
            ],
        }
    }

    #[test]
    fn a_spreadsheet_runs_nothing_of_a_csv() {
        let csv = extract().csv().expect("text");
        assert_eq!(csv, "url,clicks,avg\n\"/a,\"\"b\"\"\",3,\n'=HYPERLINK(1),-1,1.5\n");
        for risky in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(cell(&Value::from(risky)), format!("'{risky}"));
        }
    }

    #[test]
    fn json_is_an_array_of_objects() {
        let rows: Value = serde_json::from_str(&extract().json()).expect("JSON");
        assert_eq!(rows[0], serde_json::json!({"url": "/a,\"b\"", "clicks": 3, "avg": null}));
        assert_eq!(Extract::default().json(), "[]\n");
    }

    #[test]
    fn only_a_plain_name_with_a_known_ending_is_written_and_nothing_is_written_over() {
        for wrong in ["/etc/x.csv", "../x.csv", ".csv", ".x.csv", "a\u{1b}.csv", "a\\b.csv"] {
            assert!(matches!(check_name(wrong), Err(ExportError::NotAName(_))), "{wrong:?}");
        }
        assert!(matches!(check_name("urls.xls"), Err(ExportError::Ending(_))));
        assert_eq!(check_name("urls.json").expect("fits"), Format::Json);
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "a.csv", "1").expect("written");
        assert!(matches!(write(folder.path(), "a.csv", "2"), Err(ExportError::Exists(_))));
        assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).expect("there"), "1");
    }

    #[test]
    fn the_formats_go_round() {
        let mut name = "urls.csv".to_owned();
        let mut seen = Vec::new();
        for _ in 0..4 {
            name = Format::next_name(&name);
            seen.push(name.clone());
        }
        assert_eq!(seen, ["urls.json", "urls.txt", "urls.ansi", "urls.csv"]);
        assert_eq!(Format::next_name("urls"), "urls.csv");
    }

    #[test]
    fn a_picture_holds_each_character_once_and_its_colours() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        buffer.set_string(0, 0, "日本x", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        assert_eq!(text_of(&buffer), "日本x\n\n");
        let mut emulator = vt100::Parser::new(2.try_into().expect("rows"), 6.try_into().expect("columns"), 0);
        emulator.process(ansi_of(&buffer).replace('\n', "\r\n").trim_end_matches("\r\n").as_bytes());
        let cell = emulator.screen().cell(0, 0).expect("a cell");
        assert_eq!((cell.contents(), cell.fgcolor(), cell.bold()), ("日", vt100::Color::Idx(1), true));
        assert_eq!(emulator.screen().contents().trim_end(), "日本x");
    }

    #[test]
    fn the_clipboard_gets_base64_which_cannot_end_the_sequence() {
        assert_eq!(clipboard("/a\u{7}b"), "\x1b]52;c;L2EHYg==\x07");
    }
}
