//! What holds the flow: the stage that does not run or does not keep up, and the stage that has to wait for it.

use std::cmp::Ordering;

use crate::protocol::snapshot::StageStatus;
use crate::protocol::stage::PerStage;
use crate::protocol::{Stage, StageState};

/// Who holds whom up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The stage that holds the flow, if one does.
    pub(crate) bottleneck: Option<Stage>,
    /// Of each stage that has to wait for another: for which.
    pub(crate) held_up_by: PerStage<Option<Stage>>,
}

/// The stage that has to wait where `stage` takes nothing. What the store and the aggregation hand over is in the database:
/// they go on whatever becomes of the next.
const fn holds_up(stage: Stage) -> Option<Stage> {
    match stage {
        Stage::Store => Some(Stage::Ingest),
        Stage::Ingest | Stage::Aggregate | Stage::Index => None,
    }
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
    /// Judges by the states, by how many items a second each backlog grows (`None` where it does not), and by whether the
    /// store's queue was full of late.
    pub(super) fn judge(stages: &PerStage<StageStatus>, growing: &PerStage<Option<f64>>, queue_full: bool) -> Self {
        let halted = |stage: Stage| halted(&stages.get(stage).state);
        let mut held_up_by = PerStage::default();
        // How fast the backlogs grow that a stage is the cause of.
        let mut causes = *growing;
        for stage in Stage::ALL {
            let Some(before) = holds_up(stage) else { continue };
            let Some(growth) = *growing.get(before) else { continue };
            let waits = halted(before).is_none() && (halted(stage).is_some() || queue_full);
            if waits {
                *held_up_by.get_mut(before) = Some(stage);
                *causes.get_mut(before) = None;
                let own = causes.get_mut(stage);
                *own = Some(own.map_or(growth, |own| own.max(growth)));
            }
        }
        // One that does not run at all before one that is slow; then the one before which most piles up.
        let worse = |a: &(Stage, f64), b: &(Stage, f64)| -> Ordering {
            halted(a.0).cmp(&halted(b.0)).then_with(|| a.1.total_cmp(&b.1))
        };
        let bottleneck = Stage::ALL
            .into_iter()
            .filter_map(|stage| Some((stage, (*causes.get(stage))?)))
            .max_by(worse)
            .map(|(stage, _)| stage);
        Self { bottleneck, held_up_by }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

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

    fn stages(are: PerStage<Is>) -> PerStage<StageStatus> {
        PerStage::from_fn(|stage| StageStatus { state: state(*are.get(stage)), ..StageStatus::default() })
    }

    /// One stage at a time, clicks coming all the while: its backlog grows, but the store's only until its queue is full; from
    /// then on ingest's grows.
    #[test]
    fn one_stage_that_does_not_take_is_marked_and_nobody_else() {
        use Stage::{Aggregate, Index, Ingest, Store};
        let fine = PerStage::from_fn(|_| Is::Fine);
        let grows = |stage: Stage| {
            let mut growing = PerStage::default();
            *growing.get_mut(stage) = Some(100.0);
            growing
        };
        for is in EVERY {
            // (the stage in this state, the backlog that grows, the queue is full, the mark, who is held up by it)
            for (at, backlog, full, marked, held) in [
                (Ingest, Ingest, false, Some(Ingest), None),
                (Store, Store, false, Some(Store), None),
                (Store, Ingest, true, Some(Store), Some(Ingest)),
                (Aggregate, Aggregate, false, Some(Aggregate), None),
                (Index, Index, false, Some(Index), None),
            ] {
                let mut are = fine;
                *are.get_mut(at) = is;
                let (growing, marked, held) = match is {
                    Is::Fine => (PerStage::default(), None, None),
                    _ => (grows(backlog), marked, held),
                };
                let flow = Flow::judge(&stages(are), &growing, full);
                assert_eq!(flow.bottleneck, marked, "{at} is {is:?}, the backlog of {backlog} grows");
                for stage in Stage::ALL {
                    let by = (held == Some(stage)).then_some(at);
                    assert_eq!(*flow.held_up_by.get(stage), by, "{stage} while {at} is {is:?}");
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
                        let are = PerStage { ingest, store, aggregate, index };
                        let full = store != Is::Fine;
                        let mut growing = PerStage::from_fn(|stage| (*are.get(stage) != Is::Fine).then_some(10.0));
                        if full {
                            growing.ingest = Some(50.0);
                        }
                        let flow = Flow::judge(&stages(are), &growing, full);
                        let ingest_works = matches!(ingest, Is::Fine | Is::Slow);
                        let waits = full && ingest_works;
                        assert_eq!(flow.held_up_by.ingest, waits.then_some(Stage::Store), "{are:?}");
                        let others = [flow.held_up_by.store, flow.held_up_by.aggregate, flow.held_up_by.index];
                        assert_eq!(others, [None; 3], "{are:?}: they hand over in the database");
                        let severity = |stage: Stage| match are.get(stage) {
                            Is::Fine => 0,
                            Is::Slow => 1,
                            Is::Stopped => 2,
                            Is::BackingOff => 3,
                            Is::Failed => 4,
                        };
                        let holding = |stage: Stage| severity(stage) > 0 && !(stage == Stage::Ingest && waits);
                        let worst = Stage::ALL.into_iter().filter(|stage| holding(*stage)).map(severity).max();
                        assert_eq!(flow.bottleneck.map(severity), worst, "{are:?}: {flow:?}");
                        assert!(flow.bottleneck.is_none_or(holding), "{are:?}: {flow:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_stage_that_is_at_rest_with_nothing_piling_up_holds_nothing() {
        let are = PerStage { ingest: Is::Fine, store: Is::Stopped, aggregate: Is::Failed, index: Is::BackingOff };
        assert_eq!(Flow::judge(&stages(are), &PerStage::default(), true), Flow::default());
    }

    #[test]
    fn an_ingest_that_is_slow_itself_is_not_held_up_by_a_store_that_keeps_up() {
        let are = PerStage { ingest: Is::Slow, ..PerStage::from_fn(|_| Is::Fine) };
        let growing = PerStage { ingest: Some(9.0), ..PerStage::default() };
        let flow = Flow::judge(&stages(are), &growing, false);
        assert_eq!((flow.bottleneck, flow.held_up_by.ingest), (Some(Stage::Ingest), None));
    }
}
