//! How keys, mouse, pasted text and snapshots change the state.

pub(crate) mod answer;
pub(crate) mod extract;
pub(crate) mod input;
pub(crate) mod palette;
pub(crate) mod paste;
pub(crate) mod steer;
