//! Sources of clicks that need no other program: files, an in-process broker, and a traffic generator.
//!
//! Ingest reads [`files`] itself. Generator and [`replay`] are [`Feed`](producer::Feed)s of one producer, which sends to the
//! in-process broker or to a real cluster; the pipeline then reads from Kafka, whoever wrote the messages.

pub mod broker;
mod error;
pub mod files;
pub mod partition;
pub mod producer;
mod rate;
pub mod replay;
mod stored_offsets;
pub mod traffic;
mod window;

pub use broker::{BrokerControl, EmbeddedBroker};
pub use error::DemoError;
pub use producer::{SourceTask, Target};
pub(crate) use rate::{TokenBucket, check_rate};
pub use replay::{ReplayInput, ReplayOptions, start_replay};
pub use stored_offsets::StoredOffsets;
pub use traffic::generator::{Generator, GeneratorOptions, WireFormat, start_generator};

#[cfg(test)]
mod tests;
