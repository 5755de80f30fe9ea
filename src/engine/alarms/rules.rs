//! When an alarm begins and ends.

use std::collections::BTreeMap;
use std::time::Duration;

use super::kind::AlarmKind;

/// When an alarm begins and ends. The values are in the unit of the alarm's [`AlarmKind`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The alarm begins after the value was at least this. For [`AlarmKind::Headroom`]: at most this.
    pub begin: f64,
    /// The alarm ends after the value was less than this. For [`AlarmKind::Headroom`]: more than this.
    pub end: f64,
    /// How long the value must be beyond `begin`.
    pub hold: Duration,
}

impl Rule {
    /// Whether `value` of an alarm of this `kind` is one that begins the alarm.
    pub(super) fn is_bad(&self, kind: AlarmKind, value: f64) -> bool {
        if kind.is_worse_below() { value <= self.begin } else { value >= self.begin }
    }

    /// Whether `value` is one that ends it.
    pub(super) fn is_good(&self, kind: AlarmKind, value: f64) -> bool {
        if kind.is_worse_below() { value > self.end } else { value < self.end }
    }
}

/// The alarms that an engine watches for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmRules {
    /// The rule of each alarm. An alarm without a rule is off.
    pub rules: BTreeMap<AlarmKind, Rule>,
    /// How long a value must be good again before its alarm ends.
    pub calm: Duration,
}
