//! Generated traffic like that of a shop.

pub mod agents;
mod clock;
mod encode;
pub mod generator;
pub mod places;
mod sessions;
pub mod urls;

pub use generator::{Generator, GeneratorOptions, WireFormat, start_generator};
