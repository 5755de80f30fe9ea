//! The names and states of the stages.

use std::fmt;
use std::time::{Duration, SystemTime};

/// The four stages, in the order a click passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Kafka → decoded batches.
    Ingest,
    /// Batches → SQLite.
    Store,
    /// Stored clicks → figures by url × country.
    Aggregate,
    /// Figures → search documents.
    Index,
}

impl Stage {
    /// Every stage, in the order a click passes them.
    pub const ALL: [Stage; 4] = [Stage::Ingest, Stage::Store, Stage::Aggregate, Stage::Index];

    /// Its name in lower case, as in the config and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Ingest => "ingest",
            Stage::Store => "store",
            Stage::Aggregate => "aggregate",
            Stage::Index => "index",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One value for each stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PerStage<T> {
    /// Of ingest.
    pub ingest: T,
    /// Of store.
    pub store: T,
    /// Of aggregate.
    pub aggregate: T,
    /// Of index.
    pub index: T,
}

impl<T> PerStage<T> {
    /// Makes each value from its stage.
    pub fn from_fn(mut make: impl FnMut(Stage) -> T) -> Self {
        Self {
            ingest: make(Stage::Ingest),
            store: make(Stage::Store),
            aggregate: make(Stage::Aggregate),
            index: make(Stage::Index),
        }
    }

    /// The value of `stage`.
    pub fn get(&self, stage: Stage) -> &T {
        match stage {
            Stage::Ingest => &self.ingest,
            Stage::Store => &self.store,
            Stage::Aggregate => &self.aggregate,
            Stage::Index => &self.index,
        }
    }

    /// The value of `stage`, to change.
    pub fn get_mut(&mut self, stage: Stage) -> &mut T {
        match stage {
            Stage::Ingest => &mut self.ingest,
            Stage::Store => &mut self.store,
            Stage::Aggregate => &mut self.aggregate,
            Stage::Index => &mut self.index,
        }
    }

    /// Stages with their values, in the order a click passes them.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, &T)> {
        Stage::ALL.into_iter().map(|stage| (stage, self.get(stage)))
    }
}

/// What a stage is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StageState {
    /// Not running, on request or because it has not been started.
    #[default]
    Stopped,
    /// Opening what it needs; `doing` says what, where that takes a while.
    Starting {
        /// For example `replaying 40% of 1,200,000 clicks`.
        doing: String,
    },
    /// At work, or waiting for work.
    Running,
    /// Something it needs fails; it tries again by itself.
    BackingOff {
        /// What fails, in one line.
        cause: String,
        /// When it tries again.
        #[serde(serialize_with = "super::serial::moment")]
        until: SystemTime,
    },
    /// Finishing what it holds before it stops; `waiting_for` says what that is.
    Draining {
        /// For example `3 batches to commit`.
        waiting_for: String,
    },
    /// Ended by an error or a panic; only a start command brings it back.
    Failed {
        /// What went wrong, in one line.
        cause: String,
    },
}

impl StageState {
    /// The state's name, as printed.
    pub const fn name(&self) -> &'static str {
        match self {
            StageState::Stopped => "stopped",
            StageState::Starting { .. } => "starting",
            StageState::Running => "running",
            StageState::BackingOff { .. } => "backing off",
            StageState::Draining { .. } => "draining",
            StageState::Failed { .. } => "failed",
        }
    }

    /// Whether the stage's task is alive.
    pub const fn is_active(&self) -> bool {
        !matches!(self, StageState::Stopped | StageState::Failed { .. })
    }

    /// Time until the next try, while backing off.
    pub fn next_try(&self, now: SystemTime) -> Option<Duration> {
        match self {
            StageState::BackingOff { until, .. } => Some(until.duration_since(now).unwrap_or_default()),
            _ => None,
        }
    }
}
