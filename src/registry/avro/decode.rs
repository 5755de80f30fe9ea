//! Turns Avro content into JSON text.

use std::fmt;

use super::{AvroSchema, Type};
use crate::registry::error::ReadError;
use crate::registry::frame::zigzag;
use crate::registry::out::Out;
use crate::registry::times::{TimeStyle, date, time_of_day};

/// The deepest nesting of records, arrays and maps. It bounds the stack, and stays below what the mapping reads of JSON.
const MAX_DEPTH: usize = 100;

impl AvroSchema {
    /// Writes the value in `content` to `out`, times in this style.
    pub(in crate::registry) fn read(
        &self,
        content: &[u8],
        style: TimeStyle,
        out: &mut Out<'_>,
    ) -> Result<(), ReadError> {
        let mut reading = Reading { schema: self, rest: content, style };
        reading.value(self.root, 0, out)?;
        match reading.rest {
            [] => Ok(()),
            rest => Err(ReadError::Trailing(rest.len())),
        }
    }
}

struct Reading<'a> {
    schema: &'a AvroSchema,
    rest: &'a [u8],
    style: TimeStyle,
}

impl<'a> Reading<'a> {
    fn value(&mut self, at: usize, depth: usize, out: &mut Out<'_>) -> Result<(), ReadError> {
        let schema = self.schema;
        let of = match schema.of(at) {
            Type::Union(branches) => {
                let number = self.long()?;
                let branch = usize::try_from(number).ok().and_then(|number| branches.get(number));
                schema.of(*branch.ok_or(ReadError::Choice { what: "union", number })?)
            }
            of => of,
        };
        match of {
            // A union holds no union.
            Type::Null | Type::Union(_) => out.raw("null"),
            Type::Boolean => match self.take(1)? {
                [0] => out.raw("false"),
                [1] => out.raw("true"),
                other => Err(ReadError::Boolean(other.first().copied().unwrap_or_default())),
            },
            Type::Int => {
                let number = self.int()?;
                out.display(number)
            }
            Type::Long => {
                let number = self.long()?;
                out.display(number)
            }
            Type::Float => {
                let bytes = self.chunk::<4>()?;
                out.float(f32::from_le_bytes(bytes))
            }
            Type::Double => {
                let bytes = self.chunk::<8>()?;
                out.float(f64::from_le_bytes(bytes))
            }
            Type::String => {
                let text = self.text()?;
                out.string(text)
            }
            Type::Bytes => {
                let bytes = self.bytes()?;
                out.bytes(bytes)
            }
            Type::Fixed(size) => {
                let bytes = self.take(*size)?;
                out.bytes(bytes)
            }
            Type::Uuid => {
                let bytes = self.bytes()?;
                match <[u8; 16]>::try_from(bytes) {
                    Ok(bytes) => out.quoted(uuid::Uuid::from_bytes(bytes).hyphenated()),
                    Err(_) => out.string(std::str::from_utf8(bytes).map_err(|_| ReadError::Utf8)?),
                }
            }
            Type::Decimal { scale, size } => {
                let bytes = match size {
                    Some(size) => self.take(*size)?,
                    None => self.bytes()?,
                };
                decimal(bytes, *scale, out)
            }
            Type::BigDecimal => {
                let mut inner = Reading { schema, rest: self.bytes()?, style: self.style };
                let (bytes, scale) = (inner.bytes()?, inner.long()?);
                match usize::try_from(scale) {
                    Ok(scale) => decimal(bytes, scale, out),
                    Err(_) => out.raw("null"),
                }
            }
            Type::Date => {
                let days = self.int()?;
                date(days, out)
            }
            Type::TimeOfDay(digits) => {
                let number = self.long()?;
                time_of_day(number, *digits, out)
            }
            Type::Instant(digits) => {
                let number = self.long()?;
                self.style.instant(number, *digits, out)
            }
            Type::Local(digits) => {
                let number = self.long()?;
                self.style.local(number, *digits, out)
            }
            Type::Duration => {
                let [a, b, c, d, e, f, g, h, i, j, k, l] = self.chunk::<12>()?;
                let [months, days, millis] = [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes);
                out.quoted(format_args!("P{months}M{days}DT{}.{:03}S", millis / 1000, millis % 1000))
            }
            Type::Enum(symbols) => {
                let number = self.long()?;
                let symbol = usize::try_from(number).ok().and_then(|number| symbols.get(number));
                out.raw(symbol.ok_or(ReadError::Choice { what: "enum", number })?)
            }
            Type::Record(fields) => {
                let depth = deeper(depth)?;
                let mut before = "{";
                for field in fields {
                    out.raw(before)?;
                    out.raw(&field.key)?;
                    self.value(field.of, depth, out)?;
                    before = ",";
                }
                out.raw(if fields.is_empty() { "{}" } else { "}" })
            }
            Type::Array(items) => {
                let depth = deeper(depth)?;
                out.raw("[")?;
                self.blocks(out, |reading, out| reading.value(*items, depth, out))?;
                out.raw("]")
            }
            Type::Map(values) => {
                let depth = deeper(depth)?;
                out.raw("{")?;
                self.blocks(out, |reading, out| {
                    let name = reading.text()?;
                    out.string(name)?;
                    out.raw(":")?;
                    reading.value(*values, depth, out)
                })?;
                out.raw("}")
            }
        }
    }

