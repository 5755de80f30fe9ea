//! The details of an alarm.

use std::time::SystemTime;

use super::content::{Details, Tone};
use crate::console::format::{day_and_time, whole_time};
use crate::console::state::alarm_list::{AlarmCondition, alarm_rows_at};
use crate::protocol::Snapshot;
use crate::protocol::alarm::{AlarmId, Severity};

/// Log lines of its stage that are shown.
const LOG_LINES: usize = 20;

/// How the alarm `id` that began at `since` is, what is wrong in full, and what its stage has logged.
pub(super) fn details(id: &AlarmId, since: SystemTime, snapshot: &Snapshot, now: SystemTime) -> Details {
    let mut details = Details::new(format!("alarm {id}"));
    let mut rows = alarm_rows_at(&snapshot.alarms, now);
    let Some(row) = rows.find(|row| row.alarm.is(id) && row.alarm.since == since) else {
        details.text("it is over, and newer ones have taken its place", Tone::Dim);
        return details;
    };
    let alarm = &row.alarm;
    let tone = match (row.condition, alarm.severity) {
        (AlarmCondition::Over, _) => Tone::Dim,
        (_, Severity::Warning) => Tone::Warn,
        (_, Severity::Critical) => Tone::Bad,
    };
    details.fact("is", row.condition.name(), tone);
    details.fact("urgency", alarm.severity.name(), Tone::Plain);
    let stage = alarm.stage.as_ref().or(alarm.concerns.as_ref());
    details.fact("stage", stage.map_or("", |stage| stage), Tone::Plain);
    details.fact("since", day_and_time(alarm.since), Tone::Plain);
    details.fact("for", whole_time(row.lasted), Tone::Plain);
    if let Some(right) = alarm.right_since {
        let text = format!("since {}; the alarm ends if it stays so", day_and_time(right));
        details.fact("right", text, Tone::Plain);
    }
    let known = alarm.acknowledged.map_or_else(|| "by nobody".to_owned(), day_and_time);
    details.fact("acknowledged", known, Tone::Plain);
    details.text(&alarm.text, tone);
    if let Some(stage) = stage {
        details.log_of(stage, &snapshot.log, LOG_LINES);
    }
    details
}
