//! Gathers events into a batch, whatever source they come from.

use std::time::{Duration, Instant};

use std::sync::Arc;

use crate::click::{Click, ClickBatch, ForeignFormat, Timestamp};
use crate::enrich::Pseudonyms;
use crate::storage::{IngestBatch, NewestOrigins, Origin, Reject};

/// A batch is also full at this many bytes, so that a few huge events do not outweigh many ordinary ones.
const FULL_BYTES: usize = 8 << 20;

/// A batch under way.
pub(super) struct BatchGatherer {
    clicks: ClickBatch,
    rejects: Vec<Reject>,
    left_out: u64,
    bots: u64,
    pseudonyms: Option<Pseudonyms>,
    /// Events that make a batch full.
    capacity: usize,
    reject_bytes: usize,
    began: Option<Instant>,
    newest: NewestOrigins,
    /// The formats of rejected events, each once.
    foreign: Vec<ForeignFormat>,
}

impl BatchGatherer {
    /// A batch is full with `capacity` events. `pseudonyms` take the place of user ids, if there are any.
    pub(super) fn new(capacity: usize, pseudonyms: Option<Pseudonyms>) -> Self {
        Self {
            clicks: ClickBatch::default(),
            rejects: Vec::new(),
            left_out: 0,
            bots: 0,
            pseudonyms,
            capacity,
            reject_bytes: 0,
            began: None,
            newest: NewestOrigins::default(),
            foreign: Vec::new(),
        }
    }

    /// Nothing more should be added.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.events() >= self.capacity || self.clicks.bytes() + self.reject_bytes >= FULL_BYTES
    }

    /// Full, or as old as it may become.
    pub(super) fn is_due(&self, longest: Duration) -> bool {
        self.is_full() || self.began.is_some_and(|began| began.elapsed() >= longest)
    }

    /// Nothing was added since the last batch.
    pub(super) fn is_empty(&self) -> bool {
        self.events() == 0
    }

    /// Clicks that were added since the last batch.
    pub(super) fn clicks(&self) -> usize {
        self.clicks.len()
    }

    /// The batch begins with what is added next, if it has not begun.
    #[inline]
    pub(super) fn begin(&mut self) {
        if self.began.is_none() {
            self.began = Some(Instant::now());
        }
    }

    /// The messages from here on are those of the topic or file `name`.
    pub(super) fn reading(&mut self, name: &Arc<str>) {
        self.newest.reading(name);
    }

    /// The message at `offset` of `partition` comes next, or the record at the line `offset` of a file.
    #[inline]
    pub(super) fn message(&mut self, partition: Option<i32>, offset: i64) {
        self.newest.message(partition, offset, self.clicks.len());
    }

    #[inline]
    pub(super) fn click(&mut self, click: &Click<'_>) {
        match &self.pseudonyms {
            None => self.clicks.push(click),
            Some(pseudonyms) => {
                let pseudonym = pseudonyms.of(click.user_id);
                self.clicks.push(&Click { user_id: pseudonym.as_str(), ..*click });
            }
        }
    }

    /// Takes the clicks after the first `clicks` back.
    pub(super) fn take_back(&mut self, clicks: usize) {
        self.clicks.truncate(clicks);
    }

    /// An event of so many `bytes` is not a click. If users have pseudonyms, its payload is not kept: it may name one.
    pub(super) fn reject(&mut self, reject: Reject, bytes: usize) {
        self.reject_bytes += bytes;
        self.rejects.push(if self.pseudonyms.is_some() { reject.without_payload() } else { reject });
    }

    /// The conditions leave so many events out.
    #[inline]
    pub(super) fn left_out(&mut self, events: u32) {
        self.left_out += u64::from(events);
    }

    /// So many events are those of bots.
    #[inline]
    pub(super) fn bots(&mut self, events: u32) {
        self.bots += u64::from(events);
    }

    /// An event that is not a click is in `format`.
    pub(super) fn foreign(&mut self, format: Option<ForeignFormat>) {
        if let Some(format) = format.filter(|format| !self.foreign.contains(format)) {
            self.foreign.push(format);
        }
    }

    /// What rejects have looked like since the last call.
    pub(super) fn take_foreign(&mut self) -> Vec<ForeignFormat> {
        std::mem::take(&mut self.foreign)
    }

    /// What was gathered from `origin`; an empty batch begins.
    pub(super) fn take(&mut self, origin: Origin) -> IngestBatch {
        self.began = None;
        self.reject_bytes = 0;
        let room = ClickBatch::with_capacity(self.clicks.len().min(self.capacity));
        IngestBatch {
            origin,
            clicks: std::mem::replace(&mut self.clicks, room),
            rejects: std::mem::take(&mut self.rejects),
            left_out: std::mem::take(&mut self.left_out),
            bots: std::mem::take(&mut self.bots),
            produced_at: None,
            newest: self.newest.take(Timestamp::now()),
        }
    }

    #[inline]
    fn events(&self) -> usize {
        self.clicks.len() + self.rejects.len() + usize::try_from(self.left_out).unwrap_or(usize::MAX)
    }
}
