//! How keys, mouse, pasted text and snapshots change the state.

pub(crate) mod commands;
pub(crate) mod export;
pub(crate) mod input_events;
pub(crate) mod palette;
pub(crate) mod paste;
pub(crate) mod prompt;
