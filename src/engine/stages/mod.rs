//! What a stage shares with the supervisor, whatever the engine, and the index stage, which every engine has.

pub(crate) mod database_check;
pub(crate) mod handle;
pub mod index;
pub(crate) mod index_metrics;
