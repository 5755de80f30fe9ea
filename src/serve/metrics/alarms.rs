//! The alarms.

use std::fmt::Error;

use super::families::{Families, Family, Labels};
use crate::protocol::alarm::{Alarms, WatchedAlarm};

pub(super) fn write(families: &mut Families<'_>, alarms: &Alarms) -> Result<(), Error> {
    let on = |watched: &WatchedAlarm| alarms.active.iter().filter(|alarm| alarm.name == watched.name).count() as u64;
    families.gauges(
        Family::new(
            "clicktop_alarms_active",
            "How many alarms of this name are on; 0 for one that clicktop watches for.",
        ),
        alarms.watched.iter().map(|watched| (labels(watched), on(watched))),
    )?;
    families.counters(
        Family::new("clicktop_alarms_begun", "How often an alarm of this name has begun."),
        alarms.watched.iter().map(|watched| (labels(watched), watched.begun)),
    )
}

fn labels(watched: &WatchedAlarm) -> Labels<'_, 2> {
    [("alarm", &watched.name), ("severity", watched.severity.name())]
}
