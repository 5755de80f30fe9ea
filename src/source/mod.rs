//! Sources of clicks that need no other program: an in-process broker, a traffic generator, and the replay of files.
//!
//! Generator and replay are [`Feed`](producer::Feed)s of one producer, which can also send to a real cluster. The
//! pipeline knows neither of them: it reads from Kafka, whoever wrote the messages.

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
