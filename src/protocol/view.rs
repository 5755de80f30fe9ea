//! Views: the rows that a front shows, their order, and the time that they cover.

use std::cmp::{Ordering, Reverse};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::compare::Ago;

/// The order of url rows. The largest comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortBy {
    /// By clicks.
    #[default]
    Clicks,
    /// By unique users.
    Users,
    /// By average time spent.
    Time,
    /// By how much the clicks of the last five minutes exceed those of the five minutes before. Only the rows of a view have this
    /// order. Where nothing counts it, it is the order of the clicks.
    Rising,
}

impl SortBy {
    /// Every order that rows of any kind can have.
    pub const ALL: [SortBy; 3] = [SortBy::Clicks, SortBy::Users, SortBy::Time];

    /// Every order of the rows of a view.
    pub const OF_VIEWS: [SortBy; 4] = [SortBy::Clicks, SortBy::Users, SortBy::Time, SortBy::Rising];

    /// The name of the order in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            SortBy::Clicks => "clicks",
            SortBy::Users => "users",
            SortBy::Time => "time",
            SortBy::Rising => "rising",
        }
    }
}

/// A mean time of fewer known times than this may be chance. Fronts ask for it unless the user chooses another number.
pub const MIN_TIMED: u64 = 10;

/// An order of rows, and how many known times a mean needs to count in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowOrder {
    /// The figure.
    pub sort: SortBy,
    /// In the order by time, rows with fewer known times come after all others.
    pub min_timed: u64,
}

impl From<SortBy> for RowOrder {
    /// The order that takes every mean for what it is.
    fn from(sort: SortBy) -> Self {
        Self { sort, min_timed: 0 }
    }
}

impl RowOrder {
    /// Compares two rows in this order, the largest first. Rows with the same figure are in the order of their clicks, then of their users.
    pub fn compare(self, a: &SortedFigures, b: &SortedFigures) -> Ordering {
        let by_clicks = |row: &SortedFigures| Reverse((row.clicks, row.unique_users));
        match self.sort {
            SortBy::Clicks => by_clicks(a).cmp(&by_clicks(b)),
            SortBy::Users => Reverse((a.unique_users, a.clicks)).cmp(&Reverse((b.unique_users, b.clicks))),
            SortBy::Time => {
                let has_few = |row: &SortedFigures| row.timed < self.min_timed;
                let by_time = match (a.average_seconds, b.average_seconds) {
                    (Some(a), Some(b)) => b.total_cmp(&a),
                    (a, b) => a.is_none().cmp(&b.is_none()),
                };
                has_few(a).cmp(&has_few(b)).then(by_time).then_with(|| by_clicks(a).cmp(&by_clicks(b)))
            }
            SortBy::Rising => b.rise.total_cmp(&a.rise).then_with(|| by_clicks(a).cmp(&by_clicks(b))),
        }
    }
}

/// The figures that rows are sorted by.
#[derive(Clone, Copy, Debug)]
pub struct SortedFigures {
    /// Distinct clicks.
    pub clicks: u64,
    /// Distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds; rows without one come last.
    pub average_seconds: Option<f64>,
    /// How many times spent the mean is of.
    pub timed: u64,
    /// How much the row rises; 0 where nothing counts it.
    pub rise: f64,
}

/// The rows that a front asks for. A reader takes the default of each part that is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Only this country. With `None` a url has one row for each of its countries.
    pub country: Option<String>,
    /// The order of the rows.
    pub sort: SortBy,
    /// The maximum number of rows. With 0 the engine chooses.
    pub limit: usize,
    /// The span of event time that the figures cover.
    pub window: Window,
    /// A [`Pattern`](super::Pattern) for urls. An empty filter keeps every url.
    pub filter: String,
    /// In the order by time, rows whose mean is of fewer known times come after all others; 0 lets every mean count.
    pub min_timed: u64,
    /// Compares the window with the same span of time earlier; all time is compared with nothing. The order
    /// [`SortBy::Rising`] is then by how much the clicks exceed those of the earlier span.
    pub compare: Option<Ago>,
}

impl View {
    /// The order of the rows.
    pub fn order(&self) -> RowOrder {
        RowOrder { sort: self.sort, min_timed: self.min_timed }
    }

    /// What its window is compared with; `None` if it has no window.
    pub fn compared(&self) -> Option<Ago> {
        self.compare.filter(|_| self.window.length().is_some())
    }

    /// Whether its rows are in the order of their trends.
    pub fn is_by_trend(&self) -> bool {
        self.sort == SortBy::Rising && self.compared().is_none()
    }

    /// Whether the view has neither a window nor a filter, and an order of figures, so that the figures of the aggregation answer it.
    pub fn is_plain(&self) -> bool {
        self.window == Window::AllTime && self.filter.is_empty() && self.sort != SortBy::Rising
    }
}

/// A span of event time. It ends with the newest click that is not ahead of the clock, and includes that click. A click exactly
/// one span older is outside. A click ahead of the clock enters the span once the clock has reached its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Since the first click.
    #[default]
    AllTime,
    /// The last hour.
    LastHour,
    /// The last five minutes.
    LastFiveMinutes,
}

impl Window {
    /// The length of the span; `None` for all time.
    pub const fn length(self) -> Option<Duration> {
        match self {
            Window::AllTime => None,
            Window::LastHour => Some(Duration::from_secs(3600)),
            Window::LastFiveMinutes => Some(Duration::from_secs(300)),
        }
    }
    /// What comes after "the last" in a sentence about the span.
    pub const fn words(self) -> &'static str {
        match self {
            Window::AllTime => "clicks",
            Window::LastHour => "hour",
            Window::LastFiveMinutes => "five minutes",
        }
    }
}
