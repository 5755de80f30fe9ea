//! Keys and mouse: from what the reader did to what changes.

use std::sync::Arc;

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::console::state::app::{App, Tab};
use crate::console::state::country_map::CountryMap;
use crate::console::state::key_table::{Action, Context};
use crate::console::state::layout::{Panel, ScreenLayout, list_area, parts};
use crate::console::state::line_input::LinePurpose;
use crate::console::state::screens::Screen;
use crate::console::state::selection::CursorMove;
use crate::console::view::panels::{help, map, tabs, urls};
use crate::protocol::{Command, SortBy, StageAction};

/// Rows that one notch of the wheel moves.
const WHEEL: isize = 3;

impl App {
    /// Takes a key; only its press counts.
    pub(crate) fn key(&mut self, event: &KeyEvent) -> bool {
        if event.kind != KeyEventKind::Press {
            return false;
        }
        let hushed = self.hush();
        if self.prompt.is_some() {
            self.answer(event);
            return true;
        }
        if self.type_key(event) {
            return true;
        }
        let Some((binding, place)) = self.keys.lookup(event, self.context()) else {
            return self.tell_where(event) || hushed;
        };
        let (action, dangerous) = (binding.action, binding.dangerous);
        self.act(action, place, dangerous);
        true
    }

    /// Says of a key that steers stages, and does not here, where it does; false for any other key.
    fn tell_where(&mut self, event: &KeyEvent) -> bool {
        let steers = self.keys.lookup(event, Context::Stages).is_some_and(|(binding, _)| binding.action.steers());
        if steers && self.context() == self.place() && !self.place().is_view() {
            self.say(match self.read_only {
                true => "read-only: this console does not steer the pipeline".to_owned(),
                false => {
                    let keys = self.keys.told_for(Action::PickStage, self.live.snapshot.stages.len());
                    format!("this key steers the stages: go to one with {keys} first")
                }
            });
            return true;
        }
        false
    }

    /// Where the keys go.
    pub(crate) fn context(&self) -> Context {
        if self.prompt.is_some() {
            return Context::Prompt;
        }
        if self.help {
            return Context::Help;
        }
        if self.typing.is_some() {
            return Context::Line;
        }
        self.place()
    }

    /// Where the reader is, whatever lies over it.
    pub(crate) fn place(&self) -> Context {
        match self.sheet {
            Screen::Overview => {}
            Screen::Search => return Context::Search,
            Screen::Log => return Context::Log,
            Screen::Map => return Context::Map,
            Screen::Rejects => return Context::Rejects,
            Screen::Partitions | Screen::Store | Screen::Url => return Context::Views,
        }
        match self.focus {
            Panel::Stages => Context::Stages,
            Panel::Countries => Context::Countries,
            Panel::Urls => Context::Urls,
            Panel::Activity => Context::Activity,
            Panel::Index => Context::Anywhere,
        }
    }

