//! A bounded row of slots of one length in time; the oldest gives way to the newest.

use std::collections::VecDeque;
use std::time::Duration;

/// The rates of all stages over a while.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// Seconds before the newest point at which the while ended.
    pub(crate) ago: f64,
    /// Items a second of each stage; `None` where it did not run, 0 where it had nothing to do.
    pub(crate) rates: Vec<Option<f64>>,
}

/// What one stage did in one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slot {
    pub(super) items: f64,
    /// Seconds of the slot in which the stage ran; 0 makes a gap.
    pub(super) ran: f64,
}

impl Slot {
    /// Items a second over the time it ran.
    pub(super) fn rate(self) -> Option<f64> {
        (self.ran > 0.0).then(|| self.items / self.ran)
    }
}

/// Slots that lie side by side: slot `n` is about the seconds of uptime from `n × width` to `(n + 1) × width`.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    /// Seconds of one slot.
    width: u64,
    /// Slots kept.
    capacity: usize,
    /// Number of the front slot.
    first: u64,
    /// Stages.
    stages: usize,
    /// The slots of one time lie side by side, one for each stage.
    slots: VecDeque<Slot>,
}

impl Ring {
    /// Slots of `width` seconds for each of `stages` stages that reach back over `span` seconds, and the one under way.
    pub(super) fn new(width: u64, span: u64, stages: usize) -> Self {
        let capacity = usize::try_from(span / width).unwrap_or(usize::MAX).saturating_add(1);
        Self { width, capacity, first: 0, stages, slots: VecDeque::with_capacity(capacity.saturating_mul(stages)) }
    }

    /// Seconds of one slot.
    pub(super) fn width(&self) -> u64 {
        self.width
    }

    /// Seconds that full slots reach back.
    pub(super) fn span(&self) -> u64 {
        self.width.saturating_mul(self.capacity.saturating_sub(1) as u64)
    }

    /// Bytes of the slots when all are there.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Spreads `rates`, in items a second, over the seconds of uptime from `from` to `to`. A stage without a rate did not run.
    /// What lies before the oldest slot is forgotten, so a silence of any length costs a ring at most.
    pub(super) fn spread(&mut self, from: f64, to: f64, rates: &[Option<f64>]) {
        let width = self.width as f64;
        let from = from.max(to - width * self.capacity as f64).max(0.0);
        for number in self.number(from)..=self.number(to) {
            let start = number as f64 * width;
            let overlap = to.min(start + width) - from.max(start);
            for (slot, rate) in self.slots_of(number).zip(rates) {
                let Some(rate) = rate else { continue };
                slot.items += rate * overlap;
                slot.ran += overlap;
            }
        }
    }

    /// The sum of the slots from number `from` up to, not including, `to`.
    pub(super) fn sum(&self, from: u64, to: u64) -> Vec<Slot> {
        let at = |number: u64| usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let (from, to) = (at(from).saturating_mul(self.stages), at(to).saturating_mul(self.stages));
        let mut sum = vec![Slot::default(); self.stages];
        for (at, slot) in self.slots.iter().skip(from).take(to.saturating_sub(from)).enumerate() {
            if let Some(sum) = sum.get_mut(at % self.stages) {
                sum.items += slot.items;
                sum.ran += slot.ran;
            }
        }
        sum
    }

    /// Number of the slot in which a second of uptime lies.
    fn number(&self, second: f64) -> u64 {
        second as u64 / self.width
    }

    /// Slots of time that are there.
    fn len(&self) -> usize {
        self.slots.len().checked_div(self.stages).unwrap_or(0)
    }

    /// The slots of every stage at `number`, made if they are not there yet.
    fn slots_of(&mut self, number: u64) -> impl Iterator<Item = &mut Slot> {
        let next = self.first.saturating_add(self.len() as u64);
        if self.slots.is_empty() || number >= next.saturating_add(self.capacity as u64) {
            self.slots.clear();
            self.first = number;
        }
        while self.stages > 0 && self.first.saturating_add(self.len() as u64) <= number {
            if self.len() == self.capacity {
                self.slots.drain(..self.stages);
                self.first += 1;
            }
            self.slots.extend(std::iter::repeat_n(Slot::default(), self.stages));
        }
        let before = number.checked_sub(self.first).and_then(|slots| usize::try_from(slots).ok());
        let skipped = before.map_or(usize::MAX, |slots| slots.saturating_mul(self.stages));
        self.slots.iter_mut().skip(skipped).take(self.stages)
    }
}

/// The last `window` of `rings`, the finest first, in about `points` points at most, oldest first. The rings begin and end at the
/// seconds of uptime `recorded`. See [`History::series`](super::History::series).
pub(super) fn series(rings: &[Ring], recorded: (f64, f64), window: Duration, points: usize) -> Vec<Point> {
    let window = window.as_secs();
    let Some(ring) = rings.iter().find(|ring| ring.span() >= window).or(rings.last()) else { return Vec::new() };
    let group = window.div_ceil(points.max(1) as u64).max(1).next_multiple_of(ring.width());
    // Whole seconds: `end` is where the second under way begins.
    let (began, end) = (recorded.0 as u64, recorded.1 as u64);
    let past = end.div_ceil(group);
    // The one more before the window brings the line up to its edge.
    let oldest = past.saturating_sub(window / group + 1).max(began / group);
    (oldest..past)
        .map(|number| {
            let (from, to) = (number * group, ((number + 1) * group).min(end));
            let sum = ring.sum(from / ring.width(), to.div_ceil(ring.width()));
            let rates = sum.into_iter().map(Slot::rate).collect();
            Point { ago: (past - number - 1).saturating_mul(group) as f64, rates }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two stages, of which the second does not run.
    fn running(rate: f64) -> [Option<f64>; 2] {
        [Some(rate), None]
    }

    #[test]
    fn a_stretch_of_time_is_shared_by_the_slots_it_touches() {
        let mut ring = Ring::new(10, 100, 2);
        ring.spread(7.5, 25.0, &running(4.0));
        let of = |number| ring.sum(number, number + 1)[0];
        assert_eq!([of(0), of(1), of(2)].map(|slot| slot.items), [10.0, 40.0, 20.0]);
        assert_eq!([of(0), of(1), of(2)].map(|slot| slot.ran), [2.5, 10.0, 5.0]);
        assert_eq!(ring.sum(0, 3)[0], Slot { items: 70.0, ran: 17.5 });
        assert_eq!(ring.sum(0, 3)[1].rate(), None, "what did not run leaves a gap");
    }

    #[test]
    fn a_slot_of_which_only_a_part_ran_averages_over_that_part() {
        let mut ring = Ring::new(10, 100, 2);
        ring.spread(0.0, 4.0, &running(50.0));
        ring.spread(4.0, 10.0, &[None, None]);
        assert_eq!(ring.sum(0, 1)[0].rate(), Some(50.0));
    }

    #[test]
    fn the_oldest_slots_give_way_and_a_long_silence_is_no_work() {
        let mut ring = Ring::new(1, 60, 2);
        for second in 0..1_000_u32 {
            ring.spread(second.into(), f64::from(second) + 1.0, &running(1.0));
        }
        assert!(ring.len() <= 61 && ring.slots.capacity() == 2 * 61, "{}", ring.len());
        assert_eq!(ring.sum(0, 1_000)[0].items, 60.0, "the slot after the last second is under way");
        ring.spread(1_000.0, 1e12, &running(1.0));
        assert!(ring.len() <= 61);
        assert_eq!(ring.sum(0, u64::MAX)[0].rate(), Some(1.0));
    }
}
