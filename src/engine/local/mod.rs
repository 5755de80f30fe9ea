//! The local engine: four stages under the supervisor in this process. Fronts see it as a
//! [`Snapshot`](crate::protocol::Snapshot), and control it with [`Command`](crate::protocol::Command)s.
//!
//! Every handover is durable or can be repeated, so each stage can stop, fail or restart alone, and the process can be killed:
//!
//! ```text
//! Kafka ─ingest─▶ queue ─store─▶ SQLite clicks ─aggregate─▶ SQLite page_stats ─index─▶ documents
//!   ▲ offsets read at assignment ◀─┘ written with the clicks
//! ```

#[cfg(feature = "bench-support")]
pub mod bench;
mod options;
mod pipeline;
pub mod query;
pub(crate) mod shared;
pub(crate) mod stage;
pub mod stages;
pub mod status;
mod supervised;

pub use options::{EventSource, InProcessSource, PipelineOptions, StartError};
pub use pipeline::start;
