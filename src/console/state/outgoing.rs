//! What waits to leave the console.

use super::effect::Effect;
use crate::engine::tables::TableOrder;
use crate::protocol::Command;

/// How somebody gave a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum GivenBy {
    /// By a key.
    #[default]
    Key,
    /// By its name, in the line of commands.
    Command,
}

impl GivenBy {
    /// The word in the log and in the events.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            GivenBy::Key => "key",
            GivenBy::Command => "command",
        }
    }
}

/// A command that the engine has not taken yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WaitingCommand {
    pub(crate) command: Command,
    pub(crate) by: GivenBy,
}

/// What waits to leave the console. `terminal` takes it after each event.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Commands that the engine has not taken yet.
    pub(crate) commands: Vec<WaitingCommand>,
    /// How the command is given that the console carries out now.
    pub(crate) by: GivenBy,
    /// Orders of whole tables that the engine has not taken yet.
    pub(crate) table_orders: Vec<TableOrder>,
    /// What `terminal` does next.
    pub(crate) effects: Vec<Effect>,
    /// The position of the pipeline that the user wants to see.
    pub(crate) pipeline: Option<usize>,
}
