//! The terminal: the whole pipeline on one screen, live, controlled by keys.
//!
//! ```text
//! keys, mouse ─▶ update ─▶ state ─▶ view ─▶ terminal
//! snapshots   ─▶      │
//! clock       ─▶      └─▶ commands ─▶ engine
//! ```
//!
//! `state` knows neither `update` nor `view`, these do not know each other, and `terminal` drives them. `tables`, `export`, `keys`,
//! `format` and `theme` are below them. The console knows an engine by its [`Snapshot`](crate::protocol::Snapshot)s and its stages
//! as these list them, and nothing else of it.

mod export;
mod format;
mod keys;
#[cfg(feature = "bench-support")]
mod offscreen;
mod options;
mod run;
mod state;
mod tables;
mod terminal;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use keys::bindings::{KeyBindings, KeyError};
pub use keys::{Action, Chord, Context, KeyBinding, key_table};
#[cfg(feature = "bench-support")]
pub use offscreen::Offscreen;
pub use options::ConsoleOptions;
pub use run::{ConsoleError, require_terminal, run, run_fleet};
pub use state::settings::UnfinishedWork;
pub use theme::themes::Themes;
