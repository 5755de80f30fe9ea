//! The supervisor's way to the alarms: judges each snapshot, shows the alarms in it, logs them and tells them.

use super::evaluator::{AlarmChange, Evaluator};
use super::options::AlarmOptions;
use super::tell::{Message, Tellers};
use crate::engine::status::words::long_time;
use crate::protocol::Snapshot;
use crate::protocol::alarm::Severity;

/// The alarms of one engine.
pub(crate) struct AlarmDesk {
    evaluator: Evaluator,
    tellers: Tellers,
}

impl AlarmDesk {
    /// Watches as `options` say. Must be called in a tokio runtime if somebody is told of alarms.
    pub(crate) fn new(options: AlarmOptions) -> Self {
        Self { evaluator: Evaluator::new(options.rules), tellers: Tellers::start(options.tell) }
    }

    /// Judges `snapshot`, and puts the alarms into it. Waits for nothing.
    pub(crate) fn look(&mut self, snapshot: &mut Snapshot) {
        for change in self.evaluator.look(snapshot) {
            log(&change);
            self.tellers.tell(|| Message::new(&change, &snapshot.source));
        }
        snapshot.alarms = self.evaluator.shown();
    }

    /// Waits for a moment until everybody is told.
    pub(crate) async fn end(&mut self) {
        self.tellers.end().await;
    }
}

fn log(change: &AlarmChange) {
    let alarm = &change.alarm;
    let of = alarm.stage.as_ref().map_or_else(String::new, |stage| format!(" of {stage}"));
    match (change.lasted, alarm.severity) {
        (None, Severity::Critical) => tracing::error!(target: "alarms", "{}{of}: {}", alarm.name, alarm.text),
        (None, Severity::Warning) => tracing::warn!(target: "alarms", "{}{of}: {}", alarm.name, alarm.text),
        (Some(lasted), _) => {
            tracing::info!(target: "alarms", "{}{of} is over after {}", alarm.name, long_time(lasted));
        }
    }
}
