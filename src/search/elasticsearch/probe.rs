//! Whether the index takes documents, by a write that cannot succeed: the engine does everything that a write takes, up to
//! looking whether the document is in the state that we claim, which it never is. Nothing is left behind.

use std::time::Duration;

use serde_json::json;

use super::bulk;
use super::client::{Method, Payload, Question};
use super::connection::Elasticsearch;
use super::document::Source;
use super::error::reason_in;
use super::refusal::{self, MAPPING};
use crate::click::Timestamp;
use crate::search::{Document, SearchError};

/// An `_id` that no document has: ids are UUIDs.
const NO_DOCUMENT: &str = "clicktop-check";

/// A sequence number that no document ever gets.
const NO_NUMBER: u64 = 1 << 62;

/// How long the engine may wait for a shard to write to. Somebody waits for the answer.
const SHARD_TIMEOUT: Duration = Duration::from_secs(5);

/// What became of the attempt.
pub(super) enum Attempt {
    /// A document as plain as can be would have been written.
    Taken,
    /// Not even that one: the index is at fault.
    Refused {
        /// HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// Whoever we are may not write; the engine's reason.
    Denied(String),
}

impl Elasticsearch {
    /// Tries to write, by the very request that documents are sent with.
    ///
    /// # Errors
    /// No answer, or one that says nothing of the index: the engine is overloaded or not well.
    pub(super) async fn attempt(&self) -> Result<Attempt, SearchError> {
        let action = json!({"index": {"_id": NO_DOCUMENT, "if_seq_no": NO_NUMBER, "if_primary_term": 1}});
        let plain = plain();
        let lines = format!("{action}\n{}\n", json!(Source::of(&plain)));
        let path = self.path("/_bulk");
        let shard_timeout = format!("{}ms", SHARD_TIMEOUT.min(self.shard_timeout).as_millis());
        let parameters = bulk::parameters(&shard_timeout);
        let question =
            Question::new(Method::POST, &path).parameters(&parameters).with(Payload::Lines(lines.into_bytes()));
        let answer = self.client.send(question).await?;
        let narrator = self.client.narrator();
        if answer.status == 413 {
            let reason = narrator.line(&reason_in(&answer.body));
            let advice = "raise the limit of the engine, or of the proxy before it";
            return Ok(Attempt::Refused { status: 413, reason, advice });
        }
        if !answer.is_success() {
            return match narrator.status(&answer) {
                SearchError::Unwritable { status, reason, advice, .. } => {
                    Ok(Attempt::Refused { status, reason, advice })
                }
                SearchError::Unauthorized { reason, .. } => Ok(Attempt::Denied(reason)),
                error => Err(error),
            };
        }
        let items = bulk::items(narrator, &answer, "index", 1)?;
        let Some(item) = items.first() else { return Ok(Attempt::Taken) };
        let reason = narrator.line(&item.reason());
        let of_index = item.error.as_ref().and_then(refusal::of_the_index);
        Ok(match (item.status, of_index) {
            (409, _) => Attempt::Taken,
            (200..=299, _) => {
                // An engine that does not look at the sequence number.
                let path = self.path(&format!("/_doc/{NO_DOCUMENT}"));
                self.client.ask(Question::new(Method::DELETE, &path)).await?;
                Attempt::Taken
            }
            (status @ 400..=499, Some(advice)) => Attempt::Refused { status, reason, advice },
            (401 | 403, None) => Attempt::Denied(reason),
            (status @ (400..=428 | 430..=499), None) => Attempt::Refused { status, reason, advice: MAPPING },
            (status, _) => return Err(narrator.status_because(status, &reason, answer.proxy.as_deref())),
        })
    }
}

/// A document that nothing can be wrong with.
fn plain() -> Document {
    let at = Timestamp::from_millis(1_767_225_600_000);
    Document {
        url: "/".to_owned(),
        country: "FR".to_owned(),
        clicks: 1,
        unique_users: 1,
        avg_time_spent: Some(1.5),
        first_seen: at,
        last_seen: at,
        updated_at: at,
        version: 1,
    }
}
