//! A figure over the last half minute.

use std::collections::VecDeque;
use std::time::Duration;

/// The time over which a pace is measured.
pub(super) const SPAN: Duration = Duration::from_secs(30);

/// Before this time, a pace is not known.
const KNOWN: Duration = Duration::from_secs(10);

/// A figure that has gone one way at every sample for this time goes that way, whatever was before: no saw of batches is that long.
const SURE: Duration = Duration::from_secs(6);

/// The samples that must be in that time.
const SURE_SAMPLES: usize = 4;

/// The values of a figure, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    samples: VecDeque<(Duration, i64)>,
}

impl Span {
    /// Takes the value at `now`. A value that is not known ends what was known before.
    pub(super) fn push(&mut self, now: Duration, value: Option<i64>) {
        let Some(value) = value else { return self.samples.clear() };
        self.samples.push_back((now, value));
        while self.samples.front().is_some_and(|(at, _)| *at + SPAN < now) {
            self.samples.pop_front();
        }
    }

    /// Forgets the values from before `time`.
    pub(super) fn forget_before(&mut self, time: Duration) {
        while self.samples.front().is_some_and(|(at, _)| *at < time) {
            self.samples.pop_front();
        }
    }

    /// How much the figure grows in a second, from the first value to the last.
    pub(super) fn pace(&self) -> Option<f64> {
        let ((from, first), (to, last)) = (self.samples.front()?, self.samples.back()?);
        let time = to.saturating_sub(*from);
        (time >= KNOWN).then(|| last.saturating_sub(*first) as f64 / time.as_secs_f64())
    }

    /// How much the lowest points of the figure grow in a second. After a turn, that is how much it has grown since the turn, and `None`
    /// until that is sure or the span holds mostly what is true now. A lag
    /// saws up and down, because messages are stored in batches and the ends of partitions are asked for once a second; only the lowest
    /// points, of the older half and of the newer, tell where it goes.
    pub(super) fn growth(&self) -> Option<f64> {
        let growth = self.growth_within(SPAN)?;
        let newest = self.growth_within(KNOWN)?;
        let has_turned = growth * newest < 0.0 && newest.abs() * 2.0 >= growth.abs();
        match self.since_turn() {
            // What was before the turn says nothing any more.
            Some(since_turn) if since_turn * growth <= 0.0 => Some(since_turn),
            _ => (!has_turned).then_some(growth),
        }
    }

    /// The pace since the figure goes the way that it goes now, if it is sure that it does.
    fn since_turn(&self) -> Option<f64> {
        let newest_first = || self.samples.iter().rev();
        let (to, last) = *newest_first().next()?;
        let way = last.cmp(&newest_first().nth(1)?.1);
        let same_way =
            newest_first().zip(newest_first().skip(1)).take_while(|((_, newer), (_, older))| newer.cmp(older) == way);
        let samples = same_way.count() + 1;
        let (from, first) = *newest_first().nth(samples - 1)?;
        let time = to.saturating_sub(from);
        let is_sure = way.is_ne() && samples >= SURE_SAMPLES && time >= SURE;
        is_sure.then(|| last.saturating_sub(first) as f64 / time.as_secs_f64())
    }

    /// The growth within the newest `span`.
    fn growth_within(&self, span: Duration) -> Option<f64> {
        let to = self.samples.back()?.0;
        let samples = || self.samples.iter().filter(|(at, _)| *at + span >= to);
        let from = samples().next()?.0;
        let time = to.saturating_sub(from);
        let lowest = |newer: bool| {
            let half = samples().filter(|(at, _)| (at.saturating_sub(from) * 2 > time) == newer);
            half.min_by_key(|(_, value)| *value).copied()
        };
        let ((older_at, older), (newer_at, newer)) = (lowest(false)?, lowest(true)?);
        let between = newer_at.saturating_sub(older_at).max(time / 4);
        (time >= KNOWN).then(|| newer.saturating_sub(older) as f64 / between.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(values: impl IntoIterator<Item = (u64, i64)>) -> Span {
        let mut span = Span::default();
        for (second, value) in values {
            span.push(Duration::from_secs(second), Some(value));
        }
        span
    }

    #[test]
    fn a_steady_growth_is_told_as_it_is() {
        for each in [-50, 0, 50] {
            let values = || (0..=30).map(|second| (second as u64, 10_000 + each * second));
            assert_eq!(span(values()).growth(), Some(each as f64));
            assert_eq!(span(values()).pace(), Some(each as f64));
        }
    }

    #[test]
    fn a_figure_that_saws_up_and_down_does_not_grow() {
        let saw = span((0..=60).map(|second| (second, 1_000 + (second as i64 % 4) * 700)));
        assert_eq!(saw.growth(), Some(0.0));
    }

    #[test]
    fn after_a_turn_the_old_direction_is_not_told() {
        for sign in [1, -1] {
            let mut turning = Span::default();
            for second in 0..=120_i64 {
                let change = if second <= 60 { 70 * second } else { 70 * 60 - 400 * (second - 60) };
                turning.push(Duration::from_secs(second.unsigned_abs()), Some(100_000 + sign * change));
                let growth = turning.growth().map(|growth| growth * sign as f64);
                match second {
                    10..=60 => assert!(growth.is_some_and(|growth| growth > 0.0), "{second} s: {growth:?}"),
                    66..=75 => assert!(growth.is_none_or(|growth| growth < 0.0), "{second} s: {growth:?}"),
                    76.. => assert!(growth.is_some_and(|growth| growth < 0.0), "{second} s: {growth:?}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_lag_that_appears_at_once_and_shrinks_steadily_is_told_after_a_few_seconds() {
        // Kafka was away, so nobody knew how the lag grew.
        let lag = |second: u64| if second < 40 { 0 } else { 40_000 - 1_500 * (second as i64 - 40) };
        let mut span = Span::default();
        for second in (0..=60).step_by(2) {
            span.push(Duration::from_secs(second), Some(lag(second)));
            match second {
                10..40 => assert_eq!(span.growth(), Some(0.0)),
                46.. => assert_eq!(span.growth(), Some(-1_500.0), "after {second} s"),
                _ => {}
            }
        }
    }

    #[test]
    fn nothing_is_told_before_ten_seconds_or_after_a_gap() {
        assert_eq!(span((0..10).map(|second| (second, 5))).growth(), None);
        let mut gap = span((0..30).map(|second| (second, 5)));
        gap.push(Duration::from_secs(30), None);
        assert_eq!((gap.growth(), gap.pace()), (None, None));
    }

    #[test]
    fn only_the_last_half_minute_counts() {
        let values = (0..=100_u64).map(|second| (second, if second < 70 { 0 } else { 10 * (second as i64 - 70) }));
        assert_eq!(span(values).pace(), Some(10.0));
    }
}
