//! What a value becomes: an expression of its JSON text, which is NULL if the value does not fit the schema; and, for what nobody reads,
//! one that says whether it fits.

use super::numbers::{decimal, duration, float};
use super::times::{date, instant, time_of_day};
use super::wants::Wants;
use super::wire::{Branches, MAX_DEPTH, branches, is_null, is_recursive};
use crate::engine::spark::sql::literal::text as literal;
use crate::registry::TimeStyle;
use crate::registry::compiled::{AvroSchema, Field, Type};

/// The most expressions of one schema: a named type counts each time that it is used.
const MAX_EXPRESSIONS: usize = 8000;

/// Why there is no expression: the rest of a sentence that begins with the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

/// Makes the expressions of one schema.
pub(super) struct Texts<'s> {
    schema: &'s AvroSchema,
    style: TimeStyle,
    /// How many variables there are, and expressions.
    variables: usize,
    expressions: usize,
    /// The names that lead to the value in question.
    path: Vec<&'s str>,
    depth: usize,
}

impl<'s> Texts<'s> {
    pub(super) fn new(schema: &'s AvroSchema, style: TimeStyle) -> Self {
        Self { schema, style, variables: 0, expressions: 0, path: Vec::new(), depth: 0 }
    }

    /// The text of the whole value `x`.
    pub(super) fn whole(&mut self, x: &str, wants: &Wants) -> Result<String, Unreadable> {
        self.text(self.schema.root(), x, wants)
    }

    fn enter(&mut self) -> Result<(), Unreadable> {
        self.expressions += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH || self.expressions > MAX_EXPRESSIONS {
            return Err(too_large());
        }
        Ok(())
    }

    fn variable(&mut self) -> String {
        self.variables += 1;
        format!("x{}", self.variables)
    }

    fn text(&mut self, at: usize, x: &str, wants: &Wants) -> Result<String, Unreadable> {
        self.enter()?;
        let sql = match self.schema.of(at) {
            Type::Union(union) => self.union_text(union, x, wants)?,
            Type::Record(fields) => self.record(at, fields, x, wants)?,
            Type::Array(items) => self.array(*items, x, wants)?,
            Type::Map(values) => self.map(*values, x, wants)?,
            Type::BigDecimal if wants.is_named() => {
                return Err(self.unreadable("is a decimal number without a scale of its type"));
            }
            of => self.scalar(of, x),
        };
        self.depth -= 1;
        Ok(sql)
    }

    fn scalar(&self, of: &Type, x: &str) -> String {
        match of {
            Type::Boolean => format!("CASE {x} WHEN X'00' THEN 'false' WHEN X'01' THEN 'true' END"),
            Type::Int => format!("IF({x} {INT}, CAST({x} AS STRING), NULL)"),
            Type::Long => format!("CAST({x} AS STRING)"),
            Type::Float | Type::Double => float(x),
            Type::Bytes | Type::Fixed(_) => format!("concat('\"', base64({x}), '\"')"),
            Type::String => string(&format!("CAST({x} AS STRING)")),
            Type::Uuid => format!(
                "IF(octet_length({x}) = 16, regexp_replace(lower(hex({x})), r'(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', \
                 '\"$1-$2-$3-$4-$5\"'), {})",
                string(&format!("CAST({x} AS STRING)"))
            ),
            Type::Decimal { scale, .. } => decimal(x, *scale),
            Type::Date => date(x),
            Type::TimeOfDay(digits) => time_of_day(x, *digits),
            Type::Instant(digits) => instant(x, *digits, self.style, "Z"),
            Type::Local(digits) => instant(x, *digits, self.style, ""),
            Type::Duration => duration(x),
            Type::Enum(symbols) => {
                let symbols: Vec<String> = symbols.iter().map(|symbol| literal(symbol)).collect();
                format!("get(CAST(array({}) AS ARRAY<STRING>), try_cast({x} AS INT))", symbols.join(", "))
            }
            Type::Null | Type::BigDecimal | Type::Union(_) | Type::Record(_) | Type::Array(_) | Type::Map(_) => {
                "'null'".to_owned()
            }
        }
    }

