//! What a registry answers, read up to a limit: the server decides how much it sends.

use serde::Deserialize;

use super::error::SchemaError;
use super::schema_text::SchemaKind;
use crate::text::excerpt;

/// The longest answer. A schema of a megabyte would be unusual.
const MAX_BYTES: usize = 4 << 20;

/// A schema in an answer.
#[derive(Deserialize)]
pub(super) struct SchemaAnswer {
    pub(super) schema: Box<str>,
    /// Absent for Avro.
    #[serde(rename = "schemaType")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) references: Option<Vec<ReferenceAnswer>>,
    /// Of an answer about a subject.
    pub(super) id: Option<u32>,
    /// Of an answer about a subject.
    pub(super) version: Option<i64>,
}

/// What a schema refers to.
#[derive(Deserialize)]
pub(super) struct ReferenceAnswer {
    pub(super) name: Box<str>,
    pub(super) subject: String,
    pub(super) version: i64,
}

/// An error in an answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorAnswer {
    pub(super) error_code: Option<u32>,
    pub(super) message: Option<String>,
}

impl SchemaAnswer {
    /// The language of the schema.
    pub(super) fn kind(&self) -> Result<SchemaKind, SchemaError> {
        match self.kind.as_deref().unwrap_or("AVRO") {
            "AVRO" => Ok(SchemaKind::Avro),
            "JSON" => Ok(SchemaKind::Json),
            "PROTOBUF" => Ok(SchemaKind::Protobuf),
            other => Err(SchemaError::new(format!(
                "its type is {}, and clicktop reads AVRO, JSON and PROTOBUF",
                excerpt(other, 40)
            ))),
        }
    }
}

/// Whether an error says that the registry has no such schema, subject or version. A web server that is no registry says 404 as well.
pub(super) fn is_absent(status: u16, error: &ErrorAnswer) -> bool {
    status == 404 && error.error_code.is_some_and(|code| (40401..=40499).contains(&code))
}

/// Why a body could not be read.
pub(super) enum BodyError {
    Http(reqwest::Error),
    TooLong,
}

/// The body of `response`.
pub(super) async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Http)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
