//! The formats of an export, and the names of files that they ask for.

use std::io;

use crate::text::{excerpt, is_unsafe};

/// The format of an export. The ending of the file's name selects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    /// The table, as CSV.
    Csv,
    /// The table, as JSON.
    Json,
    /// The screen without colours.
    Text,
    /// The screen with its colours, for `cat`.
    Ansi,
    /// The screen with its colours, as a picture.
    Svg,
}

impl ExportFormat {
    const ALL: [(ExportFormat, &'static str); 5] = [
        (ExportFormat::Csv, ".csv"),
        (ExportFormat::Json, ".json"),
        (ExportFormat::Text, ".txt"),
        (ExportFormat::Ansi, ".ansi"),
        (ExportFormat::Svg, ".svg"),
    ];

    /// The format of a file of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|(_, ending)| name.len() > ending.len() && name.ends_with(ending));
        known.map(|(format, _)| format)
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
    #[error("{0}: give the name an ending: .csv or .json for the table; .txt, .ansi or .svg for the screen")]
    Ending(String),
    #[error("{0}: give a plain name; it is written to the current directory")]
    NotAName(String),
    #[error("{0} exists already; give another name")]
    Exists(String),
    #[error("{0} cannot be written: {1}")]
    Io(String, io::Error),
}

impl ExportError {
    /// For an error of the system while it wrote the file `name`.
    pub(super) fn of(name: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(name.to_owned()),
            _ => ExportError::Io(name.to_owned(), error),
        }
    }
}

/// The format that `name` asks for, if a file may have that name.
pub(crate) fn check_name(name: &str) -> Result<ExportFormat, ExportError> {
    let shown = || excerpt(name, 60).into_owned();
    if name.contains(['/', '\\']) || name.starts_with('.') || name.chars().any(is_unsafe) {
        return Err(ExportError::NotAName(shown()));
    }
    ExportFormat::of(name).ok_or_else(|| ExportError::Ending(shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_with_a_known_ending_is_accepted() {
        for wrong in ["/etc/x.csv", "../x.csv", ".csv", ".x.csv", "a\u{1b}.csv", "a\\b.csv"] {
            assert!(matches!(check_name(wrong), Err(ExportError::NotAName(_))), "{wrong:?}");
        }
        assert!(matches!(check_name("urls.xls"), Err(ExportError::Ending(_))));
        assert_eq!(check_name("urls.json").expect("accepted"), ExportFormat::Json);
    }

    #[test]
    fn the_next_format_after_the_last_is_the_first() {
        let mut name = "urls.csv".to_owned();
        let mut seen = Vec::new();
        for _ in 0..5 {
            name = ExportFormat::next_name(&name);
            seen.push(name.clone());
        }
        assert_eq!(seen, ["urls.json", "urls.txt", "urls.ansi", "urls.svg", "urls.csv"]);
        assert_eq!(ExportFormat::next_name("urls"), "urls.csv");
    }
}
