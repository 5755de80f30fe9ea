//! The four stages, and the parts that they share with the supervisor and with each other.

pub mod aggregate;
mod database_check;
pub(crate) mod handle;
pub mod index;
pub mod ingest;
pub(crate) mod offsets;
pub(crate) mod store;
