//! The schema that Spark reads content by: the same bytes as those of the writer's schema, without its names and logical types. So no name
//! can be in the way, and no reader but clicktop's SQL decides what a value means.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::registry::compiled::{AvroSchema, Field, Type};

/// The deepest nesting of types, and the most that a schema may spell out: a named type counts each time that it is used.
pub(super) const MAX_DEPTH: usize = 100;
const MAX_TYPES: usize = 4000;

/// The mark that follows the content: what is read up to it is the whole content.
pub(super) const MARK: &str = "X'0c11c4709e3779b97f4a7c15f39cc060'";
const MARK_BYTES: usize = 16;

/// How a union is read.
pub(super) enum Branches<'u> {
    /// One type, or nothing.
    One(usize),
    /// Several types, each in a record of its own, `member0` and so on; `None` stands for nothing.
    Several(&'u [usize]),
    /// Nothing but null.
    Null,
}

/// How the union of these types is read.
pub(super) fn branches<'u>(schema: &AvroSchema, union: &'u [usize]) -> Branches<'u> {
    let mut others = union.iter().filter(|at| !is_null(schema, **at));
    match (others.next(), others.next()) {
        (None, _) => Branches::Null,
        (Some(one), None) => Branches::One(*one),
        _ => Branches::Several(union),
    }
}

pub(super) fn is_null(schema: &AvroSchema, at: usize) -> bool {
    matches!(schema.of(at), Type::Null)
}

/// Whether the field of this record leads to the record again.
pub(super) fn is_recursive(schema: &AvroSchema, record: usize, field: &Field) -> bool {
    let (mut met, mut open) = (BTreeSet::new(), vec![field.of]);
    while let Some(at) = open.pop() {
        if at == record {
            return true;
        }
        if !met.insert(at) {
            continue;
        }
        match schema.of(at) {
            Type::Array(of) | Type::Map(of) => open.push(*of),
            Type::Union(branches) => open.extend(branches),
            Type::Record(fields) => open.extend(fields.iter().map(|field| field.of)),
            _ => {}
        }
    }
    false
}

/// The schemas for Spark: of what is written, and of what is read if that is less.
pub(super) struct Wire {
    pub(super) written: String,
    pub(super) read: Option<String>,
}

impl Wire {
    /// `None` if the schema is too large.
    pub(super) fn of(schema: &AvroSchema) -> Option<Self> {
        let (written, _) = Writer::new(schema, false).whole()?;
        let (read, is_less) = Writer::new(schema, true).whole()?;
        Some(Self { written, read: is_less.then_some(read) })
    }
}

struct Writer<'s> {
    schema: &'s AvroSchema,
    /// Leaves away the fields that lead to their record again, which Spark has no type for.
    prunes: bool,
    has_pruned: bool,
    defined: BTreeSet<String>,
    types: usize,
}

impl<'s> Writer<'s> {
    fn new(schema: &'s AvroSchema, prunes: bool) -> Self {
        Self { schema, prunes, has_pruned: false, defined: BTreeSet::new(), types: 0 }
    }

    fn whole(mut self) -> Option<(String, bool)> {
        let of = self.value(self.schema.root(), 0)?;
        let mark = self.fixed(MARK_BYTES);
        let fields = json!([{"name": "v", "type": of}, {"name": "mark", "type": mark}]);
        let whole = json!({"type": "record", "name": "W", "fields": fields});
        Some((whole.to_string(), self.has_pruned))
    }

    fn value(&mut self, at: usize, depth: usize) -> Option<Value> {
        self.types += 1;
        if depth > MAX_DEPTH || self.types > MAX_TYPES {
            return None;
        }
        Some(match self.schema.of(at) {
            Type::Null => json!("null"),
            Type::Boolean => self.fixed(1),
            Type::Int
            | Type::Long
            | Type::Date
            | Type::TimeOfDay(_)
            | Type::Instant(_)
            | Type::Local(_)
            | Type::Enum(_) => json!("long"),
            Type::Float => json!("float"),
            Type::Double => json!("double"),
            Type::Bytes | Type::String | Type::Uuid | Type::BigDecimal | Type::Decimal { size: None, .. } => {
                json!("bytes")
            }
            Type::Fixed(size) | Type::Decimal { size: Some(size), .. } => self.fixed(*size),
            Type::Duration => self.fixed(12),
            Type::Array(items) => json!({"type": "array", "items": self.value(*items, depth + 1)?}),
            Type::Map(values) => json!({"type": "map", "values": self.value(*values, depth + 1)?}),
            Type::Union(union) => match branches(self.schema, union) {
                // Spark has no union of null alone.
                Branches::Null => json!(["null", self.fixed(1)]),
                Branches::One(_) => {
                    let branches: Option<Vec<_>> = union.iter().map(|at| self.value(*at, depth + 1)).collect();
                    Value::Array(branches?)
                }
                Branches::Several(_) => {
                    let branches = union.iter().enumerate().map(|(number, branch)| {
                        let of = self.value(*branch, depth + 1)?;
                        let fields = json!([{"name": "v", "type": of}]);
                        let wrapped = json!({"type": "record", "name": format!("U{at}_{number}"), "fields": fields});
                        Some(if is_null(self.schema, *branch) { of } else { wrapped })
                    });
                    Value::Array(branches.collect::<Option<Vec<_>>>()?)
                }
            },
            Type::Record(fields) => {
                let name = format!("R{at}");
                if !self.defined.insert(name.clone()) {
                    return Some(Value::String(name));
                }
                let mut written = Vec::with_capacity(fields.len());
                for (number, field) in fields.iter().enumerate() {
                    if self.prunes && is_recursive(self.schema, at, field) {
                        self.has_pruned = true;
                        continue;
                    }
                    written.push(json!({"name": format!("f{number}"), "type": self.value(field.of, depth + 1)?}));
                }
                json!({"type": "record", "name": name, "fields": written})
            }
        })
    }

    fn fixed(&mut self, size: usize) -> Value {
        let name = format!("X{size}");
        match self.defined.insert(name.clone()) {
            true => json!({"type": "fixed", "name": name, "size": size}),
            false => Value::String(name),
        }
    }
}
