//! The stages of an engine: what each is, and what it is doing.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// The name of a stage in commands, settings and the log: `ingest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageId(Arc<str>);

impl StageId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StageId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The words for the items that pass a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemUnit {
    /// In full: `messages`.
    pub many: Arc<str>,
    /// Where there is little room: `msgs`.
    pub short: Arc<str>,
}

/// A handover from one stage to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageArrow {
    /// The stage that takes the items.
    pub to: StageId,
    /// Whether the giving stage must wait while the other takes nothing. It need not if the handover is durable.
    pub waits: bool,
}

/// What a stage can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageAction {
    /// Start it if it is not active.
    Start,
    /// Let it finish what it holds, then stop it.
    Stop,
    /// Stop it, then start it again.
    Restart,
}

/// What an engine declares of a stage once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageInfo {
    /// Its id.
    pub id: StageId,
    /// Its name for people.
    pub title: Arc<str>,
    /// The unit of `processed` and `rate`.
    pub unit: ItemUnit,
    /// The unit of `backlog`.
    pub backlog_unit: ItemUnit,
    /// The actions that it takes.
    pub actions: Vec<StageAction>,
    /// The stages to which it hands its items.
    pub feeds: Vec<StageArrow>,
    /// Whether a click passes it before the figures count that click.
    pub before_figures: bool,
}

/// One stage at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageStatus {
    /// What it is.
    #[serde(flatten)]
    pub info: Arc<StageInfo>,
    /// What it is doing.
    #[serde(flatten)]
    pub state: StageState,
    /// Items that have passed since this run began.
    pub processed: u64,
    /// Items a second over the last few seconds; `None` while it is not active or has not run long enough to tell.
    pub rate: Option<f64>,
    /// Items that wait for it; `None` if the engine does not know.
    pub backlog: Option<u64>,
    /// Errors since this run began.
    pub errors: u64,
    /// The newest error, in one line.
    pub last_error: Option<String>,
}

impl StageStatus {
    /// The stage before it has done anything.
    pub fn new(info: Arc<StageInfo>) -> Self {
        Self {
            info,
            state: StageState::default(),
            processed: 0,
            rate: None,
            backlog: None,
            errors: 0,
            last_error: None,
        }
    }

    /// Its id.
    pub fn id(&self) -> &StageId {
        &self.info.id
    }
}

/// The stages of an engine, in the order in which items pass them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stages(Vec<StageStatus>);

impl Stages {
    /// The stage of this id.
    pub fn named(&self, id: &str) -> Option<&StageStatus> {
        self.iter().find(|stage| stage.id().as_str() == id)
    }

    /// The place of a stage in the list.
    pub fn position(&self, id: &StageId) -> Option<usize> {
        self.iter().position(|stage| stage.id() == id)
    }
}

impl FromIterator<StageStatus> for Stages {
    fn from_iter<I: IntoIterator<Item = StageStatus>>(stages: I) -> Self {
        Self(stages.into_iter().collect())
    }
}

impl Deref for Stages {
    type Target = [StageStatus];

    fn deref(&self) -> &[StageStatus] {
        &self.0
    }
}

/// For tests, which know the stages of their engine.
#[cfg(any(test, feature = "bench-support"))]
impl std::ops::Index<&str> for Stages {
    type Output = StageStatus;

    fn index(&self, id: &str) -> &StageStatus {
        self.named(id).unwrap_or_else(|| panic!("no stage {id}"))
    }
}

/// For tests, which know the stages of their engine.
#[cfg(any(test, feature = "bench-support"))]
impl std::ops::IndexMut<&str> for Stages {
    fn index_mut(&mut self, id: &str) -> &mut StageStatus {
        let found = self.0.iter_mut().find(|stage| stage.id().as_str() == id);
        found.unwrap_or_else(|| panic!("no stage {id}"))
    }
}

/// For tests, which set every stage.
#[cfg(any(test, feature = "bench-support"))]
impl std::ops::DerefMut for Stages {
    fn deref_mut(&mut self) -> &mut [StageStatus] {
        &mut self.0
    }
}

/// What a stage is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        #[serde(with = "super::serial::moment")]
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
