//! The stages that run only in the local engine, and the parts that they share with each other.

pub mod aggregate;
pub mod ingest;
pub(crate) mod offsets;
pub(crate) mod store;
