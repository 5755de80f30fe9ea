//! The newest log lines and events, in bounded memory, for the snapshot.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::protocol::event::Event;
use crate::protocol::snapshot::LogLine;

/// Lines kept.
const LINES: usize = 500;

/// Events kept. They are rarer than lines, and are kept for longer.
const EVENTS: usize = 200;

/// Where the program's log and the pipeline's snapshot meet.
#[derive(Debug, Default)]
pub struct LogBuffer {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    lines: Newest<LogLine>,
    events: Newest<Event>,
}

/// The newest of something, and what snapshots show of it.
#[derive(Debug)]
struct Newest<T> {
    kept: VecDeque<T>,
    shown: Arc<[T]>,
    stale: bool,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), shown: Arc::new([]), stale: false }
    }
}

impl<T: Clone> Newest<T> {
    fn push(&mut self, one: T, most: usize) {
        if self.kept.len() == most {
            self.kept.pop_front();
        }
        self.kept.push_back(one);
        self.stale = true;
    }

    fn shown(&mut self) -> Arc<[T]> {
        if std::mem::take(&mut self.stale) {
            self.shown = self.kept.iter().cloned().collect();
        }
        Arc::clone(&self.shown)
    }
}

impl LogBuffer {
    /// Adds a line; the oldest goes if there are too many.
    pub fn push(&self, line: LogLine) {
        self.inner.lock().lines.push(line, LINES);
    }

    /// Adds an event; the oldest goes if there are too many.
    pub fn push_event(&self, event: Event) {
        self.inner.lock().events.push(event, EVENTS);
    }

    /// The lines, oldest first. Costs a copy only if there are new ones.
    pub fn lines(&self) -> Arc<[LogLine]> {
        self.inner.lock().lines.shown()
    }

    /// The events, oldest first. Costs a copy only if there are new ones.
    pub fn events(&self) -> Arc<[Event]> {
        self.inner.lock().events.shown()
    }
}
