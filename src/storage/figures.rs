//! The types of the figures by url × country, and of the progress of aggregation and index.

use super::model::{CountryId, PageId, UrlId};
use crate::click::Timestamp;

/// The figures of one url × country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFigures {
    /// The row of `page_stats`.
    pub page: PageId,
    /// The url.
    pub url: UrlId,
    /// The country.
    pub country: CountryId,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Sum of the known times spent, in milliseconds.
    pub spent_ms: i64,
    /// How many times spent are known.
    pub spent_count: u64,
    /// Time of the earliest click.
    pub first_seen: Timestamp,
    /// Time of the latest click.
    pub last_seen: Timestamp,
}

impl PageFigures {
    /// A page with nothing counted yet, whose first click is at `at`.
    pub fn empty(page: PageId, url: UrlId, country: CountryId, at: Timestamp) -> Self {
        Self {
            page,
            url,
            country,
            clicks: 0,
            unique_users: 0,
            spent_ms: 0,
            spent_count: 0,
            first_seen: at,
            last_seen: at,
        }
    }
}

/// What the figures depend on besides the clicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AggregateSettings {
    /// A longer gap to the user's next click is not time spent. Milliseconds.
    pub session_timeout_ms: i64,
    /// Clicks kept in memory, so that late clicks can correct the time spent.
    pub recent_clicks: u64,
}

/// The progress of the aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregateState {
    /// The figures count every click up to this one, in order of arrival.
    pub cursor: i64,
    /// Clicks that came too late to correct the time spent.
    pub late: u64,
    /// The version of the newest written figures.
    pub last_version: u64,
    /// The settings of the figures.
    pub settings: AggregateSettings,
}

/// Figures to write in one transaction with their cursor.
#[derive(Debug)]
pub struct FiguresUpdate<C> {
    /// The rows that changed.
    pub changed: C,
    /// See [`AggregateState::cursor`].
    pub cursor: i64,
    /// See [`AggregateState::late`].
    pub late: u64,
    /// See [`AggregateState::settings`].
    pub settings: AggregateSettings,
}

/// The progress of a search target: it holds every row up to this version and page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexCursor {
    /// Version of the last row.
    pub version: u64,
    /// Page of the last row: several rows may share a version.
    pub page: u32,
}
