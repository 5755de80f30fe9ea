//! A compiled schema, of any language.

use serde_json::Value;

use super::avro::AvroSchema;
use super::error::{ReadError, SchemaError};
use super::frame::Frame;
use super::json_schema::JsonOffered;
use super::out::Out;
use super::protobuf::ProtobufSchema;
use super::schema_text::{SchemaKind, SchemaText};
use super::times::TimeStyle;
use crate::click::MAX_MESSAGE_BYTES;
use crate::click::mapping::{CompiledMapping, Lacking, Offered, lacking_of_nine};
use crate::text::excerpt;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Avro(AvroSchema),
    Json(Value),
    Protobuf(ProtobufSchema),
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// [`SchemaError`] says what is wrong with it.
    pub fn compile(text: &SchemaText) -> Result<Self, SchemaError> {
        let reader = match text.kind {
            SchemaKind::Avro => Reader::Avro(AvroSchema::compile(text)?),
            SchemaKind::Protobuf => Reader::Protobuf(ProtobufSchema::compile(text)?),
            SchemaKind::Json => Reader::Json(
                serde_json::from_str(&text.text)
                    .map_err(|error| SchemaError::new(excerpt(&error.to_string(), 200).into_owned()))?,
            ),
        };
        Ok(Self { reader })
    }

    /// Its language.
    pub const fn kind(&self) -> SchemaKind {
        match self.reader {
            Reader::Avro(_) => SchemaKind::Avro,
            Reader::Json(_) => SchemaKind::Json,
            Reader::Protobuf(_) => SchemaKind::Protobuf,
        }
    }

    /// The Avro schema, if it is one.
    #[cfg(feature = "spark")]
    pub(crate) const fn avro(&self) -> Option<&AvroSchema> {
        match &self.reader {
            Reader::Avro(schema) => Some(schema),
            Reader::Json(_) | Reader::Protobuf(_) => None,
        }
    }

    /// The content of `frame` as JSON text, times in this style. The text is that of the message, or is made in `text`.
    ///
    /// # Errors
    /// [`ReadError`] says why the content does not fit the schema.
    pub fn read<'a>(&self, frame: Frame<'a>, style: TimeStyle, text: &'a mut String) -> Result<&'a [u8], ReadError> {
        let content = frame.content;
        if content.len() > MAX_MESSAGE_BYTES {
            return Err(ReadError::TooLong(content.len()));
        }
        match &self.reader {
            Reader::Json(_) => return Ok(content),
            Reader::Avro(schema) => schema.read(content, style, &mut Out::new(text))?,
            Reader::Protobuf(schema) => schema.read(content, style, &mut Out::new(text))?,
        }
        Ok(text.as_bytes())
    }

    /// The first value that no click can do without, if the schema does not offer it. Of Protobuf, the message type is the one that
    /// `frame` names.
    pub fn lacking(&self, frame: Frame<'_>, mapping: Option<&CompiledMapping>) -> Option<Lacking> {
        match &self.reader {
            Reader::Avro(schema) => lacking(mapping, &schema.offered()),
            Reader::Json(schema) => lacking(mapping, &JsonOffered::new(schema)),
            Reader::Protobuf(schema) => lacking(mapping, &schema.offered(frame.content)?),
        }
    }
}

fn lacking(mapping: Option<&CompiledMapping>, offered: &impl Offered) -> Option<Lacking> {
    match mapping {
        Some(mapping) => mapping.lacking(offered),
        None => lacking_of_nine(offered),
    }
}
