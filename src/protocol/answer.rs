//! Answers to the questions of a front.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::board::{PageRow, RecentClick};
use super::question::{PageQuestion, RejectsQuestion, SearchQuestion};
use crate::click::Timestamp;

/// The newest answer of each kind. The answer to a new question may take a while: compare `asked`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// To [`Question::Search`](super::Question::Search).
    pub search: Option<Arc<Answer<SearchQuestion, Vec<PageRow>>>>,
    /// To [`Question::Rejects`](super::Question::Rejects).
    pub rejects: Option<Arc<Answer<RejectsQuestion, Rejects>>>,
    /// To [`Question::Page`](super::Question::Page).
    pub page: Option<Arc<Answer<PageQuestion, PageDetails>>>,
    /// To [`Question::LastMinute`](super::Question::LastMinute); `None` while they are not known.
    pub last_minute: Option<Arc<LastMinute>>,
}

/// An answer with the question it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer<Q, A> {
    /// What was asked.
    pub asked: Q,
    /// What was found, or why not, in one line.
    pub found: Result<A, String>,
}

/// The newest rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejects {
    /// How many are kept.
    pub total: u64,
    /// How many older ones were deleted, because there were too many or for their age.
    pub deleted: u64,
    /// The newest, newest first.
    pub rows: Vec<RejectRow>,
}

/// One message or document that could not be used. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectRow {
    /// When it was kept.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// `ingest` or `index`.
    pub stage: String,
    /// The topic, or the search target.
    pub topic: String,
    /// Of a message.
    pub partition: Option<i32>,
    /// Of a message.
    pub offset: Option<i64>,
    /// Why.
    pub reason: String,
    /// The first 4 KiB of the payload, as text as far as it is text.
    pub payload: String,
    /// Size of the whole payload in bytes.
    pub payload_bytes: u64,
}

/// Clicks of the last minute by the clicks' own clock, which ends where windows end: with the newest click that is not
/// ahead of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMinute {
    /// By url, then by country: of the rows that the board showed.
    pages: HashMap<Arc<str>, HashMap<Arc<str>, u64>>,
    /// Of every country that has any.
    countries: HashMap<Arc<str>, u64>,
}

impl LastMinute {
    /// From the clicks of every country that has any.
    pub fn new(countries: impl IntoIterator<Item = (Arc<str>, u64)>) -> Self {
        Self { pages: HashMap::new(), countries: countries.into_iter().collect() }
    }

    /// Adds the clicks of `url` in `country`.
    pub fn add(&mut self, url: Arc<str>, country: Arc<str>, clicks: u64) {
        self.pages.entry(url).or_default().insert(country, clicks);
    }

    /// Clicks of `url` in `country`; `None` while they are not known.
    pub fn of_page(&self, url: &str, country: &str) -> Option<u64> {
        self.pages.get(url)?.get(country).copied()
    }

    /// All clicks.
    pub fn of_all(&self) -> u64 {
        self.countries.values().sum()
    }

    /// Clicks of a country.
    pub fn of_country(&self, country: &str) -> u64 {
        self.countries.get(country).copied().unwrap_or(0)
    }
}

/// Everything about one url.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageDetails {
    /// Its figures by country, most clicks first.
    pub countries: Vec<PageRow>,
    /// Its newest clicks by their storing, newest first, as far as they are among the newest 200,000 of all clicks.
    pub clicks: Vec<RecentClick>,
    /// How many clicks it got over that time; `None` if it is no time at all.
    pub trend: Option<Trend>,
}

/// Clicks over a span of event time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    /// Its begin.
    #[serde(with = "super::serial::timestamp")]
    pub since: Timestamp,
    /// Its end, the time of the newest click of all that is not ahead of the clock.
    #[serde(with = "super::serial::timestamp")]
    pub until: Timestamp,
    /// Clicks in each of its equal parts, oldest first.
    pub clicks: Vec<u64>,
}
