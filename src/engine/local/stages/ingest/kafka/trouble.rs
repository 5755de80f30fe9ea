//! Faults of the brokers, and the reasons that librdkafka gives for them.

use std::time::Instant;

use super::broker_error;

/// Trouble with the brokers that is not over.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) since: Option<Instant>,
    pub(super) cause: String,
    /// The topic is missing: an answer of the brokers does not end the trouble.
    pub(super) needs_topic: bool,
    pub(super) next_try: Option<Instant>,
}

/// The reasons for errors, in librdkafka's words.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// The reason of the newest error, until it is taken.
    newest: Option<String>,
    /// The newest that says more than "all brokers are down".
    specific: Option<String>,
}

impl Reasons {
    /// librdkafka logged `message`; an error that says less may follow.
    pub(super) fn logged(&mut self, message: &str) {
        self.specific = Some(message.to_owned());
    }

    /// librdkafka reported an error for this `reason`.
    pub(super) fn reported(&mut self, reason: &str) {
        if !broker_error::is_vague(reason) {
            self.specific = Some(reason.to_owned());
        }
        self.newest = self.specific.clone().or_else(|| Some(reason.to_owned()));
    }

    /// The reason of the newest error.
    pub(super) fn take(&mut self) -> Option<String> {
        self.newest.take()
    }
}
