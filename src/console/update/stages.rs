//! Picking a stage and controlling it.

use crate::console::format::counted;
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::{Command, StageAction, StageState, StageStatus};
use crate::text::printable;

impl App {
    /// Picks the stage at `position`, and gives the stages the focus so that their keys act. If no stage is there, it says so.
    pub(super) fn pick_stage(&mut self, position: usize) {
        let stages = self.engine.snapshot().stages.len();
        if position >= stages {
            let words = counted(stages as u64, "stage", "stages");
            return self.say(format!("there {} {words}", if stages == 1 { "is" } else { "are" }));
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
            let refused = format!("{} cannot be {}", printable(&stage.info.title), past(action));
            self.say(refused);
        }
    }

    /// Starts every stage, unless all run.
    pub(super) fn start_all(&mut self) {
        let stages = &self.engine.snapshot().stages;
        let is_allowed = self.permit(&Command::StartAll).is_ok();
        if is_allowed && !stages.is_empty() && stages.iter().all(|stage| stage.state == StageState::Running) {
            return self.say("all stages already run");
        }
        self.request(Command::StartAll, None);
    }

    /// Stops every stage, unless none is active; if this is `dangerous`, after a question.
    pub(super) fn stop_all(&mut self, dangerous: bool) {
        let stages = &self.engine.snapshot().stages;
        let is_allowed = self.permit(&Command::StopAll).is_ok();
        if is_allowed && !stages.is_empty() && stages.iter().all(|stage| stage.state == StageState::Stopped) {
            return self.say("all stages are already stopped");
        }
        let question = match stages.len() {
            1 => "Stop the only stage?".to_owned(),
            many => format!("Stop all {many} stages?"),
        };
        self.request(Command::StopAll, dangerous.then_some(question));
    }

    fn picked(&self) -> Option<&StageStatus> {
        self.engine.snapshot().stages.get(self.picked_stage)
    }
}

/// What a stage is after `action`.
pub(super) const fn past(action: StageAction) -> &'static str {
    match action {
        StageAction::Start => "started",
        StageAction::Stop => "stopped",
        StageAction::Restart => "restarted",
    }
}
