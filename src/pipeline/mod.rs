//! The pipeline: four stages under a supervisor, seen from outside as a [`Snapshot`] and steered by [`Command`]s.

pub mod command;
pub mod snapshot;
pub mod source;
pub mod stage;

pub use command::{Command, SortBy, StageAction, View};
pub use snapshot::Snapshot;
pub use stage::{Stage, StageState};
