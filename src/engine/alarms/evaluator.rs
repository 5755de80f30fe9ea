//! Compares readings with rules: an alarm begins once its value was bad for a while, and ends once it was good for a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::kind::AlarmKind;
use super::past::PastAlarms;
use super::readings::{Reading, Readings};
use super::rules::{AlarmRules, Rule};
use super::words::Words;
use crate::protocol::alarm::{Alarm, AlarmId, Alarms, WatchedAlarm};
use crate::protocol::{Snapshot, StageStatus};

/// The shortest time between two looks: a snapshot may come twenty times a second.
const INTERVAL: Duration = Duration::from_millis(250);

/// An alarm that has begun or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmChange {
    /// The alarm, as it was last.
    pub alarm: Alarm,
    /// How long it was wrong; `None` if it begins. The time in which it was right before it ended does not count.
    pub lasted: Option<Duration>,
    /// It ends because somebody stopped its stage.
    pub by_stop: bool,
}

/// Judges snapshots. It has no clock but the uptime of the snapshots.
#[derive(Debug, Default)]
pub struct Evaluator {
    rules: AlarmRules,
    readings: Readings,
    states: BTreeMap<(AlarmKind, Option<Arc<str>>), State>,
    begun: BTreeMap<AlarmKind, u64>,
    past: PastAlarms,
    looked: Option<Duration>,
    /// The time of day of the newest snapshot that was judged.
    time: Option<SystemTime>,
    shown: Arc<Alarms>,
}

/// A moment by the uptime of the engine, and by the clock.
#[derive(Clone, Copy, Debug)]
struct Moment {
    uptime: Duration,
    clock: SystemTime,
}

/// Where an alarm is between its limits.
#[derive(Clone, Debug)]
enum State {
    /// The value is bad since then, and not yet for long enough.
    Bad { since: Moment },
    /// The alarm is on.
    On {
        /// Since when the value is bad: an alarm lasts as long as what is wrong, so its `hold` counts.
        bad_since: Duration,
        alarm: Alarm,
        /// What its text says once it is over.
        was: String,
        good_since: Option<Duration>,
    },
}

impl Evaluator {
    /// Watches by these rules.
    pub fn new(rules: AlarmRules) -> Self {
        let mut evaluator = Self { rules, ..Self::default() };
        evaluator.show();
        evaluator
    }

    /// The alarms as they are.
    pub fn shown(&self) -> Arc<Alarms> {
        Arc::clone(&self.shown)
    }

    /// Watches by other rules from now on. An alarm that is on stays on, unless the rules no longer have it: those end, and are returned.
    pub fn renew(&mut self, rules: AlarmRules) -> Vec<AlarmChange> {
        let now = self.looked.unwrap_or_default();
        let (kept, gone) =
            std::mem::take(&mut self.states).into_iter().partition(|((kind, _), _)| rules.rules.contains_key(kind));
        self.states = kept;
        self.rules = rules;
        let gone: BTreeMap<(AlarmKind, Option<Arc<str>>), State> = gone;
        let changes = gone.into_values().filter_map(|state| match state {
            State::Bad { .. } => None,
            State::On { bad_since, alarm, was, good_since } => {
                Some(ended(alarm, was, good_since.unwrap_or(now).saturating_sub(bad_since), false))
            }
        });
        let changes: Vec<_> = changes.collect();
        self.keep_ended(&changes);
        self.show();
        changes
    }

    /// Notes that somebody knows of the alarm `id`, or of every alarm if it is `None`. Returns the alarms of which nobody knew before.
    pub fn acknowledge(&mut self, id: Option<&AlarmId>) -> Vec<Alarm> {
        let time = self.time.unwrap_or(UNIX_EPOCH);
        let mut acknowledged = Vec::new();
        for state in self.states.values_mut() {
            if let State::On { alarm, .. } = state
                && alarm.acknowledged.is_none()
                && id.is_none_or(|id| alarm.is(id))
            {
                alarm.acknowledged = Some(time);
                acknowledged.push(alarm.clone());
            }
        }
        self.show();
        acknowledged
    }

    /// Judges `snapshot`, and returns what has begun and ended. A snapshot that comes soon after another one changes nothing, nor does one
    /// of an engine that ends or is being reset.
    pub fn look(&mut self, snapshot: &Snapshot) -> Vec<AlarmChange> {
        let now = snapshot.uptime;
        let too_soon = self.looked.is_some_and(|looked| now < looked + INTERVAL);
        if too_soon || snapshot.shutting_down.is_some() || snapshot.resetting.is_some() {
            return Vec::new();
        }
        self.looked = Some(now);
        self.time = snapshot.at.or(self.time);
        let readings = self.readings.of(snapshot);
        let mut changes = Vec::new();
        for reading in &readings {
            if let Some(rule) = self.rules.rules.get(&reading.kind).copied() {
                changes.extend(self.judge(reading, &rule, snapshot));
            }
        }
        self.keep_ended(&changes);
        self.show();
        changes
    }

