//! One click or message, followed through the pipeline.

use serde::{Deserialize, Serialize};

use crate::click::Timestamp;

/// Where a message or a record came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageOrigin {
    /// The topic, or the name of the file.
    pub topic: String,
    /// The partition; `None` for a file.
    pub partition: Option<i32>,
    /// The offset in the partition, or the line in the file.
    pub offset: Option<i64>,
}

/// See [`Question::Click`](super::Question::Click).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClickQuestion {
    /// The stored click; `None` for a message that is none.
    pub click: Option<ClickName>,
    /// Where its message came from, if that is known.
    pub message: Option<MessageOrigin>,
}

/// What names a stored click.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClickName {
    /// The time of the event.
    #[serde(with = "super::serial::timestamp")]
    pub timestamp: Timestamp,
    /// Its id.
    pub click_id: String,
}

/// What the engine knows of a click or a message. Every text in it is untrusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowedClick {
    /// The message as Kafka has it; or why it is not there. `None` if the question names no message of Kafka.
    pub message: Option<Result<KafkaMessage, String>>,
    /// The click in the store; `None` if the question names none, or the store does not have it.
    pub stored: Option<FollowedStored>,
    /// The document of its url and country in the index, `Ok(None)` if the index has none; or why the index does not answer. `None` while
    /// the store does not have the click.
    pub document: Option<Result<Option<IndexedDocument>, String>>,
}

/// A message of Kafka.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KafkaMessage {
    /// Its key, as far as that is text, at most 1 KiB of it.
    pub key: Option<String>,
    /// Its headers; at most twenty, each cut after 1 KiB.
    pub headers: Vec<(String, String)>,
    /// Its timestamp in Kafka.
    #[serde(with = "super::serial::optional_timestamp")]
    pub timestamp: Option<Timestamp>,
    /// The first 16 KiB of its payload: the text, or hexadecimal digits if it is none.
    pub payload: String,
    /// Whether the payload is text.
    pub is_text: bool,
    /// Size of the whole payload in bytes.
    pub payload_bytes: u64,
}

/// A click in the store, and when the stages passed it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FollowedStored {
    /// Its number in the order of arrival.
    pub number: i64,
    /// The click.
    pub click: StoredFields,
    /// When the aggregation counted it.
    pub counted: Passing,
    /// When its figures were written.
    pub written: Passing,
    /// When the index had the document with it.
    pub indexed: Passing,
    /// The clicks of its user before it, the newest first.
    pub before: Vec<UserClick>,
    /// The clicks of its user after it, the oldest first.
    pub after: Vec<UserClick>,
    /// Where the search for those clicks ended early, because there are too many clicks of others in between: the times before and after
    /// which nobody looked.
    pub searched: SearchedSpan,
    /// The latest time of a next click that would tell the time spent; `None` from an engine before this field.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::serial::optional_timestamp")]
    pub next_until: Option<Timestamp>,
}

/// The span in which the clicks of a user were looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchedSpan {
    /// Its begin; `None` if it reaches back to the session timeout.
    #[serde(with = "super::serial::optional_timestamp")]
    pub since: Option<Timestamp>,
    /// Its end; `None` if it reaches on to the session timeout.
    #[serde(with = "super::serial::optional_timestamp")]
    pub until: Option<Timestamp>,
}

/// The nine fields of a click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFields {
    /// Its id.
    pub click_id: String,
    /// The user.
    pub user_id: String,
    /// The time of the event.
    #[serde(with = "super::serial::timestamp")]
    pub timestamp: Timestamp,
    /// The url.
    pub url: String,
    /// The country.
    pub country: String,
    /// The city.
    pub city: String,
    /// The browser.
    pub browser: String,
    /// The operating system.
    pub os: String,
    /// The kind of device.
    pub device: String,
}

/// A click of the same user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserClick {
    /// The time of the event.
    #[serde(with = "super::serial::timestamp")]
    pub timestamp: Timestamp,
    /// Its id.
    pub click_id: String,
    /// The url.
    pub url: String,
    /// The country.
    pub country: String,
}

/// When a stage passed a click on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passing {
    /// The engine does not know.
    #[default]
    Unknown,
    /// Not yet.
    NotYet,
    /// At this time.
    At(#[serde(with = "super::serial::timestamp")] Timestamp),
    /// At this time, or before it: nobody remembers.
    By(#[serde(with = "super::serial::timestamp")] Timestamp),
}

/// A document of the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexedDocument {
    /// Its `_id`.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// Distinct clicks.
    pub clicks: u64,
    /// Distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds.
    pub avg_time_spent: Option<f64>,
    /// Time of its earliest click.
    #[serde(with = "super::serial::timestamp")]
    pub first_seen: Timestamp,
    /// Time of its latest click.
    #[serde(with = "super::serial::timestamp")]
    pub last_seen: Timestamp,
    /// When its figures were computed.
    #[serde(with = "super::serial::timestamp")]
    pub updated_at: Timestamp,
}
