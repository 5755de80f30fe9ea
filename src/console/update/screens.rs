//! Opening screens, asking for what they show, and keeping their cursors in place.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::state::activity::newer_lines;
use crate::console::state::app::App;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::list::{List, keep_visible};
use crate::console::state::log_rows::{line_in_row, whole_lines};
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::tail::Tail;
use crate::console::state::url_view::{UrlPanel, rows_of};
use crate::protocol::question::{Question, RejectsQuestion};
use crate::protocol::snapshot::Snapshot;
use crate::protocol::{Command, answer::Rejects};

/// Rejects that the console asks for; older ones are in the database.
const REJECTS: usize = 200;

impl App {
    /// Opens `screen` and asks for what it shows.
    pub(super) fn open_screen(&mut self, screen: Screen) {
        self.overlays.details = None;
        self.screens.log.leave();
        self.screens.open = screen;
        self.ask_for_screen(true);
    }

    /// Opens `screen` as its key does: the search begins with its line.
    pub(super) fn enter_screen(&mut self, screen: Screen) {
        self.overlays.line = None;
        if !Screen::offered(self.engine.snapshot()).contains(&screen) {
            return self.say("this view is about a Spark cluster, and this pipeline has none");
        }
        self.open_screen(screen);
        if screen == Screen::Search {
            self.start_line(LinePurpose::Search);
        }
    }

    /// Opens the screen after this one, or the one before.
    pub(super) fn enter_next_screen(&mut self, forward: bool) {
        let here = match self.screens.open {
            Screen::Url => self.screens.url.opened_on,
            Screen::Breakdown => self.screens.breakdown.opened_on,
            Screen::Alarms => self.screens.alarms.opened_on,
            open => open,
        };
        let offered = Screen::offered(self.engine.snapshot());
        let len = offered.len();
        let at = offered.iter().position(|screen| *screen == here).unwrap_or(0);
        let next = (at + if forward { 1 } else { len - 1 }) % len;
        self.enter_screen(offered.get(next).copied().unwrap_or_default());
    }

    /// Opens everything about the url under the cursor.
    pub(super) fn open_picked_url(&mut self) {
        self.pick_first_url();
        match self.picked_url() {
            Some(url) => self.open_url(url),
            None => self.say("there is no url to open"),
        }
    }

    /// Puts the cursor of the overview's urls on the first one, if it is on none, so that a key always has a url to act on.
    pub(super) fn pick_first_url(&mut self) {
        let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
        if self.screens.open == Screen::Overview && self.selection.page.is_none() && self.selection.is_about(&board) {
            self.selection.pick_page(&board, 0);
        }
    }

    pub(super) fn open_url(&mut self, url: Arc<str>) {
        if self.screens.open != Screen::Url {
            self.screens.url.opened_on = self.screens.open;
        }
        self.screens.url.url = Some(url);
        self.screens.url.clicks = List::default();
        self.screens.url.countries = List::default();
        self.screens.url.focus = UrlPanel::default();
        self.open_screen(Screen::Url);
    }

    /// The url under the cursor.
    pub(super) fn picked_url(&self) -> Option<Arc<str>> {
        self.screens.picked_url(&self.selection, &self.engine.frozen_or_live().snapshot)
    }

    /// Asks for what the open screen shows. Unless `anew`, it asks only if the answer may have changed.
    pub(super) fn ask_for_screen(&mut self, anew: bool) {
        let snapshot = self.engine.snapshot();
        let rejected = snapshot.totals.rejected;
        let is_unanswered = snapshot.answers.rejects.as_ref().is_none_or(|answer| answer.found.is_err());
        let question = match self.screens.open {
            // An engine drops a question that nobody repeats, even if it is still at work on it.
            Screen::Rejects if anew || is_unanswered || self.screens.rejects_asked_at != Some(rejected) => {
                self.screens.rejects_asked_at = Some(rejected);
                Some(Question::Rejects(RejectsQuestion { limit: REJECTS }))
            }
            Screen::Search if anew => self.screens.search_question().map(Question::Search),
            Screen::Url => self.screens.url_question().map(Question::Page),
            Screen::Cluster => Some(Question::Cluster),
            Screen::Rounds => Some(Question::Rounds),
            Screen::Breakdown => Some(Question::Breakdown(self.screens.breakdown.question(&self.selection))),
            _ => None,
        };
        if let Some(question) = question {
            self.request(Command::Ask(question), None);
        }
        if let (Screen::Url, Some(url)) = (self.screens.open, &self.screens.url.url)
            && self.may_have_breakdown_beside()
        {
            let question = self.screens.breakdown.question_beside(url);
            self.request(Command::Ask(Question::Breakdown(question)), None);
        }
    }

    /// Asks for what the open screen shows beside the board: the clicks of the last minute, and the trends.
    pub(super) fn ask_beside_board(&mut self) {
        let beside_board = matches!(self.screens.open, Screen::Overview | Screen::Map);
        if beside_board {
            self.request(Command::Ask(Question::LastMinute), None);
        }
        // The trend of a url is made of them, too.
        if self.engine.counts_trends() && (beside_board || self.screens.open == Screen::Url) {
            self.request(Command::Ask(Question::Trends), None);
        }
    }

    /// Shows fewer levels of the log, from all to errors only; then all again.
    pub(super) fn cycle_log_level(&mut self) {
        self.screens.log.cycle_level();
    }

    /// The list of the open screen, if it has a cursor of its own.
    pub(super) fn list_mut(&mut self) -> Option<&mut List> {
        match self.screens.open {
            Screen::Fleet => self.fleet.as_mut().map(|fleet| &mut fleet.list),
            _ => self.screens.list_mut(),
        }
    }

