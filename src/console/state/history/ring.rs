//! A bounded row of slots of one length in time; the oldest gives way to the newest.

use std::collections::VecDeque;

use crate::protocol::Stage;
use crate::protocol::stage::PerStage;

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
    slots: VecDeque<PerStage<Slot>>,
}

impl Ring {
    /// Slots of `width` seconds that reach back over `span` seconds, and the one under way.
    pub(super) fn new(width: u64, span: u64) -> Self {
        let capacity = usize::try_from(span / width).unwrap_or(usize::MAX).saturating_add(1);
        Self { width, capacity, first: 0, slots: VecDeque::with_capacity(capacity) }
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
        self.slots.capacity() * size_of::<PerStage<Slot>>()
    }

    /// Spreads `rates`, in items a second, over the seconds of uptime from `from` to `to`. A stage without a rate did not run.
    /// What lies before the oldest slot is forgotten, so a silence of any length costs a ring at most.
    pub(super) fn spread(&mut self, from: f64, to: f64, rates: &PerStage<Option<f64>>) {
        let width = self.width as f64;
        let from = from.max(to - width * self.capacity as f64).max(0.0);
        for number in self.number(from)..=self.number(to) {
            let start = number as f64 * width;
            let overlap = to.min(start + width) - from.max(start);
            let Some(slot) = self.slot(number) else { continue };
            for stage in Stage::ALL {
                let Some(rate) = rates.get(stage) else { continue };
                let slot = slot.get_mut(stage);
                slot.items += rate * overlap;
                slot.ran += overlap;
            }
        }
    }

    /// The sum of the slots from number `from` up to, not including, `to`.
    pub(super) fn sum(&self, from: u64, to: u64) -> PerStage<Slot> {
        let at = |number: u64| usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let mut sum = PerStage::<Slot>::default();
        let slots = self.slots.iter().skip(at(from)).take(at(to).saturating_sub(at(from)));
        for slot in slots {
            for stage in Stage::ALL {
                let (sum, slot) = (sum.get_mut(stage), slot.get(stage));
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

    fn slot(&mut self, number: u64) -> Option<&mut PerStage<Slot>> {
        let next = self.first.saturating_add(self.slots.len() as u64);
        if self.slots.is_empty() || number >= next.saturating_add(self.capacity as u64) {
            self.slots.clear();
            self.first = number;
        }
        while self.first.saturating_add(self.slots.len() as u64) <= number {
            if self.slots.len() == self.capacity {
                self.slots.pop_front();
                self.first += 1;
            }
            self.slots.push_back(PerStage::default());
        }
        self.slots.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(rate: f64) -> PerStage<Option<f64>> {
        PerStage { store: Some(rate), ..PerStage::default() }
    }

    #[test]
    fn a_stretch_of_time_is_shared_by_the_slots_it_touches() {
        let mut ring = Ring::new(10, 100);
        ring.spread(7.5, 25.0, &running(4.0));
        let of = |number| ring.sum(number, number + 1).store;
        assert_eq!([of(0), of(1), of(2)].map(|slot| slot.items), [10.0, 40.0, 20.0]);
        assert_eq!([of(0), of(1), of(2)].map(|slot| slot.ran), [2.5, 10.0, 5.0]);
        assert_eq!(ring.sum(0, 3).store, Slot { items: 70.0, ran: 17.5 });
        assert_eq!(ring.sum(0, 3).ingest.rate(), None, "what did not run leaves a gap");
    }

    #[test]
    fn a_slot_of_which_only_a_part_ran_averages_over_that_part() {
        let mut ring = Ring::new(10, 100);
        ring.spread(0.0, 4.0, &running(50.0));
        ring.spread(4.0, 10.0, &PerStage::default());
        assert_eq!(ring.sum(0, 1).store.rate(), Some(50.0));
    }

    #[test]
    fn the_oldest_slots_give_way_and_a_long_silence_is_no_work() {
        let mut ring = Ring::new(1, 60);
        for second in 0..1_000_u32 {
            ring.spread(second.into(), f64::from(second) + 1.0, &running(1.0));
        }
        assert!(ring.slots.len() <= 61 && ring.slots.capacity() == 61, "{}", ring.slots.len());
        assert_eq!(ring.sum(0, 1_000).store.items, 60.0, "the slot after the last second is under way");
        ring.spread(1_000.0, 1e12, &running(1.0));
        assert!(ring.slots.len() <= 61);
        assert_eq!(ring.sum(0, u64::MAX).store.rate(), Some(1.0));
    }
}
