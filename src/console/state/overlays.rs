//! What lies over the open screen: a question, the help, details, a line that the user types.

use std::time::SystemTime;

use super::details::open::OpenDetails;
use super::line_input::{LineInput, LinePurpose};
use super::prompt::{Answer, Prompt};
use crate::console::keys::Context;

/// What lies over the open screen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlays {
    /// The question that waits for an answer.
    pub(crate) prompt: Option<Prompt>,
    pub(crate) help: Option<Help>,
    /// What is shown in full.
    pub(crate) details: Option<OpenDetails>,
    /// The line that the user types.
    pub(crate) line: Option<LineInput>,
}

/// The open help.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Help {
    /// Rows above the first visible one.
    pub(crate) top: usize,
}

/// A line that replaces the keys in the footer for a while.
#[derive(Clone, Debug)]
pub(crate) struct FooterMessage {
    pub(crate) text: String,
    pub(crate) since: SystemTime,
}

impl Overlays {
    /// Where a key acts: in the topmost overlay, or `below` them.
    pub(crate) fn context(&self, below: Context) -> Context {
        if let Some(prompt) = &self.prompt {
            if matches!(prompt.answer, Answer::Work) { Context::Quit } else { Context::Prompt }
        } else if self.help.is_some() {
            Context::Help
        } else if self.line.is_some() {
            Context::Line
        } else if self.details.is_some() {
            Context::Details
        } else {
            below
        }
    }

    /// The line that the user types, if it is typed for `purpose`.
    pub(crate) fn line_for(&self, purpose: LinePurpose) -> Option<&LineInput> {
        self.line.as_ref().filter(|line| line.purpose == purpose)
    }
}
