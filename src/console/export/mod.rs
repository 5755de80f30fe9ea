//! Out of the console: a table as CSV or JSON, the screen as text, ANSI or SVG, a url to the clipboard.

mod clipboard;
mod file;
mod format;
mod rows;
mod table_file;

pub(crate) use clipboard::clipboard_sequence;
pub(crate) use file::write_new;
pub(crate) use format::{ExportFormat, check_name};
pub(crate) use rows::TableRows;
pub(crate) use table_file::{ExportColumns, TableFile, TableOutcome, TableProgress, rows_written};
