//! A schema as the registry tells it.

/// The language of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaKind {
    /// Apache Avro.
    Avro,
    /// JSON Schema. Its content is JSON text.
    Json,
    /// Protocol Buffers.
    Protobuf,
}

impl SchemaKind {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avro => "Avro",
            Self::Json => "JSON Schema",
            Self::Protobuf => "Protobuf",
        }
    }
}

/// A schema as the registry tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText {
    /// Its language.
    pub kind: SchemaKind,
    /// The schema itself.
    pub text: Box<str>,
    /// The schemas that it refers to, and those that they refer to.
    pub references: Vec<Reference>,
}

/// A schema that another one refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name under which the other schema refers to it. For Protobuf, this is the import path.
    pub name: Box<str>,
    /// The schema itself.
    pub text: Box<str>,
}
