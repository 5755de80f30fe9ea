//! A click stream with nothing installed: an in-process broker, a traffic generator and the replay of files.
//!
//! Generator and replay are [`Feed`](producer::Feed)s of one producer, which also serves a real cluster. The pipeline
//! sees neither: it reads Kafka, whoever wrote there.

pub mod broker;
mod error;
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
pub use replay::{ReplayInput, ReplayOptions, start_replay};
pub use stored_offsets::StoredOffsets;
pub use traffic::generator::{Generator, GeneratorOptions, WireFormat, start_generator};

#[cfg(test)]
mod tests;
