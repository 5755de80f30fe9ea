//! The mouse: clicks and the wheel.

use std::sync::Arc;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::console::state::app::App;
use crate::console::state::country_map::CountryMap;
use crate::console::state::layout::ScreenLayout;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::list::CursorMove;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::tabs::Tabs;
use crate::console::state::url_view::UrlPanel;
use crate::console::tables::{fit_columns, pages, sort_at};

/// Rows that one notch of the wheel moves.
const WHEEL: isize = 3;

impl App {
    /// Takes a click or a turn of the wheel. True if the screen may look different after it.
    pub(super) fn point(&mut self, event: &MouseEvent) -> bool {
        let Some(layout) = self.display.layout.clone() else { return false };
        let point = Position { x: event.column, y: event.row };
        if self.overlays.prompt.is_some() || self.overlays.help.is_some() || self.offers_len().is_some() {
            return false;
        }
        if self.overlays.details.is_some() {
            return self.point_on_details(event.kind);
        }
        if let (Some(row), MouseEventKind::Down(MouseButton::Left), Some(fleet)) =
            (layout.pipelines, event.kind, &self.fleet)
            && let Some(position) = fleet.tab_at(row, point)
        {
            self.open_pipeline(position);
            return true;
        }
        if event.kind == MouseEventKind::Down(MouseButton::Left) && self.click_on_tabs(&layout, point) {
            return true;
        }
        if self.screens.open != Screen::Overview {
            return self.point_on_screen(event.kind, &layout, point);
        }
        let Some(panel) = layout.panel_at(point) else { return false };
        match event.kind {
            MouseEventKind::ScrollUp => self.move_in_panel(panel, CursorMove::By(-notch(panel))),
            MouseEventKind::ScrollDown => self.move_in_panel(panel, CursorMove::By(notch(panel))),
            MouseEventKind::Down(MouseButton::Left) => self.click_on_panel(panel, &layout, point),
            _ => return false,
        }
        true
    }

    fn click_on_panel(&mut self, panel: Panel, layout: &ScreenLayout, point: Position) {
        self.overview.focus = panel;
        if panel == Panel::Urls && point.y.saturating_add(1) == layout.first_row(panel) {
            return self.click_on_titles(layout.urls.unwrap_or_default(), point);
        }
        let row = point.y.checked_sub(layout.first_row(panel)).map(usize::from);
        let row = row.filter(|row| *row < layout.rows(panel));
        let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
        match (panel, row) {
            (Panel::Stages, _) => self.picked_stage = layout.stage_at(point).unwrap_or(self.picked_stage),
            (Panel::Countries, Some(row)) => self.select_country_row(self.selection.country_top + row),
            (Panel::Urls, Some(row)) if self.selection.is_about(&board) => {
                self.selection.pick_page(&board, self.selection.page_top + row);
            }
            (Panel::Activity, Some(row)) => {
                let snapshot = &self.engine.frozen_or_live().snapshot;
                self.overview.activity.pick_visible(row, layout.rows(panel), snapshot);
            }
            _ => {}
        }
    }

    /// Turns the wheel over the details.
    fn point_on_details(&mut self, kind: MouseEventKind) -> bool {
        match kind {
            MouseEventKind::ScrollUp => self.scroll_details(CursorMove::By(-WHEEL)),
            MouseEventKind::ScrollDown => self.scroll_details(CursorMove::By(WHEEL)),
            _ => return false,
        }
        true
    }

    /// Sorts the urls by the column under `point`, where their panel fills `area`.
    fn click_on_titles(&mut self, area: Rect, point: Position) {
        let view = &self.engine.frozen_or_live().snapshot.board.view;
        // The frame takes two columns of the screen, its padding one, the mark of the cursor one.
        let room = usize::from(area.width).saturating_sub(4);
        let columns = fit_columns(&pages::of_view(view, self.engine.counts_trends()), room, Some(view.sort));
        let offset = usize::from(point.x).checked_sub(usize::from(area.x) + 2);
        if let Some(sort) = offset.and_then(|offset| sort_at(&columns, offset)) {
            self.sort_by(sort);
        }
    }

