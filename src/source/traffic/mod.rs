//! Generated traffic that looks like a shop's.

pub mod agents;
mod clock;
mod encode;
pub mod generator;
pub mod places;
mod sessions;
pub mod urls;

pub use generator::{Generator, GeneratorOptions, WireFormat, start_generator};
