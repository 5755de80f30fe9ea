//! How a file is split into records.

/// How a file is split into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Each record by its first byte that is not blank: `{` begins a JSON value, anything else a CSV record.
    Auto,
    /// JSON values.
    Json,
    /// CSV records, which may hold line ends in quoted fields.
    Csv {
        /// The separator, an ASCII character.
        separator: u8,
        /// The fields of each record, if that is known.
        width: Option<usize>,
    },
    /// Each line is a record.
    Lines,
}
