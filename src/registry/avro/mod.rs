//! Avro schemas, compiled so that content becomes JSON text without a detour.
//!
//! The crate `apache-avro` parses the schema. It does not decode the content: it would follow a recursive schema as deep as the message
//! says, and trust the lengths in it.

mod decode;

use std::collections::HashMap;

use apache_avro::schema::{DecimalSchema, FixedSchema, Namespace, RecordSchema};

use super::error::SchemaError;
use super::out::key;
use super::schema_text::SchemaText;
use crate::click::mapping::Offered;
use crate::text::excerpt;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct AvroSchema {
    types: Vec<Type>,
    root: usize,
}

/// A type. Other types are named by their index.
#[derive(Debug)]
pub(crate) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    /// A UUID, which has 16 bytes as a text or as bytes.
    Uuid,
    Fixed(usize),
    /// A decimal number, in so many bytes or with a length before it.
    Decimal {
        scale: usize,
        size: Option<usize>,
    },
    BigDecimal,
    Date,
    /// A time of day; a second has ten to the power of so many units.
    TimeOfDay(u8),
    Instant(u8),
    Local(u8),
    Duration,
    Array(usize),
    Map(usize),
    Union(Box<[usize]>),
    Record(Box<[Field]>),
    /// The symbols as JSON strings.
    Enum(Box<[Box<str>]>),
}

/// A field of a record.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    /// The name as JSON, with the colon.
    pub(crate) key: Box<str>,
    /// Its type.
    pub(crate) of: usize,
}

impl AvroSchema {
    /// Compiles a schema and the named types that it refers to.
    pub(super) fn compile(text: &SchemaText) -> Result<Self, SchemaError> {
        let wrong = |error: apache_avro::Error| SchemaError::new(excerpt(&error.to_string(), 200).into_owned());
        let references = text.references.iter().map(|reference| &*reference.text);
        let (root, others) = apache_avro::Schema::parse_str_with_list(&text.text, references).map_err(wrong)?;
        let mut named = HashMap::new();
        for schema in others.iter().chain([&root]) {
            collect(schema, &None, &mut named);
        }
        let mut compiler = Compiler { named, begun: HashMap::new(), types: Vec::new() };
        let root = compiler.add(&root, &None)?;
        Ok(Self { types: compiler.types, root })
    }

    /// The type of a whole value.
    #[cfg(feature = "spark")]
    pub(crate) fn root(&self) -> usize {
        self.root
    }

    /// The type with this index.
    pub(crate) fn of(&self, index: usize) -> &Type {
        // The indexes come from the compiler, and no type is ever removed.
        self.types.get(index).unwrap_or(&Type::Null)
    }

    /// What the schema offers to a mapping.
    pub(super) fn offered(&self) -> AvroOffered<'_> {
        AvroOffered { schema: self, types: vec![self.root] }
    }
}

/// A named type, and the namespace around it.
type Named<'s> = HashMap<String, (&'s apache_avro::Schema, Namespace)>;

/// Collects the named types in `schema`.
fn collect<'s>(schema: &'s apache_avro::Schema, around: &Namespace, named: &mut Named<'s>) {
    use apache_avro::Schema;
    let name = match schema {
        Schema::Record(record) => &record.name,
        Schema::Enum(symbols) => &symbols.name,
        Schema::Fixed(fixed) => &fixed.name,
        Schema::Decimal(DecimalSchema { inner, .. }) => return collect(inner, around, named),
        Schema::Array(array) => return collect(&array.items, around, named),
        Schema::Map(map) => return collect(&map.types, around, named),
        Schema::Union(union) => return union.variants().iter().for_each(|branch| collect(branch, around, named)),
        _ => return,
    };
    let name = name.fully_qualified_name(around);
    named.entry(name.fullname(None)).or_insert((schema, around.clone()));
    if let Schema::Record(record) = schema {
        for field in &record.fields {
            collect(&field.schema, &name.namespace, named);
        }
    }
}

struct Compiler<'s> {
    named: Named<'s>,
    /// The named types that have an index.
    begun: HashMap<String, usize>,
    types: Vec<Type>,
}

