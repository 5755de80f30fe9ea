//! What the cluster's Kafka client complains of, and what to do about it.

use super::connect::ConnectError;

/// The package that Spark needs to read Kafka.
pub(super) const KAFKA_PACKAGE: &str = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0";

/// The line for `error`, which a read of `topic` at `brokers` on the cluster has ended with; `None` if it is not about Kafka.
pub(super) fn kafka_trouble(error: &ConnectError, topic: &str, brokers: &str) -> Option<String> {
    let ConnectError::Spark(spark) = error else { return None };
    let text = spark.message.as_str();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // The message after the name of the exception, without the stack.
    let line = spark.first_line();
    let cause = line.rsplit_once("Exception: ").map_or(line, |(_, cause)| cause).trim_end_matches('.');
    Some(if error.is_class("DATA_SOURCE_NOT_FOUND") || has(&["data source: kafka", "data source provider: kafka"]) {
        format!(
            "Spark cannot read Kafka: start the server with --packages {KAFKA_PACKAGE}; if its Spark is not 4.2, take \
             the package for its version"
        )
    } else if has(&["UnknownTopicOrPartitionException"]) {
        format!("topic {topic} does not exist at {brokers}; create it, or set kafka.topic")
    } else if has(&["TopicAuthorizationException"]) {
        format!("the cluster may not read {topic}: {cause}; grant its user Describe and Read on the topic")
    } else if has(&["GroupAuthorizationException"]) {
        format!(
            "the cluster may not use its consumer group: {cause}; grant its user Read on groups that begin with spark-kafka, or set \
             \"kafka.group.id\" in [spark.kafka.options]"
        )
    } else if has(&["UnsupportedSaslMechanismException"]) {
        format!(
            "{brokers}: {cause}; set kafka.sasl.mechanism, or spark.kafka.mechanism if the cluster has a user of its own"
        )
    } else if has(&["SaslAuthenticationException"]) {
        format!(
            "{brokers} refuses the cluster's user: {cause}; check kafka.sasl.username and its password, or spark.kafka.username and its \
             password if the cluster has a user of its own"
        )
    } else if has(&["SslAuthenticationException", "SSLHandshakeException"]) {
        format!(
            "no TLS connection from the cluster to {brokers}: {cause}; trust the broker's certificate with kafka.tls.ca_file or \
             spark.kafka.ca_file, and name the broker as its certificate does"
        )
    } else if has(&["errors.TimeoutException", "errors.DisconnectException", "errors.NetworkException"]) {
        format!(
            "the cluster gets no answer from {brokers}: {cause}; set spark.kafka.brokers to the addresses that the cluster reaches, and \
             check kafka.security: a port with TLS does not answer without it"
        )
    } else if has(&[
        "Failed to create new KafkaAdminClient",
        "Failed to construct kafka",
        "No resolvable bootstrap urls",
    ]) {
        format!(
            "the cluster's Kafka client does not begin: {cause}; it may know none of the names in {brokers} (set spark.kafka.brokers), or \
             an option in [spark.kafka.options] is wrong"
        )
    } else if has(&["org.apache.kafka", "spark.sql.kafka010", "KAFKA_"]) {
        format!("the cluster cannot read {topic} at {brokers}: {line}")
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::spark::connect::SparkError;

    fn trouble(message: &str) -> Option<String> {
        let error = ConnectError::Spark(Box::new(SparkError {
            class: None,
            sql_state: None,
            exception: "java.util.concurrent.ExecutionException".to_owned(),
            message: message.to_owned(),
            retryable: false,
        }));
        kafka_trouble(&error, "clicks", "kafka:9092")
    }

    #[test]
    fn each_fault_has_a_line_of_its_own() {
        let of = |name: &str, text: &str| {
            trouble(&format!("(java.util.concurrent.ExecutionException) org.apache.kafka.common.errors.{name}: {text}"))
                .unwrap()
        };
        let missing = of("UnknownTopicOrPartitionException", "This server does not host this topic-partition.");
        assert_eq!(missing, "topic clicks does not exist at kafka:9092; create it, or set kafka.topic");
        let silent = of("TimeoutException", "Timed out waiting for a node assignment. Call: listNodes");
        assert!(
            silent.contains("no answer from kafka:9092: Timed out waiting for a node assignment. Call: listNodes;"),
            "{silent}"
        );
        let refused = of("SaslAuthenticationException", "Authentication failed due to invalid credentials");
        assert!(refused.starts_with("kafka:9092 refuses the cluster's user: Authentication failed"), "{refused}");
        let mechanism =
            of("UnsupportedSaslMechanismException", "Client SASL mechanism 'PLAIN' not enabled in the server");
        assert!(mechanism.contains("not enabled in the server; set kafka.sasl.mechanism"), "{mechanism}");
        let tls = of("SslAuthenticationException", "SSL handshake failed");
        assert!(tls.contains("spark.kafka.ca_file"), "{tls}");
        let denied = of("TopicAuthorizationException", "Not authorized to access topics: [clicks]");
        assert!(denied.contains("grant its user Describe and Read"), "{denied}");
        let group = of("GroupAuthorizationException", "Not authorized to access group: spark-kafka-1");
        assert!(group.contains("kafka.group.id"), "{group}");
        let settings =
            trouble("(org.apache.kafka.common.KafkaException) Failed to create new KafkaAdminClient").unwrap();
        assert!(settings.contains("spark.kafka.brokers"), "{settings}");
        let jars = trouble("Failed to find data source: kafka. Please deploy the application").unwrap();
        assert!(jars.contains(KAFKA_PACKAGE), "{jars}");
        assert_eq!(trouble("Job aborted due to stage failure"), None);
    }
}
