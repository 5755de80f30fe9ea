//! The calls and their answers: `base.proto`.

use prost::bytes::Bytes;
use prost::{Message, Oneof};

use super::plan::Plan;
use super::query::{StreamingQueryCommandResult, StreamingQueryManagerCommandResult, WriteStreamOperationStartResult};
use super::relation::{Literal, Nothing, Relation};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct UserContext {
    #[prost(string, tag = "1")]
    pub(crate) user_id: String,
    #[prost(string, tag = "2")]
    pub(crate) user_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutePlanRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(crate) plan: Option<Plan>,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) request_options: Vec<RequestOption>,
    #[prost(string, optional, tag = "6")]
    pub(crate) operation_id: Option<String>,
    #[prost(string, repeated, tag = "7")]
    pub(crate) tags: Vec<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestOption {
    #[prost(message, optional, tag = "1")]
    pub(crate) reattach_options: Option<ReattachOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReattachOptions {
    #[prost(bool, tag = "1")]
    pub(crate) reattachable: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutePlanResponse {
    #[prost(string, tag = "12")]
    pub(crate) operation_id: String,
    #[prost(string, tag = "13")]
    pub(crate) response_id: String,
    #[prost(string, tag = "15")]
    pub(crate) server_side_session_id: String,
    #[prost(oneof = "ResponseType", tags = "2, 5, 8, 9, 11, 14, 18")]
    pub(crate) response_type: Option<ResponseType>,
    #[prost(message, repeated, tag = "6")]
    pub(crate) observed_metrics: Vec<ObservedMetrics>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum ResponseType {
    #[prost(message, tag = "2")]
    ArrowBatch(ArrowBatch),
    #[prost(message, tag = "5")]
    SqlCommandResult(SqlCommandResult),
    #[prost(message, tag = "8")]
    WriteStreamOperationStartResult(WriteStreamOperationStartResult),
    #[prost(message, tag = "9")]
    StreamingQueryCommandResult(StreamingQueryCommandResult),
    #[prost(message, tag = "11")]
    StreamingQueryManagerCommandResult(StreamingQueryManagerCommandResult),
    #[prost(message, tag = "14")]
    ResultComplete(Nothing),
    #[prost(message, tag = "18")]
    ExecutionProgress(ExecutionProgress),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ArrowBatch {
    #[prost(int64, tag = "1")]
    pub(crate) row_count: i64,
    /// An Arrow stream: schema and batches.
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) data: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SqlCommandResult {
    #[prost(message, optional, tag = "1")]
    pub(crate) relation: Option<Relation>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ObservedMetrics {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) values: Vec<Literal>,
    #[prost(string, repeated, tag = "3")]
    pub(crate) keys: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExecutionProgress {
    #[prost(message, repeated, tag = "1")]
    pub(crate) stages: Vec<StageInfo>,
    #[prost(int64, tag = "2")]
    pub(crate) num_inflight_tasks: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StageInfo {
    #[prost(int64, tag = "1")]
    pub(crate) stage_id: i64,
    #[prost(int64, tag = "2")]
    pub(crate) num_tasks: i64,
    #[prost(int64, tag = "3")]
    pub(crate) num_completed_tasks: i64,
    #[prost(int64, tag = "4")]
    pub(crate) input_bytes_read: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReattachExecuteRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, tag = "3")]
    pub(crate) operation_id: String,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) last_response_id: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReleaseExecuteRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, tag = "3")]
    pub(crate) operation_id: String,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
    #[prost(oneof = "Release", tags = "5, 6")]
    pub(crate) release: Option<Release>,
    #[prost(string, optional, tag = "7")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Release {
    #[prost(message, tag = "5")]
    All(Nothing),
    #[prost(message, tag = "6")]
    Until(ReleaseUntil),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReleaseUntil {
    #[prost(string, tag = "1")]
    pub(crate) response_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnalyzePlanRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(crate) client_type: Option<String>,
    #[prost(message, optional, tag = "10")]
    pub(crate) spark_version: Option<Nothing>,
    #[prost(string, optional, tag = "17")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnalyzePlanResponse {
    #[prost(message, optional, tag = "8")]
    pub(crate) spark_version: Option<SparkVersion>,
    #[prost(string, tag = "15")]
    pub(crate) server_side_session_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SparkVersion {
    #[prost(string, tag = "1")]
    pub(crate) version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConfigRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(crate) operation: Option<ConfigOperation>,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConfigOperation {
    #[prost(oneof = "ConfigOp", tags = "1, 4, 6")]
    pub(crate) op_type: Option<ConfigOp>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum ConfigOp {
    #[prost(message, tag = "1")]
    Set(KeyValues),
    #[prost(message, tag = "4")]
    GetOption(Keys),
    #[prost(message, tag = "6")]
    Unset(Keys),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValues {
    #[prost(message, repeated, tag = "1")]
    pub(crate) pairs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Keys {
    #[prost(string, repeated, tag = "1")]
    pub(crate) keys: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, optional, tag = "2")]
    pub(crate) value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConfigResponse {
    #[prost(message, repeated, tag = "2")]
    pub(crate) pairs: Vec<KeyValue>,
    #[prost(string, tag = "4")]
    pub(crate) server_side_session_id: String,
}

/// `InterruptType`: everything in the session, or what has a tag.
pub(crate) const INTERRUPT_ALL: i32 = 1;
pub(crate) const INTERRUPT_TAG: i32 = 2;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct InterruptRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(crate) client_type: Option<String>,
    #[prost(int32, tag = "4")]
    pub(crate) interrupt_type: i32,
    #[prost(string, optional, tag = "5")]
    pub(crate) operation_tag: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub(crate) client_observed_server_side_session_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct InterruptResponse {
    #[prost(string, repeated, tag = "2")]
    pub(crate) interrupted_ids: Vec<String>,
    #[prost(string, tag = "3")]
    pub(crate) server_side_session_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReleaseSessionRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(crate) client_type: Option<String>,
}