    fn point_on_screen(&mut self, kind: MouseEventKind, layout: &ScreenLayout, point: Position) -> bool {
        // Each country asks for other figures.
        let notch = if self.screens.open == Screen::Map { 1 } else { WHEEL };
        if matches!(
            kind,
            MouseEventKind::ScrollUp | MouseEventKind::ScrollDown | MouseEventKind::Down(MouseButton::Left)
        ) {
            self.focus_on_url(layout, point);
        }
        match kind {
            MouseEventKind::ScrollUp => self.move_on_screen(CursorMove::By(-notch)),
            MouseEventKind::ScrollDown => self.move_on_screen(CursorMove::By(notch)),
            MouseEventKind::Down(MouseButton::Left) => return self.click_on_screen(layout, point),
            _ => return false,
        }
        true
    }

    /// Opens the screen whose name is under `point`. False if none is.
    fn click_on_tabs(&mut self, layout: &ScreenLayout, point: Position) -> bool {
        let hit = |area: Rect| {
            let offered = Screen::offered(self.engine.snapshot());
            Tabs::of(&self.keys, offered, self.screens.open, usize::from(area.width)).screen_at(area, point)
        };
        let Some(screen) = layout.tabs.and_then(hit) else { return false };
        // The tab of any other screen is there only while that one is open.
        if Screen::WITH_KEY.contains(&screen) {
            self.enter_screen(screen);
        }
        true
    }

    fn click_on_screen(&mut self, layout: &ScreenLayout, point: Position) -> bool {
        let Some(body) = layout.body else { return false };
        let parts = ScreenParts::of(self.screens.open, body);
        if self.screens.open == Screen::Search && parts.before.contains(point) {
            self.start_line(LinePurpose::Search);
            return true;
        }
        // The frame and the titles are above the first row. The log has no titles.
        let above = if self.screens.open == Screen::Log { 1 } else { 2 };
        let list = match self.screens.open {
            Screen::Url => parts.of_url(self.screens.url.focus, self.engine.snapshot()),
            _ => parts.list,
        };
        let row = point.y.checked_sub(list.y.saturating_add(above)).map(usize::from);
        if let (Screen::Log, Some(row)) = (self.screens.open, row) {
            self.pick_log_row(row);
            return true;
        }
        match row.filter(|row| list.contains(point) && *row < self.visible_rows()) {
            Some(row) => self.pick_visible_row(row),
            None if self.screens.open == Screen::Map => return self.click_on_map(parts, point),
            None => return false,
        }
        true
    }

    /// Gives the list under `point` the focus, on the page of a url.
    fn focus_on_url(&mut self, layout: &ScreenLayout, point: Position) {
        let Some(body) = layout.body.filter(|_| self.screens.open == Screen::Url) else { return };
        let parts = ScreenParts::of(Screen::Url, body);
        let snapshot = self.engine.snapshot();
        let hit = [UrlPanel::Countries, UrlPanel::Clicks]
            .into_iter()
            .find(|panel| parts.of_url(*panel, snapshot).contains(point));
        if let Some(panel) = hit {
            self.screens.url.focus = panel;
        }
    }

    /// Selects the country nearest to `point`. False if none is near.
    fn click_on_map(&mut self, parts: ScreenParts, point: Position) -> bool {
        if !parts.before.contains(point) {
            return false;
        }
        let map = CountryMap::of(&self.engine.frozen_or_live().snapshot.board, None);
        let Some(spot) = map.nearest(parts.map(), point) else { return false };
        if self.selection.select_country(Some(spot.name.to_string())) {
            self.request_view();
        }
        true
    }
}

/// Rows that one notch of the wheel moves in `panel`: one where each row asks for other figures.
fn notch(panel: Panel) -> isize {
    match panel {
        Panel::Stages | Panel::Countries | Panel::Index => 1,
        Panel::Urls | Panel::Activity => WHEEL,
    }
}
