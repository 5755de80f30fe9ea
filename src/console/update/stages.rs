//! Picking a stage and controlling it.

use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::{Command, StageAction, StageStatus};
use crate::text::printable;

impl App {
    /// Picks the stage at `position`, and gives the stages the focus so that their keys act. No stage is there: nothing happens.
    pub(super) fn pick_stage(&mut self, position: usize) {
        if position >= self.engine.snapshot().stages.len() {
            return;
        }
        self.picked_stage = position;
        self.overview.focus = Panel::Stages;
        if self.screens.open != Screen::Overview {
            self.open_screen(Screen::Overview);
        }
    }

    /// Stops the picked stage if it is active, else starts it.
    pub(super) fn toggle_stage(&mut self) {
        let Some(stage) = self.picked() else { return };
        let action = if stage.state.is_active() { StageAction::Stop } else { StageAction::Start };
        self.control_stage(action);
    }

    /// Requests `action` for the picked stage, if the stage takes that action.
    pub(super) fn control_stage(&mut self, action: StageAction) {
        let Some(stage) = self.picked() else { return };
        if stage.info.actions.contains(&action) {
            let id = stage.id().clone();
            self.request(Command::Stage { id, action }, None);
        } else {
            let refused = format!("{} does not take this: {}", printable(&stage.info.title), verb(action));
            self.say(refused);
        }
    }

    fn picked(&self) -> Option<&StageStatus> {
        self.engine.snapshot().stages.get(self.picked_stage)
    }
}

/// `action` as a word.
pub(super) fn verb(action: StageAction) -> &'static str {
    match action {
        StageAction::Start => "start",
        StageAction::Stop => "stop",
        StageAction::Restart => "restart",
    }
}
