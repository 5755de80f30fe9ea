//! Rows of figures and of clicks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::follow::MessageOrigin;
use super::view::View;
use crate::click::Timestamp;

/// The figures that a [`View`] asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// The view that was asked for.
    pub view: View,
    /// Every country, most clicks first.
    pub countries: Vec<CountryRow>,
    /// The rows of the view, in the order and up to the limit of the view.
    pub pages: Vec<PageRow>,
    /// The number of rows that the view would have without a limit.
    pub matching: u64,
    /// Why the engine cannot make the board, in one line: for example, it cannot count a window this large in time.
    pub problem: Option<String>,
    /// Whether the engine is at work on what is missing: another board comes soon.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goes_on: bool,
    /// The earlier figures, if the view compares and the engine has them. Rows that only the earlier span has are among the rows, with 0 clicks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Arc<Comparison>>,
}

/// The figures of one country over all its urls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryRow {
    /// The country, as the events name it. Untrusted text.
    pub country: Arc<str>,
    /// Number of its clicks.
    pub clicks: u64,
    /// Number of its urls.
    pub urls: u64,
}

/// The figures of one url × country.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageRow {
    /// The url, as the events name it. Untrusted text.
    pub url: Arc<str>,
    /// The country, as the events name it. Untrusted text.
    pub country: Arc<str>,
    /// Number of distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds, over the clicks whose time is known.
    pub avg_time_spent: Option<f64>,
    /// How many clicks these are; `None` if nobody counts them, as in the documents of the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed: Option<u64>,
}

/// A click that was just stored. Every text in it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentClick {
    /// The time of the event.
    #[serde(with = "super::serial::timestamp")]
    pub timestamp: Timestamp,
    /// The user.
    pub user_id: String,
    /// The url.
    pub url: String,
    /// The country.
    pub country: String,
    /// The city.
    pub city: String,
    /// Its id, with which a front can follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click_id: Option<String>,
    /// Where its message came from, if the engine still knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageOrigin>,
    /// When its batch was read and decoded.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::serial::optional_timestamp")]
    pub read: Option<Timestamp>,
    /// When it was stored.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::serial::optional_timestamp")]
    pub stored: Option<Timestamp>,
}
