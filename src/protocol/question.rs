//! The questions that a front can ask. A command carries the question; later snapshots hold the answer.

use serde::{Deserialize, Serialize};

pub use super::breakdown::BreakdownQuestion;
pub use super::follow::ClickQuestion;

/// One question. A new question replaces the last question of its kind.
///
/// The engine answers at once, then refreshes the answer about every two seconds for half a minute. A front that needs the answer
/// for longer asks again within that time. An answer has at most a thousand rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The documents of the search index whose url contains a text.
    Search(SearchQuestion),
    /// The newest rejects.
    Rejects(RejectsQuestion),
    /// Everything about one url.
    Page(PageQuestion),
    /// One click or message, followed through the pipeline.
    Click(ClickQuestion),
    /// The clicks of a span, grouped by one dimension. Counting may take a while; the engine then tells how far it is.
    Breakdown(BreakdownQuestion),
    /// The clicks of the last minute, for the rows and countries that the board shows.
    LastMinute,
    /// The trends of the rows and countries that the board shows. An engine on a cluster ignores it.
    Trends,
    /// Executors, tasks and the streaming query of the cluster, as fresh as they are to be had. [`Remote`](super::Remote) has the
    /// answer; without the question it is refreshed more slowly. An engine in this process ignores it.
    Cluster,
    /// The newest rounds of aggregation on a cluster. [`Remote`](super::Remote) has the answer. An engine in this process ignores it.
    Rounds,
}

/// See [`Question::Search`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SearchQuestion {
    /// A part of a url.
    pub text: String,
    /// Only documents of this country; `None` takes every country.
    pub country: Option<String>,
    /// The maximum number of rows.
    pub limit: usize,
}

/// See [`Question::Rejects`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectsQuestion {
    /// The maximum number of rows.
    pub limit: usize,
}

/// See [`Question::Page`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageQuestion {
    /// The whole url.
    pub url: String,
    /// The maximum number of its newest clicks.
    pub clicks: usize,
}
