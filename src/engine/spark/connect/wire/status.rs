//! Errors: `google/rpc/status.proto`, which the trailer `grpc-status-details-bin` holds, and the details that Spark keeps.

use std::collections::HashMap;

use prost::Message;
use prost::bytes::Bytes;

use super::calls::UserContext;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorInfo {
    /// The class of the exception on the server.
    #[prost(string, tag = "1")]
    pub(crate) reason: String,
    #[prost(string, tag = "2")]
    pub(crate) domain: String,
    #[prost(map = "string, string", tag = "3")]
    pub(crate) metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FetchErrorDetailsRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, tag = "3")]
    pub(crate) error_id: String,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FetchErrorDetailsResponse {
    #[prost(int32, optional, tag = "1")]
    pub(crate) root_error_idx: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) errors: Vec<ErrorDetails>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorDetails {
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(int32, optional, tag = "4")]
    pub(crate) cause_idx: Option<i32>,
    #[prost(message, optional, tag = "5")]
    pub(crate) spark_throwable: Option<SparkThrowable>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SparkThrowable {
    #[prost(string, optional, tag = "1")]
    pub(crate) error_class: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub(crate) sql_state: Option<String>,
}
