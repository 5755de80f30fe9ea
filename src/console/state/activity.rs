//! The activity panel: recent clicks or the log, and how far the user has scrolled back.

use crate::protocol::snapshot::{LogLine, Snapshot};

/// What the activity panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ActivityTab {
    #[default]
    RecentClicks,
    Log,
}

/// The activity panel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activity {
    pub(crate) tab: ActivityTab,
    /// Rows between the newest and the newest visible one.
    pub(crate) back: usize,
}

impl Activity {
    /// Rows that there are to show.
    pub(crate) fn len(&self, snapshot: &Snapshot) -> usize {
        match self.tab {
            ActivityTab::RecentClicks => snapshot.recent.len(),
            ActivityTab::Log => snapshot.log.len(),
        }
    }

    /// Shows the other of clicks and log, from its newest row.
    pub(crate) fn toggle(&mut self) {
        self.tab = match self.tab {
            ActivityTab::RecentClicks => ActivityTab::Log,
            ActivityTab::Log => ActivityTab::RecentClicks,
        };
        self.back = 0;
    }
}

/// How many lines of `after` are newer than the newest of `before`.
pub(crate) fn newer_lines(before: &[LogLine], after: &[LogLine]) -> usize {
    before.last().and_then(|newest| after.iter().rev().position(|line| line == newest)).unwrap_or(after.len())
}
