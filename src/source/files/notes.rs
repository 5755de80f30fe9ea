//! Reports records that are not clicks. The log names file and line; the end of the replay names the first one.

use std::time::{Duration, Instant};

/// Between two lines of the log about records that are no clicks.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is to be told of an input's records.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Nothing goes to the log.
    is_silent: bool,
    /// The first record of all that is no click: where and why.
    first: Option<String>,
    told: Option<Instant>,
    /// Since the log was told.
    count: u64,
    example: Option<String>,
}

impl Notes {
    /// Notes that the log is not told.
    pub(crate) fn silent() -> Self {
        Self { is_silent: true, ..Self::default() }
    }

    /// The record in `line` of `name` is no click; `hint` may tell what to do.
    pub(super) fn no_click(&mut self, name: &str, line: u64, reason: &str, hint: impl FnOnce() -> &'static str) {
        self.count += 1;
        if self.example.is_none() {
            let example = format!("{name}:{line}: {reason}");
            self.first.get_or_insert_with(|| format!("{example}{}", hint()));
            self.example = Some(example);
        }
        if !self.is_silent && self.told.is_none_or(|told| told.elapsed() >= INTERVAL) {
            self.tell();
        }
    }

    /// Tells the log what it does not know yet.
    pub(crate) fn tell(&mut self) {
        if let Some(example) = self.example.take() {
            let count = std::mem::take(&mut self.count);
            self.told = Some(Instant::now());
            match count {
                1 => tracing::warn!(target: "replay", "no click: {example}"),
                _ => tracing::warn!(target: "replay", "{count} records are no clicks, for example {example}"),
            }
        }
    }

    /// The first of all.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }
}
