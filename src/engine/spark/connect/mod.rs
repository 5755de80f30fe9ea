//! A client of Spark Connect: SQL with parameters, rows as Arrow, and streaming queries, over gRPC.
//!
//! [`Session::connect`] is the way in. A statement runs until it is done, is interrupted by its [`Tag`], or is dropped. It
//! survives a broken connection (`execution.rs`). Every error is a [`ConnectError`]: one printable line without secrets.

mod bind;
mod error;
mod execution;
mod ids;
mod link;
mod local;
mod refusal;
mod release;
mod rows;
mod session;
mod sql;
mod streaming;
#[cfg(test)]
mod tests;
mod transport;
mod url;
mod value;
mod wire;

pub(crate) use self::error::{ConnectError, SparkError};
pub(crate) use self::ids::{OperationId, QueryId, QueryRun, RunId, SessionId, Tag};
pub(crate) use self::rows::{Observed, Progress, Rows, Told, column};
pub(crate) use self::session::{Done, Session};
pub(crate) use self::sql::{Observation, Sql};
pub(crate) use self::streaming::{ActiveQuery, QueryFailure, QueryStatus, StreamSource, StreamWrite, Trigger};
pub(crate) use self::transport::ConnectOptions;
pub(crate) use self::url::{ConnectUrl, UrlError};
pub(crate) use self::value::Value;
