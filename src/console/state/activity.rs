//! The activity panel: recent clicks or the log, and the cursor in each.

use std::sync::Arc;

use super::list::{CursorMove, List, keep_visible};
use super::tail::Tail;
use crate::protocol::board::RecentClick;
use crate::protocol::snapshot::{LogLine, Snapshot};

/// What the activity panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ActivityTab {
    #[default]
    RecentClicks,
    Log,
}

/// The activity panel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity {
    pub(crate) tab: ActivityTab,
    /// The cursor in the log.
    pub(crate) log: Tail,
    /// The cursor in the recent clicks, whose newest one is at the top.
    pub(crate) clicks: List,
    /// The clicks that are held while the cursor is below the newest one: the pipeline keeps only a few, so that a picked click would
    /// soon be gone.
    pub(crate) held: Option<Arc<[RecentClick]>>,
}

impl Activity {
    /// The clicks to show.
    pub(crate) fn clicks<'a>(&'a self, snapshot: &'a Snapshot) -> &'a [RecentClick] {
        self.held.as_ref().unwrap_or(&snapshot.recent)
    }

    /// Shows the other of clicks and log, from its newest row.
    pub(crate) fn toggle(&mut self) {
        let tab = match self.tab {
            ActivityTab::RecentClicks => ActivityTab::Log,
            ActivityTab::Log => ActivityTab::RecentClicks,
        };
        *self = Self { tab, ..Self::default() };
    }

    /// Moves the cursor through what `snapshot` has.
    pub(crate) fn step(&mut self, cursor_move: CursorMove, snapshot: &Snapshot) {
        match self.tab {
            ActivityTab::Log => self.log.step(cursor_move, snapshot.log.len()),
            ActivityTab::RecentClicks => {
                let row = cursor_move.apply(self.clicks.at, self.clicks(snapshot).len());
                self.pick_click(row.unwrap_or(0), snapshot);
            }
        }
    }

    /// Puts the cursor on the visible row `row`, if there is one; so many rows are `visible`.
    pub(crate) fn pick_visible(&mut self, row: usize, visible: usize, snapshot: &Snapshot) {
        match self.tab {
            ActivityTab::Log => {
                let end = snapshot.log.len().saturating_sub(self.log.back);
                let picked = end.saturating_sub(visible) + row;
                if picked < end {
                    self.log.at = snapshot.log.len() - 1 - picked;
                }
            }
            ActivityTab::RecentClicks => {
                let picked = self.clicks.top + row;
                if picked < self.clicks(snapshot).len() {
                    self.pick_click(picked, snapshot);
                }
            }
        }
    }

    fn pick_click(&mut self, row: usize, snapshot: &Snapshot) {
        self.clicks.at = row;
        if row == 0 {
            self.held = None;
        } else if self.held.is_none() {
            self.held = Some(Arc::clone(&snapshot.recent));
        }
    }

    /// Lets the recent clicks follow what comes again.
    pub(crate) fn follow(&mut self) {
        (self.clicks, self.held) = (List::default(), None);
    }

    /// The click under the cursor.
    pub(crate) fn picked_click<'a>(&'a self, snapshot: &'a Snapshot) -> Option<&'a RecentClick> {
        self.clicks(snapshot).get(self.clicks.at)
    }

    /// The line of the log under the cursor.
    pub(crate) fn picked_line<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a LogLine> {
        snapshot.log.iter().rev().nth(self.log.at)
    }

    /// Keeps the cursors on their rows and visible; so many rows are `visible`.
    pub(crate) fn settle(&mut self, visible: usize, snapshot: &Snapshot) {
        self.log.settle(visible, snapshot.log.len());
        let len = self.clicks(snapshot).len();
        self.clicks.at = self.clicks.at.min(len.saturating_sub(1));
        self.clicks.top = keep_visible(self.clicks.top, Some(self.clicks.at), visible, len);
    }
}

/// How many lines of `after` are newer than the newest of `before`.
pub(crate) fn newer_lines(before: &[LogLine], after: &[LogLine]) -> usize {
    before.last().and_then(|newest| after.iter().rev().position(|line| line == newest)).unwrap_or(after.len())
}
