//! How the panels of the overview share its body.

use ratatui::layout::{Constraint, Layout, Rect};

use super::ScreenLayout;
use crate::console::state::panel::Panel;

/// Columns of throughput and work side by side, and rows of one above the other.
const WORK_COLUMNS: u16 = 76;
const WORK_ROWS: u16 = 22;

impl ScreenLayout {
    /// Places the panels on `body`.
    pub(super) fn fill(&mut self, body: Rect, tall: bool, focus: Panel) {
        if tall {
            // The board gets the rows that the others do not need. On a taller terminal all three grow.
            let middle = (body.height / 3).clamp(8, 16);
            let activity = (body.height / 4).clamp(5, 14);
            let [middle, board, activity] =
                Layout::vertical([Constraint::Length(middle), Constraint::Fill(1), Constraint::Length(activity)])
                    .areas(body);
            self.split_middle(middle);
            self.split_board(board);
            self.activity = Some(activity);
        } else if body.height >= 10 {
            let upper = (body.height * 3 / 7).max(5);
            let [upper, board] = Layout::vertical([Constraint::Length(upper), Constraint::Fill(1)]).areas(body);
            if focus == Panel::Activity {
                self.activity = Some(upper);
            } else {
                self.split_middle(upper);
            }
            self.split_board(board);
        } else if focus == Panel::Activity {
            self.activity = Some(body);
        } else if focus == Panel::Index {
            self.split_middle(body);
        } else {
            self.split_board(body);
        }
    }

    fn split_middle(&mut self, area: Rect) {
        let index = (area.width * 3 / 10).clamp(28, 46);
        let [throughput, index] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(index)]).areas(area);
        self.throughput = Some(throughput);
        self.index = Some(index);
    }

    /// Throughput and work share the screen. Where there is no room for both, the throughput has it.
    pub(super) fn split_expanded(&mut self, body: Rect) {
        let halves = [Constraint::Fill(3), Constraint::Fill(2)];
        // One above the other, both keep the whole width for the time.
        let split = if body.height >= WORK_ROWS {
            Some(Layout::vertical(halves))
        } else if body.width >= WORK_COLUMNS {
            Some(Layout::horizontal(halves))
        } else {
            None
        };
        let Some(split) = split else {
            self.throughput = Some(body);
            return;
        };
        let [throughput, work] = split.areas(body);
        (self.throughput, self.work) = (Some(throughput), Some(work));
    }

    fn split_board(&mut self, area: Rect) {
        let countries = (area.width * 3 / 10).clamp(24, 48);
        let [countries, urls] = Layout::horizontal([Constraint::Length(countries), Constraint::Fill(1)]).areas(area);
        self.countries = Some(countries);
        self.urls = Some(urls);
    }
}
