//! The screen of alarms: those that are on, then those that are over.

use std::time::{Duration, SystemTime};

use super::list::List;
use super::screen::Screen;
use crate::protocol::Snapshot;
use crate::protocol::alarm::{Alarm, Alarms};

/// Where the user is among the alarms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AlarmView {
    /// The screen on which the user opened the alarms.
    pub(crate) opened_on: Screen,
    pub(crate) list: List,
}

/// A row of the screen.
#[derive(Clone, Debug)]
pub(crate) struct AlarmRow {
    pub(crate) alarm: Alarm,
    /// How the alarm is now.
    pub(crate) condition: AlarmCondition,
    /// How long it was or has been wrong. The time in which an alarm that ends is right again does not count.
    pub(crate) lasted: Duration,
}

/// How an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlarmCondition {
    /// It is on, and nobody has acknowledged it.
    On,
    /// It is on, and somebody knows of it.
    Acknowledged,
    /// The value is right again; the alarm ends if it stays so.
    Ending,
    /// It is over.
    Over,
}

impl AlarmCondition {
    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AlarmCondition::On => "on",
            AlarmCondition::Acknowledged => "acknowledged",
            AlarmCondition::Ending => "ending",
            AlarmCondition::Over => "over",
        }
    }
}

/// The alarms that are on, the most urgent first, then those that are over, the newest first. How long the first ones have been on is
/// counted at `now`.
pub(crate) fn alarm_rows_at(alarms: &Alarms, now: SystemTime) -> impl Iterator<Item = AlarmRow> {
    let on = alarms.active.iter().map(move |alarm| AlarmRow {
        condition: match (alarm.right_since, alarm.acknowledged) {
            (Some(_), _) => AlarmCondition::Ending,
            (None, Some(_)) => AlarmCondition::Acknowledged,
            (None, None) => AlarmCondition::On,
        },
        // An alarm of a clock ahead of ours begins now.
        lasted: alarm.right_since.unwrap_or(now).duration_since(alarm.since).unwrap_or_default(),
        alarm: alarm.clone(),
    });
    let over = alarms.past.iter().map(|past| AlarmRow {
        condition: AlarmCondition::Over,
        lasted: past.ended.duration_since(past.alarm.since).unwrap_or_default(),
        alarm: past.alarm.clone(),
    });
    on.chain(over)
}

/// The alarms of the screen in its order.
pub(crate) fn alarm_rows(alarms: &Alarms) -> impl Iterator<Item = &Alarm> {
    alarms.active.iter().chain(alarms.past.iter().map(|past| &past.alarm))
}

impl AlarmView {
    /// The alarm under the cursor.
    pub(crate) fn picked<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Alarm> {
        alarm_rows(&snapshot.alarms).nth(self.list.at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::protocol::alarm::{PastAlarm, Severity};

    #[test]
    fn an_outage_lasts_equally_long_while_its_alarm_ends_and_once_it_is_over() {
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let alarm = Alarm {
            name: "stage".into(),
            stage: None,
            concerns: None,
            severity: Severity::Critical,
            since: at(100),
            text: String::new(),
            value: None,
            limit: None,
            right_since: None,
            acknowledged: None,
        };
        let lasted = |alarms: &Alarms| alarm_rows_at(alarms, at(130)).next().map(|row| row.lasted.as_secs());
        let on = |alarm: &Alarm| Alarms { active: vec![alarm.clone()], ..Alarms::default() };
        assert_eq!(lasted(&on(&alarm)), Some(30));
        assert_eq!(lasted(&on(&Alarm { right_since: Some(at(117)), ..alarm.clone() })), Some(17));
        let past = PastAlarm { alarm, ended: at(117) };
        assert_eq!(lasted(&Alarms { past: vec![past], ..Alarms::default() }), Some(17));
    }
}
