//! Why a mapping, or a header, cannot be used.

/// Why a mapping cannot be used: one line that names the setting and says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct MappingError {
    /// The setting, such as `events.url`.
    pub setting: Box<str>,
    /// What is wrong, and what to do.
    pub reason: Box<str>,
}

impl MappingError {
    pub(super) fn new(setting: &str, reason: impl Into<String>) -> Self {
        Self { setting: setting.into(), reason: reason.into().into_boxed_str() }
    }
}

/// Why the header of a file does not fit the mapping. The message continues after the name of the file and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The header is not UTF-8, or its quotes are wrong.
    #[error("its header cannot be read: {reason}")]
    Unreadable {
        /// What is wrong.
        reason: Box<str>,
    },
    /// The mapping names a column that the header does not have.
    #[error("its header has no column `{column}`, which {setting} names; its columns are {names}")]
    Missing {
        /// The name in the mapping.
        column: Box<str>,
        /// The setting with that name.
        setting: Box<str>,
        /// The names in the header.
        names: Box<str>,
    },
    /// The mapping names a column that the header has twice.
    #[error("its header names `{column}` twice; write the number of the column in {setting} instead")]
    Twice {
        /// The name in the mapping.
        column: Box<str>,
        /// The setting with that name.
        setting: Box<str>,
    },
    /// The mapping counts more columns than the header has.
    #[error("its header has {width} columns, but {setting} names column {column}")]
    Narrow {
        /// The number in the mapping, from 1.
        column: usize,
        /// The setting with that number.
        setting: Box<str>,
        /// The columns of the header.
        width: usize,
    },
}
