//! Engines: they run the stages, and publish snapshots of them.
//!
//! [`local`] runs every stage in this process. Engines share the rest: `stages` holds the handle of a stage and the index
//! stage, which every engine has; `alarms` judges the snapshots; `supervisor` starts, stops and drains stages; `status` holds the parts of a snapshot that do
//! not depend on the engine.

pub mod alarms;
pub(crate) mod finding;
pub(crate) mod forecast;
pub mod front;
pub mod handle;
pub mod link;
pub mod local;
#[cfg(feature = "spark")]
pub mod spark;
pub mod stages;
pub mod status;
pub(crate) mod supervisor;
pub mod tables;

pub use handle::EngineHandle;
