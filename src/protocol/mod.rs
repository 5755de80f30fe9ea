//! The messages between a front (console or headless) and an engine: the engine sends [`Snapshot`]s up, the front sends
//! [`Command`]s down.
//!
//! Both are plain data with a version number, and both serialize and deserialize. Nothing here does I/O. Nothing here knows how
//! many stages an engine has or what their names are.

pub mod alarm;
pub mod answer;
pub mod board;
pub mod breakdown;
pub mod command;
pub mod compare;
pub mod event;
pub mod follow;
pub mod outlook;
pub mod pattern;
pub mod question;
pub mod remote;
mod serial;
pub mod snapshot;
pub mod source;
pub mod stage;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod timings;
pub mod trends;
pub mod version;
pub mod view;

pub use breakdown::Dimension;
pub use command::Command;
pub use pattern::{Pattern, PatternError};
pub use question::Question;
pub use remote::{Remote, RemoteWork};
pub use serial::{to_micros, to_millis};
pub use snapshot::Snapshot;
pub use stage::{StageAction, StageId, StageInfo, StageState, StageStatus, Stages};
pub use version::{PROTOCOL_VERSION, ProtocolVersion};
pub use view::{SortBy, View, Window};
