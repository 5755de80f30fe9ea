//! A row of the table: keys, and the action that they do.

use std::borrow::Cow;

use crossterm::event::KeyCode;

use super::action::Action;
use super::context::Context;

/// One key, with Ctrl or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// The key; a letter in upper case means with Shift.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
}

impl KeyBinding {
    /// What one of its keys does, where each does another thing; what it does, where all do the same.
    pub fn of_each(&self) -> &'static str {
        match self.action {
            Action::Show => "open this view",
            Action::PickStage => "go to this stage",
            _ => self.description,
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct KeyBinding {
    /// The keys that do it.
    pub chords: Cow<'static, [Chord]>,
    /// The keys in words: `Tab`, `↑ k`.
    pub label: Cow<'static, str>,
    /// What it does, in one or two words, for the footer; empty if the footer has no place for it.
    pub short: &'static str,
    /// What it does, for the help.
    pub description: &'static str,
    /// What it does.
    pub action: Action,
    /// Where it holds.
    pub context: Context,
    /// Asks before it does it.
    pub dangerous: bool,
}
