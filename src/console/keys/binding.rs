//! A row of the key table: keys and their action.

use std::borrow::Cow;

use crossterm::event::KeyCode;

use super::action::Action;
use super::context::Context;

/// A key, with or without Ctrl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// The key. An upper-case letter means with Shift.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
}

/// A row of the key table.
#[derive(Clone, Debug)]
pub struct KeyBinding {
    /// The keys.
    pub chords: Cow<'static, [Chord]>,
    /// The keys in words: `Tab`, `↑ k`.
    pub label: Cow<'static, str>,
    /// The action in one or two words, for the footer; empty if the footer does not show it.
    pub short: &'static str,
    /// The action in a few words, for the help.
    pub description: &'static str,
    /// The action.
    pub action: Action,
    /// Where the keys act.
    pub context: Context,
    /// Whether the console asks before it acts.
    pub dangerous: bool,
}

impl KeyBinding {
    /// The description of its key for the action `name`, if each key does another thing.
    pub fn description_of_one_key(&self, name: &str) -> Cow<'static, str> {
        let object = name.rsplit('-').next().unwrap_or_default();
        match self.action {
            Action::OpenView => format!("open the view {object}").into(),
            Action::PickStage => format!("go to stage {object}").into(),
            Action::OpenPipeline => format!("show pipeline {object}").into(),
            _ => self.description.into(),
        }
    }
}
