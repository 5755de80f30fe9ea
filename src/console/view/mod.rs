//! Drawing: one frame of the state. Nothing here changes the state.

mod frame;
mod panels;
pub(crate) mod picture;
mod placeholder;
mod rows;
mod table;
mod typed_text;

pub(crate) use frame::draw;
