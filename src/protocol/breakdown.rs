//! Breakdowns: the figures of clicks by one of their dimensions.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::view::{RowOrder, SortBy, Window};
use crate::click::Timestamp;

/// What a breakdown groups the clicks by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// The url, over all countries.
    Url,
    /// The country.
    #[default]
    Country,
    /// The city. Cities of the same name in two countries are two rows.
    City,
    /// The browser.
    Browser,
    /// The operating system.
    Os,
    /// The kind of device.
    Device,
}

impl Dimension {
    /// Every dimension, in the order in which a front shows them.
    pub const ALL: [Self; 6] = [Self::Country, Self::City, Self::Browser, Self::Os, Self::Device, Self::Url];

    /// The name of the dimension in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Country => "country",
            Self::City => "city",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Device => "device",
        }
    }
}

/// See [`Question::Breakdown`](super::question::Question::Breakdown). A reader takes the default of each part that is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakdownQuestion {
    /// The clicks are grouped by this.
    pub by: Dimension,
    /// Only clicks of this country.
    pub country: Option<String>,
    /// Only clicks on this url.
    pub url: Option<String>,
    /// The span of event time that the figures cover.
    pub window: Window,
    /// The order of the rows.
    pub sort: SortBy,
    /// In the order by time, rows whose mean is of fewer known times come after all others; 0 lets every mean count.
    pub min_timed: u64,
    /// The maximum number of rows.
    pub limit: usize,
}

impl BreakdownQuestion {
    /// The order of the rows.
    pub fn order(&self) -> RowOrder {
        RowOrder { sort: self.sort, min_timed: self.min_timed }
    }
}

/// Figures of one group of clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds, over the clicks whose time spent is known; `None` if it is known for none.
    pub avg_time_spent: Option<f64>,
    /// How many clicks these are.
    #[serde(default)]
    pub timed: u64,
}

/// One row of a breakdown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BreakdownRow {
    /// The value of the dimension, which is untrusted text.
    pub value: Arc<str>,
    /// The country of a city; `None` for other dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Arc<str>>,
    /// The figures of the clicks with this value.
    #[serde(flatten)]
    pub figures: GroupFigures,
}

/// The answer to a [`BreakdownQuestion`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The first rows in the order asked for.
    pub rows: Vec<BreakdownRow>,
    /// How many values have a click.
    pub values: u64,
    /// The figures of all clicks that were grouped.
    pub total: GroupFigures,
    /// The store has deleted the clicks before this moment. `None` if it has deleted none of the span.
    #[serde(default, with = "super::serial::optional_timestamp")]
    pub since: Option<Timestamp>,
    /// How many percent are counted, if there are no figures yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_percent: Option<u8>,
}
