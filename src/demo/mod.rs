//! A click stream with nothing installed: an in-process broker, a traffic generator and the replay of files.
//!
//! Generator and replay are [`Feed`](producer::Feed)s of one producer, which also serves a real cluster. The pipeline
//! sees neither: it reads Kafka, whoever wrote there.

pub mod agents;
pub mod broker;
mod clock;
mod encode;
mod error;
pub mod generator;
pub mod partition;
pub mod places;
pub mod producer;
mod rate;
pub mod replay;
mod sessions;
pub mod urls;
mod window;

pub use broker::{BrokerControl, EmbeddedBroker};
pub use error::DemoError;
pub use generator::{Generator, GeneratorOptions, WireFormat, start_generator};
pub use producer::{SourceTask, Target};
pub use replay::{ReplayInput, ReplayOptions, start_replay};

#[cfg(test)]
mod tests;
