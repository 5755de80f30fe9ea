//! Tells systemd how the service is, if systemd started it: that it is ready, a line about its state, and that it still works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::protocol::{Snapshot, StageState, StageStatus};
use crate::text::printable;
use crate::text::{counted, grouped};

/// How often the line is renewed, unless the watchdog wants to hear of us sooner.
const INTERVAL: Duration = Duration::from_secs(5);

/// The shortest time between two lines: a stage that starts may say something else with each snapshot.
const SHORTEST: Duration = Duration::from_secs(1);

/// A stage whose thread does not run yet counts as stopped. After this time, somebody has stopped it.
const BEGIN: Duration = Duration::from_secs(1);

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
    let mut line = StatusLine::default();
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return;
                }
                heard = Instant::now();
                let snapshot = Arc::clone(&snapshots.borrow_and_update());
                if snapshot.shutting_down.is_some() {
                    tell(&[NotifyState::Stopping]);
                }
                if let Some(status) = line.changed(&snapshot, heard) {
                    tell(&[NotifyState::Status(&status)]);
                }
            }
            _ = tick.tick() => {
                let status = line.renewed(&snapshots.borrow(), Instant::now());
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
#[derive(Debug, Default)]
struct StatusLine {
    /// What it said of the stages, and when.
    told: Option<(String, Instant)>,
}

impl StatusLine {
    /// The line as it is at `now`.
    fn renewed(&mut self, snapshot: &Snapshot, now: Instant) -> String {
        let state = state(snapshot);
        let line = with_counts(&state, snapshot);
        self.told = Some((state, now));
        line
    }

    /// The line, if it would say something else of the stages than the last one. The counts alone wait for the next renewal.
    fn changed(&mut self, snapshot: &Snapshot, now: Instant) -> Option<String> {
        let is_due = self.told.as_ref().is_none_or(|(told, at)| now >= *at + SHORTEST && *told != state(snapshot));
        is_due.then(|| self.renewed(snapshot, now))
    }
}

/// What the stages do; the first one in trouble in its own words.
fn state(snapshot: &Snapshot) -> String {
    let not_begun = |stage: &StageStatus| snapshot.uptime < BEGIN && stage.state == StageState::Stopped;
    if snapshot.at.is_none() || snapshot.stages.iter().any(not_begun) {
        return "starting".to_owned();
    }
    if let Some(waits) = &snapshot.shutting_down {
        return format!("ending, and waits for {waits}");
    }
    let troubled = snapshot.stages.iter().find_map(|stage| match &stage.state {
        StageState::Failed { cause } => Some(format!("{} failed: {cause}", stage.id())),
        StageState::BackingOff { cause, .. } => Some(format!("{} waits: {cause}", stage.id())),
        StageState::Stopped => Some(format!("{} is stopped", stage.id())),
        _ => None,
    });
    let starting = || {
        snapshot.stages.iter().find_map(|stage| match &stage.state {
            StageState::Starting { doing } => Some(format!("{} is starting: {doing}", stage.id())),
            _ => None,
        })
    };
    troubled.or_else(starting).unwrap_or_else(|| "all stages run".to_owned())
}

fn with_counts(state: &str, snapshot: &Snapshot) -> String {
    let state = printable(state);
    // Before the first snapshot nobody has counted.
    if snapshot.at.is_none() {
        return state.into_owned();
    }
    let lag = snapshot.lag.map_or_else(String::new, |lag| format!(", lag {}", grouped(lag)));
    let (clicks, pages) = (snapshot.totals.clicks, snapshot.totals.pages);
    format!("{state}; {}, {}{lag}", counted(clicks, "click", "clicks"), counted(pages, "page", "pages"))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::engine::local::stage::not_started;

    fn running() -> Snapshot {
        let mut stages = not_started();
        for stage in stages.iter_mut() {
            stage.state = StageState::Running;
        }
        let at = Some(SystemTime::UNIX_EPOCH);
        Snapshot { at, stages, lag: Some(12), uptime: Duration::from_secs(9), ..Snapshot::default() }
    }

    fn line(snapshot: &Snapshot) -> String {
        StatusLine::default().renewed(snapshot, Instant::now())
    }

    #[test]
    fn the_line_names_the_trouble_before_the_counts() {
        let mut snapshot = running();
        snapshot.totals.clicks = 3_000;
        assert_eq!(line(&snapshot), "all stages run; 3,000 clicks, 0 pages, lag 12");
        snapshot.stages["aggregate"].state = StageState::Starting { doing: "loading figures".to_owned() };
        assert_eq!(line(&snapshot), "aggregate is starting: loading figures; 3,000 clicks, 0 pages, lag 12");
        snapshot.stages["store"].state = StageState::Stopped;
        assert!(line(&snapshot).starts_with("store is stopped; 3,000 clicks"));
        let ending = Snapshot { shutting_down: Some("3 messages to commit".to_owned()), ..snapshot.clone() };
        assert!(
            line(&ending).starts_with("ending, and waits for 3 messages to commit; 3,000 clicks"),
            "no stage is down"
        );
        snapshot.stages["ingest"].state = StageState::Failed { cause: "no\u{1b}[31m broker".to_owned() };
        let line = line(&snapshot);
        assert!(line.starts_with("ingest failed: no") && !line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn a_service_that_starts_says_so_and_has_counted_nothing_yet() {
        let unknown = Snapshot { stages: not_started(), ..Snapshot::default() };
        assert_eq!(line(&unknown), "starting");
        let mut snapshot = running();
        (snapshot.uptime, snapshot.totals.clicks) = (Duration::from_millis(40), 7);
        snapshot.stages["store"].state = StageState::Stopped;
        assert_eq!(line(&snapshot), "starting; 7 clicks, 0 pages, lag 12");
        snapshot.uptime = BEGIN;
        assert!(line(&snapshot).starts_with("store is stopped"), "somebody has stopped it");
    }

    #[test]
    fn another_state_is_told_at_once_and_other_counts_are_not() {
        let (mut line, begin) = (StatusLine::default(), Instant::now());
        assert_eq!(line.renewed(&Snapshot::default(), begin), "starting");
        let mut snapshot = running();
        assert_eq!(line.changed(&snapshot, begin + SHORTEST / 2), None, "not too many");
        let told = line.changed(&snapshot, begin + SHORTEST);
        assert_eq!(told.as_deref(), Some("all stages run; 0 clicks, 0 pages, lag 12"));
        snapshot.totals.clicks = 5;
        assert_eq!(line.changed(&snapshot, begin + 3 * SHORTEST), None);
    }
}
