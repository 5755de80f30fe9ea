//! The event: one click with its nine fields.

use super::timestamp::Timestamp;

/// The names of the nine fields, in CSV order.
pub const FIELD_NAMES: [&str; 9] =
    ["click_id", "user_id", "timestamp", "url", "country", "city", "browser", "os", "device"];

/// The stored and shown value of an empty optional field.
pub const UNKNOWN: &str = "unknown";

/// The longest message that is decoded, in bytes. Longer messages are rejected. No real click comes near this limit. It is below a
/// Kafka broker's default `message.max.bytes`, so that an over-long line of a file can still travel to `rejects`.
pub const MAX_MESSAGE_BYTES: usize = 512 * 1024;

/// One click event, borrowed from its message or from a [`ClickBatch`](super::ClickBatch).
///
/// The four required fields are never empty. The others are [`UNKNOWN`] if the message leaves them empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click<'a> {
    /// The id of the event. A click with the same id and timestamp is a duplicate.
    pub click_id: &'a str,
    /// The user who clicked.
    pub user_id: &'a str,
    /// The time of the event.
    pub timestamp: Timestamp,
    /// The url that was clicked.
    pub url: &'a str,
    /// The country, usually an ISO 3166 code.
    pub country: &'a str,
    /// The city.
    pub city: &'a str,
    /// The name of the browser.
    pub browser: &'a str,
    /// The operating system.
    pub os: &'a str,
    /// The class of device.
    pub device: &'a str,
}
