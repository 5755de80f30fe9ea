//! Relations and expressions: `relations.proto` and `expressions.proto`.

use std::collections::HashMap;
use std::fmt;

use prost::{Message, Oneof};

/// A message that says all by being there.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Relation {
    #[prost(oneof = "RelType", tags = "2, 4, 10, 11, 29")]
    pub(crate) rel_type: Option<RelType>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum RelType {
    #[prost(message, tag = "2")]
    Read(Read),
    #[prost(message, tag = "4")]
    Filter(Box<Filter>),
    #[prost(message, tag = "10")]
    Sql(Sql),
    #[prost(message, tag = "11")]
    LocalRelation(LocalRelation),
    #[prost(message, tag = "29")]
    CollectMetrics(Box<CollectMetrics>),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Read {
    #[prost(message, optional, tag = "2")]
    pub(crate) data_source: Option<DataSource>,
    #[prost(bool, tag = "3")]
    pub(crate) is_streaming: bool,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(crate) struct DataSource {
    #[prost(string, optional, tag = "1")]
    pub(crate) format: Option<String>,
    #[prost(map = "string, string", tag = "3")]
    pub(crate) options: HashMap<String, String>,
}

/// Options may hold passwords, so their values are not printed.
impl fmt::Debug for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.options.keys().collect();
        f.debug_struct("DataSource").field("format", &self.format).field("options", &names).finish()
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Filter {
    #[prost(message, optional, boxed, tag = "1")]
    pub(crate) input: Option<Box<Relation>>,
    #[prost(message, optional, tag = "2")]
    pub(crate) condition: Option<Expression>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sql {
    #[prost(string, tag = "1")]
    pub(crate) query: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LocalRelation {
    /// An Arrow stream.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(crate) data: Option<prost::bytes::Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CollectMetrics {
    #[prost(message, optional, boxed, tag = "1")]
    pub(crate) input: Option<Box<Relation>>,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) metrics: Vec<Expression>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Expression {
    #[prost(oneof = "ExprType", tags = "4")]
    pub(crate) expr_type: Option<ExprType>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum ExprType {
    #[prost(message, tag = "4")]
    ExpressionString(ExpressionString),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExpressionString {
    #[prost(string, tag = "1")]
    pub(crate) expression: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Literal {
    #[prost(oneof = "LiteralType", tags = "1, 3, 4, 5, 6, 7, 10, 11, 13, 16, 17, 18")]
    pub(crate) literal_type: Option<LiteralType>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum LiteralType {
    #[prost(message, tag = "1")]
    Null(DataType),
    #[prost(bool, tag = "3")]
    Boolean(bool),
    #[prost(int32, tag = "4")]
    Byte(i32),
    #[prost(int32, tag = "5")]
    Short(i32),
    #[prost(int32, tag = "6")]
    Integer(i32),
    #[prost(int64, tag = "7")]
    Long(i64),
    #[prost(float, tag = "10")]
    Float(f32),
    #[prost(double, tag = "11")]
    Double(f64),
    #[prost(string, tag = "13")]
    String(String),
    /// Days since 1970.
    #[prost(int32, tag = "16")]
    Date(i32),
    /// Microseconds since 1970, UTC.
    #[prost(int64, tag = "17")]
    Timestamp(i64),
    /// Microseconds since 1970 on a clock without a zone.
    #[prost(int64, tag = "18")]
    TimestampNtz(i64),
}

/// Only the type of `NULL` is ever needed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DataType {
    #[prost(message, optional, tag = "1")]
    pub(crate) null: Option<Nothing>,
}
