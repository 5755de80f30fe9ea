//! A question that a command waits for.

use super::outgoing::GivenBy;
use super::text_input::TextInput;
use crate::protocol::Command;

/// The user types this word before everything is deleted.
pub(crate) const RESET_WORD: &str = "reset";

/// A question that a command waits for.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    pub(crate) question: String,
    /// What a yes sends.
    pub(crate) command: Command,
    /// How the command was given.
    pub(crate) by: GivenBy,
    pub(crate) answer: Answer,
}

/// How a question is answered with yes.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A key.
    Key,
    /// [`RESET_WORD`] and Enter; this much is typed so far.
    Word(TextInput),
    /// A key that says what becomes of the work in the cluster.
    Work,
}
