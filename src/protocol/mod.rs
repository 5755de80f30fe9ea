//! What a front (console, headless) and an engine say to each other: [`Snapshot`]s up, [`Command`]s down.

pub mod command;
pub mod pattern;
pub mod question;
mod serial;
pub mod snapshot;
pub mod source;
pub mod stage;
pub mod table;

pub use command::{Command, SortBy, StageAction, View, Window};
pub use pattern::{Pattern, PatternError};
pub use question::Question;
pub use snapshot::Snapshot;
pub use stage::{Stage, StageState};
