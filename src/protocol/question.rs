//! What a console may want to know beyond the running figures, asked by command and answered in a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use super::snapshot::{PageRow, RecentClick};
use crate::click::Timestamp;

/// One question. A new one of the same kind replaces the last.
///
/// It is answered at once, and again every two seconds or so for half a minute: whoever still wants to know asks again
/// before that is over. An answer has a thousand rows at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Documents of the search index whose url holds a text.
    Search(SearchQuestion),
    /// The newest rejects.
    Rejects(RejectsQuestion),
    /// Everything about one url.
    Page(PageQuestion),
    /// The clicks of the last minute, of the rows and countries that the board shows.
    LastMinute,
}

/// See [`Question::Search`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SearchQuestion {
    /// A part of a url.
    pub text: String,
    /// Only this country.
    pub country: Option<String>,
    /// At most this many rows.
    pub limit: usize,
}

/// See [`Question::Rejects`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RejectsQuestion {
    /// At most this many rows.
    pub limit: usize,
}

/// See [`Question::Page`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageQuestion {
    /// The whole url.
    pub url: String,
    /// At most this many of its newest clicks.
    pub clicks: usize,
}

/// The newest answer of each kind. The answer to a question that was just asked may take a while: compare `asked`.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// To [`Question::Search`].
    pub search: Option<Arc<Answer<SearchQuestion, Vec<PageRow>>>>,
    /// To [`Question::Rejects`].
    pub rejects: Option<Arc<Answer<RejectsQuestion, Rejects>>>,
    /// To [`Question::Page`].
    pub page: Option<Arc<Answer<PageQuestion, PageDetails>>>,
    /// To [`Question::LastMinute`]; `None` while they are not known.
    pub last_minute: Option<Arc<LastMinute>>,
}

/// An answer with the question it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<Q, A> {
    /// What was asked.
    pub asked: Q,
    /// What was found, or why not, in one line.
    pub found: Result<A, String>,
}

/// The newest rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    /// How many are kept.
    pub total: u64,
    /// How many older ones were deleted, because there were too many or for their age.
    pub deleted: u64,
    /// The newest, newest first.
    pub rows: Vec<RejectRow>,
}

/// One message or document that could not be used. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectRow {
    /// When it was kept.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageDetails {
    /// Its figures by country, most clicks first.
    pub countries: Vec<PageRow>,
    /// Its newest clicks by their storing, newest first, as far as they are among the newest 200,000 of all clicks.
    pub clicks: Vec<RecentClick>,
    /// How many clicks it got over that time; `None` if it is no time at all.
    pub trend: Option<Trend>,
}

/// Clicks over a span of event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    /// Its begin.
    pub since: Timestamp,
    /// Its end, the time of the newest click of all that is not ahead of the clock.
    pub until: Timestamp,
    /// Clicks in each of its equal parts, oldest first.
    pub clicks: Vec<u64>,
}
