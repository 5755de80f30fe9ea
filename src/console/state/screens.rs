//! Which screen is open, and where the user is in each of them.

use std::sync::Arc;

use super::alarm_list::{AlarmView, alarm_rows};
use super::breakdown::{self, BreakdownView};
use super::list::List;
use super::log_view::LogView;
use super::panel::Panel;
use super::screen::Screen;
use super::selection::Selection;
use super::url_view::{UrlView, rows_of};
use crate::console::keys::Context;
use crate::protocol::answer::{Answer, PageDetails, RejectRow};
use crate::protocol::board::PageRow;
use crate::protocol::question::{PageQuestion, SearchQuestion};
use crate::protocol::remote::{ClusterStatus, QueryStatus, Round};
use crate::protocol::snapshot::Snapshot;
use crate::protocol::{Dimension, Pattern};

/// Search results that the console asks for.
pub(crate) const SEARCH_RESULTS: usize = 200;

/// Newest clicks of a url that the console asks for.
const URL_CLICKS: usize = 200;

/// Which screen is open, and where the user is in each of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Screens {
    pub(crate) open: Screen,
    pub(crate) partitions: List,
    pub(crate) rejects: List,
    /// Only rejects that match it are shown.
    pub(crate) rejects_filter: Pattern,
    /// How many rejects there were when the console last asked for them.
    pub(crate) rejects_asked_at: Option<u64>,
    pub(crate) search: List,
    /// A part of a url to look for in the index.
    pub(crate) search_text: String,
    pub(crate) log: LogView,
    /// The first visible row of the countries beside the map. The selected country has the cursor.
    pub(crate) map_top: usize,
    pub(crate) executors: List,
    /// The batches of the streaming query, the newest first.
    pub(crate) batches: List,
    pub(crate) rounds: List,
    pub(crate) url: UrlView,
    pub(crate) breakdown: BreakdownView,
    pub(crate) alarms: AlarmView,
}

impl Screens {
    /// Where keys act on the open screen while `focus` has the focus of the overview.
    pub(crate) fn context(&self, focus: Panel) -> Context {
        match self.open {
            Screen::Url => self.url.focus.context(),
            open => open.context().unwrap_or_else(|| focus.context()),
        }
    }

    /// The question to the index; `None` while there is no text to look for.
    pub(crate) fn search_question(&self) -> Option<SearchQuestion> {
        let text = self.search_text.clone();
        (!text.is_empty()).then_some(SearchQuestion { text, country: None, limit: SEARCH_RESULTS })
    }

    /// The question about the url that is open.
    pub(crate) fn url_question(&self) -> Option<PageQuestion> {
        self.url.url.as_ref().map(|url| PageQuestion { url: url.to_string(), clicks: URL_CLICKS })
    }

