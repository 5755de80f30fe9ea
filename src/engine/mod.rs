//! Engines: they run the stages, and publish snapshots of them.

pub mod handle;
pub mod local;
pub mod tables;

pub use handle::EngineHandle;
