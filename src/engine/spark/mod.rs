//! The engine that runs on Apache Spark, through Spark Connect.

#[allow(dead_code, unused_imports, reason = "the stages, which follow, use it")]
pub(crate) mod connect;
#[allow(dead_code, unused_imports, reason = "the stages, which follow, use it")]
pub(crate) mod sql;
