//! Properties of Kafka clients that clicktop passes on, and those that it refuses: librdkafka's, and options of Spark's Kafka source.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::names::CLUSTER_OPTIONS;
use crate::secret::{MASK, Secret, mask_url};

/// Properties by name, with values as the client takes them. Values that may be secret print as `***`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Name and value of each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values that may be secret.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> {
        self.iter().filter(|(name, _)| is_sensitive_property(name)).map(|(_, value)| Secret::new(value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of the property `name`, in upper or lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, masked(name, value)))).finish()
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, masked(name, value))))
    }
}

const COMMITS: &str = "remove it: clicktop commits an offset once its clicks are stored; anything earlier loses clicks";
const ASSIGNS: &str =
    "remove it: clicktop starts each partition from its stored offset, and chooses how they are assigned";

/// Properties that have a setting of their own, or that clicktop must set itself so that it loses and doubles no click; each
/// with what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("bootstrap.servers", "set kafka.brokers instead"),
    ("metadata.broker.list", "set kafka.brokers instead"),
    ("group.id", "set kafka.group instead"),
    ("auto.offset.reset", "set kafka.start and kafka.on_lost_offset instead"),
    ("enable.auto.commit", COMMITS),
    ("auto.commit.enable", COMMITS),
    ("auto.commit.interval.ms", COMMITS),
    ("enable.auto.offset.store", COMMITS),
    ("offset.store.method", COMMITS),
    ("partition.assignment.strategy", ASSIGNS),
    ("group.protocol", "set kafka.group_protocol instead"),
    ("group.remote.assignor", ASSIGNS),
    ("enable.partition.eof", "remove it: clicktop tells the end of a partition by the broker's watermarks"),
    ("security.protocol", "set kafka.security instead"),
    ("sasl.mechanism", "set kafka.sasl.mechanism instead"),
    ("sasl.mechanisms", "set kafka.sasl.mechanism instead"),
    ("sasl.username", "set kafka.sasl.username instead"),
    ("sasl.password", "set kafka.sasl.password or kafka.sasl.password_file instead"),
    ("ssl.ca.location", "set kafka.tls.ca_file instead"),
    ("ssl.certificate.location", "set kafka.tls.certificate_file instead"),
    ("ssl.key.location", "set kafka.tls.key_file instead"),
    ("ssl.key.password", "set kafka.tls.key_password or kafka.tls.key_password_file instead"),
    ("enable.ssl.certificate.verification", "set kafka.tls.danger_accept_invalid_certs instead"),
];

const STARTS: &str = "remove it: set kafka.start; later, the checkpoint of the streaming query says where to go on";
const ENDS: &str = "remove it: a topic is read without an end";

/// The same of the options of Spark's Kafka source.
const REFUSED_OF_SPARK: &[(&str, &str)] = &[
    ("kafka.bootstrap.servers", "set spark.kafka.brokers instead"),
    ("subscribe", "set kafka.topic instead"),
    ("subscribePattern", "set kafka.topic instead"),
    ("assign", "set kafka.topic instead"),
    ("startingOffsets", STARTS),
    ("startingTimestamp", STARTS),
    ("startingOffsetsByTimestamp", STARTS),
    ("startingOffsetsByTimestampStrategy", STARTS),
    ("kafka.auto.offset.reset", STARTS),
    ("endingOffsets", ENDS),
    ("endingTimestamp", ENDS),
    ("endingOffsetsByTimestamp", ENDS),
    ("failOnDataLoss", "set kafka.on_lost_offset instead"),
    ("maxOffsetsPerTrigger", "set spark.batch_messages instead"),
    ("kafka.isolation.level", "remove it: clicktop counts only messages that are committed"),
];

/// Why the property `name` may not stand in this table, and what to do instead; `None` if it may.
pub(super) fn refusal(table: &str, name: &str) -> Option<&'static str> {
    let refused = if table == CLUSTER_OPTIONS { REFUSED_OF_SPARK } else { REFUSED };
    refused.iter().find(|(refused, _)| refused.eq_ignore_ascii_case(name.trim())).map(|(_, advice)| *advice)
}

/// `value` of the property `name` as it may be printed.
fn masked<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if is_sensitive_property(name) { Cow::Borrowed(MASK) } else { mask_url(value) }
}

/// Whether the value of this property may be a secret. The list is wide on purpose: properties come and go with the versions of the
/// clients.
pub(super) fn is_sensitive_property(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "key",
        "jaas",
        "credential",
        "assertion",
        "oauthbearer.config",
        "extensions",
    ];
    let name = name.to_ascii_lowercase();
    !name.ends_with(".url") && PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue;

    #[test]
    fn properties_that_may_hold_a_secret_are_known_by_name() {
        for name in [
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "ssl.key.pem",
            "ssl.keystore.password",
            "SASL.JAAS.config",
        ] {
            assert!(is_sensitive_property(name), "{name}");
        }
        for name in ["fetch.wait.max.ms", "client.id", "sasl.oauthbearer.token.endpoint.url"] {
            assert!(!is_sensitive_property(name), "{name}");
        }
    }

    #[test]
    fn advice_names_settings_that_exist() {
        for (property, advice) in REFUSED.iter().chain(REFUSED_OF_SPARK) {
            let is_setting = |word: &&str| word.starts_with("kafka.") || word.starts_with("spark.");
            for word in advice.split([' ', ',', ':', ';']).filter(is_setting) {
                assert!(catalogue::find(word).is_some(), "{property}: {word}");
            }
        }
    }

    #[test]
    fn secrets_among_the_properties_are_masked() {
        let properties = Properties(BTreeMap::from([
            ("fetch.wait.max.ms".into(), "5".into()),
            ("sasl.oauthbearer.client.secret".into(), "hunter2".into()),
            ("sasl.oauthbearer.token.endpoint.url".into(), "https://me:hunter2@sso/token".into()),
        ]));
        let printed = format!("{properties:?} {}", serde_json::to_string(&properties).unwrap());
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains(r#""fetch.wait.max.ms":"5""#), "{printed}");
        assert!(printed.contains("https://***@sso/token"), "{printed}");
    }
}
