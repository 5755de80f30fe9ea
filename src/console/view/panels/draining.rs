//! What the banner says while the pipeline ends: how to leave at once and what that leaves undone, then what it waits for.

use crate::console::format::count;
use crate::console::state::app::{App, Undone};
use crate::console::state::keys::Action;
use crate::protocol::Snapshot;

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
fn undone(snapshot: &Snapshot, undone: Undone) -> String {
    let stages = &snapshot.stages;
    let (messages, clicks, documents) = (stages.store.backlog, stages.aggregate.backlog, stages.index.backlog);
    let named = |figures: &[(u64, &str)]| {
        let figures = figures.iter().filter(|(n, _)| *n > 0);
        figures.map(|(n, name)| format!("{} {name}", count(*n))).collect::<Vec<_>>().join(", ")
    };
    let later = [(clicks, "clicks"), (documents, "documents")];
    let (lost, left) = match undone {
        Undone::Gone => return ", nothing is kept".to_owned(),
        Undone::NextStart => (String::new(), named(&[(messages, "messages"), later[0], later[1]])),
        Undone::SentAgain => (named(&[(messages, "messages")]), named(&later)),
    };
    match (lost.is_empty(), left.is_empty()) {
        (true, true) => ", nothing is left undone".to_owned(),
        (true, false) => format!(", the next start takes up {left}"),
        (false, true) => format!(", {lost} are not stored"),
        (false, false) => format!(", {lost} are not stored, the next start takes up {left}"),
    }
}
