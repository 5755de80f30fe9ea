//! What the banner says while the pipeline ends: how to leave at once and what that leaves undone, then what it waits for.

use crate::console::format::count;
use crate::console::state::app::{App, UnfinishedWork};
use crate::console::state::key_table::Action;
use crate::protocol::Snapshot;
use crate::text::printable;

pub(super) fn text(app: &App) -> String {
    let snapshot = app.live();
    let waits = snapshot.shutting_down.as_deref().unwrap_or("asking the pipeline to end");
    if !app.is_quitting() {
        return format!(" draining: {waits}");
    }
    let key = app.keys.told(Action::Quit);
    if app.is_hurrying() {
        return format!(" {key} gives the terminal back now   ending at once: {waits}");
    }
    let separator = app.theme.symbol("  ·  ", "  -  ");
    format!(" {key} leaves at once{}{separator}draining: {waits}", undone(snapshot, app.undone))
}

/// What leaving at once leaves undone, and what becomes of it.
fn undone(snapshot: &Snapshot, undone: UnfinishedWork) -> String {
    let stages = &snapshot.stages;
    // What waits before the first stage is still at the source.
    let waiting = |in_memory: bool| {
        let fed = stages.iter().flat_map(|stage| &stage.info.feeds).filter(|arrow| arrow.waits == in_memory);
        let fed = fed.filter_map(|arrow| stages.named(arrow.to.as_str()));
        let backlogs = fed.filter_map(|stage| Some((stage.backlog.filter(|n| *n > 0)?, &stage.info.backlog_unit.many)));
        backlogs.map(|(n, unit)| format!("{} {}", count(n), printable(unit))).collect::<Vec<_>>()
    };
    let (in_memory, durable) = (waiting(true), waiting(false));
    let (lost, left) = match undone {
        UnfinishedWork::Gone => return ", nothing is kept".to_owned(),
        UnfinishedWork::NextStart => (String::new(), [in_memory, durable].concat().join(", ")),
        UnfinishedWork::SentAgain => (in_memory.join(", "), durable.join(", ")),
    };
    match (lost.is_empty(), left.is_empty()) {
        (true, true) => ", nothing is left undone".to_owned(),
        (true, false) => format!(", the next start takes up {left}"),
        (false, true) => format!(", {lost} are not stored"),
        (false, false) => format!(", {lost} are not stored, the next start takes up {left}"),
    }
}
