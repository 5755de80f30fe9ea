//! Whether a lag falls, from its first seconds: at the start, and after a time when it was not known, because no broker answered.
//!
//! [`Span`](super::span::Span) needs ten seconds, and many a backlog is cleared by then. So a fall is told after three seconds, if the
//! lag falls steadily: by more than what the ends of the partitions may be old, and by far more than it strays from a straight line. Only
//! a fall is told so early. In its first seconds a lag also grows because Kafka takes at once what a producer has kept meanwhile; that it
//! grows is told when it is known.

use std::collections::VecDeque;
use std::time::Duration;

/// The shortest time between two samples.
const SAMPLE: Duration = Duration::from_millis(500);

/// The lag must have fallen for so long.
const SURE: Duration = Duration::from_secs(3);

/// The samples that must be in that time: fewer are in line by chance.
const SURE_SAMPLES: usize = 5;

/// Samples older than this do not count.
const SPAN: Duration = Duration::from_secs(12);

/// The lag must fall by so many times what it strays, until the fall is told.
const TELL: f64 = 3.0;

/// A fall that is told stays so while the lag falls by more than so many times what it strays: what is told must not flicker.
const KEEP: f64 = 1.0;

/// The ends of partitions are so old at most, in seconds, so a lag goes up and down by as many seconds' work.
const AGE: f64 = 1.0;

/// A lag since it is known, until its growth is.
#[derive(Debug, Default)]
pub(super) struct Early {
    samples: VecDeque<(Duration, f64)>,
    fall: Option<Fall>,
    /// Whether the growth is known, so nothing is to be told here until the lag is unknown again.
    is_over: bool,
}

/// How a lag falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fall {
    /// When it began.
    pub(super) since: Duration,
    /// How much the lag grows in a second: below 0.
    pub(super) growth: f64,
}

impl Early {
    /// Takes the lag at `now`, while the first stage takes `rate` messages a second.
    pub(super) fn push(&mut self, now: Duration, lag: Option<u64>, rate: f64) {
        let Some(lag) = lag else {
            *self = Self::default();
            return;
        };
        if self.is_over || self.samples.back().is_some_and(|(at, _)| now < *at + SAMPLE) {
            return;
        }
        self.samples.push_back((now, lag as f64));
        while self.samples.front().is_some_and(|(at, _)| *at + SPAN < now) {
            self.samples.pop_front();
        }
        self.fall = self.steady_fall(rate);
    }

    /// The fall, if it is sure that the lag falls.
    pub(super) fn fall(&self) -> Option<Fall> {
        self.fall
    }

    /// Whether the growth is not known yet.
    pub(super) fn is_open(&self) -> bool {
        !self.samples.is_empty()
    }

    /// Ends the first seconds: the growth is known.
    pub(super) fn end(&mut self) {
        *self = Self { is_over: true, ..Self::default() };
    }

    /// How the lag falls since its highest point.
    fn steady_fall(&self, rate: f64) -> Option<Fall> {
        let highest = self.samples.iter().enumerate().max_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other))?.0;
        let since = || self.samples.iter().skip(highest).copied();
        let ((from, top), (to, newest)) = (since().next()?, since().next_back()?);
        let time = to.saturating_sub(from);
        if time < SURE || self.samples.len().saturating_sub(highest) < SURE_SAMPLES {
            return None;
        }
        let growth = median(slopes(since))?;
        let apart = |at: Duration| at.saturating_sub(from).as_secs_f64();
        let off_line = || since().map(|(at, lag)| lag - growth * apart(at));
        let strays = off_line().fold(f64::MIN, f64::max) - off_line().fold(f64::MAX, f64::min);
        let falls = -growth * time.as_secs_f64();
        let is_sure = match self.fall {
            Some(_) => falls > strays * KEEP,
            None => falls >= strays * TELL && top - newest >= (rate * AGE).max(1.0),
        };
        is_sure.then_some(Fall { since: from, growth })
    }
}

/// The slopes between any two of the samples. Their median is that of the line near most samples, wherever a few of them are.
fn slopes<I: Iterator<Item = (Duration, f64)>>(samples: impl Fn() -> I) -> Vec<f64> {
    let mut slopes = Vec::new();
    for (nth, (at, lag)) in samples().enumerate() {
        let newer = samples().skip(nth + 1);
        slopes.extend(newer.map(|(newer_at, newer)| (newer - lag) / newer_at.saturating_sub(at).as_secs_f64()));
    }
    slopes
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (_, median, _) = values.select_nth_unstable_by(middle, |one, other| one.total_cmp(other));
    Some(*median)
}

#[cfg(test)]
mod tests;