    /// Rows of the open screen's list.
    pub(super) fn list_len(&self) -> usize {
        if let (Screen::Fleet, Some(fleet)) = (self.screens.open, &self.fleet) {
            return fleet.lines.len();
        }
        self.screens.list_len(&self.selection, &self.engine.frozen_or_live().snapshot)
    }

    /// Rows of the open screen's list that are visible.
    pub(super) fn visible_rows(&self) -> usize {
        if self.screens.open == Screen::Log {
            let (columns, rows) = self.log_size();
            let log = &self.engine.frozen_or_live().snapshot.log;
            return whole_lines(self.screens.log.lines(log).rev().skip(self.screens.log.tail.back), columns, rows);
        }
        if self.screens.open == Screen::Url {
            return self.visible_rows_of_url(self.screens.url.focus);
        }
        rows_in(ScreenParts::of(self.screens.open, self.display.body()).list)
    }

    /// Rows of a list on the page of a url that are visible.
    pub(super) fn visible_rows_of_url(&self, panel: UrlPanel) -> usize {
        let parts = ScreenParts::of(Screen::Url, self.display.body());
        rows_in(parts.of_url(panel, self.engine.snapshot()))
    }

    /// Columns and rows inside the frame of the log.
    fn log_size(&self) -> (usize, usize) {
        let body = self.display.body();
        (usize::from(body.width.saturating_sub(4)), usize::from(body.height.saturating_sub(2)))
    }

    /// Keeps the cursor of the open screen on its list and visible.
    pub(super) fn settle_screen(&mut self) {
        match self.screens.open {
            Screen::Log => return self.settle_log(),
            Screen::Url => return self.settle_url(),
            _ => {}
        }
        let (len, rows) = (self.list_len(), self.visible_rows());
        if self.screens.open == Screen::Map {
            let at = self.selection.country_row(&self.engine.frozen_or_live().snapshot.board);
            self.screens.map_top = keep_visible(self.screens.map_top, at, rows, len);
        } else if let Some(list) = self.list_mut() {
            list.at = list.at.min(len.saturating_sub(1));
            list.top = keep_visible(list.top, Some(list.at), rows, len);
        }
    }

    /// Keeps both cursors on the page of a url on their lists and visible.
    fn settle_url(&mut self) {
        for panel in [UrlPanel::Countries, UrlPanel::Clicks] {
            let rows = self.visible_rows_of_url(panel);
            let details = self.screens.url_details(&self.engine.frozen_or_live().snapshot);
            let len = details.and_then(|found| found.as_ref().ok()).map_or(0, |found| rows_of(panel, found));
            let list = self.screens.url.list_mut(panel);
            list.at = list.at.min(len.saturating_sub(1));
            list.top = keep_visible(list.top, Some(list.at), rows, len);
        }
    }

    /// Keeps the cursor of the log on a line, and that line visible in full.
    fn settle_log(&mut self) {
        let (columns, rows) = self.log_size();
        let log = &self.engine.frozen_or_live().snapshot.log;
        let view = &self.screens.log;
        let lines = view.lines(log).count();
        let at = view.tail.at.min(lines.saturating_sub(1));
        let above = |at: usize| view.lines(log).skip(lines.saturating_sub(at + 1));
        // The furthest back that fills the screen, and the least that shows the line of the cursor.
        let most = lines.saturating_sub(whole_lines(above(lines), columns, rows));
        let least = (at + 1).saturating_sub(whole_lines(above(at), columns, rows));
        let back = view.tail.back.clamp(least, at.max(least)).min(most);
        self.screens.log.tail = Tail { at, back };
    }

    /// Puts the cursor on the line of the log in the visible row `row`.
    pub(super) fn pick_log_row(&mut self, row: usize) {
        let (columns, rows) = self.log_size();
        let log = &self.engine.frozen_or_live().snapshot.log;
        let back = self.screens.log.tail.back;
        let lines = self.screens.log.lines(log).rev().skip(back);
        if let Some(line) = line_in_row(lines, columns, rows, row) {
            self.screens.log.tail.at = back + line;
        }
    }

    /// Keeps the cursors of the rejects and of a url's clicks on their rows, and the log at its lines, while `after` brings newer ones.
    pub(super) fn keep_screen_places(&mut self, after: &Snapshot) {
        let before = Arc::clone(&self.engine.live.snapshot);
        self.keep_alarm_place(after);
        if self.screens.log.tail.at > 0 {
            let newer = newer_lines(&before.log, &after.log);
            let newest = after.log.get(after.log.len().saturating_sub(newer)..).unwrap_or_default();
            let newer = self.screens.log.lines(newest).count();
            self.screens.log.tail.keep(newer);
        }
        let at = self.screens.rejects.at;
        if at > 0
            && let (Some(before), Some(after)) = (&before.answers.rejects, &after.answers.rejects)
            && !Arc::ptr_eq(before, after)
            && let (Ok(before), Ok(after)) = (&before.found, &after.found)
        {
            self.screens.rejects.at = self.moved_reject(before, after).unwrap_or(at);
        }
        if let Some(Ok(before)) = self.screens.url_details(&before)
            && let Some(Ok(after)) = self.screens.url_details(after)
        {
            self.screens.url.keep_places(before, after);
        }
    }

    /// The row in `after` of the reject that has the cursor in `before`.
    fn moved_reject(&self, before: &Rejects, after: &Rejects) -> Option<usize> {
        let picked = self.screens.filtered_rejects(&before.rows).nth(self.screens.rejects.at)?;
        self.screens.filtered_rejects(&after.rows).position(|row| row == picked)
    }
}

/// Rows of a list with titles in the frame `list`.
fn rows_in(list: Rect) -> usize {
    // The frame and the titles take three rows.
    usize::from(list.height.saturating_sub(3))
}
