//! The newest log lines, in bounded memory, for the snapshot.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;

use super::repeats::{Line, Repeats};
use crate::protocol::snapshot::LogLine;

/// Lines kept.
const LINES: usize = 500;

/// Where the program's log and the pipeline's snapshot meet.
#[derive(Debug, Default)]
pub struct LogBuffer {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    lines: VecDeque<LogLine>,
    shown: Arc<[LogLine]>,
    stale: bool,
}

impl LogBuffer {
    /// Adds a line; the oldest goes if there are too many.
    pub fn push(&self, line: LogLine) {
        let mut inner = self.inner.lock();
        if inner.lines.len() == LINES {
            inner.lines.pop_front();
        }
        inner.lines.push_back(line);
        inner.stale = true;
    }

    /// The lines, oldest first. Costs a copy only if there are new ones.
    pub fn lines(&self) -> Arc<[LogLine]> {
        let mut inner = self.inner.lock();
        if std::mem::take(&mut inner.stale) {
            inner.shown = inner.lines.iter().cloned().collect();
        }
        Arc::clone(&inner.shown)
    }
}

/// librdkafka's log lines go the way of ours; left alone they would go to stderr, over the screen. Those that it repeats are folded, but not
/// the ones for debugging.
pub fn kafka_log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    static REPEATS: LazyLock<Mutex<Repeats>> = LazyLock::new(Mutex::default);
    if matches!(level, RDKafkaLogLevel::Debug) {
        tracing::debug!(target: "kafka", "{facility}: {message}");
        return;
    }
    let lines = REPEATS.lock().take(Instant::now(), level, facility, message);
    for Line { level, text } in lines {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::error!(target: "kafka", "{text}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", "{text}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::info!(target: "kafka", "{text}");
            }
        }
    }
}
