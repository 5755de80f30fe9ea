//! The event: one click, its wire formats, and the compact batch that the pipeline moves. No I/O.

pub mod batch;
pub mod columns;
mod columns_decoder;
mod csv;
pub mod decode;
mod encode;
mod error;
mod event;
mod fields;
mod foreign_format;
mod json;
pub mod mapping;
pub mod timestamp;

pub use batch::ClickBatch;
pub use columns::{Columns, HeaderError};
pub use columns_decoder::ColumnsDecoder;
pub use csv::is_csv_header;
pub use decode::{Decoder, Format};
pub use error::DecodeError;
pub use event::{Click, FIELD_NAMES, MAX_MESSAGE_BYTES, UNKNOWN};
pub use fields::FieldLimits;
pub use foreign_format::ForeignFormat;
pub use timestamp::{Timestamp, TimestampError};
