//! Ingest: Kafka or files → decoded batches for the store.
//!
//! Both sources gather events in the same way, and hand them to the store through the same queue.

pub mod files;
mod first_clicks;
mod gather;
mod handover;
mod kafka;
mod log_digest;
pub mod plausibility;

pub use kafka::broker_error;
#[cfg(feature = "bench-support")]
pub(crate) use kafka::from_memory;
pub use kafka::group_protocol;
pub use kafka::{
    DEFAULT_MAX_BATCH_BYTES, GroupProtocol, KafkaOptions, NoStart, OnLostOffset, StartAt, fix_start_offsets,
};
pub(crate) use kafka::{IngestStage, LagWatch, LagWatchGuard, MessageReader, batch_refusal};
