//! The status of the local engine: counts, partitions, notices, and the snapshot that is made of them.

pub(crate) mod metrics;
pub(crate) mod notices;
pub(crate) mod partitions;
pub(crate) mod publisher;