    pub(crate) fn act(&mut self, action: Action, place: usize, dangerous: bool) {
        match action {
            Action::NextPanel => self.turn_focus(1),
            Action::PreviousPanel => self.turn_focus(Panel::ALL.len() - 1),
            Action::PickStage => {
                if place >= self.live.snapshot.stages.len() {
                    return;
                }
                self.stage = place;
                // Where the keys that steer it hold.
                self.focus = Panel::Stages;
                if self.sheet != Screen::Overview {
                    self.open(Screen::Overview);
                }
            }
            Action::ToggleStage => self.toggle_stage(),
            Action::RestartStage => self.steer_stage(StageAction::Restart),
            Action::StartAll => self.request(Command::StartAll, None),
            Action::StopAll => {
                let stages = self.live.snapshot.stages.len();
                self.request(Command::StopAll, dangerous.then(|| format!("Stop all {stages} stages?")));
            }
            Action::Reset => self.ask_reset(),
            Action::Up => self.step_here(CursorMove::By(-1)),
            Action::Down => self.step_here(CursorMove::By(1)),
            Action::Left => self.step_stage(CursorMove::By(-1)),
            Action::Right => self.step_stage(CursorMove::By(1)),
            Action::PageUp => self.step_here(CursorMove::By(-self.screenful())),
            Action::PageDown => self.step_here(CursorMove::By(self.screenful())),
            Action::First => self.step_here(CursorMove::First),
            Action::Last => self.step_here(CursorMove::Last),
            Action::Show => {
                let sheet = Screen::ALL.get(place).copied().unwrap_or(self.sheet);
                self.enter(sheet);
            }
            Action::NextView => self.turn_sheet(true),
            Action::PreviousView if self.typing.as_ref().is_some_and(|typing| typing.line != LinePurpose::Search) => {}
            Action::PreviousView => self.turn_sheet(false),
            Action::Expand => self.expanded = !self.expanded,
            Action::ZoomIn => self.zoom_in(),
            Action::ZoomOut => self.zoom_out(),
            Action::ZoomAuto => self.zoom_auto(),
            Action::OpenUrl => self.open_picked(),
            Action::Filter => self.start_typing(LinePurpose::Filter),
            Action::CycleWindow => {
                self.browse.cycle_window();
                self.request_view();
            }
            Action::Search => self.start_typing(LinePurpose::Search),
            Action::CycleLevel => self.cycle_level(),
            Action::CycleTheme => self.turn_theme(),
            Action::Palette => self.start_typing(LinePurpose::Palette),
            Action::Export => self.start_typing(LinePurpose::Export),
            Action::CopyUrl => self.copy_url(),
            Action::Complete => self.complete_line(),
            Action::Accept => self.accept_line(),
            Action::Cancel => self.leave_line(),
            Action::CycleSort => {
                self.browse.sort = match self.browse.sort {
                    SortBy::Clicks => SortBy::Users,
                    SortBy::Users => SortBy::Time,
                    SortBy::Time => SortBy::Clicks,
                };
                self.request_view();
            }
            Action::Enter => {
                if self.sheet != Screen::Overview {
                    self.open(Screen::Overview);
                }
                self.focus = Panel::Urls;
                if self.browse.page_at().is_none() {
                    // So that the next Enter opens what is seen first.
                    let board = Arc::clone(&self.shown().snapshot.board);
                    self.browse.pick_page(&board, 0);
                }
            }
            Action::Back => self.back(),
            Action::ToggleLog => {
                self.activity.tab = match self.activity.tab {
                    Tab::Recent => Tab::Log,
                    Tab::Log => Tab::Recent,
                };
                self.activity.back = 0;
                // Where the panel is hidden, the focus is what brings it up.
                if self.places.as_ref().is_some_and(|places| places.activity.is_none()) {
                    self.focus = Panel::Activity;
                }
            }
            Action::Freeze => self.toggle_frozen(),
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Help => (self.help, self.help_top) = (!self.help, 0),
            Action::Suspend => self.suspend = true,
            Action::Quit => self.quit(),
            // A question takes its answers before any key acts.
            Action::Confirm | Action::Deny => {}
        }
    }

    fn turn_focus(&mut self, by: usize) {
        let at = Panel::ALL.iter().position(|panel| *panel == self.focus).unwrap_or(0);
        self.focus = Panel::ALL.into_iter().cycle().nth(at + by).unwrap_or(self.focus);
    }

