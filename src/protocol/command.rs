//! What a console or a headless run may ask of the pipeline.

use std::time::Duration;

use super::question::Question;
use super::stage::Stage;
use super::table::TableOrder;

/// One request. Whether and when it takes effect shows in the next snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To one stage.
    Stage(Stage, StageAction),
    /// Start every stage that is not active.
    StartAll,
    /// Stop every stage, draining in order.
    StopAll,
    /// Stop every stage, forget every click, reject and figure, also those in the search index, and start those stages
    /// again that were active. It goes on where Kafka was.
    Reset,
    /// What the figures in the snapshot's board should be about.
    View(View),
    /// What the snapshot's answers should be about.
    Ask(Question),
    /// Hand a whole table over, which may be too large for a snapshot.
    Table(TableOrder),
    /// Drain within the configured bound, then end.
    Shutdown,
}

/// What to do to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageAction {
    /// Start it if it is not active.
    Start,
    /// Let it finish what it holds, then stop it.
    Stop,
    /// Stop, then start again.
    Restart,
}

/// The order of url rows; the largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, clap::ValueEnum)]
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

/// Which rows of the figures a reader wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct View {
    /// Only this country; all countries together if `None`, then a url has one row for each of its countries.
    pub country: Option<String>,
    /// Their order.
    pub sort: SortBy,
    /// How many rows at most; 0 lets the pipeline choose.
    pub limit: usize,
    /// Over which time, by the clicks' own clock.
    pub window: Window,
    /// Only urls that this keeps, as [`Pattern`](super::Pattern) reads it; every url if empty.
    pub filter: String,
}

impl View {
    /// Whether it asks for the figures as the aggregation has them: no window, no filter.
    pub fn is_plain(&self) -> bool {
        self.window == Window::AllTime && self.filter.is_empty()
    }
}

/// A span of event time that ends with the newest click that is not ahead of the clock; that click is in it, one just as long
/// ago as the span is not. A click ahead of the clock comes in once the clock has reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
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
