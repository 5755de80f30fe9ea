//! Messages with a schema of a registry: the view that opens their frames, in front of the decoder.
//!
//! ```text
//! kafka_messages ──▶ clicktop_opened(…, value: the event as text, original: the message, framed, outcome) ──▶ decoder
//! ```
//!
//! Spark's `from_avro` takes the content apart, by a schema that is clicktop's own: the bytes of the same types without names and logical
//! types (`wire.rs`). What a value becomes is SQL (`text.rs`), the same as [`FrameReader`](crate::registry::FrameReader) makes. The text
//! holds only what the mapping reads; the rest is checked as the Rust decoder checks it. Behind the content follows a mark: so Spark finds
//! content that ends too early or too late.
//!
//! What differs from the local engine:
//! - all faults of content have one reason;
//! - of a name that a map holds twice, one counts;
//! - what belongs to a type that holds itself is not checked;
//! - a decimal number of more than 38 digits is none;
//! - a number of type `float` or `double` with all the digits that its type has may end with another digit.
//!
//! Java reserves the room for an array or map that the message announces. A server without
//! `-Dorg.apache.avro.limits.collectionItems.maxLength` runs out of memory on broken content.

mod numbers;
mod text;
mod times;
mod view;
mod wants;
mod wire;

pub(crate) use view::{Opening, UNKNOWN_SCHEMA, opened_view, opening};
