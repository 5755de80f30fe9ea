//! When a number that grows got somewhere: the newest steps of it.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use crate::click::Timestamp;
use crate::protocol::follow::Passing;

/// The most steps that are remembered.
const REMEMBERED: usize = 4_096;

/// Steps within this time are one, so that the remembered steps reach back for at least some minutes.
const APART: Duration = Duration::from_millis(50);

/// The newest steps of a number that grows.
#[derive(Debug, Default)]
pub(crate) struct Steps(Mutex<VecDeque<Step>>);

/// The number reached `value` at `at`, or less than [`APART`] before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    value: u64,
    /// When the number first grew in this step.
    begun: Timestamp,
    at: Timestamp,
    /// A number that belongs to the step.
    note: u64,
}

impl Steps {
    /// The number is `value` now, at `at`. A number that has shrunk begins anew.
    pub(crate) fn reached(&self, value: u64, note: u64, at: Timestamp) {
        let mut steps = self.0.lock();
        let last = steps.back().copied();
        if last.is_some_and(|last| value == last.value) {
            return;
        }
        if last.is_some_and(|last| value < last.value) {
            steps.clear();
        }
        if let Some(last) = steps.back_mut()
            && Duration::from_millis(at.as_millis().abs_diff(last.begun.as_millis())) < APART
        {
            *last = Step { value, at, note, ..*last };
            return;
        }
        steps.push_back(Step { value, begun: at, at, note });
        if steps.len() > REMEMBERED {
            steps.pop_front();
        }
    }

    /// The first remembered step that is not below `value`, and whether it is the oldest one: then the number may have got there before.
    fn first_at(&self, value: u64) -> Option<(Step, bool)> {
        let steps = self.0.lock();
        let at = steps.partition_point(|step| step.value < value);
        steps.get(at).map(|step| (*step, at == 0))
    }

    /// When the number got to `value`, and the note of that step.
    pub(crate) fn when(&self, value: u64) -> (Passing, Option<u64>) {
        match self.first_at(value) {
            None => (Passing::NotYet, None),
            Some((step, true)) => (Passing::By(step.at), Some(step.note)),
            Some((step, false)) => (Passing::At(step.at), Some(step.note)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_value_was_reached_at_the_first_step_that_is_not_below_it() {
        let steps = Steps::default();
        assert_eq!(steps.when(1), (Passing::NotYet, None));
        for (value, millis) in [(10, 1_000), (20, 2_000), (20, 2_500), (30, 3_000)] {
            steps.reached(value, value * 7, at(millis));
        }
        assert_eq!(steps.when(5), (Passing::By(at(1_000)), Some(70)), "nobody saw when it got to 5");
        assert_eq!(steps.when(11), (Passing::At(at(2_000)), Some(140)));
        assert_eq!(steps.when(20), (Passing::At(at(2_000)), Some(140)));
        assert_eq!(steps.when(30), (Passing::At(at(3_000)), Some(210)));
        assert_eq!(steps.when(31), (Passing::NotYet, None));
        steps.reached(4, 0, at(4_000));
        assert_eq!(steps.when(5), (Passing::NotYet, None), "everything was deleted");
    }

    #[test]
    fn steps_in_quick_succession_are_one_and_old_ones_are_forgotten() {
        let steps = Steps::default();
        for step in 0..10_000 {
            steps.reached(step, 0, at(i64::try_from(step).unwrap() * 10));
        }
        assert_eq!(steps.0.lock().len(), 2_000, "one for each 50 ms");
        for step in 10_000..20_000 {
            steps.reached(step, 0, at(i64::try_from(step).unwrap() * 100));
        }
        assert_eq!(steps.0.lock().len(), REMEMBERED);
        assert_eq!(steps.when(19_000).0, Passing::At(at(1_900_000)));
        assert!(matches!(steps.when(5_000).0, Passing::By(_)));
    }
}