    fn union_text(&mut self, union: &'s [usize], x: &str, wants: &Wants) -> Result<String, Unreadable> {
        Ok(match branches(self.schema, union) {
            Branches::Null => "'null'".to_owned(),
            Branches::One(of) => format!("IF({x} IS NULL, 'null', {})", self.text(of, x, wants)?),
            Branches::Several(union) => {
                let mut cases = String::new();
                for (member, of) in self.members(union) {
                    let text = self.text(of, &format!("{x}.{member}.v"), wants)?;
                    cases += &format!(" WHEN {x}.{member} IS NOT NULL THEN {text}");
                }
                format!("CASE{cases} ELSE 'null' END")
            }
        })
    }

    /// The branches of a union as Spark names them, without null.
    fn members(&self, union: &[usize]) -> Vec<(String, usize)> {
        let others = union.iter().filter(|at| !is_null(self.schema, **at));
        others.enumerate().map(|(number, at)| (format!("member{number}"), *at)).collect()
    }

    fn record(&mut self, at: usize, fields: &'s [Field], x: &str, wants: &Wants) -> Result<String, Unreadable> {
        let (mut parts, mut checks) = (vec!["'{'".to_owned()], Vec::new());
        for (number, field) in fields.iter().enumerate() {
            let value = format!("{x}.f{number}");
            let recursive = is_recursive(self.schema, at, field);
            match wants.member(&field.name) {
                Some(wants) if !recursive => {
                    self.path.push(&field.name);
                    let comma = if parts.len() > 1 { "," } else { "" };
                    parts.push(literal(&format!("{comma}{}", field.key)));
                    parts.push(self.text(field.of, &value, wants)?);
                    self.path.pop();
                }
                Some(wants) if wants.is_named() => {
                    self.path.push(&field.name);
                    return Err(self.unreadable("belongs to a type that holds itself"));
                }
                _ if recursive => {}
                _ => checks.extend(self.check(field.of, &value)?),
            }
        }
        parts.push("'}'".to_owned());
        let text = format!("concat({})", parts.join(", "));
        Ok(if checks.is_empty() { text } else { format!("IF({}, {text}, NULL)", checks.join(" AND ")) })
    }

    fn array(&mut self, items: usize, x: &str, wants: &Wants) -> Result<String, Unreadable> {
        let Some(wants) = wants.elements() else {
            let check = self.items(items, x)?;
            return Ok(check.map_or("'[]'".to_owned(), |check| format!("IF({check}, '[]', NULL)")));
        };
        let item = self.variable();
        let text = self.text(items, &item, wants)?;
        Ok(joined('[', &format!("transform({x}, {item} -> {text})"), ']'))
    }

    fn map(&mut self, values: usize, x: &str, wants: &Wants) -> Result<String, Unreadable> {
        let entry = self.variable();
        let text = self.text(values, &format!("{entry}.value"), &wants.any_member())?;
        let pair = format!("concat({}, ':', {text})", string(&format!("{entry}.key")));
        let Some(names) = wants.names() else {
            return Ok(joined('{', &format!("transform(map_entries({x}), {entry} -> {pair})"), '}'));
        };
        let names: Vec<String> = names.map(literal).collect();
        let check = self.entries(values, x)?;
        if names.is_empty() {
            return Ok(format!("IF({check}, '{{}}', NULL)"));
        }
        let found = format!("filter(map_entries({x}), {entry} -> {entry}.key IN ({}))", names.join(", "));
        let text = joined('{', &format!("transform({found}, {entry} -> {pair})"), '}');
        Ok(format!("IF({check}, {text}, NULL)"))
    }

