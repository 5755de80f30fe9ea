//! What runs the stages and publishes snapshots of them.

pub mod handle;
pub mod local;
#[cfg(feature = "spark")]
pub mod spark;
pub mod tables;

pub use handle::EngineHandle;
