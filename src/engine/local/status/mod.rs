//! The status of the engine: counts, rates, latencies, and the snapshot that combines them.

pub(crate) mod latency;
pub mod log;
pub(crate) mod metrics;
pub(crate) mod notices;
pub(crate) mod partitions;
pub(crate) mod publisher;
pub(crate) mod rates;
