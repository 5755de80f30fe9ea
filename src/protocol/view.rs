//! Views: which rows of the figures a front shows, in which order, over which time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The order of url rows; the largest first.
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
}

impl SortBy {
    /// Every order.
    pub const ALL: [SortBy; 3] = [SortBy::Clicks, SortBy::Users, SortBy::Time];

    /// Its name, as in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            SortBy::Clicks => "clicks",
            SortBy::Users => "users",
            SortBy::Time => "time",
        }
    }
}

/// The rows of the figures that a front asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Only this country. `None` takes all countries; a url has one row for each of its countries then.
    pub country: Option<String>,
    /// Their order.
    pub sort: SortBy,
    /// The most rows; 0 lets the engine choose.
    pub limit: usize,
    /// The span of event time.
    pub window: Window,
    /// The filter of urls in the notation of [`Pattern`](super::Pattern); empty keeps every url.
    pub filter: String,
}

impl View {
    /// Whether it asks for the figures as the aggregation has them: no window, no filter.
    pub fn is_plain(&self) -> bool {
        self.window == Window::AllTime && self.filter.is_empty()
    }
}

/// A span of event time. It ends with the newest click that is not ahead of the clock, and includes that click; a click exactly
/// one span older is outside. A click ahead of the clock enters once the clock has reached its time.
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
    /// How long it is; `None` for all time.
    pub const fn length(self) -> Option<Duration> {
        match self {
            Window::AllTime => None,
            Window::LastHour => Some(Duration::from_secs(3600)),
            Window::LastFiveMinutes => Some(Duration::from_secs(300)),
        }
    }
}
