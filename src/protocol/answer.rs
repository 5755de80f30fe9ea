//! The answers to the questions of a front.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::board::{PageRow, RecentClick};
use super::breakdown::{Breakdown, BreakdownQuestion};
use super::follow::{ClickQuestion, FollowedClick};
use super::question::{PageQuestion, RejectsQuestion, SearchQuestion};
use super::trends::Trends;
use crate::click::Timestamp;

/// The newest answer of each kind. A new question may take a while, so compare `asked` with the question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// The answer to [`Question::Search`](super::Question::Search).
    pub search: Option<Arc<Answer<SearchQuestion, Vec<PageRow>>>>,
    /// The answer to [`Question::Rejects`](super::Question::Rejects).
    pub rejects: Option<Arc<Answer<RejectsQuestion, Rejects>>>,
    /// The answer to [`Question::Page`](super::Question::Page).
    pub page: Option<Arc<Answer<PageQuestion, PageDetails>>>,
    /// The answer to [`Question::Click`](super::Question::Click).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click: Option<Arc<Answer<ClickQuestion, FollowedClick>>>,
    /// The answer to [`Question::Breakdown`](super::Question::Breakdown).
    #[serde(default)]
    pub breakdown: Option<Arc<Answer<BreakdownQuestion, Breakdown>>>,
    /// The answer to [`Question::LastMinute`](super::Question::LastMinute); `None` until the engine has counted it.
    pub last_minute: Option<Arc<LastMinute>>,
    /// The answer to [`Question::Trends`](super::Question::Trends); `None` until the engine has counted them.
    #[serde(default)]
    pub trends: Option<Arc<Trends>>,
    /// How far the engine is with a question that has no answer yet, in one line; `None` if it answers at once.
    #[serde(default)]
    pub waiting: Option<String>,
}

/// An answer with its question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer<Q, A> {
    /// The question.
    pub asked: Q,
    /// What the engine found; or why it found nothing, in one line.
    pub found: Result<A, String>,
}

/// The newest rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejects {
    /// Number of rejects that are kept.
    pub total: u64,
    /// Number of rejects that were deleted, because there were too many or they were too old.
    pub deleted: u64,
    /// The newest rejects, newest first.
    pub rows: Vec<RejectRow>,
}

/// One message or document that the engine could not use. Every text in it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectRow {
    /// The time at which the engine kept it.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// The id of the stage that refused it.
    pub stage: String,
    /// The topic of the message, or the search target of the document.
    pub topic: String,
    /// The partition of the message; `None` for a document.
    pub partition: Option<i32>,
    /// The offset of the message; `None` for a document.
    pub offset: Option<i64>,
    /// Why the engine could not use it.
    pub reason: String,
    /// The first 4 KiB of the payload, as far as they are text.
    pub payload: String,
    /// Size of the whole payload in bytes.
    pub payload_bytes: u64,
}

/// Clicks of the last minute of event time. Like every window, the minute ends with the newest click that is not ahead of the
/// clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMinute {
    /// For the rows that the board showed: by url, then by country.
    pages: HashMap<Arc<str>, HashMap<Arc<str>, u64>>,
    /// For every country that has clicks.
    countries: HashMap<Arc<str>, u64>,
}

impl LastMinute {
    /// Makes it from the clicks of every country that has clicks.
    pub fn new(countries: impl IntoIterator<Item = (Arc<str>, u64)>) -> Self {
        Self { pages: HashMap::new(), countries: countries.into_iter().collect() }
    }

    /// Adds the clicks of `url` in `country`.
    pub fn add(&mut self, url: Arc<str>, country: Arc<str>, clicks: u64) {
        self.pages.entry(url).or_default().insert(country, clicks);
    }

    /// Clicks of `url` in `country`; `None` while the engine has not counted them.
    pub fn of_page(&self, url: &str, country: &str) -> Option<u64> {
        self.pages.get(url)?.get(country).copied()
    }

    /// Clicks of all countries.
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
    /// Its clicks among the 200,000 that were stored last, newest first.
    pub clicks: Vec<RecentClick>,
    /// The number of its clicks over that time, or over ten minutes if that time is shorter and the engine counts trends; `None` if the
    /// time has no length.
    pub trend: Option<Trend>,
}

/// The number of clicks over a span of event time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    /// The start of the span.
    #[serde(with = "super::serial::timestamp")]
    pub since: Timestamp,
    /// The end of the span: the time of the newest click that is not ahead of the clock.
    #[serde(with = "super::serial::timestamp")]
    pub until: Timestamp,
    /// The number of clicks in each of the equal parts of the span, oldest first.
    pub clicks: Vec<u64>,
}
