//! Errors that keep a demo or a replay from starting, or end it early.

use std::path::PathBuf;

use crate::text::plural;

/// One clear line each. Text from outside (paths, librdkafka's words) is made safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemoError {
    /// The in-process broker did not come up.
    #[error("the embedded broker cannot start: {0}")]
    BrokerStart(String),
    /// The in-process broker was asked for something after its end.
    #[error("the embedded broker is gone")]
    BrokerGone,
    /// The in-process broker refused what it was asked for.
    #[error("the embedded broker refused: {0}")]
    BrokerRefused(String),
    /// A topic name or partition count that Kafka does not allow.
    #[error("{0}")]
    Topic(String),
    /// A rate that means nothing.
    #[error(
        "a rate of {0} events/s is not possible: give a number from 0.001 to 1,000,000,000, or leave it out for full speed"
    )]
    Rate(String),
    /// An option of the generator out of its range.
    #[error("{0}")]
    Option(String),
    /// No file was given.
    #[error("nothing to replay: name at least one file, or - for standard input")]
    NoInput,
    /// Standard input was given more than once.
    #[error("standard input can be replayed once only: give - one time")]
    StdinTwice,
    /// A directory in place of a file.
    #[error("cannot replay {}: it is a directory; name the files in it: '{}'", shown(.0), shown(&.0.join("*")))]
    Directory(PathBuf),
    /// A pattern that no file matches, or that is none.
    #[error("cannot replay {}: {reason}", shown(.pattern))]
    Pattern {
        /// The pattern.
        pattern: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Something in place of a plain file that grows.
    #[error("cannot follow {}: only plain text files can be followed; read it once, without --follow", shown(.0))]
    NoFollow(PathBuf),
    /// A file that cannot be opened or read.
    #[error("cannot read {}: {reason}", shown(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file of a kind that is not read, or with a header of something else.
    #[error("cannot replay {}: {reason}", shown(.path))]
    NotRead {
        /// The file.
        path: PathBuf,
        /// What it is and what to do.
        reason: String,
    },
    /// A file that ends within a JSON array.
    #[error("{0} ends before its JSON array does, so it is incomplete; what it holds is counted")]
    OpenArray(String),
    /// A librdkafka property that it does not take. The value is left out: it may be a secret.
    #[error("Kafka property {name} is not accepted: {reason}")]
    Property {
        /// Its name.
        name: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The Kafka client could not be made.
    #[error("cannot start a Kafka producer: {0}")]
    Producer(String),
    /// The cluster did not say how many partitions the topic has.
    #[error("cannot find topic {topic} at {brokers}: {reason}")]
    Metadata {
        /// The topic.
        topic: String,
        /// Where it was looked for.
        brokers: String,
        /// What the cluster said.
        reason: String,
    },
    /// A message was given up by librdkafka.
    #[error("sending to Kafka failed: {0}")]
    Delivery(String),
    /// Messages that were left out for their size.
    #[error(
        "{} {} larger than the topic takes (max.message.bytes, message.max.bytes) and not sent; all others were sent",
        .0, plural(*.0, "record is", "records are")
    )]
    TooLarge(u64),
    /// Messages whose fate is unknown when the producer had to end.
    #[error("{} {} sent but not acknowledged by the broker", .0, plural(*.0, "message was", "messages were"))]
    Unacknowledged(u64),
    /// Stored offsets beyond what this topic ever held: holding back by them would overrun the broker's retention.
    #[error(
        "partition {partition} is stored up to offset {stored}, but the embedded broker has given out {high} only: \
         the offsets are those of another topic"
    )]
    ForeignOffsets {
        /// The partition.
        partition: i32,
        /// What the store says.
        stored: i64,
        /// One past the last offset that can exist.
        high: i64,
    },
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(String),
}

impl DemoError {
    /// A file's error from the system's.
    pub(crate) fn read(path: impl Into<PathBuf>, error: &std::io::Error) -> Self {
        Self::Read { path: path.into(), reason: error.to_string() }
    }
}

fn shown(path: &std::path::Path) -> String {
    crate::text::printable(&path.display().to_string()).into_owned()
}
