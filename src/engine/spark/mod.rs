//! The engine on Apache Spark, through Spark Connect: for topics that outgrow one machine.
//!
//! The work is done on the cluster; here are its stages' states, the copy of the figures, and the index:
//!
//! ```text
//! Kafka ─stream─▶ Delta clicks ─aggregate─▶ Delta pages, pairs, figures ──▶ SQLite page_stats ─index─▶ documents
//!        one streaming query       rounds of SQL                 changed rows, as Arrow
//! ```
//!
//! Offsets, cursor and figures are in the tables, each written in one commit with what it counts. So every console finds the work of the
//! others, and a stage may stop, fail or be killed anywhere.

mod agents;
mod aggregate;
mod answers;
#[cfg(feature = "bench-support")]
pub mod bench;
pub(crate) mod check;
mod checkpoint;
mod cluster;
#[allow(dead_code, unused_imports, reason = "a whole client: its tests use the rest")]
pub(crate) mod connect;
mod connection;
#[cfg(test)]
mod cost;
mod erase;
mod failure;
mod found_query;
mod home;
mod housekeeping;
mod kafka_trouble;
mod lease;
mod looks;
mod lost_messages;
mod manifest;
mod metrics;
mod moved_offsets;
mod options;
mod places;
mod progress;
mod query;
pub(crate) mod rebuild;
mod round_log;
mod rounds;
mod rounds_watch;
mod schema_book;
mod schemas;
pub(crate) mod sql;
mod stage;
mod start;
mod stored_offsets;
mod stream;
mod stream_error;
mod supervised;
mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod transfer;
mod watched;

pub(crate) use options::{AgentRules, FramedTopic, HousekeepingRules, PlaceRules, SparkOptions, StartError};
pub(crate) use start::start;
