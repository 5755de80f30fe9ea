//! What made the streaming query end, read from what Spark says, and what it means for the stage.

use super::connect::QueryFailure;

/// Why a query has ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The topic does not exist.
    TopicMissing,
    /// Kafka no longer has messages that are not in the table.
    Lost(Lost),
    /// Kafka did not answer the cluster in time.
    KafkaSilent(String),
    /// The cluster cannot write: its disk is full.
    NoSpace(String),
    /// Kafka refuses the cluster's credentials.
    NotAllowed(String),
    /// Somebody or something has ended a job or a task of it.
    Interrupted(String),
    /// Anything else, in Spark's words.
    Other(String),
}

/// The offset from which the query must go on, and cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// The partition; `None` if Spark names none, or if it is gone as a whole.
    pub(super) partition: Option<i32>,
    /// The offset that is gone, if Spark names it.
    pub(super) offset: Option<i64>,
    /// The topic is another one of the same name, so no offset counts any more. Else messages have expired.
    pub(super) recreated: bool,
    /// What Spark says.
    pub(super) told: String,
}

impl Failure {
    /// Reads what Spark tells of a query that reads `topic`.
    pub(super) fn of(failure: &QueryFailure, topic: &str) -> Self {
        let text = &format!("{}\n{}", failure.message, failure.causes);
        let told = told(failure);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if let Some(lost) = Lost::of(text, topic) {
            return Self::Lost(lost);
        }
        if has(&["UnknownTopicOrPartition", "This server does not host this topic-partition"]) {
            return Self::TopicMissing;
        }
        if has(&["AuthorizationException", "SaslAuthenticationException", "SslAuthenticationException"]) {
            return Self::NotAllowed(told);
        }
        if has(&["No space left on device", "Disk quota exceeded", "DiskOutOfSpaceException", "DSQuotaExceeded"]) {
            return Self::NoSpace(told);
        }
        if has(&[
            "org.apache.kafka.common.errors.TimeoutException",
            "org.apache.kafka.common.errors.DisconnectException",
            "Timeout of",
            "Cannot fetch record for offset",
        ]) {
            return Self::KafkaSilent(told);
        }
        if has(&["cancelled", "canceled", "ExecutorLostFailure", "InterruptedException", "SparkContext was shut down"])
        {
            return Self::Interrupted(told);
        }
        Self::Other(told)
    }

    /// Whether the same query may work later, with nothing changed in the settings or in the tables.
    pub(super) fn may_pass(&self) -> bool {
        !matches!(self, Self::Lost(_) | Self::NotAllowed(_))
    }

    /// Whether what is wrong may be in the query or in its messages: if it fails so again and again, waiting is no help.
    pub(super) fn may_be_ours(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// In plain words, for a query that reads `topic`.
    pub(super) fn describe(&self, topic: &str) -> String {
        match self {
            Self::TopicMissing => {
                format!("topic {topic} does not exist on the brokers of the cluster; create it, or set kafka.topic")
            }
            Self::Lost(lost) => lost.describe(topic),
            Self::KafkaSilent(told) => format!("Kafka does not answer the cluster: {told}"),
            Self::NoSpace(told) => format!("the disk below spark.root, or a disk of the cluster, is full: {told}"),
            Self::NotAllowed(told) => format!(
                "Kafka refuses the cluster: {told}; run `clicktop check`, correct the user or its rights, and start \
                 clicktop again"
            ),
            Self::Interrupted(told) => format!("the micro-batch was interrupted on the cluster: {told}"),
            Self::Other(told) => format!("the streaming query has failed: {told}"),
        }
    }
}

impl Lost {
    /// What Spark says when messages are lost, and whether the topic is another one then.
    const SIGNS: [(&str, bool); 8] = [
        ("offset was changed from", true),
        ("have been deleted.", true),
        ("Cannot find initial offsets for partitions", true),
        ("RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET", true),
        ("Could not read records in offset", false),
        ("KAFKA_DATA_LOSS", false),
        ("Some data may have been lost", false),
        ("OffsetOutOfRange", false),
    ];

    /// The words before which Spark names the partition, and before the offset.
    const PARTITION: [&str; 3] = ["for topic partition ", "Partition ", "partition "];
    const OFFSET: [&str; 4] = ["offset was changed from ", "records in offset [", "FetchPosition{offset=", " was "];

    fn of(text: &str, topic: &str) -> Option<Self> {
        let (sign, recreated) = Self::SIGNS.into_iter().find(|(sign, _)| text.contains(sign))?;
        let told = text.lines().find(|line| line.contains(sign)).unwrap_or(text).trim().to_owned();
        let partition = Self::PARTITION.iter().find_map(|words| after(text, &format!("{words}{topic}-")));
        let offset = Self::OFFSET.iter().find_map(|words| after(text, words));
        let partition = partition.and_then(|number| i32::try_from(number).ok());
        Some(Self { partition, offset, recreated, told })
    }

