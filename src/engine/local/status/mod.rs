//! How the engine is doing: counts, rates, latencies, and the snapshot that is made of them.

pub(crate) mod latency;
pub mod log;
pub(crate) mod metrics;
pub(crate) mod notices;
pub(crate) mod partitions;
pub(crate) mod publisher;
pub(crate) mod rates;
