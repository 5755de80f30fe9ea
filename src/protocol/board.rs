//! Rows of figures and of clicks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::view::View;
use crate::click::Timestamp;

/// The figures a [`View`] asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// What was asked.
    pub view: View,
    /// Every country, most clicks first.
    pub countries: Vec<CountryRow>,
    /// The rows of the view in its order, at most its limit.
    pub pages: Vec<PageRow>,
    /// The number of rows without the limit.
    pub matching: u64,
    /// Why the board cannot be made, in one line: for example, the window is too large to count exactly in time.
    pub problem: Option<String>,
}

/// Figures of one country over all its urls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryRow {
    /// The country as the events name it.
    pub country: Arc<str>,
    /// Its clicks.
    pub clicks: u64,
    /// Its urls.
    pub urls: u64,
}

/// Figures of one url × country.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageRow {
    /// The url as the events name it: untrusted text.
    pub url: Arc<str>,
    /// The country.
    pub country: Arc<str>,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact distinct users.
    pub unique_users: u64,
    /// Mean seconds spent, over the clicks where it is known.
    pub avg_time_spent: Option<f64>,
}

/// A click that was just stored, for people to see. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentClick {
    /// By the event's clock.
    #[serde(with = "super::serial::timestamp")]
    pub timestamp: Timestamp,
    /// Who.
    pub user_id: String,
    /// What.
    pub url: String,
    /// Where.
    pub country: String,
    /// Where.
    pub city: String,
}
