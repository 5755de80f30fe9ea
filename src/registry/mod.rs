//! Reads messages of topics with a schema registry.
//!
//! A message is a frame: a zero byte, the id of a schema, and content of that schema. The content becomes JSON text, which the mapping
//! reads like any other.
//!
//! ```text
//! frame ──▶ id ──▶ schema (known, or asked of the registry by a thread of its own) ──▶ content as JSON text ──▶ mapping ──▶ click
//! ```

mod answer;
mod avro;
mod client;
mod error;
mod frame;
mod json_schema;
mod open;
mod options;
mod out;
mod protobuf;
mod schema;
mod schema_text;
mod schemas;
mod times;

pub use client::RegistryClient;
pub use error::{ReadError, SchemaError, Trouble};
pub use frame::Frame;
pub use open::{FrameReader, Opened};
pub use options::{ClientCertificate, Login, OptionsError, RegistryOptions};
pub use schema::Schema;
pub use schema_text::{Reference, SchemaKind, SchemaText};
pub use schemas::Schemas;
pub use times::TimeStyle;

/// Compiled schemas, for decoders that are written in another language.
#[cfg(feature = "spark")]
pub(crate) mod compiled {
    pub(crate) use super::avro::{AvroSchema, Field, Type};
    pub(crate) use super::open::left_out_line;
    pub(crate) use super::schemas::Known;
}

#[cfg(test)]
mod tests;
