//! The screen of the log: which of its lines it shows, and where the user is in them.

use super::tail::Tail;
use crate::protocol::Pattern;
use crate::protocol::snapshot::{LogLevel, LogLine};

/// The screen of the log.
#[derive(Clone, Debug)]
pub(crate) struct LogView {
    /// The least severe level that is shown.
    level: LogLevel,
    /// The one that a command shows until the user leaves the log.
    for_now: Option<LogLevel>,
    /// Only lines that match it are shown.
    pub(crate) filter: Pattern,
    /// The cursor among the lines that are shown.
    pub(crate) tail: Tail,
}

impl Default for LogView {
    fn default() -> Self {
        Self { level: LogLevel::Debug, for_now: None, filter: Pattern::default(), tail: Tail::default() }
    }
}

impl LogView {
    /// The least severe level that is shown.
    pub(crate) fn level(&self) -> LogLevel {
        self.for_now.unwrap_or(self.level)
    }

    /// Whether the level is in force only until the user leaves the log.
    pub(crate) const fn is_for_now(&self) -> bool {
        self.for_now.is_some()
    }

    /// Shows lines from `level` on until the user leaves the log.
    pub(crate) fn show_for_now(&mut self, level: LogLevel) {
        self.for_now = Some(level);
        self.tail = Tail::default();
    }

    /// Shows fewer levels, from all to errors only; then all again.
    pub(crate) fn cycle_level(&mut self) {
        self.level = match self.level() {
            LogLevel::Debug => LogLevel::Info,
            LogLevel::Info => LogLevel::Warn,
            LogLevel::Warn => LogLevel::Error,
            LogLevel::Error => LogLevel::Debug,
        };
        self.for_now = None;
        self.tail = Tail::default();
    }

    /// Ends what is in force only until the user leaves the log.
    pub(crate) fn leave(&mut self) {
        if self.for_now.take().is_some() {
            self.tail = Tail::default();
        }
    }

    /// The lines of `log` that are severe enough and match the filter.
    pub(crate) fn lines<'a>(&'a self, log: &'a [LogLine]) -> impl DoubleEndedIterator<Item = &'a LogLine> {
        let level = self.level();
        log.iter().filter(move |line| line.level <= level && self.filter.keeps_any([&*line.target, &*line.message]))
    }

    /// The line under the cursor.
    pub(crate) fn picked<'a>(&'a self, log: &'a [LogLine]) -> Option<&'a LogLine> {
        self.lines(log).rev().nth(self.tail.at)
    }
}
