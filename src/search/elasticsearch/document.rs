//! A document as the engine stores it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::click::Timestamp;
use crate::search::Document;

/// The `_source` of a document. Times are RFC 3339, which every reader of the index understands.
#[derive(Deserialize, Serialize)]
pub(super) struct Source<'a> {
    url: Cow<'a, str>,
    country: Cow<'a, str>,
    clicks: u64,
    unique_users: u64,
    avg_time_spent: Option<f64>,
    first_seen: String,
    last_seen: String,
    updated_at: String,
}

impl<'a> Source<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        Self {
            url: Cow::Borrowed(&document.url),
            country: Cow::Borrowed(&document.country),
            clicks: document.clicks,
            unique_users: document.unique_users,
            // JSON cannot express NaN and infinities.
            avg_time_spent: document.avg_time_spent.filter(|seconds| seconds.is_finite()),
            first_seen: document.first_seen.to_string(),
            last_seen: document.last_seen.to_string(),
            updated_at: document.updated_at.to_string(),
        }
    }

    /// # Errors
    /// The field whose time cannot be read.
    pub(super) fn document(self, version: u64) -> Result<Document, String> {
        let time = |field: &str, text: &str| match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Timestamp::from_millis(time.as_millisecond())),
            Err(_) => Err(format!("{field} {text:?} is not an RFC 3339 time")),
        };
        Ok(Document {
            first_seen: time("first_seen", &self.first_seen)?,
            last_seen: time("last_seen", &self.last_seen)?,
            updated_at: time("updated_at", &self.updated_at)?,
            url: self.url.into_owned(),
            country: self.country.into_owned(),
            clicks: self.clicks,
            unique_users: self.unique_users,
            avg_time_spent: self.avg_time_spent,
            version,
        })
    }
}
