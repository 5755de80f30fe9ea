//! What a console is started with.

use std::time::Duration;

use super::keys::bindings::KeyBindings;
use super::state::settings::{Settings, UnfinishedWork};
use super::theme::themes::Themes;
use crate::theme::ColorMode;

/// How the console looks and what it may do.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// The least time between two frames that show news. Keys are answered sooner.
    pub frame_interval: Duration,
    /// Whether the console uses colours, and how many.
    pub color: ColorMode,
    /// The themes the user can choose, one of them in use.
    pub themes: Themes,
    /// Draws with plain ASCII in place of lines, symbols and braille.
    pub ascii: bool,
    /// Takes the mouse. If not, the user can select text with it.
    pub mouse: bool,
    /// Rings the terminal's bell when an alarm begins.
    pub bell: bool,
    /// Refuses every command that controls the pipeline. Views, questions and quitting are allowed.
    pub read_only: bool,
    /// The engine accepts any certificate; the header says so.
    pub unverified: bool,
    /// The pipeline runs in another process: leaving the console leaves it alone.
    pub attached: bool,
    /// The key bindings.
    pub keys: KeyBindings,
    /// What happens to unfinished work if the user leaves at once.
    pub unfinished_work: UnfinishedWork,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            frame_interval: Duration::from_millis(100),
            color: ColorMode::Auto,
            themes: Themes::default(),
            ascii: false,
            mouse: true,
            bell: true,
            read_only: false,
            unverified: false,
            attached: false,
            keys: KeyBindings::default(),
            unfinished_work: UnfinishedWork::default(),
        }
    }
}

impl ConsoleOptions {
    /// The parts that the state keeps.
    pub(super) fn into_settings(self) -> (Settings, KeyBindings) {
        let settings = Settings {
            themes: self.themes,
            mouse: self.mouse,
            bell: self.bell,
            read_only: self.read_only,
            unverified: self.unverified,
            attached: self.attached,
            unfinished_work: self.unfinished_work,
            history_file: None,
        };
        (settings, self.keys)
    }
}