impl<'s> Compiler<'s> {
    /// The index of `schema`, which stands in the namespace `around`.
    fn add(&mut self, schema: &'s apache_avro::Schema, around: &Namespace) -> Result<usize, SchemaError> {
        use apache_avro::Schema;
        let of = match schema {
            Schema::Null => Type::Null,
            Schema::Boolean => Type::Boolean,
            Schema::Int => Type::Int,
            Schema::Long => Type::Long,
            Schema::Float => Type::Float,
            Schema::Double => Type::Double,
            Schema::Bytes => Type::Bytes,
            Schema::String => Type::String,
            Schema::Uuid => Type::Uuid,
            Schema::BigDecimal => Type::BigDecimal,
            Schema::Date => Type::Date,
            Schema::TimeMillis => Type::TimeOfDay(3),
            Schema::TimeMicros => Type::TimeOfDay(6),
            Schema::TimestampMillis => Type::Instant(3),
            Schema::TimestampMicros => Type::Instant(6),
            Schema::TimestampNanos => Type::Instant(9),
            Schema::LocalTimestampMillis => Type::Local(3),
            Schema::LocalTimestampMicros => Type::Local(6),
            Schema::LocalTimestampNanos => Type::Local(9),
            Schema::Duration => Type::Duration,
            Schema::Decimal(DecimalSchema { scale, inner, .. }) => {
                let size = match &**inner {
                    Schema::Fixed(FixedSchema { size, .. }) => Some(*size),
                    _ => None,
                };
                Type::Decimal { scale: *scale, size }
            }
            Schema::Array(array) => Type::Array(self.add(&array.items, around)?),
            Schema::Map(map) => Type::Map(self.add(&map.types, around)?),
            Schema::Union(union) => {
                let branches: Result<Vec<_>, _> = union.variants().iter().map(|one| self.add(one, around)).collect();
                Type::Union(branches?.into_boxed_slice())
            }
            Schema::Fixed(fixed) => Type::Fixed(fixed.size),
            Schema::Enum(symbols) => Type::Enum(
                symbols.symbols.iter().map(|symbol| serde_json::to_string(symbol).unwrap_or_default().into()).collect(),
            ),
            Schema::Record(record) => return self.record(record, around),
            Schema::Ref { name } => return self.named(&name.fully_qualified_name(around).fullname(None)),
        };
        Ok(self.push(of))
    }

    fn push(&mut self, of: Type) -> usize {
        self.types.push(of);
        self.types.len() - 1
    }

    fn named(&mut self, name: &str) -> Result<usize, SchemaError> {
        if let Some(index) = self.begun.get(name) {
            return Ok(*index);
        }
        let (schema, around) = self
            .named
            .get(name)
            .cloned()
            .ok_or_else(|| SchemaError::new(format!("it does not define its type {}", excerpt(name, 80))))?;
        let index = self.add(schema, &around)?;
        self.begun.insert(name.to_owned(), index);
        Ok(index)
    }

    fn record(&mut self, record: &'s RecordSchema, around: &Namespace) -> Result<usize, SchemaError> {
        let name = record.name.fully_qualified_name(around);
        let full = name.fullname(None);
        if let Some(index) = self.begun.get(&full) {
            return Ok(*index);
        }
        // A field may hold the record again.
        let index = self.push(Type::Null);
        self.begun.insert(full, index);
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let of = self.add(&field.schema, &name.namespace)?;
            fields.push(Field { name: field.name.as_str().into(), key: key(&field.name), of });
        }
        if let Some(place) = self.types.get_mut(index) {
            *place = Type::Record(fields.into_boxed_slice());
        }
        Ok(index)
    }
}

/// What an Avro schema offers at one place: one of several types, if it is a union.
pub(super) struct AvroOffered<'s> {
    schema: &'s AvroSchema,
    types: Vec<usize>,
}

impl AvroOffered<'_> {
    fn step(&self, next: impl Fn(&Type) -> Option<usize>) -> Option<Self> {
        let mut types = Vec::new();
        for at in &self.types {
            match self.schema.of(*at) {
                Type::Union(branches) => types.extend(branches.iter().filter_map(|at| next(self.schema.of(*at)))),
                of => types.extend(next(of)),
            }
        }
        (!types.is_empty()).then_some(Self { schema: self.schema, types })
    }
}

impl Offered for AvroOffered<'_> {
    fn member(&self, name: &str) -> Option<Self> {
        self.step(|of| match of {
            Type::Record(fields) => fields.iter().find(|field| &*field.name == name).map(|field| field.of),
            Type::Map(values) => Some(*values),
            _ => None,
        })
    }

    fn element(&self) -> Option<Self> {
        self.step(|of| match of {
            Type::Array(items) => Some(*items),
            _ => None,
        })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