    fn screenful(&self) -> isize {
        let rows = match self.sheet {
            Screen::Overview => self.places.as_ref().map_or(1, |places| places.rows(self.focus)),
            _ => self.sheet_rows(),
        };
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Moves through the list that has the keys.
    fn step_here(&mut self, step: CursorMove) {
        if self.help {
            let hidden = help::hidden_rows(self.screen, self);
            self.help_top = step.apply(self.help_top, hidden + 1).unwrap_or(0);
            return;
        }
        if let Some(len) = self.palette_len() {
            if let Some(typing) = &mut self.typing {
                typing.picked = step.apply(typing.picked, len).unwrap_or(0);
            }
            return;
        }
        match self.sheet {
            Screen::Overview => self.step(self.focus, step),
            _ => self.step_sheet(step),
        }
    }

    fn step(&mut self, panel: Panel, step: CursorMove) {
        let snapshot = Arc::clone(&self.shown().snapshot);
        match panel {
            Panel::Stages => self.step_stage(step),
            Panel::Countries => {
                if self.browse.step_country(&snapshot.board, step) {
                    self.request_view();
                }
            }
            Panel::Urls => {
                if self.browse.is_about(&snapshot.board) {
                    self.browse.step_page(&snapshot.board, step);
                }
            }
            Panel::Activity => self.scroll_activity(step),
            Panel::Index => {}
        }
    }

    fn step_stage(&mut self, step: CursorMove) {
        if let Some(place) = step.apply(self.stage, self.live.snapshot.stages.len()) {
            self.stage = place;
        }
    }

    /// The newest recent click is at the top, the newest log line at the bottom.
    fn scroll_activity(&mut self, step: CursorMove) {
        let len = self.activity_len();
        let back = match (self.activity.tab, step) {
            (Tab::Recent, step) => step.apply(self.activity.back, len),
            (Tab::Log, CursorMove::By(rows)) => CursorMove::By(-rows).apply(self.activity.back, len),
            (Tab::Log, CursorMove::First) => CursorMove::Last.apply(0, len),
            (Tab::Log, CursorMove::Last) => Some(0),
        };
        self.activity.back = back.unwrap_or(0);
    }

    fn back(&mut self) {
        if self.cancel_table() {
            return;
        }
        match self.sheet {
            Screen::Overview => {}
            Screen::Url => return self.open(self.sheets.from),
            Screen::Log | Screen::Rejects if !self.filter_in_force().is_empty() => return self.filter(""),
            _ => return self.open(Screen::Overview),
        }
        if self.expanded {
            self.expanded = false;
            return;
        }
        if self.focus == Panel::Urls && !self.browse.filter.is_empty() {
            return self.filter("");
        }
        match self.focus {
            Panel::Countries => {
                if self.browse.ask(None) {
                    self.request_view();
                }
            }
            Panel::Stages | Panel::Urls | Panel::Activity | Panel::Index => self.focus = Panel::Countries,
        }
    }

    /// Takes a click or a turn of the wheel.
    pub(crate) fn mouse(&mut self, event: &MouseEvent) -> bool {
        let Some(places) = self.places.clone() else { return false };
        let point = Position { x: event.column, y: event.row };
        let palette = self.palette_len().is_some();
        if self.prompt.is_some() || self.help || palette {
            return false;
        }
        if self.sheet != Screen::Overview {
            return self.mouse_in_sheet(event.kind, &places, point);
        }
        let Some(panel) = places.panel_at(point) else { return false };
        match event.kind {
            MouseEventKind::ScrollUp => self.step(panel, CursorMove::By(-wheel(panel))),
            MouseEventKind::ScrollDown => self.step(panel, CursorMove::By(wheel(panel))),
            MouseEventKind::Down(MouseButton::Left) => {
                self.focus = panel;
                if panel == Panel::Urls && point.y.saturating_add(1) == places.first_row(panel) {
                    if let Some(sort) = places.urls.and_then(|area| urls::sort_at(area, point, self)) {
                        self.browse.sort = sort;
                        self.request_view();
                    }
                    return true;
                }
                let row = event.row.checked_sub(places.first_row(panel)).map(usize::from);
                let row = row.filter(|row| *row < places.rows(panel));
                let snapshot = Arc::clone(&self.shown().snapshot);
                match (panel, row) {
                    (Panel::Stages, _) => self.stage = places.stage_at(point).unwrap_or(self.stage),
                    (Panel::Countries, Some(row))
                        if self.browse.ask_row(&snapshot.board, self.browse.country_top + row) =>
                    {
                        self.request_view();
                    }
                    (Panel::Urls, Some(row)) if self.browse.is_about(&snapshot.board) => {
                        self.browse.pick_page(&snapshot.board, self.browse.page_top + row);
                    }
                    _ => {}
                }
            }
            _ => return false,
        }
        true
    }

    fn mouse_in_sheet(&mut self, kind: MouseEventKind, places: &ScreenLayout, point: Position) -> bool {
        let notch = if self.sheet == Screen::Map { 1 } else { WHEEL };
        match kind {
            MouseEventKind::ScrollUp => self.step_sheet(CursorMove::By(-notch)),
            MouseEventKind::ScrollDown => self.step_sheet(CursorMove::By(notch)),
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(sheet) = places.tabs.and_then(|area| tabs::tab_at(area, point)) {
                    self.enter(sheet);
                    return true;
                }
                let Some(body) = places.sheet else { return false };
                if self.sheet == Screen::Search && parts(self.sheet, body)[0].contains(point) {
                    self.start_typing(LinePurpose::Search);
                    return true;
                }
                let list = list_area(self.sheet, body);
                match point.y.checked_sub(list.y.saturating_add(2)).map(usize::from) {
                    Some(row) if list.contains(point) && row < self.sheet_rows() => self.pick_row(row),
                    _ if self.sheet == Screen::Map => return self.pick_on_map(parts(self.sheet, body)[0], point),
                    _ => return false,
                }
            }
            _ => return false,
        }
        true
    }
}

impl App {
    /// Picks the country nearest to a point of the screen, where the map has `area`; false if there is none near.
    fn pick_on_map(&mut self, area: Rect, point: Position) -> bool {
        if !area.contains(point) {
            return false;
        }
        let atlas = CountryMap::of(&self.shown().snapshot.board, None);
        let Some(spot) = atlas.nearest(map::drawn(area), point) else { return false };
        if self.browse.ask(Some(spot.name.to_string())) {
            self.request_view();
        }
        true
    }
}

/// The wheel picks stage by stage and country by country: each step asks for other figures.
fn wheel(panel: Panel) -> isize {
    match panel {
        Panel::Stages | Panel::Countries | Panel::Index => 1,
        Panel::Urls | Panel::Activity => WHEEL,
    }
}
