//! The stages.

use std::fmt::Error;

use super::families::{Families, Family, Labels};
use crate::protocol::{Snapshot, StageState, StageStatus};
use crate::text::printable;

/// The states as values of a label, in the words of the protocol.
const STATES: [&str; 6] = ["stopped", "starting", "running", "backing_off", "draining", "failed"];

pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let ids: Vec<_> = snapshot.stages.iter().map(|stage| printable(stage.id().as_str())).collect();
    let stages = || ids.iter().zip(snapshot.stages.iter());
    let counts = |count: fn(&StageStatus) -> u64| stages().map(move |(id, stage)| (of_stage(id), count(stage)));
    families.counters(
        Family::new("clicktop_stage_items", "Items that the stage has processed."),
        counts(|stage| stage.processed),
    )?;
    families.counters(Family::new("clicktop_stage_errors", "Errors of the stage."), counts(|stage| stage.errors))?;
    families.gauges(
        Family::new("clicktop_stage_backlog", "Items that wait for the stage."),
        stages().filter_map(|(id, stage)| Some((of_stage(id), stage.backlog?))),
    )?;
    families.gauges(
        Family::new("clicktop_stage_state", "1 for the state that the stage is in."),
        stages().flat_map(|(id, stage)| {
            STATES.into_iter().map(move |state| {
                let labels: Labels<'_, 2> = [("stage", id), ("state", state)];
                (labels, u64::from(state == word(&stage.state)))
            })
        }),
    )
}

fn of_stage(id: &str) -> Labels<'_, 1> {
    [("stage", id)]
}

const fn word(state: &StageState) -> &'static str {
    match state {
        StageState::Stopped => "stopped",
        StageState::Starting { .. } => "starting",
        StageState::Running => "running",
        StageState::BackingOff { .. } => "backing_off",
        StageState::Draining { .. } => "draining",
        StageState::Failed { .. } => "failed",
    }
}
