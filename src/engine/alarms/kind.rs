//! The kinds of alarms.

use std::fmt;

use crate::protocol::alarm::Severity;

/// A kind of alarm, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// Kafka may delete messages before they are stored. In percent of what Kafka keeps of a partition; fewer are worse.
    Headroom,
    /// A stage tries again and again, or has failed. No number.
    Stage,
    /// No click has come. In seconds.
    Silence,
    /// How long the oldest message has waited in Kafka. In seconds.
    Behind,
    /// Messages that wait in Kafka.
    Lag,
    /// The time until a click is in the figures. In seconds.
    Delay,
    /// Items that wait for a stage after the first one.
    Backlog,
    /// Rejects in the last minute.
    Rejects,
    /// Documents that wait for the index.
    Index,
}

impl AlarmKind {
    /// Every kind, the most urgent first.
    pub const ALL: [AlarmKind; 9] = [
        AlarmKind::Headroom,
        AlarmKind::Stage,
        AlarmKind::Silence,
        AlarmKind::Behind,
        AlarmKind::Lag,
        AlarmKind::Delay,
        AlarmKind::Backlog,
        AlarmKind::Rejects,
        AlarmKind::Index,
    ];

    /// Its name, in settings, snapshots and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            AlarmKind::Headroom => "headroom",
            AlarmKind::Stage => "stage",
            AlarmKind::Silence => "silence",
            AlarmKind::Behind => "behind",
            AlarmKind::Lag => "lag",
            AlarmKind::Delay => "delay",
            AlarmKind::Backlog => "backlog",
            AlarmKind::Rejects => "rejects",
            AlarmKind::Index => "index",
        }
    }

    /// How urgent it is.
    pub const fn severity(self) -> Severity {
        match self {
            AlarmKind::Headroom | AlarmKind::Stage | AlarmKind::Silence => Severity::Critical,
            AlarmKind::Behind
            | AlarmKind::Lag
            | AlarmKind::Delay
            | AlarmKind::Backlog
            | AlarmKind::Rejects
            | AlarmKind::Index => Severity::Warning,
        }
    }

    /// Whether a smaller value is worse.
    pub(super) const fn is_worse_below(self) -> bool {
        matches!(self, AlarmKind::Headroom)
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
