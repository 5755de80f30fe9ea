//! Whether a stage is down: it tries again and again, or has failed.
//!
//! A stage that tries again passes through "starting", which does not mean that it is up. A stage that only starts may take its time: it
//! may check a large database. A stage that an operator has stopped is not down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::{StageState, StageStatus};

/// A start that takes longer than this is trouble.
const LONG_START: Duration = Duration::from_secs(15 * 60);

/// Since when each stage does not work, if it is meant to.
#[derive(Debug, Default)]
pub(super) struct Stretches(BTreeMap<Arc<str>, Stretch>);

#[derive(Clone, Copy, Debug)]
struct Stretch {
    since: Duration,
    /// It was in trouble since.
    down: bool,
}

impl Stretches {
    /// Whether `stage` is down at `now`.
    pub(super) fn is_down(&mut self, stage: &StageStatus, now: Duration) -> bool {
        let id = stage.id().as_str();
        let down = match &stage.state {
            StageState::Stopped | StageState::Running | StageState::Draining { .. } => {
                self.0.remove(id);
                return false;
            }
            StageState::BackingOff { .. } | StageState::Failed { .. } => true,
            StageState::Starting { .. } => false,
        };
        let stretch = self.0.entry(id.into()).or_insert(Stretch { since: now, down });
        stretch.down |= down || now.saturating_sub(stretch.since) >= LONG_START;
        stretch.down
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::engine::local::stage::not_started;

    fn is_down(stretches: &mut Stretches, state: StageState, second: u64) -> bool {
        let mut stages = not_started();
        stages["index"].state = state;
        stretches.is_down(&stages["index"], Duration::from_secs(second))
    }

    #[test]
    fn a_stage_that_starts_between_two_tries_is_down() {
        let mut stretches = Stretches::default();
        let starting = || StageState::Starting { doing: "connecting".into() };
        let failing = || StageState::BackingOff { cause: "refused".into(), until: SystemTime::UNIX_EPOCH };
        assert!(!is_down(&mut stretches, starting(), 0));
        assert!(is_down(&mut stretches, failing(), 1));
        assert!(is_down(&mut stretches, starting(), 2));
        assert!(!is_down(&mut stretches, StageState::Running, 3));
        assert!(!is_down(&mut stretches, starting(), 4));
    }

    #[test]
    fn a_start_may_take_long_but_not_for_ever_and_a_stopped_stage_is_not_down() {
        let mut stretches = Stretches::default();
        let starting = || StageState::Starting { doing: "checking the database".into() };
        assert!(!is_down(&mut stretches, starting(), 0));
        assert!(!is_down(&mut stretches, starting(), 899));
        assert!(is_down(&mut stretches, starting(), 900));
        assert!(!is_down(&mut stretches, StageState::Stopped, 901));
        assert!(is_down(&mut stretches, StageState::Failed { cause: "disk gone".into() }, 902));
    }
}
