//! Finds out whether the index accepts documents, with a write that cannot succeed. The engine performs every step of a write, until it
//! compares the document's state with the claimed one, and they never match. So nothing is written.

use std::time::Duration;

use serde_json::json;

use super::bulk;
use super::client::{HttpRequest, Method, Payload};
use super::connection::Elasticsearch;
use super::document::Source;
use super::error::reason_in;
use super::refusal::{self, MAPPING};
use crate::click::Timestamp;
use crate::search::{Document, SearchError};

/// An `_id` that no document has, because ids are UUIDs.
const NO_DOCUMENT: &str = "clicktop-check";

/// A sequence number that no document has.
const NO_NUMBER: u64 = 1 << 62;

/// How long the engine may wait for a shard. It is short, because a person may wait for the answer.
const SHARD_TIMEOUT: Duration = Duration::from_secs(5);

/// The result of the attempt to write.
pub(super) enum Attempt {
    /// The engine would have written a simple document.
    Accepted,
    /// The engine refuses even a simple document: the index is at fault.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// These credentials may not write; the engine's reason.
    Denied(String),
}

impl Elasticsearch {
    /// Tries to write, with the same kind of request as for documents.
    ///
    /// # Errors
    /// There is no answer, or it does not concern the index: the engine is overloaded or failing.
    pub(super) async fn try_write(&self) -> Result<Attempt, SearchError> {
        let action = json!({"index": {"_id": NO_DOCUMENT, "if_seq_no": NO_NUMBER, "if_primary_term": 1}});
        let document = simple_document();
        let lines = format!("{action}\n{}\n", json!(Source::of(&document)));
        let path = self.path("/_bulk");
        let shard_timeout = format!("{}ms", SHARD_TIMEOUT.min(self.shard_timeout).as_millis());
        let parameters = bulk::parameters(&shard_timeout);
        let request =
            HttpRequest::new(Method::POST, &path).parameters(&parameters).with(Payload::Lines(lines.into_bytes()));
        let answer = self.client.send(request).await?;
        let errors = self.client.errors();
        if answer.status == 413 {
            let reason = errors.line(&reason_in(&answer.body));
            let advice = "raise the limit of the engine, or of the proxy in front of it";
            return Ok(Attempt::Refused { status: 413, reason, advice });
        }
        if !answer.is_success() {
            return match errors.status(&answer) {
                SearchError::Unwritable { status, reason, advice, .. } => {
                    Ok(Attempt::Refused { status, reason, advice })
                }
                SearchError::Unauthorized { reason, .. } => Ok(Attempt::Denied(reason)),
                error => Err(error),
            };
        }
        let items = bulk::items(errors, &answer, "index", 1)?;
        let Some(item) = items.first() else { return Ok(Attempt::Accepted) };
        let reason = errors.line(&item.reason());
        let of_index = item.error.as_ref().and_then(refusal::of_the_index);
        Ok(match (item.status, of_index) {
            (409, _) => Attempt::Accepted,
            (200..=299, _) => {
                // This engine ignores the sequence number and has written the document.
                let path = self.path(&format!("/_doc/{NO_DOCUMENT}"));
                self.client.ask(HttpRequest::new(Method::DELETE, &path)).await?;
                Attempt::Accepted
            }
            (status @ 400..=499, Some(advice)) => Attempt::Refused { status, reason, advice },
            (401 | 403, None) => Attempt::Denied(reason),
            (status @ (400..=428 | 430..=499), None) => Attempt::Refused { status, reason, advice: MAPPING },
            (status, _) => return Err(errors.status_because(status, &reason, answer.proxy.as_deref())),
        })
    }
}

/// A simple document that every index should accept.
fn simple_document() -> Document {
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
