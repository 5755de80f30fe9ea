//! The list of pipelines, and going from one pipeline to another.

use crate::console::format::counted;
use crate::console::state::app::App;
use crate::console::state::screen::Screen;

impl App {
    /// Opens the list of pipelines, or goes back to the screen before it.
    pub(super) fn toggle_fleet(&mut self) {
        if self.screens.open == Screen::Fleet {
            return self.leave_fleet();
        }
        if let Some(fleet) = &mut self.fleet {
            (fleet.opened_on, fleet.list.at) = (self.screens.open, fleet.own);
            self.open_screen(Screen::Fleet);
        }
    }

    /// Goes back to the screen on which the user opened the list of pipelines.
    pub(in crate::console) fn leave_fleet(&mut self) {
        if let (Some(fleet), Screen::Fleet) = (&self.fleet, self.screens.open) {
            self.open_screen(fleet.opened_on);
        }
    }

    /// Shows the pipeline after this one, or the one before.
    pub(super) fn next_pipeline(&mut self, forward: bool) {
        if let Some(fleet) = &self.fleet {
            let len = fleet.lines.len().max(1);
            self.outgoing.pipeline = Some((fleet.own + if forward { 1 } else { len - 1 }) % len);
        }
    }

    /// Shows the pipeline under the cursor.
    pub(super) fn open_picked_pipeline(&mut self) {
        self.outgoing.pipeline = self.fleet.as_ref().map(|fleet| fleet.list.at);
    }

    /// Shows the pipeline at `position`.
    pub(super) fn open_pipeline(&mut self, position: usize) {
        let pipelines = self.fleet.as_ref().map_or(0, |fleet| fleet.lines.len());
        if position < pipelines {
            self.outgoing.pipeline = Some(position);
        } else {
            let words = counted(pipelines as u64, "pipeline", "pipelines");
            self.say(format!("there {} {words}", if pipelines == 1 { "is" } else { "are" }));
        }
    }
}