    fn keep_ended(&mut self, changes: &[AlarmChange]) {
        for change in changes.iter().filter(|change| !change.begins()) {
            self.past.keep(change.alarm.clone(), change.at());
        }
    }

    fn judge(&mut self, reading: &Reading, rule: &Rule, snapshot: &Snapshot) -> Option<AlarmChange> {
        let now = snapshot.uptime;
        let key = (reading.kind, reading.stage.clone());
        let bad = reading.value.filter(|value| rule.is_bad(reading.kind, *value));
        let good = reading.value.is_some_and(|value| rule.is_good(reading.kind, value));
        match self.states.get_mut(&key) {
            Some(State::On { bad_since, alarm, was, good_since }) => {
                // What is unknown neither ends the alarm, nor makes it last.
                if good {
                    let good_since = *good_since.get_or_insert(now);
                    if alarm.right_since.is_none() {
                        alarm.right_since = snapshot.at;
                    }
                    if reading.is_stopped || now.saturating_sub(good_since) >= self.rules.calm {
                        let lasted = good_since.saturating_sub(*bad_since);
                        let change = ended(alarm.clone(), std::mem::take(was), lasted, reading.is_stopped);
                        self.states.remove(&key);
                        return Some(change);
                    }
                } else if let Some(value) = reading.value {
                    (*good_since, alarm.right_since) = (None, None);
                    alarm.value = number(reading.kind, value);
                    let words = Words::of(reading, value, rule, snapshot);
                    (alarm.text, *was) = (words.now, words.was);
                }
                None
            }
            pending => {
                let Some(value) = bad else {
                    self.states.remove(&key);
                    return None;
                };
                let since = match pending {
                    Some(State::Bad { since }) => *since,
                    _ => Moment { uptime: now, clock: snapshot.at.unwrap_or(UNIX_EPOCH) },
                };
                if now.saturating_sub(since.uptime) < rule.hold {
                    self.states.insert(key, State::Bad { since });
                    return None;
                }
                let words = Words::of(reading, value, rule, snapshot);
                let alarm = Alarm {
                    name: reading.kind.name().into(),
                    stage: reading.stage.clone(),
                    concerns: concerns(reading, snapshot),
                    severity: reading.kind.severity(),
                    since: since.clock,
                    text: words.now,
                    value: number(reading.kind, value),
                    limit: number(reading.kind, rule.begin),
                    right_since: None,
                    acknowledged: None,
                };
                let on = State::On { bad_since: since.uptime, alarm: alarm.clone(), was: words.was, good_since: None };
                self.states.insert(key, on);
                *self.begun.entry(reading.kind).or_default() += 1;
                Some(AlarmChange { alarm, lasted: None, by_stop: false })
            }
        }
    }

    fn show(&mut self) {
        let active = self.states.values().filter_map(|state| match state {
            State::On { alarm, .. } => Some(alarm.clone()),
            State::Bad { .. } => None,
        });
        let begun = |kind: AlarmKind| self.begun.get(&kind).copied().unwrap_or(0);
        let watched = |kind: &AlarmKind| WatchedAlarm {
            name: kind.name().into(),
            severity: kind.severity(),
            begun: begun(*kind),
        };
        // The map is in the order of the kinds, the most urgent first.
        let alarms = Alarms {
            active: active.collect(),
            watched: self.rules.rules.keys().map(watched).collect(),
            past: self.past.list(),
        };
        if *self.shown != alarms {
            self.shown = Arc::new(alarms);
        }
    }
}

/// The end of `alarm`, which says now what it `was` about.
fn ended(alarm: Alarm, was: String, lasted: Duration, by_stop: bool) -> AlarmChange {
    AlarmChange { alarm: Alarm { text: was, ..alarm }, lasted: Some(lasted), by_stop }
}

/// The stage that an alarm about `reading` concerns most: what comes from Kafka is taken by the first stage, and documents are written by the
/// last one.
fn concerns(reading: &Reading, snapshot: &Snapshot) -> Option<Arc<str>> {
    let id = |stage: &StageStatus| stage.id().as_str().into();
    match reading.kind {
        AlarmKind::Stage | AlarmKind::Backlog => reading.stage.clone(),
        AlarmKind::Headroom | AlarmKind::Silence | AlarmKind::Behind | AlarmKind::Lag | AlarmKind::Rejects => {
            snapshot.stages.first().map(id)
        }
        AlarmKind::Index => snapshot.stages.iter().rfind(|stage| !stage.info.before_figures).map(id),
        AlarmKind::Delay => None,
    }
}

/// `value`, if an alarm of this kind has a number.
fn number(kind: AlarmKind, value: f64) -> Option<f64> {
    (kind != AlarmKind::Stage).then_some(value)
}

impl AlarmChange {
    /// Whether the alarm begins.
    pub fn begins(&self) -> bool {
        self.lasted.is_none()
    }

    /// Since when it is wrong, or when it was right again.
    pub fn at(&self) -> SystemTime {
        self.alarm.since.checked_add(self.lasted.unwrap_or_default()).unwrap_or(self.alarm.since)
    }
}
