//! Moving through lists.

use std::sync::Arc;

use crate::console::state::app::App;
use crate::console::state::help_lines::{HelpShape, help_lines};
use crate::console::state::list::CursorMove;
use crate::console::state::overlays::Help;
use crate::console::state::panel::Panel;
use crate::console::state::screen::{Screen, offered};

impl App {
    /// Rows that PgUp and PgDn move: the visible ones less one.
    pub(super) fn screenful(&self) -> isize {
        if self.overlays.help.is_some() {
            // Without the frame of the help, and less one.
            return isize::try_from(self.display.area.height.saturating_sub(3).max(1)).unwrap_or(1);
        }
        if self.overlays.details.is_some() {
            return isize::try_from(self.detail_rows().saturating_sub(1).max(1)).unwrap_or(1);
        }
        let rows = match self.screens.open {
            Screen::Overview => self.display.rows(self.overview.focus),
            _ => self.visible_rows(),
        };
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Rows that half a screenful moves.
    pub(super) fn half_screenful(&self) -> isize {
        (self.screenful() / 2).max(1)
    }

    /// Moves through the topmost list: of the help, the palette, the open screen, or the focused panel.
    pub(super) fn move_cursor(&mut self, cursor_move: CursorMove) {
        if let Some(help) = self.overlays.help {
            let lines =
                help_lines(&self.keys, self.screens.open, offered(self.engine.snapshot()), self.settings.attached)
                    .len();
            let hidden = HelpShape::of(lines, self.display.area).hidden();
            let top = cursor_move.apply(help.top, hidden + 1).unwrap_or(0);
            self.overlays.help = Some(Help { top });
        } else if self.overlays.details.is_some() && self.overlays.line.is_none() {
            self.scroll_details(cursor_move);
        } else if let Some(len) = self.offers_len() {
            if let Some(line) = &mut self.overlays.line {
                line.picked_offer = cursor_move.apply(line.picked_offer, len).unwrap_or(0);
            }
        } else if self.screens.open == Screen::Overview {
            self.move_in_panel(self.overview.focus, cursor_move);
        } else {
            self.move_on_screen(cursor_move);
        }
    }

    /// Moves through the list of `panel`.
    pub(super) fn move_in_panel(&mut self, panel: Panel, cursor_move: CursorMove) {
        let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
        match panel {
            Panel::Stages => self.move_stage(cursor_move),
            Panel::Countries => {
                if self.selection.move_country(&board, cursor_move) {
                    self.request_view();
                }
            }
            Panel::Urls => {
                if self.selection.is_about(&board) {
                    self.selection.move_page(&board, cursor_move);
                }
            }
            Panel::Activity => {
                self.overview.activity.step(cursor_move, &self.engine.frozen_or_live().snapshot);
            }
            Panel::Index => {}
        }
    }

    /// Picks another stage.
    pub(super) fn move_stage(&mut self, cursor_move: CursorMove) {
        if let Some(position) = cursor_move.apply(self.picked_stage, self.engine.snapshot().stages.len()) {
            self.picked_stage = position;
        }
    }

    /// Moves through the list of the open screen.
    pub(super) fn move_on_screen(&mut self, cursor_move: CursorMove) {
        let len = self.list_len();
        match self.screens.open {
            Screen::Log => self.screens.log.tail.step(cursor_move, len),
            Screen::Map => {
                let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
                if self.selection.move_country(&board, cursor_move) {
                    self.request_view();
                }
            }
            _ => {
                if let Some(list) = self.list_mut() {
                    list.at = cursor_move.apply(list.at, len).unwrap_or(0);
                }
            }
        }
    }

    /// Selects the country in `row` of the list of countries, and asks for its figures.
    pub(super) fn select_country_row(&mut self, row: usize) {
        let board = Arc::clone(&self.engine.frozen_or_live().snapshot.board);
        if self.selection.select_country_row(&board, row) {
            self.request_view();
        }
    }

    /// Puts the cursor on the visible row `row` of the open screen's list.
    pub(super) fn pick_visible_row(&mut self, row: usize) {
        if self.screens.open == Screen::Map {
            return self.select_country_row(self.screens.map_top + row);
        }
        if self.screens.open == Screen::Log {
            return self.pick_log_row(row);
        }
        let len = self.list_len();
        if let Some(list) = self.list_mut()
            && list.top + row < len
        {
            list.at = list.top + row;
        }
    }
}
