//! The view that opens frames.

use std::collections::BTreeMap;

use super::text::{Texts, Unreadable, too_large};
use super::wants::Wants;
use super::wire::{MARK, Wire};
use crate::click::MAX_MESSAGE_BYTES;
use crate::click::mapping::CompiledMapping;
use crate::engine::spark::sql::decoder::View;
use crate::engine::spark::sql::input::OPENED;
use crate::engine::spark::sql::literal::text as literal;
use crate::registry::compiled::left_out_line;
use crate::registry::{Frame, Schema, SchemaKind, TimeStyle};

/// What the query fails with when it meets the id of a schema that it does not know. The number of the schema follows.
pub(crate) const UNKNOWN_SCHEMA: &str = "clicktop does not know schema ";

/// What becomes of the messages of one schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The content is Avro: an expression of `a.v`, the value, that is its text or NULL; and the schemas to read it by.
    Avro {
        /// The expression.
        text: String,
        /// The schema of what is written.
        written: String,
        /// That of what is read, if that is less.
        read: Option<String>,
    },
    /// The content is the text.
    Json,
    /// The messages are no clicks. The line says why.
    LeftOut(String),
    /// The messages are rejects, for this reason.
    Rejected(String),
}

/// What becomes of the messages of this schema, of which `mapping` reads clicks, or the nine fields are read.
///
/// # Errors
/// One line: SQL cannot read them.
pub(crate) fn opening(id: u32, schema: &Schema, mapping: Option<&CompiledMapping>) -> Result<Opening, String> {
    let kind = schema.kind();
    if kind == SchemaKind::Protobuf {
        return Err(format!("schema {id} is Protobuf, which engine = \"spark\" does not read"));
    }
    if let Some(lacking) = schema.lacking(Frame { id, content: &[] }, mapping) {
        return Ok(Opening::LeftOut(left_out_line(id, kind, &lacking)));
    }
    let Some(avro) = schema.avro() else { return Ok(Opening::Json) };
    let style = TimeStyle::of_digits(mapping.and_then(CompiledMapping::unix_digits));
    let read = || {
        let Wire { written, read } = Wire::of(avro).ok_or_else(too_large)?;
        let text = Texts::new(avro, style).whole("a.v", &Wants::of(mapping))?;
        Ok(Opening::Avro { text, written, read })
    };
    read().map_err(|Unreadable(why)| format!("schema {id} ({}): {why}", kind.name()))
}

/// The view over `kafka_messages` that the decoder reads. With the id of a schema that is not among the `openings`, the query fails.
pub(crate) fn opened_view(openings: &BTreeMap<u32, Opening>) -> View {
    let plain = "struct(m.message AS value, CAST(NULL AS STRING) AS outcome, false AS framed)";
    let mut cases = String::new();
    // New messages have new schemas.
    for (id, opening) in openings.iter().rev() {
        let frame: String = id.to_be_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let opened = match opening {
            Opening::Avro { text, written, read } => avro(*id, text, written, read.as_deref()),
            Opening::Json => struct_of("m.content", &too_long(*id, SchemaKind::Json, "NULL")),
            Opening::LeftOut(_) => struct_of("X''", "'L'"),
            Opening::Rejected(reason) => struct_of("X''", &literal(&format!("R{reason}"))),
        };
        cases += &format!("\n WHEN m.frame = X'00{frame}' THEN {opened}");
    }
    let unknown = format!("raise_error(concat('{UNKNOWN_SCHEMA}', conv(hex(substring(m.frame, 2)), 16, 10)))");
    let unknown = struct_of("X''", &format!("CAST({unknown} AS STRING)"));
    View {
        name: OPENED.to_owned(),
        query: format!(
            "SELECT topic, partition, offset, timestamp, message AS original, value, framed, outcome \
             FROM (SELECT topic, partition, offset, timestamp, coalesce(value, X'') AS message FROM kafka_messages) \
             LATERAL VIEW inline(transform(array(struct(message, substring(message, 1, 5) AS frame, substring(message, 6) AS content)), m -> \
             CASE WHEN NOT startswith(m.frame, X'00') OR octet_length(m.frame) < 5 THEN {plain}{cases} ELSE {unknown} END)) opened"
        ),
    }
}

fn struct_of(value: &str, outcome: &str) -> String {
    format!("struct({value} AS value, CAST({outcome} AS STRING) AS outcome, true AS framed)")
}

/// The outcome of content that is too long, or else `otherwise`.
fn too_long(id: u32, kind: SchemaKind, otherwise: &str) -> String {
    let schema = format!("Rschema {id} ({}): message of ", kind.name());
    format!(
        "IF(octet_length(m.content) > {MAX_MESSAGE_BYTES}, concat('{schema}', octet_length(m.content), \
         ' bytes is longer than the limit of {MAX_MESSAGE_BYTES}'), {otherwise})"
    )
}

fn avro(id: u32, text: &str, written: &str, read: Option<&str>) -> String {
    let read = read.map_or(String::new(), |read| format!(", 'avroSchema', '{read}'"));
    let value = format!(
        "get(transform(array(from_avro(concat(m.content, {MARK}), '{written}', map('mode', 'PERMISSIVE'{read}))), a -> \
         IF(a.mark <=> {MARK}, {text}, NULL)), 0)"
    );
    let misfit = format!(
        "'Rschema {id} (Avro): the content does not fit the schema: it is broken, or written by another schema'"
    );
    let outcome = too_long(id, SchemaKind::Avro, &format!("IF(t IS NULL, {misfit}, NULL)"));
    format!(
        "get(transform(array(IF(octet_length(m.content) > {MAX_MESSAGE_BYTES}, NULL, {value})), t -> {}), 0)",
        struct_of("coalesce(CAST(t AS BINARY), X'')", &outcome)
    )
}
