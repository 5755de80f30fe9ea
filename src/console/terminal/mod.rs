//! The terminal: what it sends, what is drawn on it, and the loop that drives the state between the two.

mod effects;
pub(crate) mod event_batch;
pub(crate) mod event_loop;
mod fallback_size;
mod feed;
mod frames;
pub(crate) mod history_file;
mod keyboard;
pub(crate) mod panic_hook;
pub(crate) mod session;
mod table_threads;
