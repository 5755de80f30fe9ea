//! Stages in trouble, by how urgent they are, and the words for it.

use std::cmp::Reverse;
use std::time::SystemTime;

use super::app::App;
use crate::console::format::countdown;
use crate::protocol::snapshot::{Snapshot, StageStatus};
use crate::protocol::stage::PerStage;
use crate::protocol::{Stage, StageState};

/// The stages in trouble: those that have failed, then those that try again; among their like the `picked` one first, then
/// as a click passes them.
pub(crate) fn in_trouble(stages: &PerStage<StageStatus>, picked: Stage) -> Vec<Stage> {
    let urgency = |stage: Stage| match stages.get(stage).state {
        StageState::Failed { .. } => 2,
        StageState::BackingOff { .. } => 1,
        StageState::Stopped | StageState::Starting { .. } | StageState::Running | StageState::Draining { .. } => 0,
    };
    let mut ailing: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| urgency(*stage) > 0).collect();
    ailing.sort_by_key(|stage| Reverse((urgency(*stage), *stage == picked)));
    ailing
}

/// What is wrong, and what comes next: `Kafka refuses connections; next try in 4 s`.
pub(crate) fn cause(stage: Stage, state: &StageState, now: SystemTime) -> Option<String> {
    match state {
        StageState::BackingOff { cause, .. } => {
            let left = countdown(state.next_try(now).unwrap_or_default());
            Some(format!("{cause}; next try in {left}"))
        }
        StageState::Failed { cause } => Some(format!("{cause}; {stage} has failed and waits for a restart")),
        _ => None,
    }
}

/// Why there is nothing to see yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// No click has come.
    Yet,
    /// A stage that clicks pass on their way to the figures is at rest: which one, and `stopped`.
    AtRest(Stage, &'static str),
    /// It is in trouble: which one, and why.
    Trouble(Stage, String),
}

impl Nothing {
    /// Judges by the stages that a click passes before it is in the figures.
    fn of(snapshot: &Snapshot, picked: Stage, now: SystemTime) -> Self {
        let stages = &snapshot.stages;
        let before_figures = |stage: &Stage| *stage != Stage::Index;
        let mut ailing = in_trouble(stages, picked).into_iter().filter(before_figures);
        if let Some((stage, cause)) =
            ailing.find_map(|stage| Some((stage, cause(stage, &stages.get(stage).state, now)?)))
        {
            return Nothing::Trouble(stage, cause);
        }
        let stopped = |stage: &Stage| stages.get(*stage).state == StageState::Stopped;
        match Stage::ALL.into_iter().filter(before_figures).find(stopped) {
            // Before the first news nothing is known.
            Some(stage) if snapshot.at.is_some() => Nothing::AtRest(stage, StageState::Stopped.name()),
            _ => Nothing::Yet,
        }
    }

    /// In full.
    pub(crate) fn words(&self) -> String {
        match self {
            Nothing::Yet => "no clicks yet".to_owned(),
            Nothing::AtRest(stage, state) => format!("no clicks yet: {stage} is {state}"),
            Nothing::Trouble(_, cause) => cause.clone(),
        }
    }

    /// Beside a place where it stands in full.
    pub(crate) fn short(&self, stages: &PerStage<StageStatus>) -> String {
        match self {
            Nothing::Yet | Nothing::AtRest(..) => "no clicks yet".to_owned(),
            Nothing::Trouble(stage, _) => format!("{stage} {}", stages.get(*stage).state.name()),
        }
    }
}

impl App {
    /// Why there are no clicks to see.
    pub(crate) fn nothing(&self) -> Nothing {
        Nothing::of(&self.shown().snapshot, self.stage, self.now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn failing() -> StageState {
        StageState::BackingOff { cause: "Kafka refuses".into(), until: NOW + Duration::from_millis(3_400) }
    }

    fn failed() -> StageState {
        StageState::Failed { cause: "the file is damaged".into() }
    }

    fn snapshot(states: [StageState; 4]) -> Snapshot {
        let mut snapshot = Snapshot { at: Some(NOW), ..Snapshot::default() };
        for (stage, state) in Stage::ALL.into_iter().zip(states) {
            snapshot.stages.get_mut(stage).state = state;
        }
        snapshot
    }

    #[test]
    fn the_failed_come_first_then_the_failing_and_of_their_like_the_picked_one() {
        use Stage::{Aggregate, Index, Ingest, Store};
        let of = |states, picked| in_trouble(&snapshot(states).stages, picked);
        let running = || StageState::Running;
        assert_eq!(of([running(), running(), running(), running()], Ingest), []);
        assert_eq!(of([failing(), running(), failed(), failing()], Ingest), [Aggregate, Ingest, Index]);
        assert_eq!(of([failing(), running(), failed(), failing()], Index), [Aggregate, Index, Ingest]);
        assert_eq!(of([failed(), failed(), running(), running()], Store), [Store, Ingest]);
        assert_eq!(of([running(), StageState::Stopped, running(), failing()], Store), [Index]);
    }

    #[test]
    fn what_keeps_clicks_from_coming_is_said_in_place_of_none_yet() {
        let running = || StageState::Running;
        let said = |states| Nothing::of(&snapshot(states), Stage::Ingest, NOW).words();
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
        assert_eq!(Nothing::of(&Snapshot::default(), Stage::Ingest, NOW), Nothing::Yet, "nothing is known yet");
        let snapshot = snapshot([failing(), running(), running(), running()]);
        let nothing = Nothing::of(&snapshot, Stage::Ingest, NOW);
        assert_eq!(nothing.short(&snapshot.stages), "ingest backing off");
    }
}