    /// Whether the value `x`, which nobody reads, fits the schema; `None` if each one does.
    fn check(&mut self, at: usize, x: &str) -> Result<Option<String>, Unreadable> {
        self.enter()?;
        let check = match self.schema.of(at) {
            Type::Boolean => Some(format!("{x} IN (X'00', X'01')")),
            Type::Int | Type::Date => Some(format!("{x} {INT}")),
            Type::String => Some(format!("is_valid_utf8(CAST({x} AS STRING))")),
            Type::Uuid => Some(format!("(octet_length({x}) = 16 OR is_valid_utf8(CAST({x} AS STRING)))")),
            Type::Enum(symbols) => Some(format!("({x} >= 0L AND {x} < {}L)", symbols.len())),
            Type::Array(items) => self.items(*items, x)?,
            Type::Map(values) => Some(self.entries(*values, x)?),
            Type::Union(union) => match branches(self.schema, union) {
                Branches::Null => None,
                Branches::One(of) => self.check(of, x)?.map(|check| format!("({x} IS NULL OR {check})")),
                Branches::Several(union) => {
                    let mut checks = Vec::new();
                    for (member, of) in self.members(union) {
                        let check = self.check(of, &format!("{x}.{member}.v"))?;
                        checks.extend(check.map(|check| format!("({x}.{member} IS NULL OR {check})")));
                    }
                    all(checks).map(|checks| format!("({x} IS NULL OR {checks})"))
                }
            },
            Type::Record(fields) => {
                let mut checks = Vec::new();
                for (number, field) in fields.iter().enumerate() {
                    if !is_recursive(self.schema, at, field) {
                        checks.extend(self.check(field.of, &format!("{x}.f{number}"))?);
                    }
                }
                all(checks)
            }
            Type::Null
            | Type::Long
            | Type::Float
            | Type::Double
            | Type::Bytes
            | Type::Fixed(_)
            | Type::Decimal { .. }
            | Type::BigDecimal
            | Type::TimeOfDay(_)
            | Type::Instant(_)
            | Type::Local(_)
            | Type::Duration => None,
        };
        self.depth -= 1;
        Ok(check)
    }

    fn items(&mut self, items: usize, x: &str) -> Result<Option<String>, Unreadable> {
        let item = self.variable();
        Ok(self.check(items, &item)?.map(|check| format!("forall({x}, {item} -> {check})")))
    }

    fn entries(&mut self, values: usize, x: &str) -> Result<String, Unreadable> {
        let item = self.variable();
        let keys = format!("forall(map_keys({x}), {item} -> is_valid_utf8({item}))");
        let values = self.check(values, &item)?.map(|check| format!("forall(map_values({x}), {item} -> {check})"));
        Ok(all([Some(keys), values].into_iter().flatten().collect()).unwrap_or_default())
    }

    fn unreadable(&self, why: &str) -> Unreadable {
        Unreadable(format!("engine = \"spark\" does not read `{}`, because it {why}", self.path.join(".")))
    }
}

/// The rest of the sentence about a schema that makes too large a query.
pub(super) fn too_large() -> Unreadable {
    Unreadable("engine = \"spark\" does not read it, because its types are too many or nest too deep".to_owned())
}

/// What is true of a number of 32 bits.
const INT: &str = "BETWEEN -2147483648L AND 2147483647L";

/// The JSON of a text.
fn string(x: &str) -> String {
    format!(
        "IF(is_valid_utf8({x}), IF({x} RLIKE r'[\\x00-\\x1f\"\\\\]', \
         get(transform(array(to_json(named_struct('a', {x}))), j -> substring(j, 6, length(j) - 6)), 0), concat('\"', {x}, '\"')), NULL)"
    )
}

/// The texts in the array `texts` between brackets; NULL if one of them is.
fn joined(open: char, texts: &str, close: char) -> String {
    format!(
        "get(transform(array({texts}), l -> IF(exists(l, e -> e IS NULL), NULL, concat('{open}', array_join(l, ','), '{close}'))), 0)"
    )
}

/// Whether all are true; `None` without any.
fn all(checks: Vec<String>) -> Option<String> {
    (!checks.is_empty()).then(|| format!("({})", checks.join(" AND ")))
}
