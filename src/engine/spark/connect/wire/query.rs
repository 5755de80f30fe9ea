//! Streaming queries: their part of `commands.proto`.

use std::collections::HashMap;

use prost::{Message, Oneof};

use super::relation::Relation;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteStreamOperationStart {
    #[prost(message, optional, tag = "1")]
    pub(crate) input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub(crate) format: String,
    #[prost(map = "string, string", tag = "3")]
    pub(crate) options: HashMap<String, String>,
    #[prost(string, repeated, tag = "4")]
    pub(crate) partitioning_column_names: Vec<String>,
    #[prost(oneof = "TriggerType", tags = "5, 6")]
    pub(crate) trigger: Option<TriggerType>,
    #[prost(string, tag = "9")]
    pub(crate) output_mode: String,
    #[prost(string, tag = "10")]
    pub(crate) query_name: String,
    #[prost(oneof = "SinkDestination", tags = "11, 12")]
    pub(crate) sink_destination: Option<SinkDestination>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum TriggerType {
    #[prost(string, tag = "5")]
    ProcessingTimeInterval(String),
    #[prost(bool, tag = "6")]
    AvailableNow(bool),
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum SinkDestination {
    #[prost(string, tag = "11")]
    Path(String),
    #[prost(string, tag = "12")]
    TableName(String),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct StreamingQueryInstanceId {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) run_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteStreamOperationStartResult {
    #[prost(message, optional, tag = "1")]
    pub(crate) query_id: Option<StreamingQueryInstanceId>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamingQueryCommand {
    #[prost(message, optional, tag = "1")]
    pub(crate) query_id: Option<StreamingQueryInstanceId>,
    #[prost(oneof = "QueryAction", tags = "2, 3, 4, 5, 8")]
    pub(crate) command: Option<QueryAction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum QueryAction {
    #[prost(bool, tag = "2")]
    Status(bool),
    #[prost(bool, tag = "3")]
    LastProgress(bool),
    #[prost(bool, tag = "4")]
    RecentProgress(bool),
    #[prost(bool, tag = "5")]
    Stop(bool),
    #[prost(bool, tag = "8")]
    Exception(bool),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamingQueryCommandResult {
    #[prost(oneof = "QueryAnswer", tags = "2, 3, 5")]
    pub(crate) result_type: Option<QueryAnswer>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum QueryAnswer {
    #[prost(message, tag = "2")]
    Status(StatusResult),
    #[prost(message, tag = "3")]
    RecentProgress(RecentProgressResult),
    #[prost(message, tag = "5")]
    Exception(ExceptionResult),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatusResult {
    #[prost(string, tag = "1")]
    pub(crate) status_message: String,
    #[prost(bool, tag = "2")]
    pub(crate) is_data_available: bool,
    #[prost(bool, tag = "3")]
    pub(crate) is_trigger_active: bool,
    #[prost(bool, tag = "4")]
    pub(crate) is_active: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecentProgressResult {
    #[prost(string, repeated, tag = "5")]
    pub(crate) recent_progress_json: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExceptionResult {
    #[prost(string, optional, tag = "1")]
    pub(crate) exception_message: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) error_class: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) stack_trace: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamingQueryManagerCommand {
    #[prost(oneof = "ManagerAction", tags = "1")]
    pub(crate) command: Option<ManagerAction>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum ManagerAction {
    #[prost(bool, tag = "1")]
    Active(bool),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamingQueryManagerCommandResult {
    #[prost(message, optional, tag = "1")]
    pub(crate) active: Option<ActiveResult>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ActiveResult {
    #[prost(message, repeated, tag = "1")]
    pub(crate) active_queries: Vec<StreamingQueryInstance>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamingQueryInstance {
    #[prost(message, optional, tag = "1")]
    pub(crate) id: Option<StreamingQueryInstanceId>,
    #[prost(string, optional, tag = "2")]
    pub(crate) name: Option<String>,
}
