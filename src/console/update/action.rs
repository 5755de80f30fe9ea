//! What each action does.

use std::sync::Arc;

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::list::CursorMove;
use crate::console::state::overlays::Help;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::{SortBy, StageAction};

impl App {
    /// Does `action`. `key_slot` is the position of the key in its binding; a `dangerous` action asks first.
    pub(super) fn act(&mut self, action: Action, key_slot: usize, dangerous: bool) {
        match action {
            Action::NextPanel => self.turn_panel(true),
            Action::PreviousPanel => self.turn_panel(false),
            Action::PickStage => self.pick_stage(key_slot),
            Action::ToggleStage => self.toggle_stage(),
            Action::RestartStage => self.control_stage(StageAction::Restart),
            Action::StartAll => self.start_all(),
            Action::StopAll => self.stop_all(dangerous),
            Action::Reset => self.ask_reset(),
            Action::Up if self.step_history(true) => {}
            Action::Down if self.step_history(false) => {}
            Action::Up => self.move_cursor(CursorMove::By(-1)),
            Action::Down => self.move_cursor(CursorMove::By(1)),
            Action::Left => self.move_stage(CursorMove::By(-1)),
            Action::Right => self.move_stage(CursorMove::By(1)),
            Action::PageUp => self.move_cursor(CursorMove::By(-self.screenful())),
            Action::PageDown => self.move_cursor(CursorMove::By(self.screenful())),
            Action::HalfPageUp => self.move_cursor(CursorMove::By(-self.half_screenful())),
            Action::HalfPageDown => self.move_cursor(CursorMove::By(self.half_screenful())),
            Action::First => self.move_cursor(CursorMove::First),
            Action::Last => self.move_cursor(CursorMove::Last),
            Action::OpenView => {
                let screen = Screen::WITH_KEY.get(key_slot).copied().unwrap_or(self.screens.open);
                self.enter_screen(screen);
            }
            Action::NextView => self.enter_next_screen(true),
            Action::PreviousView => self.enter_next_screen(false),
            Action::Fleet => self.toggle_fleet(),
            Action::NextPipeline => self.next_pipeline(true),
            Action::PreviousPipeline => self.next_pipeline(false),
            Action::OpenPickedPipeline => self.open_picked_pipeline(),
            Action::OpenPipeline => self.open_pipeline(key_slot),
            Action::Expand => self.overview.expanded = !self.overview.expanded,
            Action::ZoomIn => self.zoom_in(),
            Action::ZoomOut => self.zoom_out(),
            Action::ZoomAuto => self.zoom_auto(),
            Action::PreviousEvent => self.step_event(false),
            Action::NextEvent => self.step_event(true),
            Action::OpenUrl => self.open_picked_url(),
            Action::Breakdown => self.toggle_breakdown(),
            Action::Alarms => self.toggle_alarms(),
            Action::Acknowledge => self.acknowledge_picked(),
            Action::AcknowledgeAll => self.acknowledge_all(),
            Action::NextDimension => self.turn_dimension(true),
            Action::PreviousDimension => self.turn_dimension(false),
            Action::OpenGroup => self.open_picked_group(),
            Action::Filter => self.start_line(LinePurpose::Filter),
            Action::CycleWindow => self.cycle_window(),
            Action::CycleComparison => self.cycle_comparison(),
            Action::Search => self.start_line(LinePurpose::Search),
            Action::CycleLevel => self.cycle_log_level(),
            Action::CycleTheme => self.switch_theme(),
            Action::Palette => self.start_line(LinePurpose::Palette),
            Action::Export => self.start_line(LinePurpose::Export),
            Action::CopyUrl => self.copy_picked(),
            Action::Details => self.toggle_details(),
            Action::Find => self.start_line(LinePurpose::Find),
            Action::FindNext => self.go_to_match(true),
            Action::FindPrevious => self.go_to_match(false),
            Action::Complete => self.complete_line(),
            Action::Accept => self.accept_line(),
            Action::Cancel => self.cancel_line(),
            Action::CycleSort => self.cycle_sort(),
            Action::Enter => self.enter_urls(),
            Action::Back => self.go_back(),
            Action::ToggleLog => self.toggle_log(),
            Action::Freeze => self.toggle_freeze(),
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Help => {
                self.overlays.help = if self.overlays.help.is_some() { None } else { Some(Help::default()) };
            }
            Action::Suspend => self.suspend = true,
            Action::Quit => self.quit(),
            Action::ShutDown => self.ask_shut_down(),
            // A question takes its answers before any key acts.
            Action::Confirm | Action::Deny | Action::LeaveWork | Action::StopWork => {}
        }
    }

    /// Gives the next panel of the open screen the focus, or the one before.
    pub(super) fn turn_panel(&mut self, forward: bool) {
        let is_typing = self.overlays.line.is_some();
        match self.screens.open {
            Screen::Overview if !is_typing => {
                let by = if forward { 1 } else { Panel::ALL.len() - 1 };
                self.give_focus(self.overview.focus.further(by));
            }
            Screen::Url if !is_typing => self.screens.url.focus = self.screens.url.focus.other(),
            // Its panels are the line and the results.
            Screen::Search if self.overlays.line_for(LinePurpose::Search).is_some() => self.accept_line(),
            Screen::Search if !is_typing => self.start_line(LinePurpose::Search),
            _ => {}
        }
    }

    /// Gives `panel` the focus. Recent clicks that are held for a cursor follow again once the cursor is not seen any more.
    pub(super) fn give_focus(&mut self, panel: Panel) {
        if panel != Panel::Activity {
            self.overview.activity.follow();
        }
        self.overview.focus = panel;
    }

    /// Sorts by the next figure that the rows on the screen have.
    fn cycle_sort(&mut self) {
        let has_rising = self.engine.counts_trends() && self.screens.open != Screen::Breakdown;
        self.sort_by(match self.selection.sort {
            SortBy::Clicks => SortBy::Users,
            SortBy::Users => SortBy::Time,
            SortBy::Time if has_rising => SortBy::Rising,
            SortBy::Rising if !has_rising => SortBy::Users,
            SortBy::Time | SortBy::Rising => SortBy::Clicks,
        });
    }

    /// Sorts the urls by `sort`.
    pub(super) fn sort_by(&mut self, sort: SortBy) {
        if self.refuse_while_frozen() {
            return;
        }
        self.selection.sort = sort;
        self.request_view();
        self.ask_for_breakdown();
    }

    /// Gives the urls of the overview the focus.
    pub(super) fn enter_urls(&mut self) {
        if self.screens.open != Screen::Overview {
            self.open_screen(Screen::Overview);
        }
        self.overview.focus = Panel::Urls;
        if self.selection.page_row().is_none() {
            // So that the next Enter opens the first url.
            let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
            self.selection.pick_page(&board, 0);
        }
    }

    fn toggle_log(&mut self) {
        self.overview.activity.toggle();
        // On a low terminal, the panel is visible only while it has the focus.
        if self.display.layout.as_ref().is_some_and(|layout| layout.activity.is_none()) {
            self.overview.focus = Panel::Activity;
        }
    }
}
