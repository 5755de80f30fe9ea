//! What waits to leave the console.

use super::effect::Effect;
use crate::engine::tables::TableOrder;
use crate::protocol::Command;

/// What waits to leave the console. `terminal` takes it after each event.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Commands that the engine has not taken yet.
    pub(crate) commands: Vec<Command>,
    /// Orders of whole tables that the engine has not taken yet.
    pub(crate) table_orders: Vec<TableOrder>,
    /// What `terminal` does next.
    pub(crate) effects: Vec<Effect>,
    /// The position of the pipeline that the user wants to see.
    pub(crate) pipeline: Option<usize>,
}
