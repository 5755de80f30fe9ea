//! The title of the terminal's window.

use super::alarms::how_many;
use super::trouble::in_trouble;
use crate::console::format::counted;
use crate::protocol::Snapshot;
use crate::text::printable;

/// The topic and the state of the pipeline, so that a tab in the background shows them. `picked` is the position of the picked
/// stage.
pub(crate) fn window_title(snapshot: &Snapshot, picked: usize) -> String {
    let stages = &snapshot.stages;
    let troubled = in_trouble(stages, picked).into_iter().find_map(|position| stages.get(position));
    let active = stages.iter().filter(|stage| stage.state.is_active()).count();
    let state = match troubled {
        _ if snapshot.shutting_down.is_some() => "draining".to_owned(),
        _ if snapshot.finished => "finished".to_owned(),
        Some(stage) => format!("{} {}", printable(&stage.info.title), stage.state.name()),
        None if active == stages.len() => "running".to_owned(),
        None if active == 0 => "stopped".to_owned(),
        None => format!("{active} of {} run", counted(stages.len() as u64, "stage", "stages")),
    };
    let state = match how_many(&snapshot.alarms) {
        Some(alarms) => format!("{state}, {alarms}"),
        None => state,
    };
    let topic = printable(&snapshot.source.topic);
    if topic.is_empty() { format!("clicktop: {state}") } else { format!("clicktop {topic}: {state}") }
}
