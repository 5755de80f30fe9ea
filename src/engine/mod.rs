//! What runs the stages and publishes snapshots of them.
//!
//! [`local`] runs every stage in this process. The engines share the rest: `stages` holds what a stage needs to be
//! supervised and the index stage, which every engine has; `supervisor` starts, stops and drains stages; `status` holds the
//! parts of a snapshot that do not depend on the engine.

pub mod handle;
pub mod local;
#[cfg(feature = "spark")]
pub mod spark;
pub mod stages;
pub mod status;
pub(crate) mod supervisor;
pub mod tables;

pub use handle::EngineHandle;
