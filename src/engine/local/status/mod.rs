//! The status of the local engine: counts, partitions, notices, and the snapshot that combines them.

pub(crate) mod catch_up;
pub(crate) mod metrics;
pub(crate) mod notices;
pub(crate) mod partitions;
pub(crate) mod publisher;
