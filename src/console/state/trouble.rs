//! Stages in trouble, by how urgent they are, and the words for it.

use std::cmp::Reverse;
use std::time::SystemTime;

use super::app::App;
use crate::console::format::countdown;
use crate::protocol::{Snapshot, StageState, StageStatus, Stages};
use crate::text::printable;

/// The places of the stages in trouble: failed stages first, then those that try again; among equals the `picked` one first, then
/// in the order of the flow.
pub(crate) fn in_trouble(stages: &Stages, picked: usize) -> Vec<usize> {
    let urgency = |stage: &StageStatus| match stage.state {
        StageState::Failed { .. } => 2,
        StageState::BackingOff { .. } => 1,
        StageState::Stopped | StageState::Starting { .. } | StageState::Running | StageState::Draining { .. } => 0,
    };
    let mut ailing: Vec<_> = stages
        .iter()
        .enumerate()
        .map(|(place, stage)| (place, urgency(stage)))
        .filter(|(_, urgency)| *urgency > 0)
        .collect();
    ailing.sort_by_key(|(place, urgency)| Reverse((*urgency, *place == picked)));
    ailing.into_iter().map(|(place, _)| place).collect()
}

/// What is wrong, and what comes next: `Kafka refuses connections; next try in 4 s`.
pub(crate) fn cause(stage: &StageStatus, now: SystemTime) -> Option<String> {
    match &stage.state {
        StageState::BackingOff { cause, .. } => {
            let left = countdown(stage.state.next_try(now).unwrap_or_default());
            Some(format!("{cause}; next try in {left}"))
        }
        StageState::Failed { cause } => {
            Some(format!("{cause}; {} has failed and waits for a restart", printable(&stage.info.title)))
        }
        _ => None,
    }
}

/// Why there is nothing to see yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoClicks {
    /// No click has come.
    Yet,
    /// A stage that clicks pass on their way to the figures is at rest: its title, and `stopped`.
    AtRest(String, &'static str),
    /// Such a stage is in trouble: its title and state, and why.
    Trouble(String, String),
}

impl NoClicks {
    /// Judges by the stages that a click passes before it is in the figures.
    pub(crate) fn of(snapshot: &Snapshot, picked: usize, now: SystemTime) -> Self {
        let stages = &snapshot.stages;
        let title = |stage: &StageStatus| printable(&stage.info.title).into_owned();
        let ailing = in_trouble(stages, picked).into_iter().filter_map(|place| stages.get(place));
        let mut ailing = ailing.filter(|stage| stage.info.before_figures);
        if let Some((stage, cause)) = ailing.find_map(|stage| Some((stage, cause(stage, now)?))) {
            return NoClicks::Trouble(format!("{} {}", title(stage), stage.state.name()), cause);
        }
        let stopped = |stage: &&StageStatus| stage.info.before_figures && stage.state == StageState::Stopped;
        match stages.iter().find(stopped) {
            // Before the first snapshot nothing is known.
            Some(stage) if snapshot.at.is_some() => NoClicks::AtRest(title(stage), StageState::Stopped.name()),
            _ => NoClicks::Yet,
        }
    }

    /// In full.
    pub(crate) fn words(&self) -> String {
        match self {
            NoClicks::Yet => "no clicks yet".to_owned(),
            NoClicks::AtRest(stage, state) => format!("no clicks yet: {stage} is {state}"),
            NoClicks::Trouble(_, cause) => cause.clone(),
        }
    }

    /// Beside a place where it stands in full.
    pub(crate) fn short(&self) -> String {
        match self {
            NoClicks::Yet | NoClicks::AtRest(..) => "no clicks yet".to_owned(),
            NoClicks::Trouble(stage, _) => stage.clone(),
        }
    }
}

impl App {
    /// Why there are no clicks to see.
    pub(crate) fn nothing(&self) -> NoClicks {
        NoClicks::of(&self.shown().snapshot, self.stage, self.now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::local::stage::not_started;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn failing() -> StageState {
        StageState::BackingOff { cause: "Kafka refuses".into(), until: NOW + Duration::from_millis(3_400) }
    }

    fn failed() -> StageState {
        StageState::Failed { cause: "the file is damaged".into() }
    }

    fn snapshot(states: [StageState; 4]) -> Snapshot {
        let mut snapshot = Snapshot { at: Some(NOW), stages: not_started(), ..Snapshot::default() };
        for (stage, state) in snapshot.stages.iter_mut().zip(states) {
            stage.state = state;
        }
        snapshot
    }

    #[test]
    fn the_failed_come_first_then_the_failing_and_of_their_like_the_picked_one() {
        let [ingest, store, aggregate, index] = [0, 1, 2, 3];
        let of = |states, picked| in_trouble(&snapshot(states).stages, picked);
        let running = || StageState::Running;
        assert_eq!(of([running(), running(), running(), running()], ingest), [0; 0]);
        assert_eq!(of([failing(), running(), failed(), failing()], ingest), [aggregate, ingest, index]);
        assert_eq!(of([failing(), running(), failed(), failing()], index), [aggregate, index, ingest]);
        assert_eq!(of([failed(), failed(), running(), running()], store), [store, ingest]);
        assert_eq!(of([running(), StageState::Stopped, running(), failing()], store), [index]);
    }

    #[test]
    fn what_keeps_clicks_from_coming_is_said_in_place_of_none_yet() {
        let running = || StageState::Running;
        let said = |states| NoClicks::of(&snapshot(states), 0, NOW).words();
        assert_eq!(said([running(), running(), running(), running()]), "no clicks yet");
        assert_eq!(said([failing(), running(), running(), running()]), "Kafka refuses; next try in 4 s");
        assert_eq!(
            said([failing(), running(), failed(), running()]),
            "the file is damaged; aggregate has failed and waits for a restart"
        );
        assert_eq!(said([running(), StageState::Stopped, running(), running()]), "no clicks yet: store is stopped");
        assert_eq!(
            said([running(), running(), running(), failing()]),
            "no clicks yet",
            "the index takes no part in it"
        );
        assert_eq!(NoClicks::of(&Snapshot::default(), 0, NOW), NoClicks::Yet, "nothing is known yet");
        let snapshot = snapshot([failing(), running(), running(), running()]);
        let nothing = NoClicks::of(&snapshot, 0, NOW);
        assert_eq!(nothing.short(), "ingest backing off");
    }
}
