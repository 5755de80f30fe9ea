//! Values of parameters and of observed metrics.

use super::wire;

/// A single value: of a parameter, or of an observed metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `NULL`.
    Null,
    /// `BOOLEAN`.
    Bool(bool),
    /// `INT`; a metric's `TINYINT` or `SMALLINT`, too.
    Int(i32),
    /// `BIGINT`.
    Long(i64),
    /// `DOUBLE`.
    Double(f64),
    /// `STRING`.
    Text(String),
    /// `TIMESTAMP`, in microseconds since 1970.
    Timestamp(i64),
    /// `ARRAY<BIGINT>`, for `array_contains(:name, x)`.
    Longs(Vec<i64>),
    /// `ARRAY<STRING>`.
    Texts(Vec<String>),
}

impl Value {
    /// A whole number, whatever its width.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) | Self::Timestamp(number) => Some(*number),
            _ => None,
        }
    }

    /// `None` for a type that clicktop does not observe.
    pub(super) fn of(literal: wire::Literal) -> Option<Self> {
        Some(match literal.literal_type? {
            wire::LiteralType::Null(_) => Self::Null,
            wire::LiteralType::Boolean(value) => Self::Bool(value),
            wire::LiteralType::Byte(value) | wire::LiteralType::Short(value) | wire::LiteralType::Integer(value) => {
                Self::Int(value)
            }
            wire::LiteralType::Long(value) => Self::Long(value),
            wire::LiteralType::Float(value) => Self::Double(f64::from(value)),
            wire::LiteralType::Double(value) => Self::Double(value),
            wire::LiteralType::String(value) => Self::Text(value),
            wire::LiteralType::Timestamp(value) | wire::LiteralType::TimestampNtz(value) => Self::Timestamp(value),
            wire::LiteralType::Date(_) => return None,
        })
    }
}

/// Defines the conversions that cannot lose anything.
macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

value_from! {
    bool => Bool,
    i32 => Int,
    i64 => Long,
    u32 => Long,
    f64 => Double,
    &str => Text,
    String => Text,
    Vec<i64> => Longs,
    Vec<String> => Texts,
}

impl<V: Into<Self>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
