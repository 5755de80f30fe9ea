//! The terminal: the event loop, the screen, the keyboard.

pub(crate) mod keyboard;
pub(crate) mod read;
pub(crate) mod run;
pub(crate) mod screen;
pub(crate) mod sized;