    /// What is gone, in one line.
    pub(super) fn describe(&self, topic: &str) -> String {
        let partition = self.partition.map_or(String::new(), |partition| format!("[{partition}]"));
        let why = if self.recreated { "the topic was recreated" } else { "retention has removed it" };
        match self.offset {
            Some(offset) => format!("offset {offset} of {topic}{partition} is gone, {why}"),
            None => format!("messages of {topic}{partition} that are not stored are gone, {why} ({})", self.told),
        }
    }
}

/// The number that follows the first `words` that a number follows.
fn after(text: &str, words: &str) -> Option<i64> {
    text.match_indices(words).find_map(|(at, found)| {
        let rest = text.get(at + found.len()..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    })
}

/// The failure in one line of Spark's.
fn told(failure: &QueryFailure) -> String {
    let lines =
        |text: &'_ str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let (message, causes): (Vec<String>, Vec<String>) = (lines(&failure.message), lines(&failure.causes));
    // The innermost cause tells something; the first line often says only that a query was terminated.
    let cause = causes.iter().chain(&message).rev().find_map(|line| line.strip_prefix("Caused by:")).map(str::trim);
    let line = cause.or(causes.first().map(String::as_str)).or(message.first().map(String::as_str));
    let line = line.unwrap_or("without a message");
    match &failure.class {
        Some(class) if class != "STREAM_FAILED" && !line.contains(class.as_str()) => format!("[{class}] {line}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(causes: &str) -> Failure {
        let failure = QueryFailure {
            class: Some("STREAM_FAILED".to_owned()),
            message: "[STREAM_FAILED] Query [id = 1, runId = 2] terminated with exception: it has failed".to_owned(),
            causes: causes.to_owned(),
        };
        Failure::of(&failure, "web-clicks")
    }

    const EXPIRED: &str = "\
org.apache.spark.SparkException: Exception thrown in awaitResult:
Caused by: org.apache.spark.sql.kafka010.KafkaIllegalStateException: Some data may have been lost because they are not available in Kafka any more;
either the data was aged out by Kafka or the topic may have been deleted before all the data in the
topic was processed.
If you don't want your streaming query to fail on such cases, set the source option failOnDataLoss to false.
Reason: Could not read records in offset [311, 1037) for topic partition web-clicks-4
with consumer group spark-kafka-source-6e1f0f02-b283-470d-9fc2-672223b7546e--1795107794-executor.
Caused by: org.apache.kafka.clients.consumer.OffsetOutOfRangeException: Fetch position is out of range for partition web-clicks-4";

    #[test]
    fn lost_messages_are_told_with_partition_and_offset() {
        let Failure::Lost(lost) = of(EXPIRED) else { panic!("{:?}", of(EXPIRED)) };
        assert_eq!((lost.partition, lost.offset, lost.recreated), (Some(4), Some(311), false));
        assert_eq!(lost.describe("web-clicks"), "offset 311 of web-clicks[4] is gone, retention has removed it");

        let recreated =
            of("KafkaIllegalStateException: Some data may have been lost.\nReason: Partition web-clicks-0 offset was \
                            changed from 1000 to 500.");
        let Failure::Lost(lost) = &recreated else { panic!("{recreated:?}") };
        assert_eq!((lost.partition, lost.offset, lost.recreated), (Some(0), Some(1000), true));
        assert_eq!(recreated.describe("web-clicks"), "offset 1000 of web-clicks[0] is gone, the topic was recreated");

        let deleted = of("Some data may have been lost.\nReason: Partitions Set(web-clicks-2) have been deleted.");
        let Failure::Lost(lost) = &deleted else { panic!("{deleted:?}") };
        assert_eq!((lost.offset, lost.recreated), (None, true));
        assert!(!deleted.may_pass());
    }

    #[test]
    fn what_may_pass_by_itself_is_told_from_what_may_be_our_fault() {
        let missing = of(
            "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.",
        );
        assert_eq!(missing, Failure::TopicMissing);
        assert!(missing.describe("web-clicks").starts_with("topic web-clicks does not exist"));
        let full = of("x\nCaused by: java.io.IOException: No space left on device");
        assert_eq!(full, Failure::NoSpace("java.io.IOException: No space left on device".to_owned()));
        let silent = of(
            "x\nCaused by: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment.",
        );
        assert!(matches!(silent, Failure::KafkaSilent(_)), "{silent:?}");
        let killed =
            of("org.apache.spark.SparkException: [SPARK_JOB_CANCELLED] Job 12 cancelled because killed via the Web UI");
        assert!(matches!(killed, Failure::Interrupted(_)), "{killed:?}");
        for failure in [missing, full, silent, killed] {
            assert!(failure.may_pass() && !failure.may_be_ours(), "{failure:?}");
        }
        let ours = of("x\nCaused by: org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero.");
        let told = "org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero.";
        assert_eq!(ours, Failure::Other(told.to_owned()));
        assert!(ours.may_pass() && ours.may_be_ours());
        let refused = of("x\nCaused by: org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized");
        assert!(!refused.may_pass() && refused.describe("x").starts_with("Kafka refuses the cluster"), "{refused:?}");
    }

    #[test]
    fn a_failure_without_causes_is_told_by_its_message() {
        let failure = QueryFailure { class: None, message: "first\nsecond".to_owned(), causes: String::new() };
        assert_eq!(Failure::of(&failure, "x"), Failure::Other("first".to_owned()));
    }
}
