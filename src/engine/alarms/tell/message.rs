//! What others are told of an alarm: as JSON, and as variables of the environment.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::click::Timestamp;
use crate::engine::alarms::evaluator::AlarmChange;
use crate::protocol::snapshot::SourceStatus;
use crate::text::excerpt;

/// The most characters of a text: the system bounds the size of a variable.
const SHOWN: usize = 2_000;

/// What happened to the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::engine::alarms) enum Event {
    /// It begins.
    Begin,
    /// It is over.
    End,
}

impl Event {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Event::Begin => "begin",
            Event::End => "end",
        }
    }
}

/// What others are told. Every text is printable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::engine::alarms) struct Message {
    pub(super) event: Event,
    pub(super) alarm: String,
    pub(super) stage: Option<String>,
    pub(super) severity: &'static str,
    pub(super) text: String,
    pub(super) value: Option<f64>,
    pub(super) limit: Option<f64>,
    /// Since when it is wrong.
    pub(super) since: String,
    /// How long it was wrong.
    pub(super) lasted_seconds: Option<f64>,
    pub(super) source: String,
    pub(super) topic: String,
    pub(super) group: String,
    /// The machine.
    pub(super) host: String,
}

impl Message {
    /// The message about `change` of a pipeline that reads `source`.
    pub(in crate::engine::alarms) fn new(change: &AlarmChange, source: &SourceStatus) -> Self {
        let alarm = &change.alarm;
        let safe = |text: &str| excerpt(text, SHOWN).into_owned();
        Self {
            event: if change.begins() { Event::Begin } else { Event::End },
            alarm: safe(&alarm.name),
            stage: alarm.stage.as_deref().map(safe),
            severity: alarm.severity.name(),
            text: safe(&alarm.text),
            value: alarm.value,
            limit: alarm.limit,
            since: moment(alarm.since),
            lasted_seconds: change.lasted.map(|lasted| lasted.as_millis() as f64 / 1000.0),
            source: safe(&source.description),
            topic: safe(&source.topic),
            group: safe(&source.group),
            host: safe(&rustix::system::uname().nodename().to_string_lossy()),
        }
    }

    /// The message as one JSON object.
    pub(super) fn json(&self) -> String {
        // Plain data with names as keys: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The message as variables. A field without a value is an empty variable, so that a script may use each of them.
    pub(super) fn variables(&self) -> [(&'static str, String); 13] {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        [
            ("CLICKTOP_ALARM_EVENT", self.event.name().to_owned()),
            ("CLICKTOP_ALARM_NAME", self.alarm.clone()),
            ("CLICKTOP_ALARM_STAGE", self.stage.clone().unwrap_or_default()),
            ("CLICKTOP_ALARM_SEVERITY", self.severity.to_owned()),
            ("CLICKTOP_ALARM_TEXT", self.text.clone()),
            ("CLICKTOP_ALARM_VALUE", number(self.value)),
            ("CLICKTOP_ALARM_LIMIT", number(self.limit)),
            ("CLICKTOP_ALARM_SINCE", self.since.clone()),
            ("CLICKTOP_ALARM_LASTED_SECONDS", number(self.lasted_seconds)),
            ("CLICKTOP_ALARM_SOURCE", self.source.clone()),
            ("CLICKTOP_ALARM_TOPIC", self.topic.clone()),
            ("CLICKTOP_ALARM_GROUP", self.group.clone()),
            ("CLICKTOP_ALARM_HOST", self.host.clone()),
        ]
    }
}

/// `2026-11-27T14:03:20.125Z`.
fn moment(time: SystemTime) -> String {
    let millis = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)).to_string()
}
