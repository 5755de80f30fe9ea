//! The alarms of the engine in words.

use std::time::UNIX_EPOCH;

use super::mostly_rejected::mostly_rejected;
use crate::click::Timestamp;
use crate::console::format::time_of_day;
use crate::protocol::Snapshot;
use crate::protocol::alarm::{Alarm, Alarms};
use crate::text::printable;

/// The alarm about rejects.
const REJECTS: &str = "rejects";

/// How many alarms are on: `1 alarm`, `3 alarms`; `None` if none is.
pub(crate) fn how_many(alarms: &Alarms) -> Option<String> {
    match alarms.active.len() {
        0 => None,
        1 => Some("1 alarm".to_owned()),
        many => Some(format!("{many} alarms")),
    }
}

/// The most urgent alarm, and how many there are. If it is about rejects, and most messages are rejected, there is better advice.
pub(crate) fn headline(snapshot: &Snapshot) -> Option<String> {
    let alarms = &snapshot.alarms;
    let most_urgent = alarms.active.first()?;
    if most_urgent.name.as_ref() == REJECTS && mostly_rejected(snapshot).is_some() {
        return None;
    }
    let since = most_urgent.since.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let since = time_of_day(Timestamp::from_millis(i64::try_from(since).unwrap_or(i64::MAX)));
    let text = printable(&most_urgent.text);
    Some(match alarms.active.len() {
        1 => format!("alarm since {since}: {text}"),
        many => format!("{many} alarms, the most urgent since {since}: {text}"),
    })
}

/// Whether an alarm is on in `after` that was not on in `before`.
pub(crate) fn has_begun(before: &Alarms, after: &Alarms) -> bool {
    let is_same =
        |one: &Alarm, other: &Alarm| (&one.name, &one.stage, one.since) == (&other.name, &other.stage, other.since);
    after.active.iter().any(|alarm| !before.active.iter().any(|known| is_same(known, alarm)))
}
