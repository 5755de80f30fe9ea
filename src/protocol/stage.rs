//! The stages of an engine: what the engine declares of each stage, and the state of the stage.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// The id of a stage in commands, settings and the log: `ingest`.
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

/// The words for the items of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemUnit {
    /// For one item: `message`.
    pub one: Arc<str>,
    /// For any other number of items: `messages`.
    pub many: Arc<str>,
    /// For any number where there is little room: `msgs`.
    pub short: Arc<str>,
}

impl ItemUnit {
    /// The word in full for `items` items.
    pub fn of(&self, items: u64) -> &str {
        if items == 1 { &self.one } else { &self.many }
    }
}

/// An arrow from one stage to the stage that takes its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageArrow {
    /// The stage that takes the items.
    pub to: StageId,
    /// Whether the first stage must wait while the other stage takes nothing. It does not wait if the items are stored durably
    /// between the two.
    pub waits: bool,
}

/// An action that a front can ask of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageAction {
    /// Start the stage if it is not active.
    Start,
    /// Stop the stage after it has finished the items that it holds.
    Stop,
    /// Stop the stage, then start it again.
    Restart,
}

/// The declaration of a stage, which does not change while the engine runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageInfo {
    /// The id of the stage.
    pub id: StageId,
    /// The name that people see.
    pub title: Arc<str>,
    /// The unit of [`StageStatus::processed`] and [`StageStatus::rate`].
    pub unit: ItemUnit,
    /// The unit of [`StageStatus::backlog`].
    pub backlog_unit: ItemUnit,
    /// The actions that the stage takes.
    pub actions: Vec<StageAction>,
    /// The arrows to the stages that take its items.
    pub feeds: Vec<StageArrow>,
    /// Whether a click must pass this stage before the figures count it.
    pub before_figures: bool,
}

/// A stage at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageStatus {
    /// The declaration of the stage.
    #[serde(flatten)]
    pub info: Arc<StageInfo>,
    /// The state of the stage.
    #[serde(flatten)]
    pub state: StageState,
    /// Items that the stage has processed since this run began.
    pub processed: u64,
    /// Items a second over the last few seconds; `None` while the stage is not active or has just started.
    pub rate: Option<f64>,
    /// Items that wait for the stage; `None` if the engine does not know.
    pub backlog: Option<u64>,
    /// Errors since this run began.
    pub errors: u64,
    /// The newest error, in one line.
    pub last_error: Option<String>,
    /// When it happened last, to the millisecond. Engines before this field do not tell it.
    #[serde(default, with = "super::serial::optional_moment")]
    pub last_error_at: Option<SystemTime>,
}

impl StageStatus {
    /// A stage that has not started yet.
    pub fn new(info: Arc<StageInfo>) -> Self {
        Self {
            info,
            state: StageState::default(),
            processed: 0,
            rate: None,
            backlog: None,
            errors: 0,
            last_error: None,
            last_error_at: None,
        }
    }

    /// The id of the stage.
    pub fn id(&self) -> &StageId {
        &self.info.id
    }
}

/// The stages of an engine, in the order in which items pass them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stages(Vec<StageStatus>);

impl Stages {
    /// The stage with this id.
    pub fn named(&self, id: &str) -> Option<&StageStatus> {
        self.iter().find(|stage| stage.id().as_str() == id)
    }

    /// The place in the list of the stage with this id.
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

/// For tests, which change stages.
#[cfg(any(test, feature = "bench-support"))]
impl std::ops::DerefMut for Stages {
    fn deref_mut(&mut self) -> &mut [StageStatus] {
        &mut self.0
    }
}

/// The state of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StageState {
    /// Does not run: it was stopped, or it was never started.
    #[default]
    Stopped,
    /// Prepares its work.
    Starting {
        /// What the stage does meanwhile, for example `replaying 40% of 1,200,000 clicks`.
        doing: String,
    },
    /// Works, or waits for items.
    Running,
    /// Cannot work at the moment, and tries again by itself.
    BackingOff {
        /// Why it cannot work, in one line.
        cause: String,
        /// The time of the next try, to the millisecond.
        #[serde(with = "super::serial::moment")]
        until: SystemTime,
    },
    /// Finishes the items that it holds before it stops.
    Draining {
        /// What the stage waits for, for example `3 batches to commit`.
        waiting_for: String,
    },
    /// An error or a panic has ended it. It runs again after a start command.
    Failed {
        /// Why it ended, in one line.
        cause: String,
    },
}

impl StageState {
    /// The name of the state, as fronts show it.
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

    /// Whether the stage works or is about to.
    pub const fn is_active(&self) -> bool {
        !matches!(self, StageState::Stopped | StageState::Failed { .. })
    }

    /// Time until the next try, while the stage backs off.
    pub fn next_try(&self, now: SystemTime) -> Option<Duration> {
        match self {
            StageState::BackingOff { until, .. } => Some(until.duration_since(now).unwrap_or_default()),
            _ => None,
        }
    }
}
