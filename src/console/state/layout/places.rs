//! What is at a place of the terminal, and where a panel is.

use ratatui::layout::{Position, Rect};

use super::ScreenLayout;
use crate::console::state::panel::Panel;

impl ScreenLayout {
    /// The panel under `point`.
    pub(crate) fn panel_at(&self, point: Position) -> Option<Panel> {
        Panel::ALL.into_iter().find(|panel| self.of(*panel).is_some_and(|area| area.contains(point)))
    }

    /// The position of the stage under `point`.
    pub(crate) fn stage_at(&self, point: Position) -> Option<usize> {
        self.each_stage.iter().position(|area| area.contains(point))
    }

    /// The area of `panel`, if it is visible.
    pub(crate) fn of(&self, panel: Panel) -> Option<Rect> {
        match panel {
            Panel::Stages => Some(self.stages),
            Panel::Countries => self.countries,
            Panel::Urls => self.urls,
            Panel::Activity => self.activity,
            Panel::Index => self.index,
        }
    }

    /// Rows of data in `panel`: without its frame, and without the row of column titles if it has one.
    pub(crate) fn rows(&self, panel: Panel) -> usize {
        let around = if panel == Panel::Urls { 3 } else { 2 };
        self.of(panel).map_or(0, |area| usize::from(area.height.saturating_sub(around)))
    }

    /// The row of the terminal with the first row of data of `panel`.
    pub(crate) fn first_row(&self, panel: Panel) -> u16 {
        let above = if panel == Panel::Urls { 2 } else { 1 };
        self.of(panel).map_or(0, |area| area.y.saturating_add(above))
    }
}
