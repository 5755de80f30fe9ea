//! The state before the first event.

use std::time::SystemTime;

use crate::console::keys::bindings::KeyBindings;
use crate::console::state::app::App;
use crate::console::state::command_history::CommandHistory;
use crate::console::state::display::Display;
use crate::console::state::ending::Ending;
use crate::console::state::engine::ObservedEngine;
use crate::console::state::outgoing::{GivenBy, Outgoing, WaitingCommand};
use crate::console::state::overlays::Overlays;
use crate::console::state::panel::Overview;
use crate::console::state::screens::Screens;
use crate::console::state::selection::Selection;
use crate::console::state::settings::Settings;
use crate::console::theme::Theme;
use crate::protocol::{Command, Question};

impl App {
    /// A console on one pipeline that has seen nothing yet. It asks for the figures at once.
    pub(crate) fn new(settings: Settings, theme: Theme, keys: KeyBindings, now: SystemTime) -> Self {
        let selection = Selection::default();
        let first =
            [Command::View(selection.view()), Command::Ask(Question::LastMinute), Command::Ask(Question::Trends)];
        let commands = first.map(|command| WaitingCommand { command, by: GivenBy::Key }).into();
        Self {
            settings,
            theme,
            keys: keys.of_one_pipeline(),
            now,
            engine: ObservedEngine::default(),
            fleet: None,
            picked_stage: 0,
            selection,
            overview: Overview::default(),
            screens: Screens::default(),
            overlays: Overlays::default(),
            history: CommandHistory::default(),
            message: None,
            display: Display::default(),
            outgoing: Outgoing { commands, ..Outgoing::default() },
            table_export: None,
            ending: Ending::default(),
            suspend: false,
        }
    }
}
