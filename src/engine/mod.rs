//! What runs the stages and publishes snapshots of them.

pub mod local;
