//! What is to be done: `Plan` of `base.proto`, and `commands.proto`.

use prost::{Message, Oneof};

use super::query::{StreamingQueryCommand, StreamingQueryManagerCommand, WriteStreamOperationStart};
use super::relation::Relation;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Plan {
    #[prost(oneof = "OpType", tags = "1, 2")]
    pub(crate) op_type: Option<OpType>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum OpType {
    #[prost(message, tag = "1")]
    Root(Relation),
    #[prost(message, tag = "2")]
    Command(Command),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Command {
    #[prost(oneof = "CommandType", tags = "3, 5, 6, 7, 9")]
    pub(crate) command_type: Option<CommandType>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum CommandType {
    #[prost(message, tag = "3")]
    CreateDataframeView(CreateDataFrameViewCommand),
    #[prost(message, tag = "5")]
    SqlCommand(SqlCommand),
    #[prost(message, tag = "6")]
    WriteStreamOperationStart(WriteStreamOperationStart),
    #[prost(message, tag = "7")]
    StreamingQueryCommand(StreamingQueryCommand),
    #[prost(message, tag = "9")]
    StreamingQueryManagerCommand(StreamingQueryManagerCommand),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateDataFrameViewCommand {
    #[prost(message, optional, tag = "1")]
    pub(crate) input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(bool, tag = "4")]
    pub(crate) replace: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SqlCommand {
    #[prost(message, optional, tag = "6")]
    pub(crate) input: Option<Relation>,
}
