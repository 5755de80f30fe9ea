//! The stages that run in this process, and what they share with each other.

pub mod aggregate;
pub mod ingest;
pub(crate) mod offsets;
pub(crate) mod store;
