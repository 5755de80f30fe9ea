//! The screen of breakdowns: by which dimension, of which url, and where the cursor is.

use std::sync::Arc;

use super::list::List;
use super::screen::Screen;
use super::selection::Selection;
use crate::protocol::SortBy;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow, Dimension};
use crate::protocol::snapshot::Snapshot;

/// Rows that the console asks for.
pub(crate) const BREAKDOWN_ROWS: usize = 200;

/// Rows that it asks for beside the countries of a url.
const BESIDE_ROWS: usize = 20;

/// What the user looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct BreakdownView {
    pub(crate) by: Dimension,
    /// Only clicks on this url.
    pub(crate) url: Option<Arc<str>>,
    /// The screen on which the user opened the breakdown.
    pub(crate) opened_on: Screen,
    pub(crate) list: List,
    /// The dimension on the screen of a url.
    pub(crate) beside: Beside,
}

/// The dimension of the breakdown on the screen of a url, which has a table of countries already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside(pub(crate) Dimension);

impl Default for Beside {
    fn default() -> Self {
        Self(Dimension::Browser)
    }
}

impl BreakdownView {
    /// The question of the screen: the country, the time window and the order are those of the overview.
    pub(crate) fn question(&self, selection: &Selection) -> BreakdownQuestion {
        BreakdownQuestion {
            by: self.by,
            country: selection.country.clone(),
            url: self.url.as_ref().map(ToString::to_string),
            window: selection.window,
            // Only the rows of the overview can be in the order of those that rise.
            sort: if selection.sort == SortBy::Rising { SortBy::Clicks } else { selection.sort },
            min_timed: selection.view().min_timed,
            limit: BREAKDOWN_ROWS,
        }
    }

    /// The question of the screen of the url `url`.
    pub(crate) fn question_beside(&self, url: &str) -> BreakdownQuestion {
        BreakdownQuestion {
            by: self.beside.0,
            url: Some(url.to_owned()),
            limit: BESIDE_ROWS,
            ..BreakdownQuestion::default()
        }
    }

    /// The row under the cursor.
    pub(crate) fn picked<'a>(&self, snapshot: &'a Snapshot, selection: &Selection) -> Option<&'a BreakdownRow> {
        answer_to(snapshot, &self.question(selection))?.as_ref().ok()?.rows.get(self.list.at)
    }
}

/// What was counted for `question`.
pub(crate) fn answer_to<'a>(
    snapshot: &'a Snapshot,
    question: &BreakdownQuestion,
) -> Option<&'a Result<Breakdown, String>> {
    let answer = snapshot.answers.breakdown.as_deref()?;
    (answer.asked == *question).then_some(&answer.found)
}

/// The dimension after `by`, or the one before it.
pub(crate) fn next_dimension(by: Dimension, forward: bool) -> Dimension {
    let all = Dimension::ALL;
    let at = all.iter().position(|dimension| *dimension == by).unwrap_or(0);
    let next = (at + if forward { 1 } else { all.len() - 1 }) % all.len();
    all.get(next).copied().unwrap_or_default()
}

/// The name of a dimension for people.
pub(crate) const fn dimension_words(by: Dimension) -> &'static str {
    match by {
        Dimension::Os => "operating system",
        other => other.name(),
    }
}
