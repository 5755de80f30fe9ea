//! The newest log lines, in bounded memory, for the snapshot.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use rdkafka::config::RDKafkaLogLevel;

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

/// librdkafka's log lines go the way of ours; left alone they would go to stderr, over the screen.
pub fn kafka_log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "kafka", "{facility}: {message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "kafka", "{facility}: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(target: "kafka", "{facility}: {message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(target: "kafka", "{facility}: {message}"),
    }
}
