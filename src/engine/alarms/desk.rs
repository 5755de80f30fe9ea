//! The supervisor's way to the alarms: judges each snapshot, shows the alarms in it, logs them and tells them.

use tokio::sync::watch;

use super::evaluator::{AlarmChange, Evaluator};
use super::options::AlarmOptions;
use super::tell::{Message, Tellers};
use crate::engine::status::words::long_time;
use crate::protocol::Snapshot;
use crate::protocol::alarm::{AlarmId, Severity};

/// The alarms of one engine.
pub(crate) struct AlarmDesk {
    evaluator: Evaluator,
    tellers: Tellers,
    renewals: Option<watch::Receiver<AlarmOptions>>,
}

impl AlarmDesk {
    /// Watches as `options` say. Must be called in a tokio runtime if somebody is told of alarms.
    pub(crate) fn new(options: AlarmOptions) -> Self {
        let AlarmOptions { rules, tell, renewals } = options;
        Self { evaluator: Evaluator::new(rules), tellers: Tellers::start(tell), renewals }
    }

    /// Judges `snapshot`, and puts the alarms into it. Waits for nothing.
    pub(crate) fn look(&mut self, snapshot: &mut Snapshot) {
        let mut changes = self.renewed();
        changes.extend(self.evaluator.look(snapshot));
        for change in changes {
            log(&change);
            self.tellers.tell(|| Message::new(&change, &snapshot.source));
        }
        snapshot.alarms = self.evaluator.shown();
    }

    /// Notes that somebody knows of the alarm `id`, or of every alarm if it is `None`.
    pub(crate) fn acknowledge(&mut self, id: Option<&AlarmId>) {
        let acknowledged = self.evaluator.acknowledge(id);
        if acknowledged.is_empty() {
            tracing::debug!(target: "alarms", "no alarm is on that nobody has acknowledged");
        }
    }

    /// Takes new options, if there are any. Whoever the old ones tell of alarms still gets what waits; the alarms that the new ones no
    /// longer have end.
    fn renewed(&mut self) -> Vec<AlarmChange> {
        let Some(renewals) = self.renewals.as_mut().filter(|renewals| renewals.has_changed().unwrap_or(false)) else {
            return Vec::new();
        };
        let AlarmOptions { rules, tell, .. } = renewals.borrow_and_update().clone();
        let mut old = std::mem::replace(&mut self.tellers, Tellers::start(tell));
        tokio::spawn(async move { old.end().await });
        self.evaluator.renew(rules)
    }

    /// Waits for a moment until everybody is told.
    pub(crate) async fn end(&mut self) {
        self.tellers.end().await;
    }
}

fn log(change: &AlarmChange) {
    let alarm = &change.alarm;
    let of = alarm.stage.as_ref().map_or_else(String::new, |stage| format!(" of {stage}"));
    let stage = alarm.stage.as_deref();
    match (change.lasted, alarm.severity) {
        (None, Severity::Critical) => {
            tracing::error!(target: "alarms", event = "alarm", stage, "{}{of}: {}", alarm.name, alarm.text);
        }
        (None, Severity::Warning) => {
            tracing::warn!(target: "alarms", event = "alarm", stage, "{}{of}: {}", alarm.name, alarm.text);
        }
        (Some(lasted), _) => {
            let lasted = long_time(lasted);
            let why = if change.by_stop { ": somebody stopped the stage" } else { "" };
            tracing::info!(target: "alarms", event = "alarm", stage, "{}{of} is over after {lasted}{why}", alarm.name);
        }
    }
}
