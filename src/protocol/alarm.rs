//! Alarms: what an operator should know of, as the engine judges it. Every front tells the same ones.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The alarms of an engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// The alarms that are on, the most urgent first.
    pub active: Vec<Alarm>,
    /// The alarms that the engine watches for.
    pub watched: Vec<WatchedAlarm>,
    /// The newest alarms of this run that are over, the newest first; at most a few dozen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<PastAlarm>,
}

impl Alarms {
    /// The alarm that is on and has this name and stage.
    pub fn active(&self, id: &AlarmId) -> Option<&Alarm> {
        self.active.iter().find(|alarm| alarm.is(id))
    }

    /// A copy without the alarms that are over.
    #[must_use]
    pub fn light(&self) -> Self {
        Self { past: Vec::new(), ..self.clone() }
    }
}

/// Which of the alarms that are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmId {
    /// Its name.
    pub name: Arc<str>,
    /// The id of its stage; `None` if it is about the whole pipeline.
    #[serde(default)]
    pub stage: Option<Arc<str>>,
}

/// `behind`, `stage of ingest`
impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            None => f.pad(&self.name),
            Some(stage) => write!(f, "{} of {stage}", self.name),
        }
    }
}

/// An alarm that is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name, as in the settings: `behind`.
    pub name: Arc<str>,
    /// The id of the stage that it is about; `None` if it is about the whole pipeline.
    pub stage: Option<Arc<str>>,
    /// The id of the stage that it concerns most, which a front marks: `stage`, or the one that takes or writes what the alarm is about.
    /// `None` if it concerns no stage more than the others.
    #[serde(default)]
    pub concerns: Option<Arc<str>>,
    /// How urgent it is.
    pub severity: Severity,
    /// Since when it is wrong, to the millisecond. The alarm came on later, once it had been wrong for a while (`hold`).
    #[serde(with = "super::serial::moment")]
    pub since: SystemTime,
    /// What is wrong, in one line: `the oldest message in Kafka has waited for 6 min (limit 5 min)`.
    pub text: String,
    /// The measured value, in the unit of the alarm: messages, seconds, percent, … `None` if it is not known at the moment, or is no
    /// number.
    pub value: Option<f64>,
    /// The limit at which the alarm began, in the same unit.
    pub limit: Option<f64>,
    /// Since when the value is right again, to the millisecond: the alarm ends if it stays so (`alarms.calm`), and `text` and `value` are those
    /// before. `None` while it is wrong.
    #[serde(default, with = "super::serial::optional_moment")]
    pub right_since: Option<SystemTime>,
    /// When somebody acknowledged it, to the millisecond; `None` if nobody has.
    #[serde(default, with = "super::serial::optional_moment")]
    pub acknowledged: Option<SystemTime>,
}

impl Alarm {
    /// Its name and its stage.
    pub fn id(&self) -> AlarmId {
        AlarmId { name: Arc::clone(&self.name), stage: self.stage.clone() }
    }

    /// Whether it has this name and stage.
    pub fn is(&self, id: &AlarmId) -> bool {
        (&self.name, &self.stage) == (&id.name, &id.stage)
    }
}

/// An alarm that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastAlarm {
    /// The alarm as it was at its end. Its text says what was wrong.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// When it was right again, to the millisecond.
    #[serde(with = "super::serial::moment")]
    pub ended: SystemTime,
}

/// An alarm that the engine watches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedAlarm {
    /// Its name.
    pub name: Arc<str>,
    /// How urgent it is.
    pub severity: Severity,
    /// How often it has begun in this run.
    pub begun: u64,
}

/// How urgent an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something is slow or odd. Nothing is lost.
    Warning,
    /// Nothing goes on, or messages may be lost.
    Critical,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}
