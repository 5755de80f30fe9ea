//! The protocol by which the group shares the partitions: Kafka's classic one, or the consumer protocol of Kafka 4 (KIP-848).
//!
//! With the consumer protocol the broker assigns the partitions, so a start does not wait for other members. librdkafka
//! does not say beforehand whether a broker has it, and does not fall back by itself. So a consumer tries it, and if the broker
//! refuses, the next one uses the classic protocol. A broker that has the consumer protocol takes members of both into one group.

use rdkafka::error::RDKafkaErrorCode;
use serde::{Deserialize, Serialize};

/// The protocol that the settings ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupProtocol {
    /// The consumer protocol where the broker has it, else the classic one.
    #[default]
    Auto,
    /// The classic one.
    Classic,
    /// The consumer protocol; a broker without it is an error.
    Consumer,
}

/// The protocol of one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Classic,
    Consumer {
        /// The next consumer may use the classic one instead.
        may_fall_back: bool,
    },
}

/// Properties that only the classic protocol has: with the consumer protocol the broker decides.
pub const CLASSIC_ONLY: [&str; 3] = ["session.timeout.ms", "heartbeat.interval.ms", "group.protocol.type"];

/// With the consumer protocol, a static member that was killed cannot come back before its session is over.
const STATIC_MEMBER: &str = "group.instance.id";

impl GroupProtocol {
    /// Whether the group is joined by the consumer protocol, with properties of these `names`, if the broker has it (`broker_has_it`).
    /// `None` if it has to be, and the broker does not have it.
    pub fn is_consumer<'a>(self, names: impl IntoIterator<Item = &'a str>, broker_has_it: bool) -> Option<bool> {
        match self.first(names) {
            Protocol::Classic => Some(false),
            Protocol::Consumer { may_fall_back } => (broker_has_it || may_fall_back).then_some(broker_has_it),
        }
    }

    /// The protocol of the first consumer, whose properties have these `names`.
    pub(super) fn first<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Protocol {
        let wants_classic = |name: &str| CLASSIC_ONLY.contains(&name) || name == STATIC_MEMBER;
        match self {
            GroupProtocol::Classic => Protocol::Classic,
            GroupProtocol::Auto if names.into_iter().any(wants_classic) => Protocol::Classic,
            GroupProtocol::Auto => Protocol::Consumer { may_fall_back: true },
            GroupProtocol::Consumer => Protocol::Consumer { may_fall_back: false },
        }
    }
}

/// Whether a fatal error says that the broker, or this group, does not take members of the consumer protocol.
pub(super) fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::UnsupportedVersion
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::UnsupportedAssignor
            | RDKafkaErrorCode::InvalidRequest
    )
}

/// The debugging that logs the versions of its requests that a broker takes.
pub const VERSIONS_DEBUG: &str = "feature";

/// Whether `message`, a line of [`VERSIONS_DEBUG`], says that a broker has the consumer protocol. Older versions of its request were
/// previews.
pub fn says_broker_has_it(message: &str) -> bool {
    let versions = message.split_once("ApiKey ConsumerGroupHeartbeat ").and_then(|(_, rest)| rest.rsplit_once(".."));
    versions.and_then(|(_, newest)| newest.trim().parse::<u16>().ok()).is_some_and(|newest| newest >= 1)
}

/// Whether `message`, a line that librdkafka logs for debugging, says that the broker does not know the consumer protocol. Nothing
/// else says it: librdkafka asks again for ever.
pub(super) fn is_unknown_to_broker(message: &str) -> bool {
    message.contains("ConsumerGroupHeartbeatRequest not supported by broker")
}

/// The debugging that logs such a line, together with what the settings ask for.
pub(super) fn debug_contexts(asked: Option<&str>) -> String {
    let asked = asked.map(|asked| format!("{asked},")).unwrap_or_default();
    format!("{asked}cgrp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_only_the_classic_protocol_has_choose_it() {
        let consumer = |may_fall_back| Protocol::Consumer { may_fall_back };
        let plain = ["bootstrap.servers", "fetch.wait.max.ms"];
        assert_eq!(GroupProtocol::Auto.first(plain), consumer(true));
        assert_eq!(GroupProtocol::Consumer.first(plain), consumer(false));
        assert_eq!(GroupProtocol::Classic.first(plain), Protocol::Classic);
        for name in ["session.timeout.ms", "heartbeat.interval.ms", "group.instance.id"] {
            assert_eq!(GroupProtocol::Auto.first([plain[0], name]), Protocol::Classic, "{name}");
        }
    }

    #[test]
    fn the_first_version_of_the_request_was_a_preview() {
        let line = |versions| {
            format!("[thrd:kafka:9092/1]: kafka:9092/1:   ApiKey ConsumerGroupHeartbeat (68) Versions {versions}")
        };
        assert!(says_broker_has_it(&line("0..1")) && says_broker_has_it(&line("1..2")));
        assert!(!says_broker_has_it(&line("0..0")));
        assert!(!says_broker_has_it("  ApiKey Heartbeat (12) Versions 0..4"));
    }

    #[test]
    fn only_a_broker_without_it_keeps_a_group_from_the_protocol_that_is_asked_for() {
        let uses = |protocol: GroupProtocol, broker_has_it| protocol.is_consumer([], broker_has_it);
        assert_eq!((uses(GroupProtocol::Auto, true), uses(GroupProtocol::Auto, false)), (Some(true), Some(false)));
        assert_eq!((uses(GroupProtocol::Classic, true), uses(GroupProtocol::Consumer, false)), (Some(false), None));
    }
}
