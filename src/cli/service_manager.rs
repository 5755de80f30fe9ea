//! Tells systemd how the service is, if systemd started it: that it is ready, a line about its state, and that it still works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::protocol::{Snapshot, StageState};
use crate::text::printable;

/// How often the line is renewed, unless the watchdog wants to hear of us sooner.
const INTERVAL: Duration = Duration::from_secs(5);

/// An engine publishes at least once in this time, also if nothing happens.
const SILENCE: Duration = Duration::from_secs(20);

/// Says that the service is ready, and then how it is, until the engine has ended. Without systemd it does nothing.
///
/// systemd restarts a service that it does not hear of (`WatchdogSec`). So an engine that publishes nothing any more is not reported.
pub(super) async fn report(mut snapshots: watch::Receiver<Arc<Snapshot>>) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    ready();
    let watchdog = sd_notify::watchdog_enabled();
    let mut tick = tokio::time::interval(watchdog.map_or(INTERVAL, |longest| INTERVAL.min(longest / 3)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return;
                }
                heard = Instant::now();
                if snapshots.borrow_and_update().shutting_down.is_some() {
                    tell(&[NotifyState::Stopping]);
                }
            }
            _ = tick.tick() => {
                let status = status(&snapshots.borrow());
                tell(&[NotifyState::Status(&status)]);
                if heard.elapsed() < SILENCE {
                    tell(&[NotifyState::Watchdog]);
                }
            }
        }
    }
}

/// Says that the settings are being read again.
pub(super) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Says that the service is ready, also after the settings were read again.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(target: "service", "systemd takes no notice: {error}");
    }
}

/// The service in one line, for `systemctl status`.
fn status(snapshot: &Snapshot) -> String {
    let troubled = snapshot.stages.iter().find_map(|stage| match &stage.state {
        StageState::Failed { cause } => Some(format!("{} failed: {cause}", stage.id())),
        StageState::BackingOff { cause, .. } => Some(format!("{} waits: {cause}", stage.id())),
        StageState::Stopped => Some(format!("{} is stopped", stage.id())),
        _ => None,
    });
    let state = troubled.unwrap_or_else(|| "all stages run".to_owned());
    let lag = snapshot.lag.map_or_else(String::new, |lag| format!(", lag {lag}"));
    format!("{}; {} clicks, {} pages{lag}", printable(&state), snapshot.totals.clicks, snapshot.totals.pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::stage::ItemUnit;
    use crate::protocol::{StageInfo, StageStatus};

    #[test]
    fn the_line_names_the_trouble_before_the_counts() {
        let mut snapshot = Snapshot { lag: Some(12), ..Snapshot::default() };
        snapshot.totals.clicks = 3_000;
        assert_eq!(status(&snapshot), "all stages run; 3000 clicks, 0 pages, lag 12");
        let unit = ItemUnit { one: "message".into(), many: "messages".into(), short: "msgs".into() };
        let info = StageInfo {
            id: "ingest".into(),
            title: "Ingest".into(),
            unit: unit.clone(),
            backlog_unit: unit,
            actions: Vec::new(),
            feeds: Vec::new(),
            before_figures: true,
        };
        let state = StageState::Failed { cause: "no\u{1b}[31m broker".to_owned() };
        snapshot.stages = [StageStatus { state, ..StageStatus::new(Arc::new(info)) }].into_iter().collect();
        let line = status(&snapshot);
        assert!(line.starts_with("ingest failed: no") && !line.contains('\u{1b}'), "{line}");
    }
}
