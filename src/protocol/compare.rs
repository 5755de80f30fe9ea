//! The comparison of a window with the same span of time an hour, a day or a week earlier.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::click::Timestamp;

/// How much earlier than the window of a view the span lies that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ago {
    /// An hour.
    Hour,
    /// A day of 24 hours.
    Day,
    /// A week of seven days.
    Week,
}

impl Ago {
    /// Every one, the nearest first.
    pub const ALL: [Ago; 3] = [Ago::Hour, Ago::Day, Ago::Week];

    /// How long ago it is.
    pub const fn length(self) -> Duration {
        const HOUR: u64 = 3600;
        match self {
            Ago::Hour => Duration::from_secs(HOUR),
            Ago::Day => Duration::from_secs(24 * HOUR),
            Ago::Week => Duration::from_secs(7 * 24 * HOUR),
        }
    }

    /// It in words.
    pub const fn words(self) -> &'static str {
        match self {
            Ago::Hour => "1 hour ago",
            Ago::Day => "1 day ago",
            Ago::Week => "1 week ago",
        }
    }

    /// Its name in JSON, in queries and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Ago::Hour => "hour",
            Ago::Day => "day",
            Ago::Week => "week",
        }
    }
}

/// The figures of a url × country, or of a country, in the earlier span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Number of distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users; 0 for a country, whose users nobody counts.
    pub unique_users: u64,
    /// Mean time spent in seconds, over the clicks whose time is known.
    pub avg_time_spent: Option<f64>,
}

/// The clicks of both spans in equal parts of the clock, oldest first. The first part and the last one are not whole, in both spans alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedParts {
    /// The length of a part.
    #[serde(rename = "part_ms", with = "super::serial::millis")]
    pub part: Duration,
    /// Clicks of the window.
    pub now: Vec<u64>,
    /// Clicks of the earlier span; as many parts.
    pub before: Vec<u64>,
}

/// A window beside the same span of time earlier. The earlier span ends exactly [`Ago::length`] before the window does, and is as long. Its
/// figures are those that the window would have had then, and count clicks that came late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How much earlier.
    pub ago: Ago,
    /// The begin of the earlier span; a click exactly then is outside.
    #[serde(with = "super::serial::timestamp")]
    pub since: Timestamp,
    /// The end of the earlier span; a click exactly then is inside.
    #[serde(with = "super::serial::timestamp")]
    pub until: Timestamp,
    /// The clicks of both spans over time, those of all rows.
    pub parts: ComparedParts,
    /// For the rows of the board with a click then: by url, then by country.
    pages: HashMap<Arc<str>, HashMap<Arc<str>, Earlier>>,
    /// For every country with a click then.
    countries: HashMap<Arc<str>, u64>,
}

impl Comparison {
    /// A comparison with the span from `since` to `until`, in which the countries had these clicks.
    pub fn new(
        ago: Ago,
        (since, until): (Timestamp, Timestamp),
        parts: ComparedParts,
        countries: impl IntoIterator<Item = (Arc<str>, u64)>,
    ) -> Self {
        Self { ago, since, until, parts, pages: HashMap::new(), countries: countries.into_iter().collect() }
    }

    /// Adds the figures of `url` in `country`.
    pub fn add(&mut self, url: Arc<str>, country: Arc<str>, earlier: Earlier) {
        self.pages.entry(url).or_default().insert(country, earlier);
    }

    /// The figures of a row of the board then; `None` if it had no click.
    pub fn of_page(&self, url: &str, country: &str) -> Option<&Earlier> {
        self.pages.get(url)?.get(country)
    }

    /// The clicks of a country then.
    pub fn of_country(&self, country: &str) -> u64 {
        self.countries.get(country).copied().unwrap_or(0)
    }

    /// The clicks of all countries then.
    pub fn of_all(&self) -> u64 {
        self.countries.values().sum()
    }
}
