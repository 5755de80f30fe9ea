//! What runs the stages and publishes snapshots of them.

pub mod handle;
pub mod local;
pub mod tables;

pub use handle::EngineHandle;
