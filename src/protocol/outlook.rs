//! The outlook: where the lag goes, and when something will be reached at the pace of the last half minute.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where the lag goes. A field is `None` while it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Messages a second by which the lag grows, over the last 30 s; below 0 if it shrinks.
    pub growth: Option<i64>,
    /// Where the lag goes. Also `None` if it is no more than what the next batches hold.
    pub trend: Option<LagTrend>,
    /// The time until the lag is cleared, if it shrinks.
    #[serde(rename = "clears_ms", with = "super::serial::optional_millis")]
    pub clears: Option<Duration>,
    /// About how long the oldest message that is not stored has waited while clicktop ran, of the partition where that is longest.
    #[serde(rename = "behind_ms", with = "super::serial::optional_millis")]
    pub behind: Option<Duration>,
    /// The partition of which Kafka is the first to delete messages that are not stored.
    pub loss: Option<Loss>,
    /// The time until a source with an end is read.
    #[serde(rename = "remaining_ms", with = "super::serial::optional_millis")]
    pub remaining: Option<Duration>,
}

/// Where a lag goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LagTrend {
    /// More messages come than are stored.
    Grows,
    /// About as many messages come as are stored.
    Steady,
    /// More messages are stored than come.
    Shrinks,
}

/// Messages that Kafka will delete before they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Their partition.
    pub partition: i32,
    /// The time until then.
    #[serde(rename = "after_ms", with = "super::serial::millis")]
    pub after: Duration,
}
