//! The events on the throughput chart: which of them its time spans, and which one is picked.

use std::time::{Duration, UNIX_EPOCH};

use crate::protocol::Snapshot;
use crate::protocol::event::{Event, EventKind};

/// The events of `snapshot` in the time `span` before it, oldest first, each with its time before the snapshot.
pub(crate) fn events_in(snapshot: &Snapshot, span: Duration) -> impl DoubleEndedIterator<Item = (Duration, &Event)> {
    let now = snapshot.at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let ago = move |event: &Event| {
        let at = Duration::from_millis(u64::try_from(event.at.as_millis()).unwrap_or(0));
        // An event that comes after the snapshot, by a clock that was set, is of now.
        now.saturating_sub(at)
    };
    snapshot.events.iter().map(move |event| (ago(event), event)).filter(move |(ago, _)| *ago <= span)
}

/// The position of `picked` among the events in `span`, from 1, and their number; `None` if it is not among them.
pub(crate) fn place(snapshot: &Snapshot, span: Duration, picked: &Event) -> Option<(usize, usize)> {
    let at = events_in(snapshot, span).position(|(_, event)| event == picked)?;
    Some((at + 1, events_in(snapshot, span).count()))
}

/// What happened, in words. The line of an alarm in the log has its name only; here, nothing else says that it is an alarm.
pub(crate) fn words(event: &Event) -> String {
    let is_named = event.kind != EventKind::Alarm || event.text.contains("alarm");
    if is_named { event.text.to_string() } else { format!("alarm {}", event.text) }
}

/// How much a kind of event matters, if there is room for one.
pub(crate) const fn weight(kind: EventKind) -> u8 {
    match kind {
        EventKind::Failure => 4,
        EventKind::Alarm => 3,
        EventKind::Reset => 2,
        EventKind::Stop | EventKind::Recovery => 1,
        EventKind::Start | EventKind::Rebalance | EventKind::Reload | EventKind::Other => 0,
    }
}
