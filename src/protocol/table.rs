//! Whole tables, which may be too large for a snapshot: an engine hands them over in parts.

use serde::{Deserialize, Serialize};

use super::answer::RejectRow;
use super::board::PageRow;
use super::question::SearchQuestion;
use super::view::View;

/// Which table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Every row of a view in its order; the view's limit does not count.
    View(View),
    /// Every reject that the filter keeps, as [`Pattern`](super::Pattern) reads it, newest first.
    Rejects {
        /// Looked for in reason and payload; everything is kept if it is empty.
        filter: String,
    },
    /// What a search finds, as much as engines give at once.
    Search(SearchQuestion),
}

/// A part of a table, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TablePart {
    /// So many rows come; left out where that is not known beforehand.
    Rows(u64),
    /// Rows of a view or a search.
    Pages(Vec<PageRow>),
    /// Rows of the rejects.
    Rejects(Vec<RejectRow>),
    /// That was the table.
    End {
        /// Whether it holds every row there is.
        complete: bool,
    },
    /// The rest does not come, and why.
    Failed(String),
}
