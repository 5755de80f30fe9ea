//! Alarms: those that are on, and those that are over.

use ratatui::style::Style;

use super::column::{Column, Width};
use super::executors::millis;
use crate::console::format::{day_and_time, whole_time};
use crate::console::state::alarm_list::{AlarmCondition, AlarmRow};
use crate::protocol::alarm::Severity;

const CONDITION: Column<AlarmRow> = Column::words("is", Width::Fixed(13), |row: &AlarmRow, context, _| {
    let style = match row.condition {
        AlarmCondition::On => context.theme.severity(row.alarm.severity),
        AlarmCondition::Acknowledged => context.theme.warn(),
        AlarmCondition::Ending => Style::new(),
        AlarmCondition::Over => context.theme.dim(),
    };
    (row.condition.name().to_owned(), style)
})
.exported("is", |row| row.condition.name().into());

const SINCE: Column<AlarmRow> = Column::words("since", Width::Fixed(15), |row: &AlarmRow, context, _| {
    (day_and_time(row.alarm.since), context.theme.dim())
})
.priority(4)
.exported("since", |row| day_and_time(row.alarm.since).into());

const LASTED: Column<AlarmRow> =
    Column::figure("for", 9, |row: &AlarmRow, _, _| (whole_time(row.lasted), Style::new()))
        .priority(3)
        .exported("lasted_ms", |row| millis(row.lasted).into());

const NAME: Column<AlarmRow> = Column::words("  alarm", Width::Fixed(12), |row: &AlarmRow, context, _| {
    (format!("  {}", row.alarm.name), context.theme.key())
})
.exported("alarm", |row| row.alarm.name.as_ref().into());

const STAGE: Column<AlarmRow> = Column::words("stage", Width::Fixed(11), |row: &AlarmRow, _, _| {
    (row.alarm.stage.as_deref().unwrap_or_default().to_owned(), Style::new())
})
.exported("stage", |row| row.alarm.stage.as_deref().into());

const SEVERITY: Column<AlarmRow> = Column::words("urgency", Width::Fixed(10), |row: &AlarmRow, context, _| {
    let style = match (row.condition, row.alarm.severity) {
        (AlarmCondition::Over, _) | (_, Severity::Warning) => Style::new(),
        (_, Severity::Critical) => context.theme.bad(),
    };
    (row.alarm.severity.name().to_owned(), style)
})
.exported("urgency", |row| row.alarm.severity.name().into());

const TEXT: Column<AlarmRow> =
    Column::words("what is wrong", Width::Rest(10), |row: &AlarmRow, _, _| (row.alarm.text.clone(), Style::new()))
        .exported("text", |row| row.alarm.text.as_str().into());

const ACKNOWLEDGED: Column<AlarmRow> =
    Column::of_files("acknowledged", |row| row.alarm.acknowledged.map(day_and_time).into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<AlarmRow>] = &[&CONDITION, &SINCE, &LASTED, &NAME, &STAGE, &SEVERITY, &TEXT];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<AlarmRow>] =
    &[&CONDITION, &SINCE, &LASTED, &NAME, &STAGE, &SEVERITY, &TEXT, &ACKNOWLEDGED];
