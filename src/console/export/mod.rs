//! Out of the console: the table the reader is at as CSV or JSON, the screen as text, ANSI or SVG, a url to the clipboard.

pub(crate) mod table_file;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::export::table_file::TableFile;
use crate::private;
use crate::text::{no_formula, safe_json};

/// What the terminal's side of the console is to do for the app.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Write a file into the current directory, and say `said` once it is there.
    Write { name: String, content: String, said: String },
    /// Write a table that comes in parts into a file in the current directory.
    Table(TableFile),
    /// Write the screen as it is into a file in the current directory.
    Picture { name: String, format: Format },
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
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
    /// The screen with its colours, as a picture.
    Svg,
}

impl Format {
    const ALL: [(Format, &'static str); 5] = [
        (Format::Csv, ".csv"),
        (Format::Json, ".json"),
        (Format::Text, ".txt"),
        (Format::Ansi, ".ansi"),
        (Format::Svg, ".svg"),
    ];

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
    #[error("{0}: end the name in .csv or .json for the table, .txt, .ansi or .svg for the screen")]
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
pub(crate) struct TableRows {
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl TableRows {
    /// As CSV or JSON.
    pub(crate) fn text(&self, format: Format) -> io::Result<String> {
        let mut writer = RowWriter::new(Vec::new(), format, &self.heads)?;
        for row in &self.rows {
            writer.row(row)?;
        }
        Ok(String::from_utf8_lossy(&writer.finish()?).into_owned())
    }
}

/// Rows on their way into a file, one by one.
pub(crate) enum RowWriter<'a, W: Write> {
    /// RFC 4180 with a header. A text that a spreadsheet would take for a formula gets a `'` before it.
    Csv(Box<csv::Writer<W>>),
    /// An array of objects, a line each.
    Json { out: W, heads: &'a [&'static str], empty: bool },
}

impl<'a, W: Write> RowWriter<'a, W> {
    /// Any format but JSON is CSV here: a picture has no rows.
    pub(crate) fn new(mut out: W, format: Format, heads: &'a [&'static str]) -> io::Result<Self> {
        if format == Format::Json {
            out.write_all(b"[")?;
            return Ok(Self::Json { out, heads, empty: true });
        }
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(heads)?;
        Ok(Self::Csv(Box::new(writer)))
    }

    /// Writes a cell for each head.
    pub(crate) fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        match self {
            Self::Csv(writer) => Ok(writer.write_record(cells.iter().map(cell))?),
            Self::Json { out, heads, empty } => {
                let named = heads.iter().map(|head| (*head).to_owned()).zip(cells.iter().cloned());
                let row = serde_json::to_string(&Value::Object(named.collect::<Map<_, _>>()))?;
                out.write_all(if std::mem::take(empty) { b"\n" } else { b",\n" })?;
                out.write_all(safe_json(&row).as_bytes())
            }
        }
    }

    /// Ends the table.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Csv(writer) => writer.into_inner().map_err(|error| error.into_error()),
            Self::Json { mut out, .. } => {
                out.write_all(b"\n]\n")?;
                Ok(out)
            }
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => no_formula(text).into_owned(),
        other => other.to_string(),
    }
}

impl ExportError {
    /// Of an error that the system gave for `name`.
    pub(crate) fn of(name: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(name.to_owned()),
            _ => ExportError::Io(name.to_owned(), error),
        }
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
    let failed = |error: io::Error| ExportError::of(name, error);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = private::open_with(options, &folder.join(name)).map_err(failed)?;
    file.write_all(content.as_bytes()).and_then(|()| file.flush()).map_err(failed)
}

/// What a terminal takes to put `text` on the clipboard (OSC 52).
pub(crate) fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract() -> TableRows {
        TableRows {
            heads: vec!["url", "clicks", "avg"],
            rows: vec![
                vec![Value::from("/a,\"b\""), Value::from(3), Value::Null],
                vec![Value::from("=HYPERLINK(1)"), Value::from(-1), Value::from(1.5)],
            ],
        }
    }

    #[test]
    fn a_spreadsheet_runs_nothing_of_a_csv() {
        let csv = extract().text(Format::Csv).expect("text");
        assert_eq!(csv, "url,clicks,avg\n\"/a,\"\"b\"\"\",3,\n'=HYPERLINK(1),-1,1.5\n");
        for risky in ["+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(cell(&Value::from(risky)), format!("'{risky}"));
        }
    }

    #[test]
    fn json_is_an_array_of_objects() {
        let rows: Value = serde_json::from_str(&extract().text(Format::Json).expect("text")).expect("JSON");
        assert_eq!(rows[0], serde_json::json!({"url": "/a,\"b\"", "clicks": 3, "avg": null}));
        let lines = extract().text(Format::Json).expect("text").lines().count();
        assert_eq!(lines, 4, "a line a row");
        assert_eq!(TableRows::default().text(Format::Json).expect("text"), "[\n]\n");
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
        for _ in 0..5 {
            name = Format::next_name(&name);
            seen.push(name.clone());
        }
        assert_eq!(seen, ["urls.json", "urls.txt", "urls.ansi", "urls.svg", "urls.csv"]);
        assert_eq!(Format::next_name("urls"), "urls.csv");
    }

    #[test]
    fn the_clipboard_gets_base64_which_cannot_end_the_sequence() {
        assert_eq!(clipboard("/a\u{7}b"), "\x1b]52;c;L2EHYg==\x07");
    }
}
