//! Joining a group by the consumer protocol, and how it ends: the group takes us, or the classic protocol has to do.

use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode;

use super::consumer::ClickConsumer;
use super::group_calls;
use super::group_protocol::{self, Protocol};
use super::stage::IngestError;

/// How long the brokers may answer while the group does not take us. librdkafka reports no error if a group keeps to the
/// classic protocol (`group.consumer.migration.policy`), and asks again for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the stage looks whether the group has taken us.
const INTERVAL: Duration = Duration::from_millis(100);

/// A consumer on its way into the group.
pub(super) struct Joining {
    protocol: Protocol,
    has_joined: bool,
    looked: Instant,
    /// Since when the brokers answer.
    since: Option<Instant>,
}

impl Joining {
    pub(super) fn new(protocol: Protocol) -> Self {
        // Nothing has to be found out about the classic protocol.
        Self { protocol, has_joined: protocol == Protocol::Classic, looked: Instant::now(), since: None }
    }

    fn may_fall_back(&self) -> bool {
        self.protocol == Protocol::Consumer { may_fall_back: true }
    }

    /// Looks whether the group has taken us, if it is time. Returns whether the next consumer has to use the classic protocol.
    ///
    /// # Errors
    /// The broker does not have the protocol that the settings ask for.
    pub(super) fn look(&mut self, consumer: &ClickConsumer) -> Result<bool, IngestError> {
        if self.has_joined || self.looked.elapsed() < INTERVAL {
            return Ok(false);
        }
        self.looked = Instant::now();
        let context = consumer.context();
        if context.is_protocol_unknown() {
            return match self.may_fall_back() {
                true => Ok(true),
                false => Err(IngestError::Config(
                    "the broker does not have the consumer protocol of Kafka 4; set kafka.group_protocol to \"auto\" or \"classic\""
                        .to_owned(),
                )),
            };
        }
        if group_calls::is_member(consumer) {
            self.has_joined = true;
            context.joined();
        } else if context.brokers_up() && self.may_fall_back() {
            let since = *self.since.get_or_insert(self.looked);
            return Ok(since.elapsed() >= PATIENCE);
        } else {
            self.since = None;
        }
        Ok(false)
    }

    /// Whether a fatal error with this `code` means that the classic protocol has to do.
    pub(super) fn is_refused_by(&self, code: RDKafkaErrorCode) -> bool {
        self.may_fall_back() && !self.has_joined && group_protocol::is_refusal(code)
    }
}
