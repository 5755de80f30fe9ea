//! The pipeline for other programs: what monitoring reads of it.

pub mod metrics;
