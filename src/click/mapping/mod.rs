//! The mapping: how the events of a foreign clickstream become clicks.
//!
//! [`Mapping`] is what a user writes under `[events]`: plain data. [`Mapping::compile`] checks it and makes a [`CompiledMapping`] of
//! it, once at start: each name has a number from there on, and nothing looks it up for an event. An [`EventDecoder`] reads records by
//! it.
//!
//! ```text
//! record ──▶ form: JSON, separated, W3C, access log ──▶ one value for each name ──▶ conditions ──▶ sources ──▶ click
//! ```

mod access_log;
mod clock;
mod columns;
mod compile;
mod condition;
mod decoder;
mod derived;
mod error;
mod event;
mod fault;
mod framing;
mod hashes;
mod json_message;
mod json_scan;
mod json_values;
mod log_escapes;
mod mapped;
mod model;
mod names;
mod offered;
mod path;
mod place;
mod plan;
mod selector;
mod separated;
mod source;
mod trie;
mod url_rules;
mod value;
mod visitor;
mod w3c;

pub use compile::CompiledMapping;
pub use decoder::EventDecoder;
pub use error::{HeaderError, MappingError};
pub use fault::EventFault;
pub use framing::Framing;
pub use mapped::MappedDecoder;
pub use model::{Condition, Fields, Form, Mapping, Query, Source, Test, TimeForm, UrlRules};
pub use offered::{Lacking, Offered, lacking_of_nine};
pub use place::{Place, StreamId};
pub use visitor::{Enrich, EnrichmentSource, VisitorAgent, VisitorPlace};
pub(crate) use w3c::is_fields_line;
/// The compiled mapping, for decoders that are written in another language.
#[cfg(feature = "spark")]
pub(crate) mod compiled {
    pub(crate) use super::access_log::{FIELDS, Line};
    pub(crate) use super::clock::Clock;
    pub(crate) use super::columns::{Columns, Width};
    pub(crate) use super::compile::VisitorReads;
    pub(crate) use super::condition::{Condition, SETTING as CONDITION};
    pub(crate) use super::hashes::HASHES;
    pub(crate) use super::mapped::MAX_EVENTS;
    pub(crate) use super::names::{Name, Names};
    pub(crate) use super::place::PARTITIONS;
    pub(crate) use super::plan::{Plan, SETTINGS, Shape};
    pub(crate) use super::separated::Separated;
    pub(crate) use super::source::Origin;
    pub(crate) use super::trie::{Node, Trie};
    pub(crate) use super::value::Use;
}

#[cfg(test)]
mod tests;