    /// Reads the blocks of an array or a map. Each item writes something, so the length of the output bounds the items of which the
    /// message holds nothing.
    fn blocks(
        &mut self,
        out: &mut Out<'_>,
        mut item: impl FnMut(&mut Self, &mut Out<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut is_first = true;
        loop {
            let mut count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                // The bytes of the block, for readers that skip it.
                self.long()?;
                count = count.checked_neg().ok_or(ReadError::Number)?;
            }
            for _ in 0..count {
                if !is_first {
                    out.raw(",")?;
                }
                is_first = false;
                item(self, out)?;
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(ReadError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(ReadError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn long(&mut self) -> Result<i64, ReadError> {
        let before = self.rest.len();
        zigzag(&mut self.rest).ok_or(if before < 10 { ReadError::Truncated } else { ReadError::Number })
    }

    fn int(&mut self) -> Result<i32, ReadError> {
        i32::try_from(self.long()?).map_err(|_| ReadError::Number)
    }

    fn bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let length = usize::try_from(self.long()?).map_err(|_| ReadError::Length)?;
        if length > self.rest.len() {
            return Err(ReadError::Length);
        }
        self.take(length)
    }

    fn text(&mut self) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| ReadError::Utf8)
    }
}

fn deeper(depth: usize) -> Result<usize, ReadError> {
    if depth >= MAX_DEPTH { Err(ReadError::TooDeep(MAX_DEPTH)) } else { Ok(depth + 1) }
}

/// Writes a decimal number as text. Its digits are a number in two's complement. One of more than 16 bytes, which no field of a click
/// is, becomes `null`.
fn decimal(bytes: &[u8], scale: usize, out: &mut Out<'_>) -> Result<(), ReadError> {
    /// More than 16 bytes have.
    const MAX_SCALE: usize = 64;
    if bytes.len() > 16 || scale > MAX_SCALE {
        return out.raw("null");
    }
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let begin = if is_negative { -1 } else { 0_i128 };
    let number = bytes.iter().fold(begin, |number, byte| number << 8 | i128::from(*byte));
    out.quoted(Decimal { number, scale })
}

struct Decimal {
    number: i128,
    scale: usize,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.number < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.number.unsigned_abs(), width = self.scale + 1);
        match digits.split_at_checked(digits.len() - self.scale) {
            Some((whole, fraction)) if self.scale > 0 => write!(f, "{sign}{whole}.{fraction}"),
            _ => write!(f, "{sign}{digits}"),
        }
    }
}
