//! Protobuf schemas: compiled from their .proto texts.

mod write;

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::error::{ReadError, SchemaError};
use super::frame::message_indexes;
use super::out::Out;
use super::schema_text::SchemaText;
use super::times::TimeStyle;
use crate::click::mapping::Offered;
use crate::text::excerpt;

/// The name of the schema itself among its imports. No import has it.
const ROOT: &str = "schema of the message.proto";

/// The deepest nesting of braces and brackets in a .proto text: the parser calls itself for each.
const MAX_NESTING: usize = 64;

/// A compiled schema.
#[derive(Debug)]
pub(super) struct ProtobufSchema {
    pool: DescriptorPool,
}

impl ProtobufSchema {
    /// Compiles a schema and what it imports.
    pub(super) fn compile(text: &SchemaText) -> Result<Self, SchemaError> {
        let mut files = HashMap::from([(ROOT, &*text.text)]);
        files.extend(text.references.iter().map(|reference| (&*reference.name, &*reference.text)));
        if let Some(name) = files.iter().find(|(_, text)| nesting(text) > MAX_NESTING).map(|(name, _)| name) {
            return Err(SchemaError::new(format!("{} nests deeper than {MAX_NESTING} levels", excerpt(name, 80))));
        }
        let wrong = |error: protox::Error| SchemaError::new(excerpt(&error.to_string(), 200).into_owned());
        let files = Files(files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect());
        let mut resolver = ChainFileResolver::new();
        resolver.add(files);
        resolver.add(GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file(ROOT).map_err(wrong)?;
        Ok(Self { pool: compiler.descriptor_pool() })
    }

    /// Writes the message in `content`, which begins with the indexes of its type, to `out`, times in this style.
    pub(super) fn read(&self, content: &[u8], style: TimeStyle, out: &mut Out<'_>) -> Result<(), ReadError> {
        let (indexes, content) = message_indexes(content)?;
        let Some(of) = self.message_type(&indexes) else { return Err(ReadError::NoType(indexes)) };
        let message = DynamicMessage::decode(of, content)
            .map_err(|error| ReadError::Protobuf(excerpt(&error.to_string(), 200).into()))?;
        write::message(&message, style, 0, out)
    }

    /// The message type at these indexes: of the file, then of the types in it.
    fn message_type(&self, indexes: &[usize]) -> Option<MessageDescriptor> {
        let (first, rest) = indexes.split_first()?;
        let file = self.pool.get_file_by_name(ROOT)?;
        let first = file.messages().nth(*first)?;
        // The serializers do not count the types that the compiler makes for the entries of maps.
        let nested = |of: MessageDescriptor, index: &usize| {
            of.child_messages().filter(|inner| !inner.is_map_entry()).nth(*index)
        };
        rest.iter().try_fold(first, nested)
    }

    /// What the message type at the beginning of `content` offers to a mapping; `None` if there is no such type.
    pub(super) fn offered(&self, content: &[u8]) -> Option<ProtobufOffered> {
        let (indexes, _) = message_indexes(content).ok()?;
        self.message_type(&indexes).map(|of| ProtobufOffered(Place::Message(of)))
    }

    /// The first message type of the file.
    #[cfg(test)]
    pub(super) fn first(&self) -> Option<MessageDescriptor> {
        self.message_type(&[0])
    }
}

/// The schema and its imports.
struct Files(HashMap<String, String>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// The deepest nesting of brackets in a .proto text. Brackets in texts and comments count as well.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'<' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b'>' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What a Protobuf schema offers at one place.
pub(super) struct ProtobufOffered(Place);

enum Place {
    Message(MessageDescriptor),
    List(Kind),
    Map(Kind),
    Scalar,
}

impl Place {
    fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Message(of) => Self::Message(of),
            _ => Self::Scalar,
        }
    }
}

impl Offered for ProtobufOffered {
    fn member(&self, name: &str) -> Option<Self> {
        match &self.0 {
            // Their members have names of their own.
            Place::Message(of) if of.full_name().starts_with("google.protobuf.") => Some(Self(Place::Scalar)),
            Place::Message(of) => {
                let field = of.get_field_by_name(name)?;
                Some(Self(match field.kind() {
                    Kind::Message(entry) if field.is_map() => Place::Map(entry.map_entry_value_field().kind()),
                    kind if field.is_list() => Place::List(kind),
                    kind => Place::of_kind(kind),
                }))
            }
            Place::Map(kind) => Some(Self(Place::of_kind(kind.clone()))),
            Place::List(_) | Place::Scalar => None,
        }
    }

    fn element(&self) -> Option<Self> {
        match &self.0 {
            Place::List(kind) => Some(Self(Place::of_kind(kind.clone()))),
            Place::Message(_) | Place::Map(_) | Place::Scalar => None,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
