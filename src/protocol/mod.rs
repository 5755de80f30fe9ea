//! What a front (console, headless) and an engine say to each other: [`Snapshot`]s go up, [`Command`]s go down.
//!
//! Plain data that serializes and deserializes, with a version number. Nothing here does I/O, and nothing here knows how many
//! stages an engine has or what they are called.

pub mod answer;
pub mod board;
pub mod command;
pub mod pattern;
pub mod question;
mod serial;
pub mod snapshot;
pub mod source;
pub mod stage;
pub mod table;
#[cfg(test)]
mod tests;
pub mod version;
pub mod view;

pub use command::Command;
pub use pattern::{Pattern, PatternError};
pub use question::Question;
pub use snapshot::Snapshot;
pub use stage::{StageAction, StageId, StageInfo, StageState, StageStatus, Stages};
pub use version::{PROTOCOL_VERSION, ProtocolVersion};
pub use view::{SortBy, View, Window};
