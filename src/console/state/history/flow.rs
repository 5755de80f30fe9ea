//! What holds the flow: the stage that does not run or does not keep up, and the stage that has to wait for it.

use std::cmp::Ordering;

use crate::protocol::{StageState, Stages};

/// Which stage holds which up; stages by their place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The stage that holds the flow, if one does.
    pub(crate) bottleneck: Option<usize>,
    /// The waiting stages, each with the stage that it waits for.
    waiting: Vec<(usize, usize)>,
}

/// Why a stage in this state takes nothing; `None` if it works.
fn halted(state: &StageState) -> Option<Halt> {
    match state {
        StageState::Running | StageState::Draining { .. } => None,
        StageState::Stopped | StageState::Starting { .. } => Some(Halt::AtRest),
        StageState::BackingOff { .. } => Some(Halt::Failing),
        StageState::Failed { .. } => Some(Halt::Failed),
    }
}

/// The more urgent, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Halt {
    AtRest,
    Failing,
    Failed,
}

/// What the state of a stage that holds another up is called beside it.
pub(crate) fn hold_word(state: &StageState) -> &'static str {
    match state {
        StageState::Running => "slow",
        StageState::BackingOff { .. } => "failing",
        other => other.name(),
    }
}

impl Flow {
    /// The stage that the stage at `place` waits for, if it must wait for one.
    pub(crate) fn held_up_by(&self, place: usize) -> Option<usize> {
        self.waiting.iter().find(|(waits, _)| *waits == place).map(|(_, by)| *by)
    }

    /// Judges by the states, by how many items a second each backlog grows (`None` where it does not), and by whether a bounded
    /// queue was full lately.
    pub(super) fn judge(stages: &Stages, growing: &[Option<f64>], queue_full: bool) -> Self {
        let halted = |place: usize| stages.get(place).and_then(|stage| halted(&stage.state));
        let mut waiting = Vec::new();
        // For each stage, how fast the backlogs grow that it causes.
        let mut causes = growing.to_vec();
        for (place, stage) in stages.iter().enumerate() {
            let Some(growth) = growing.get(place).copied().flatten() else { continue };
            for arrow in stage.info.feeds.iter().filter(|arrow| arrow.waits) {
                let Some(next) = stages.position(&arrow.to) else { continue };
                let waits = halted(place).is_none() && (halted(next).is_some() || queue_full);
                if !waits {
                    continue;
                }
                waiting.push((place, next));
                if let Some(own) = causes.get_mut(place) {
                    *own = None;
                }
                if let Some(cause) = causes.get_mut(next) {
                    *cause = Some(cause.map_or(growth, |cause| cause.max(growth)));
                }
            }
        }
        // A stage that does not run counts before one that is slow; then the stage with the fastest growth.
        let worse = |a: &(usize, f64), b: &(usize, f64)| -> Ordering {
            halted(a.0).cmp(&halted(b.0)).then_with(|| a.1.total_cmp(&b.1))
        };
        let bottleneck = causes
            .iter()
            .enumerate()
            .filter_map(|(place, growth)| Some((place, (*growth)?)))
            .max_by(worse)
            .map(|(place, _)| place);
        Self { bottleneck, waiting }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::engine::local::stage::not_started;

    /// What each stage may be at.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Is {
        /// Works and keeps up.
        Fine,
        /// Works; its backlog grows.
        Slow,
        Stopped,
        BackingOff,
        Failed,
    }

    const EVERY: [Is; 5] = [Is::Fine, Is::Slow, Is::Stopped, Is::BackingOff, Is::Failed];

    fn state(is: Is) -> StageState {
        match is {
            Is::Fine | Is::Slow => StageState::Running,
            Is::Stopped => StageState::Stopped,
            Is::BackingOff => StageState::BackingOff { cause: "x".into(), until: SystemTime::UNIX_EPOCH },
            Is::Failed => StageState::Failed { cause: "x".into() },
        }
    }

    const INGEST: usize = 0;
    const STORE: usize = 1;
    const AGGREGATE: usize = 2;
    const INDEX: usize = 3;
    const EACH: [usize; 4] = [INGEST, STORE, AGGREGATE, INDEX];

