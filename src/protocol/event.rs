//! What happened to the pipeline: starts, stops, failures and the like, each with who did it. Every event is a line of the log, too.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::stage::StageId;
use crate::click::Timestamp;

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The pipeline or a stage starts.
    Start,
    /// The pipeline or a stage stops.
    Stop,
    /// Something went wrong.
    Failure,
    /// A stage that was in trouble works again.
    Recovery,
    /// Kafka has given partitions to this process, or taken some away.
    Rebalance,
    /// Everything was deleted, or was to be.
    Reset,
    /// Settings or files were read anew.
    Reload,
    /// An alarm began, ended or was acknowledged.
    Alarm,
    /// A kind of a newer clicktop.
    #[serde(other)]
    Other,
}

impl EventKind {
    /// Every kind of this version.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Stop,
        Self::Failure,
        Self::Recovery,
        Self::Rebalance,
        Self::Reset,
        Self::Reload,
        Self::Alarm,
    ];

    /// Its name, in JSON and in the field `event` of log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Failure => "failure",
            Self::Recovery => "recovery",
            Self::Rebalance => "rebalance",
            Self::Reset => "reset",
            Self::Reload => "reload",
            Self::Alarm => "alarm",
            Self::Other => "other",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Something that happened to the pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the clock of the machine.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// What kind of event it is.
    pub kind: EventKind,
    /// The stage to which it happened; `None` for the whole pipeline.
    pub stage: Option<StageId>,
    /// Who did it: `key`, `api`, `signal`, `itself`; `None` if nobody did.
    pub by: Option<Arc<str>>,
    /// The text of its line in the log.
    pub text: Arc<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_name_that_json_has() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.name());
            assert_eq!(EventKind::named(kind.name()), Some(kind));
        }
        assert_eq!(serde_json::from_str::<EventKind>("\"eclipse\"").expect("of a newer clicktop"), EventKind::Other);
        assert_eq!(EventKind::named("other"), None);
    }
}
