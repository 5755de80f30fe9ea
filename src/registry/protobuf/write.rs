//! Writes a Protobuf message as JSON text: fields by the names of the .proto text, enums by the names of their values.
//!
//! Numbers and texts that are not set are left out where Protobuf cannot tell them from 0 and "": a click without a time must not be one
//! of 1970. Booleans and enums are always there, so that conditions can ask for `false` or for the first value.

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};

use crate::registry::error::ReadError;
use crate::registry::out::Out;
use crate::registry::times::TimeStyle;

/// The deepest nesting. It stays below what the mapping reads of JSON.
const MAX_DEPTH: usize = 100;

/// Writes `message`, times in this style.
pub(super) fn message(
    message: &DynamicMessage,
    style: TimeStyle,
    depth: usize,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    if depth >= MAX_DEPTH {
        return Err(ReadError::TooDeep(MAX_DEPTH));
    }
    let of = message.descriptor();
    if let Some(name) = of.full_name().strip_prefix("google.protobuf.") {
        return well_known(name, message, style, depth, out);
    }
    let writer = Writer { style, depth: depth + 1 };
    let mut before = "{";
    for field in of.fields() {
        let kind = field.kind();
        let is_telling = matches!(kind, Kind::Bool | Kind::Enum(_)) && !field.is_list();
        if !message.has_field(&field) && (field.supports_presence() || !is_telling) {
            continue;
        }
        out.raw(before)?;
        out.string(field.name())?;
        out.raw(":")?;
        writer.field(&message.get_field(&field), &field, out)?;
        before = ",";
    }
    out.raw(if before == "{" { "{}" } else { "}" })
}

/// Writes a message of Google's own types, most of which have a form of their own.
fn well_known(
    name: &str,
    message: &DynamicMessage,
    style: TimeStyle,
    depth: usize,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let field = |number| message.get_field_by_number(number);
    match name {
        "Timestamp" => {
            let seconds = field(1).and_then(|value| value.as_i64()).unwrap_or_default();
            let nanos = field(2).and_then(|value| value.as_i32()).unwrap_or_default();
            style.seconds(seconds, nanos, out)
        }
        "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value" | "BoolValue"
        | "StringValue" | "BytesValue" => match (message.descriptor().get_field(1), field(1)) {
            (Some(field), Some(value)) => Writer { style, depth: depth + 1 }.value(&value, &field.kind(), out),
            _ => out.raw("null"),
        },
        // A type without a JSON form, such as an `Any` of an unknown type, is no part of a click.
        _ => out.raw(&serde_json::to_string(message).unwrap_or_else(|_| "null".to_owned())),
    }
}

struct Writer {
    style: TimeStyle,
    depth: usize,
}

impl Writer {
    fn field(&self, value: &Value, field: &FieldDescriptor, out: &mut Out<'_>) -> Result<(), ReadError> {
        match (value, field.kind()) {
            (Value::Map(entries), Kind::Message(entry)) => {
                let kind = entry.map_entry_value_field().kind();
                // In the order of the names: the text of a message is always the same.
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(one, _)| *one);
                let mut before = "{";
                for (name, value) in &entries {
                    out.raw(before)?;
                    match name {
                        MapKey::String(name) => out.string(name)?,
                        MapKey::Bool(name) => out.quoted(name)?,
                        MapKey::I32(name) => out.quoted(name)?,
                        MapKey::I64(name) => out.quoted(name)?,
                        MapKey::U32(name) => out.quoted(name)?,
                        MapKey::U64(name) => out.quoted(name)?,
                    }
                    out.raw(":")?;
                    self.value(value, &kind, out)?;
                    before = ",";
                }
                out.raw(if entries.is_empty() { "{}" } else { "}" })
            }
            (Value::List(values), kind) => {
                let mut before = "[";
                for value in values {
                    out.raw(before)?;
                    self.value(value, &kind, out)?;
                    before = ",";
                }
                out.raw(if values.is_empty() { "[]" } else { "]" })
            }
            (value, kind) => self.value(value, &kind, out),
        }
    }

    fn value(&self, value: &Value, kind: &Kind, out: &mut Out<'_>) -> Result<(), ReadError> {
        match value {
            Value::Bool(value) => out.display(value),
            Value::I32(number) => out.display(number),
            Value::I64(number) => out.display(number),
            Value::U32(number) => out.display(number),
            Value::U64(number) => out.display(number),
            Value::F32(number) => out.float(*number),
            Value::F64(number) => out.float(*number),
            Value::String(text) => out.string(text),
            Value::Bytes(bytes) => out.bytes(bytes),
            Value::EnumNumber(number) => match kind {
                Kind::Enum(of) => symbol(of, *number, out),
                _ => out.display(number),
            },
            Value::Message(inner) => message(inner, self.style, self.depth, out),
            // Only a field holds these.
            Value::List(_) | Value::Map(_) => out.raw("null"),
        }
    }
}

/// Writes the name of a value of an enum; its number if the schema does not have it.
fn symbol(of: &EnumDescriptor, number: i32, out: &mut Out<'_>) -> Result<(), ReadError> {
    match of.get_value(number) {
        Some(value) => out.string(value.name()),
        None => out.display(number),
    }
}
