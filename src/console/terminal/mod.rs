//! The terminal: the event loop, the screen, the keyboard.

pub(crate) mod event_batch;
pub(crate) mod event_loop;
pub(crate) mod fallback_size;
pub(crate) mod keyboard;
pub(crate) mod session;
