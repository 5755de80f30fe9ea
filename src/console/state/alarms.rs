//! The alarms of the engine in words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::mostly_rejected::mostly_rejected;
use crate::click::Timestamp;
use crate::console::format::{countdown, time_of_day, width};
use crate::protocol::Snapshot;
use crate::protocol::alarm::{Alarm, Alarms, Severity};
use crate::text::printable;

/// The alarm about rejects.
const REJECTS: &str = "rejects";

/// How many alarms are on that nobody has acknowledged: `1 alarm`, `3 alarms`; of all of them, how many there are: `2 alarms acknowledged`.
/// `None` if none is on.
pub(crate) fn how_many(alarms: &Alarms) -> Option<String> {
    let words = |many: usize| if many == 1 { "1 alarm".to_owned() } else { format!("{many} alarms") };
    match (open(alarms).count(), alarms.active.len()) {
        (0, 0) => None,
        (0, acknowledged) => Some(format!("{} acknowledged", words(acknowledged))),
        (many, _) => Some(words(many)),
    }
}

/// The alarms that are on and that nobody has acknowledged, the most urgent first.
pub(crate) fn open(alarms: &Alarms) -> impl Iterator<Item = &Alarm> {
    alarms.active.iter().filter(|alarm| alarm.acknowledged.is_none())
}

/// The most urgent alarm that concerns the stage `id`. One that nobody has acknowledged goes before the others.
pub(crate) fn of_stage<'a>(alarms: &'a Alarms, id: &str) -> Option<&'a Alarm> {
    let concerns = |alarm: &&Alarm| alarm.concerns.as_deref() == Some(id);
    open(alarms).find(concerns).or_else(|| alarms.active.iter().find(concerns))
}

/// The most urgent alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    /// How urgent it is.
    pub(crate) severity: Severity,
    /// What is wrong and how many alarms there are, in one line.
    pub(crate) text: String,
}

/// On a line of so many columns, name and urgency of an alarm stand before its text, even if the text then needs a second row or is cut off.
const ROOMY: usize = 100;

/// The most urgent alarm that nobody has acknowledged in a line of `columns`, and how many of them there are. If it is about rejects, and most messages are rejected, there is
/// better advice.
pub(crate) fn headline(snapshot: &Snapshot, columns: usize, now: SystemTime) -> Option<Headline> {
    let alarms = &snapshot.alarms;
    let most_urgent = open(alarms).next()?;
    if most_urgent.name.as_ref() == REJECTS && mostly_rejected(snapshot).is_some() {
        return None;
    }
    let since = most_urgent.since.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let since = time_of_day(Timestamp::from_millis(i64::try_from(since).unwrap_or(i64::MAX)));
    let mut text = printable(&most_urgent.text).into_owned();
    let mut ending_in_short = None;
    if let Some(right_since) = most_urgent.right_since {
        let right = now.duration_since(right_since).unwrap_or_default();
        let right = countdown(Duration::from_secs(right.as_secs()));
        ending_in_short = Some(format!("ending, right again for {right}: {text}"));
        text = format!("ending, right again for {right}; it was: {text}");
    }
    let severity = most_urgent.severity;
    let name = format!("{} ({})", printable(&most_urgent.name), severity.name());
    let (in_full, in_short) = match open(alarms).count() {
        1 => (format!("alarm {name} since {since}: "), format!("alarm since {since}: ")),
        many => (
            format!("{many} alarms, the most urgent {name} since {since}: "),
            format!("{many} alarms, the most urgent since {since}: "),
        ),
    };
    let fits = columns >= ROOMY || width(&in_full) + width(&text) <= columns;
    let text = match ending_in_short {
        // A narrow line keeps what was wrong, and leaves out when the alarm began.
        Some(ending) if !fits => format!("alarm {ending}"),
        _ => (if fits { in_full } else { in_short }) + &text,
    };
    Some(Headline { severity, text })
}

/// Whether an alarm is on in `after` that was not on in `before`.
pub(crate) fn has_begun(before: &Alarms, after: &Alarms) -> bool {
    let is_same =
        |one: &Alarm, other: &Alarm| (&one.name, &one.stage, one.since) == (&other.name, &other.stage, other.since);
    after.active.iter().any(|alarm| !before.active.iter().any(|known| is_same(known, alarm)))
}
