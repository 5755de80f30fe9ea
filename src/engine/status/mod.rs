//! Parts of a snapshot that do not depend on the engine: rates, latencies, the log, the states of stages, words.

pub(crate) mod latency;
pub mod log;
pub(crate) mod rates;
pub(crate) mod stage_status;
pub(crate) mod steps;
pub(crate) mod words;
