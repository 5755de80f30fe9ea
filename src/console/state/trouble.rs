//! Stages in trouble, the most urgent first, and what is wrong with each.

use std::cmp::Reverse;
use std::time::SystemTime;

use crate::console::format::next_try;
use crate::protocol::{StageState, StageStatus, Stages};
use crate::text::printable;

/// The positions of the stages in trouble: failed stages first, then those that try again. Among equals, the `picked` stage comes
/// first, then the order of the list.
pub(crate) fn in_trouble(stages: &Stages, picked: usize) -> Vec<usize> {
    let urgency = |stage: &StageStatus| match stage.state {
        StageState::Failed { .. } => 2,
        StageState::BackingOff { .. } => 1,
        StageState::Stopped | StageState::Starting { .. } | StageState::Running | StageState::Draining { .. } => 0,
    };
    let mut troubled: Vec<_> = stages
        .iter()
        .enumerate()
        .map(|(position, stage)| (position, urgency(stage)))
        .filter(|(_, urgency)| *urgency > 0)
        .collect();
    troubled.sort_by_key(|(position, urgency)| Reverse((*urgency, *position == picked)));
    troubled.into_iter().map(|(position, _)| position).collect()
}

/// What is wrong with `stage`, and what comes next: `Kafka refuses connections; next try in 4 s`.
pub(crate) fn cause(stage: &StageStatus, now: SystemTime) -> Option<String> {
    match &stage.state {
        StageState::BackingOff { cause, .. } => {
            let next = next_try(stage.state.next_try(now).unwrap_or_default());
            Some(format!("{cause}; {next}"))
        }
        StageState::Failed { cause } => {
            Some(format!("{cause}; {} has failed and waits for a restart", printable(&stage.info.title)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::local::stage::not_started;

    fn failing() -> StageState {
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(3_400);
        StageState::BackingOff { cause: "Kafka refuses".into(), until }
    }

    fn failed() -> StageState {
        StageState::Failed { cause: "the file is damaged".into() }
    }

    fn stages(states: [StageState; 4]) -> Stages {
        let mut stages = not_started();
        for (stage, state) in stages.iter_mut().zip(states) {
            stage.state = state;
        }
        stages
    }

    #[test]
    fn failed_stages_come_before_failing_ones_and_the_picked_one_before_its_equals() {
        let [ingest, store, aggregate, index] = [0, 1, 2, 3];
        let of = |states, picked| in_trouble(&stages(states), picked);
        let running = || StageState::Running;
        assert_eq!(of([running(), running(), running(), running()], ingest), [0; 0]);
        assert_eq!(of([failing(), running(), failed(), failing()], ingest), [aggregate, ingest, index]);
        assert_eq!(of([failing(), running(), failed(), failing()], index), [aggregate, index, ingest]);
        assert_eq!(of([failed(), failed(), running(), running()], store), [store, ingest]);
        assert_eq!(of([running(), StageState::Stopped, running(), failing()], store), [index]);
    }
}
