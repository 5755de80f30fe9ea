//! The details: opening them, moving through them, and finding a text.

use crate::console::state::activity::ActivityTab;
use crate::console::state::app::App;
use crate::console::state::details::open::OpenDetails;
use crate::console::state::details::sheet::{Sheet, columns, most_rows};
use crate::console::state::details::subject::Subject;
use crate::console::state::list::CursorMove;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::trouble::in_trouble;
use crate::console::state::url_view::UrlPanel;
use crate::protocol::{Command, Question};

impl App {
    /// Shows what is picked in full, or closes it. A url has a page of its own.
    pub(super) fn toggle_details(&mut self) {
        if self.overlays.details.take().is_some() {
            return;
        }
        let on_url = matches!(
            (self.screens.open, self.overview.focus),
            (Screen::Overview, Panel::Urls) | (Screen::Search, _) | (Screen::Breakdown, _)
        );
        if on_url && self.overview.event.is_none() && self.picked_url().is_some() {
            return self.open_picked_url();
        }
        let urgent = || if self.screens.open == Screen::Alarms { None } else { self.urgent_stage() };
        let subject = self.picked_subject().or_else(|| self.picked_click_of_url()).or_else(urgent);
        match subject {
            Some(subject) => {
                self.overlays.details = Some(OpenDetails::of(subject));
                self.ask_for_details();
            }
            None if self.screens.open == Screen::Alarms => self.say("there is no alarm to open"),
            None => self.say("nothing is picked"),
        }
    }

    /// Asks for what the engine knows of the open details.
    pub(super) fn ask_for_details(&mut self) {
        if let Some(question) = self.overlays.details.as_ref().and_then(|open| open.subject.question()) {
            self.request(Command::Ask(Question::Click(question)), None);
        }
    }

    /// What `y` copies, unless it is a url: what the details show, or the picked line, reject, stage or index.
    pub(super) fn subject_to_copy(&self) -> Option<Subject> {
        match &self.overlays.details {
            Some(open) => Some(open.subject.clone()),
            None => self.picked_subject(),
        }
    }

    /// What is under the cursor, if it has details.
    fn picked_subject(&self) -> Option<Subject> {
        let snapshot = &self.engine.frozen_or_live().snapshot;
        if let (Screen::Overview, Some(event)) = (self.screens.open, &self.overview.event) {
            return Some(Subject::Event(event.clone()));
        }
        match self.screens.open {
            Screen::Log => self.screens.log.picked(&snapshot.log).cloned().map(Subject::LogLine),
            Screen::Rejects => self.screens.picked_reject(snapshot).cloned().map(Subject::Reject),
            Screen::Alarms => self.screens.alarms.picked(snapshot).map(|alarm| Subject::Alarm(alarm.id(), alarm.since)),
            Screen::Overview => match self.overview.focus {
                Panel::Stages => self.stage_at(self.picked_stage),
                Panel::Activity => match self.overview.activity.tab {
                    ActivityTab::RecentClicks => {
                        self.overview.activity.picked_click(snapshot).cloned().map(Subject::Click)
                    }
                    ActivityTab::Log => self.overview.activity.picked_line(snapshot).cloned().map(Subject::LogLine),
                },
                Panel::Index => Some(Subject::Index),
                Panel::Countries | Panel::Urls => None,
            },
            _ => None,
        }
    }

    /// The stage that the row below the stages is about.
    fn urgent_stage(&self) -> Option<Subject> {
        let urgent = in_trouble(&self.engine.snapshot().stages, self.picked_stage);
        self.stage_at(urgent.first().copied().unwrap_or(self.picked_stage))
    }

    /// The click under the cursor on the page of a url. There, `y` copies the url.
    fn picked_click_of_url(&self) -> Option<Subject> {
        if self.screens.open != Screen::Url || self.screens.url.focus != UrlPanel::Clicks {
            return None;
        }
        let details = self.screens.url_details(&self.engine.frozen_or_live().snapshot)?.as_ref().ok()?;
        details.clicks.get(self.screens.url.clicks.at).cloned().map(Subject::Click)
    }

    fn stage_at(&self, position: usize) -> Option<Subject> {
        self.engine.snapshot().stages.get(position).map(|stage| Subject::Stage(stage.id().clone()))
    }

    /// The details in rows of the screen.
    fn sheet(&self) -> Sheet {
        let (Some(open), Some(layout)) = (&self.overlays.details, &self.display.layout) else {
            return Sheet::default();
        };
        Sheet::of(&open.subject.details(&self.engine.live, self.now), columns(layout))
    }

    /// Rows of the details that are visible.
    pub(super) fn detail_rows(&self) -> usize {
        self.display.layout.as_ref().map_or(1, most_rows)
    }

    pub(super) fn scroll_details(&mut self, cursor_move: CursorMove) {
        let hidden = self.sheet().rows.len().saturating_sub(self.detail_rows());
        if let Some(open) = &mut self.overlays.details {
            open.top = cursor_move.apply(open.top, hidden + 1).unwrap_or(0);
        }
    }

    /// Leaves no row empty below the details, whatever became of them or of the screen.
    pub(super) fn settle_details(&mut self) {
        if self.overlays.details.as_ref().is_some_and(|open| open.top > 0) {
            self.scroll_details(CursorMove::By(0));
        }
    }

    /// Looks for `text` while the user types it.
    pub(super) fn find(&mut self, text: String) {
        let (sheet, rows) = (self.sheet(), self.detail_rows());
        if let Some(open) = &mut self.overlays.details {
            open.look_for(text, &sheet, rows);
        }
    }

    /// Goes to the next place of the text, or to the one before.
    pub(super) fn find_next(&mut self, forward: bool) {
        let (sheet, rows) = (self.sheet(), self.detail_rows());
        let Some(open) = &mut self.overlays.details else { return };
        if !open.next_hit(forward, &sheet, rows) {
            let problem = if open.find.is_empty() {
                "nothing to look for yet: press / and type a text"
            } else {
                "the text is not found"
            };
            self.say(problem);
        }
    }
}