    fn stages(are: [Is; 4]) -> Stages {
        let mut stages = not_started();
        for (stage, is) in stages.iter_mut().zip(are) {
            stage.state = state(is);
        }
        stages
    }

    /// One stage at a time, clicks coming all the while: its backlog grows, but the store's only until its queue is full; from
    /// then on ingest's grows.
    #[test]
    fn one_stage_that_does_not_take_is_marked_and_nobody_else() {
        let fine = [Is::Fine; 4];
        let grows = |place: usize| EACH.map(|each| (each == place).then_some(100.0));
        for is in EVERY {
            // (the stage in this state, the backlog that grows, the queue is full, the mark, who is held up by it)
            for (at, backlog, full, marked, held) in [
                (INGEST, INGEST, false, Some(INGEST), None),
                (STORE, STORE, false, Some(STORE), None),
                (STORE, INGEST, true, Some(STORE), Some(INGEST)),
                (AGGREGATE, AGGREGATE, false, Some(AGGREGATE), None),
                (INDEX, INDEX, false, Some(INDEX), None),
            ] {
                let mut are = fine;
                are[at] = is;
                let (growing, marked, held) = match is {
                    Is::Fine => ([None; 4], None, None),
                    _ => (grows(backlog), marked, held),
                };
                let flow = Flow::judge(&stages(are), &growing, full);
                assert_eq!(flow.bottleneck, marked, "{at} is {is:?}, the backlog of {backlog} grows");
                for stage in EACH {
                    let by = (held == Some(stage)).then_some(at);
                    assert_eq!(flow.held_up_by(stage), by, "{stage} while {at} is {is:?}");
                }
            }
        }
    }

    /// Every combination: whatever does not take piles up before it, and ingest has to wait for the store.
    #[test]
    fn whatever_combination_the_mark_is_on_the_worst_that_holds_and_never_on_one_that_waits() {
        for ingest in EVERY {
            for store in EVERY {
                for aggregate in EVERY {
                    for index in EVERY {
                        let are = [ingest, store, aggregate, index];
                        let full = store != Is::Fine;
                        let mut growing = are.map(|is| (is != Is::Fine).then_some(10.0));
                        if full {
                            growing[INGEST] = Some(50.0);
                        }
                        let flow = Flow::judge(&stages(are), &growing, full);
                        let ingest_works = matches!(ingest, Is::Fine | Is::Slow);
                        let waits = full && ingest_works;
                        assert_eq!(flow.held_up_by(INGEST), waits.then_some(STORE), "{are:?}");
                        let others = [STORE, AGGREGATE, INDEX].map(|stage| flow.held_up_by(stage));
                        assert_eq!(others, [None; 3], "{are:?}: they hand over in the database");
                        let severity = |stage: usize| match are[stage] {
                            Is::Fine => 0,
                            Is::Slow => 1,
                            Is::Stopped => 2,
                            Is::BackingOff => 3,
                            Is::Failed => 4,
                        };
                        let holding = |stage: usize| severity(stage) > 0 && !(stage == INGEST && waits);
                        let worst = EACH.into_iter().filter(|stage| holding(*stage)).map(severity).max();
                        assert_eq!(flow.bottleneck.map(severity), worst, "{are:?}: {flow:?}");
                        assert!(flow.bottleneck.is_none_or(holding), "{are:?}: {flow:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_stage_that_is_at_rest_with_nothing_piling_up_holds_nothing() {
        let are = [Is::Fine, Is::Stopped, Is::Failed, Is::BackingOff];
        assert_eq!(Flow::judge(&stages(are), &[None; 4], true), Flow::default());
    }

    #[test]
    fn an_ingest_that_is_slow_itself_is_not_held_up_by_a_store_that_keeps_up() {
        let are = [Is::Slow, Is::Fine, Is::Fine, Is::Fine];
        let growing = [Some(9.0), None, None, None];
        let flow = Flow::judge(&stages(are), &growing, false);
        assert_eq!((flow.bottleneck, flow.held_up_by(INGEST)), (Some(INGEST), None));
    }
}
