//! Questions of a front beyond the running figures. A command asks them; snapshots hold the answers.

use serde::{Deserialize, Serialize};

/// One question. A new one of the same kind replaces the last.
///
/// The engine answers at once, and again about every two seconds for half a minute. A front that still needs the answer asks
/// again before that is over. An answer has at most a thousand rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Documents of the search index whose url holds a text.
    Search(SearchQuestion),
    /// The newest rejects.
    Rejects(RejectsQuestion),
    /// Everything about one url.
    Page(PageQuestion),
    /// The clicks of the last minute, of the rows and countries that the board shows.
    LastMinute,
}

/// See [`Question::Search`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SearchQuestion {
    /// A part of a url.
    pub text: String,
    /// Only this country.
    pub country: Option<String>,
    /// At most this many rows.
    pub limit: usize,
}

/// See [`Question::Rejects`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectsQuestion {
    /// At most this many rows.
    pub limit: usize,
}

/// See [`Question::Page`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageQuestion {
    /// The whole url.
    pub url: String,
    /// At most this many of its newest clicks.
    pub clicks: usize,
}
