//! Messages that wait for a schema, and those that came after them. They are few: the partitions are paused meanwhile.
//!
//! No stored offset covers them. So ingest reads them again from Kafka after a stop, a rebalance or a crash.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::batch::Record;
use crate::click::Timestamp;
use crate::engine::stages::handle::StageHandle;
use crate::registry::{Frame, Schemas};

/// How long a schema may take before the stage says that it waits: the first one of a topic always takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long what the stage says stays as it is.
const SHOWN: Duration = Duration::from_secs(5);

/// A message that waits.
struct HeldMessage {
    partition: i32,
    offset: i64,
    payload: Box<[u8]>,
    produced_at: Option<Timestamp>,
}

/// The messages that wait, in the order in which they came.
#[derive(Default)]
pub(super) struct Held {
    messages: VecDeque<HeldMessage>,
    since: Option<Instant>,
    /// What the stage says, and until when.
    said: Option<(String, Instant)>,
}

impl HeldMessage {
    /// What it holds.
    fn record(&self) -> Record<'_> {
        let Self { partition, offset, ref payload, produced_at } = *self;
        Record { partition, offset, payload, produced_at }
    }
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Keeps a copy of `record` behind the others.
    pub(super) fn add(&mut self, record: Record<'_>) {
        self.since.get_or_insert_with(Instant::now);
        let Record { partition, offset, payload, produced_at } = record;
        self.messages.push_back(HeldMessage { partition, offset, payload: payload.into(), produced_at });
    }

    /// Gives `take` the messages in their order. Stops at the first one that `take` refuses, and keeps it with those behind it.
    pub(super) fn release(&mut self, mut take: impl FnMut(Record<'_>) -> bool) {
        while let Some(first) = self.messages.front() {
            if !take(first.record()) {
                return;
            }
            self.messages.pop_front();
        }
        self.end();
    }

    /// Drops the messages of these partitions: whoever holds them next reads them from Kafka.
    pub(super) fn forget(&mut self, partitions: &BTreeSet<i32>) {
        self.messages.retain(|message| !partitions.contains(&message.partition));
        if self.messages.is_empty() {
            self.end();
        }
    }

    fn end(&mut self) {
        self.since = None;
        self.said = None;
    }

    /// Shows what the first message waits for, if that takes long or the registry gives trouble.
    pub(super) fn show(&mut self, schemas: &Schemas, handle: &StageHandle) {
        let Some(frame) = self.messages.front().and_then(|first| Frame::read(&first.payload)) else { return };
        if self.said.as_ref().is_some_and(|(_, until)| Instant::now() < *until) {
            return;
        }
        let trouble = schemas.trouble();
        if trouble.is_none() && self.since.is_none_or(|since| since.elapsed() < PATIENCE) {
            return handle.running();
        }
        let what = format!("the topic waits for schema {}", frame.id);
        let cause = match trouble {
            Some(trouble) => format!("{trouble}; {what}"),
            None => format!("schema registry {}: no answer yet; {what}", schemas.registry()),
        };
        match &self.said {
            Some((said, _)) if *said == cause => handle.still_backing_off(&cause, SHOWN),
            _ => handle.backing_off(&cause, SHOWN),
        }
        self.said = Some((cause, Instant::now() + SHOWN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(held: &mut Held, partition: i32, offset: i64) {
        held.add(Record { partition, offset, payload: b"\0\0\0\0\x07", produced_at: None });
    }

    #[test]
    fn messages_keep_their_order_and_those_of_a_lost_partition_are_forgotten() {
        let mut held = Held::default();
        for (partition, offset) in [(0, 5), (1, 9), (0, 6)] {
            add(&mut held, partition, offset);
        }
        held.release(|record| {
            assert_eq!((record.partition, record.offset), (0, 5));
            false
        });
        held.forget(&BTreeSet::from([1, 2]));
        assert!(held.since.is_some(), "they wait as long as before");
        let mut left = Vec::new();
        held.release(|record| {
            left.push(record.offset);
            true
        });
        assert_eq!(left, [5, 6]);
        assert!(held.is_empty() && held.since.is_none());
    }

    #[test]
    fn a_stage_that_waits_long_says_so_once() {
        let (mut held, handle, schemas) = (Held::default(), StageHandle::new("ingest"), Schemas::fixed([]));
        add(&mut held, 0, 5);
        held.show(&schemas, &handle);
        assert_eq!((handle.state().name(), handle.errors()), ("running", 0), "it may take a moment");
        held.since = Instant::now().checked_sub(PATIENCE);
        for _ in 0..10 {
            held.release(|_| false);
            held.show(&schemas, &handle);
        }
        assert_eq!((handle.state().name(), handle.errors()), ("backing off", 1));
        let (said, _) = handle.last_error().unwrap();
        assert!(said.ends_with("no answer yet; the topic waits for schema 7"), "{said}");
    }
}
