//! Why the stage stream cannot go on.

use std::collections::BTreeSet;

use super::checkpoint::Checkpoint;
use super::connect::ConnectError;
use super::connection::may_pass;
use super::failure::Failure;
use super::manifest::ManifestError;
use super::places::PlacesError;
use super::tables::TablesError;

/// What to do about a server that does not know Avro.
pub(super) const AVRO_IS_MISSING: &str = "the Spark server cannot read Avro: start it with --packages \
    org.apache.spark:spark-avro_2.13:4.2.0; if its Spark is not 4.2, take the package for its version";

/// Why the stage cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error(transparent)]
    Places(#[from] PlacesError),
    #[error("{text}")]
    Failed {
        failure: Failure,
        /// The failure in plain words.
        text: String,
        /// The checkpoint of the query.
        checkpoint: Checkpoint,
    },
    #[error("the topic has other partitions than those whose offsets clicktop knows; clicktop looks at them again")]
    Partitions(BTreeSet<i32>),
    #[error("another clicktop has restarted the streaming query")]
    Restarted,
    #[error("a message has schema {0}, which the streaming query does not know yet")]
    UnknownSchema(u32),
    #[error("the registry has a schema by now that it did not have")]
    SchemaCame,
    #[error("{0}; no message is lost: set engine = \"local\", which reads it")]
    Schema(String),
    #[error("{AVRO_IS_MISSING} ({0})")]
    NoAvro(String),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{what}; set kafka.on_lost_offset to \"earliest\" or \"latest\", and start clicktop again")]
    Lost { what: String },
    #[error("the streaming query may still run on the cluster, which did not answer when it was to stop: {0}")]
    NotStopped(ConnectError),
    #[error(
        "the Spark server cannot read Kafka: start it with --packages \
         org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0; if its Spark is not 4.2, take the package for its \
         version ({0})"
    )]
    NoKafka(String),
}

impl StreamError {
    /// Whether the stage tries again.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Connect(error) => may_pass(error),
            Self::Tables(error) => error.may_pass(),
            Self::Places(error) => error.may_pass(),
            Self::Failed { failure, .. } => failure.may_pass(),
            Self::Partitions(_) | Self::Restarted | Self::UnknownSchema(_) | Self::SchemaCame => true,
            Self::Lost { .. }
            | Self::NotStopped(_)
            | Self::NoKafka(_)
            | Self::NoAvro(_)
            | Self::Schema(_)
            | Self::Manifest(_) => false,
        }
    }

    /// The error of the call that has failed, if a call has.
    pub(super) fn of_a_call(&self) -> Option<&ConnectError> {
        match self {
            Self::Connect(error)
            | Self::Tables(TablesError::Connect(error))
            | Self::Places(PlacesError::Connect(error)) => Some(error),
            _ => None,
        }
    }
}

/// The error of a call that reads Avro; the server may not know it.
pub(super) fn without_avro(error: ConnectError) -> StreamError {
    if knows_no_avro(&error) { StreamError::NoAvro(error.to_string()) } else { error.into() }
}

/// Whether `error` says that the server has no reader of Avro.
pub(super) fn knows_no_avro(error: &ConnectError) -> bool {
    error.is_class("AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE") || error.to_string().contains("AVRO_NOT_LOADED")
}

/// The error of a call that names the Kafka source; the server may not know it.
pub(super) fn without_kafka(error: ConnectError) -> StreamError {
    let text = error.to_string();
    let is_about_kafka = text.contains("data source: kafka") || text.contains("data source provider: kafka");
    if is_about_kafka || error.is_class("DATA_SOURCE_NOT_FOUND") {
        return StreamError::NoKafka(text);
    }
    error.into()
}
