//! Out of the console: the table the reader is at as CSV or JSON, the screen as text, ANSI or SVG, a url to the clipboard.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::private;
use crate::text::{no_formula, safe_json};

/// What the terminal's side of the console is to do for the app.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Write a file into the current directory.
    Write { name: String, content: String },
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
        let mut text = safe_json(&serde_json::to_string_pretty(&rows).unwrap_or_default());
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
        Value::String(text) => no_formula(text).into_owned(),
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
