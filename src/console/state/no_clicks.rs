//! Why no click is to be seen.

use std::time::SystemTime;

use super::trouble::{cause, in_trouble};
use crate::console::format::count;
use crate::protocol::{Snapshot, StageState, StageStatus};
use crate::text::printable;

/// Why no click is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoClicks {
    /// None has arrived yet.
    Yet,
    /// A stage that clicks pass before the figures count them is stopped: its title.
    Stopped(String),
    /// Clicks have arrived, and the stage that counts them is not through.
    Counting {
        /// Its title.
        stage: String,
        /// How much waits, with its unit: `2,000 clicks`.
        waiting: String,
    },
    /// Such a stage is in trouble.
    Trouble {
        /// Its title and state: `ingest backing off`.
        stage: String,
        /// What is wrong, and what comes next.
        cause: String,
    },
}

impl NoClicks {
    /// Judges by the stages that a click passes before the figures count it.
    pub(crate) fn of(snapshot: &Snapshot, picked: usize, now: SystemTime) -> Self {
        let stages = &snapshot.stages;
        let title = |stage: &StageStatus| printable(&stage.info.title).into_owned();
        let troubled = in_trouble(stages, picked).into_iter().filter_map(|position| stages.get(position));
        let mut troubled = troubled.filter(|stage| stage.info.before_figures);
        if let Some((stage, cause)) = troubled.find_map(|stage| Some((stage, cause(stage, now)?))) {
            return NoClicks::Trouble { stage: format!("{} {}", title(stage), stage.state.name()), cause };
        }
        let stopped = |stage: &&StageStatus| stage.info.before_figures && stage.state == StageState::Stopped;
        match stages.iter().find(stopped) {
            // Before the first snapshot, every stage counts as stopped.
            Some(stage) if snapshot.at.is_some() => return NoClicks::Stopped(title(stage)),
            _ => {}
        }
        let counting = stages.iter().rfind(|stage| stage.info.before_figures);
        match counting.and_then(|stage| Some((stage, stage.backlog.filter(|backlog| *backlog > 0)?))) {
            Some((stage, backlog)) => {
                let unit = if backlog == 1 { &stage.info.backlog_unit.one } else { &stage.info.backlog_unit.many };
                NoClicks::Counting { stage: title(stage), waiting: format!("{} {}", count(backlog), printable(unit)) }
            }
            None => NoClicks::Yet,
        }
    }

    /// The reason in full.
    pub(crate) fn words(&self) -> String {
        match self {
            NoClicks::Yet => "no clicks yet".to_owned(),
            NoClicks::Stopped(stage) => format!("no clicks yet: {stage} is {}", StageState::Stopped.name()),
            NoClicks::Counting { stage, waiting } => format!("no figures yet: {stage} has {waiting} to count"),
            NoClicks::Trouble { cause, .. } => cause.clone(),
        }
    }

    /// The reason in short, beside a panel that shows it in full.
    pub(crate) fn short(&self) -> String {
        match self {
            NoClicks::Yet | NoClicks::Stopped(_) => "no clicks yet".to_owned(),
            NoClicks::Counting { .. } => "no figures yet".to_owned(),
            NoClicks::Trouble { stage, .. } => stage.clone(),
        }
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
    fn the_reason_names_the_stage_that_clicks_do_not_pass() {
        let running = || StageState::Running;
        let words = |states| NoClicks::of(&snapshot(states), 0, NOW).words();
        assert_eq!(words([running(), running(), running(), running()]), "no clicks yet");
        assert_eq!(words([failing(), running(), running(), running()]), "Kafka refuses; next try in 4 s");
        assert_eq!(
            words([failing(), running(), failed(), running()]),
            "the file is damaged; aggregate has failed and waits for a restart"
        );
        assert_eq!(words([running(), StageState::Stopped, running(), running()]), "no clicks yet: store is stopped");
        assert_eq!(
            words([running(), running(), running(), failing()]),
            "no clicks yet",
            "clicks do not pass the index before they are counted"
        );
        assert_eq!(NoClicks::of(&Snapshot::default(), 0, NOW), NoClicks::Yet, "nothing is known yet");
        let mut counting = snapshot([running(), running(), running(), running()]);
        counting.stages["aggregate"].backlog = Some(2_000);
        let reason = NoClicks::of(&counting, 0, NOW);
        assert_eq!(reason.words(), "no figures yet: aggregate has 2,000 clicks to count");
        assert_eq!(reason.short(), "no figures yet");
        let snapshot = snapshot([failing(), running(), running(), running()]);
        let reason = NoClicks::of(&snapshot, 0, NOW);
        assert_eq!(reason.short(), "ingest backing off");
    }
}