    /// The rejects of `rows` that match the filter.
    pub(crate) fn filtered_rejects<'a>(
        &'a self,
        rows: &'a [RejectRow],
    ) -> impl DoubleEndedIterator<Item = &'a RejectRow> {
        rows.iter().filter(|row| self.rejects_filter.keeps_any([&*row.reason, &*row.payload]))
    }

    /// The reject under the cursor.
    pub(crate) fn picked_reject<'a>(&'a self, snapshot: &'a Snapshot) -> Option<&'a RejectRow> {
        let found = snapshot.answers.rejects.as_ref()?.found.as_ref().ok()?;
        self.filtered_rejects(&found.rows).nth(self.rejects.at)
    }

    /// The results of the search, once the index has answered.
    pub(crate) fn search_results<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Result<Vec<PageRow>, String>> {
        answer_to(snapshot.answers.search.as_deref(), self.search_question().as_ref())
    }

    /// Everything about the open url, once the pipeline has answered.
    pub(crate) fn url_details<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Result<PageDetails, String>> {
        answer_to(snapshot.answers.page.as_deref(), self.url_question().as_ref())
    }

    /// The filter of the list on the open screen, as the user typed it.
    pub(crate) fn filter_text<'a>(&'a self, selection: &'a Selection) -> &'a str {
        match self.open {
            Screen::Log => self.log.filter.text(),
            Screen::Rejects => self.rejects_filter.text(),
            _ => &selection.filter,
        }
    }

    /// The list of the open screen, if it has a cursor of its own.
    pub(crate) fn list_mut(&mut self) -> Option<&mut List> {
        match self.open {
            Screen::Partitions => Some(&mut self.partitions),
            Screen::Rejects => Some(&mut self.rejects),
            Screen::Search => Some(&mut self.search),
            Screen::Cluster => Some(&mut self.executors),
            Screen::Query => Some(&mut self.batches),
            Screen::Rounds => Some(&mut self.rounds),
            Screen::Url => Some(self.url.list_mut(self.url.focus)),
            Screen::Breakdown => Some(&mut self.breakdown.list),
            Screen::Alarms => Some(&mut self.alarms.list),
            // The fleet keeps the list of the pipelines.
            Screen::Overview | Screen::Store | Screen::Log | Screen::Map | Screen::Fleet => None,
        }
    }

    /// Rows of the list on the open screen.
    pub(crate) fn list_len(&self, selection: &Selection, snapshot: &Snapshot) -> usize {
        match self.open {
            Screen::Overview | Screen::Store | Screen::Fleet => 0,
            Screen::Partitions => snapshot.partitions.len(),
            Screen::Rejects => {
                let found = snapshot.answers.rejects.as_ref().and_then(|answer| answer.found.as_ref().ok());
                found.map_or(0, |found| self.filtered_rejects(&found.rows).count())
            }
            Screen::Search => found(self.search_results(snapshot)).map_or(0, Vec::len),
            Screen::Log => self.log.lines(&snapshot.log).count(),
            // The first row is the sum of all countries.
            Screen::Map => snapshot.board.countries.len() + 1,
            Screen::Cluster => cluster(snapshot).map_or(0, |cluster| cluster.executors.len()),
            Screen::Query => query(snapshot).map_or(0, |query| query.batches.len()),
            Screen::Rounds => rounds(snapshot).and_then(|rounds| rounds.as_ref().ok()).map_or(0, Vec::len),
            Screen::Url => found(self.url_details(snapshot)).map_or(0, |page| rows_of(self.url.focus, page)),
            Screen::Alarms => alarm_rows(&snapshot.alarms).count(),
            Screen::Breakdown => {
                let question = self.breakdown.question(selection);
                found(breakdown::answer_to(snapshot, &question)).map_or(0, |breakdown| breakdown.rows.len())
            }
        }
    }

    /// The url under the cursor.
    pub(crate) fn picked_url(&self, selection: &Selection, snapshot: &Snapshot) -> Option<Arc<str>> {
        match self.open {
            Screen::Search => {
                let rows = found(self.search_results(snapshot))?;
                rows.get(self.search.at).map(|row| Arc::clone(&row.url))
            }
            Screen::Url => self.url.url.clone(),
            Screen::Breakdown => match self.breakdown.by {
                Dimension::Url => self.breakdown.picked(snapshot, selection).map(|row| Arc::clone(&row.value)),
                _ => self.breakdown.url.clone(),
            },
            _ => selection.page.as_ref().map(|(url, _)| Arc::clone(url)),
        }
    }
}

/// Executors and tasks of the cluster, if the engine works on one.
pub(crate) fn cluster(snapshot: &Snapshot) -> Option<&ClusterStatus> {
    snapshot.remote.as_ref()?.cluster.as_deref()
}

/// The streaming query of the cluster, if the engine works on one.
pub(crate) fn query(snapshot: &Snapshot) -> Option<&QueryStatus> {
    snapshot.remote.as_ref()?.query.as_deref()
}

/// The newest rounds, or why they are not known; `None` before the engine has read them.
pub(crate) fn rounds(snapshot: &Snapshot) -> Option<&Result<Vec<Round>, String>> {
    snapshot.remote.as_ref()?.rounds.as_deref()
}

/// What was found, if it was found for `question` and not for an earlier one.
fn answer_to<'a, Q: PartialEq, A>(
    answer: Option<&'a Answer<Q, A>>,
    question: Option<&Q>,
) -> Option<&'a Result<A, String>> {
    answer.filter(|answer| Some(&answer.asked) == question).map(|answer| &answer.found)
}

/// What was found, if the question was answered without an error.
fn found<A>(answer: Option<&Result<A, String>>) -> Option<&A> {
    answer.and_then(|found| found.as_ref().ok())
}
