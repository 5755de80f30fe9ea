//! Whole tables. A table may be too large for a snapshot, so the engine sends it in parts.

use serde::{Deserialize, Serialize};

use super::answer::RejectRow;
use super::board::PageRow;
use super::question::SearchQuestion;
use super::view::View;

/// The table that a front orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Every row of a view, in the order of the view. The limit of the view is ignored.
    View(View),
    /// The rejects that the filter keeps, newest first.
    Rejects {
        /// A [`Pattern`](super::Pattern) for the reason and the payload. An empty filter keeps every reject.
        filter: String,
    },
    /// The documents that a search finds, up to the limit of the search engine.
    Search(SearchQuestion),
}

/// One part of a table. Parts come in the order of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TablePart {
    /// The number of rows that follow. The engine leaves this part out if it does not know the number.
    Rows(u64),
    /// Rows of a view or of a search.
    Pages(Vec<PageRow>),
    /// Rejects.
    Rejects(Vec<RejectRow>),
    /// The end of the table.
    End {
        /// Whether the table has every row that exists.
        complete: bool,
    },
    /// The engine cannot send the rest. The text is one line that says why.
    Failed(String),
}
