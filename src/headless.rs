//! The pipeline without a terminal: one JSON object a second, and a summary at the end.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::engine::EngineHandle;
use crate::protocol::{Command, Snapshot, StageState};
use crate::signals::{EndSignal, EndSignals};
use crate::text::{printable, safe_json};

/// Time between two status objects.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// How a headless run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The finite source was worked through.
    Finished,
    /// SIGINT, SIGTERM, SIGHUP, or nobody reads what an endless source has printed.
    Interrupted,
    /// A stage or the source failed, and there is nobody to mend it.
    Failed(String),
}

/// One status object: the snapshot without what only a screen shows.
#[derive(Serialize)]
struct Status<'a> {
    event: &'static str,
    seconds: f64,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
}

/// The last object.
#[derive(Serialize)]
struct Summary<'a> {
    event: &'static str,
    /// Everything the source had is stored, aggregated and indexed. `null` for an endless source.
    complete: Option<bool>,
    ingested: u64,
    stored: u64,
    duplicates: u64,
    expired: u64,
    future: u64,
    rejected: u64,
    late: u64,
    skipped: u64,
    clicks: u64,
    pages: u64,
    documents: u64,
    seconds: f64,
    peak_rss_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Prints a status object a second until a finite source is finished, a signal comes or something fails; then asks the
/// pipeline to drain and end, printing on meanwhile.
pub async fn run(engine: &EngineHandle, finite: bool, out: &mut impl Write) -> Outcome {
    let (mut snapshots, commands) = (engine.snapshots.clone(), engine.commands.clone());
    let mut outcome = None;
    let mut printed: Option<Duration> = None;
    let mut is_read = true;
    let mut signals = EndSignals::listen();
    loop {
        let ask = tokio::select! {
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return outcome.unwrap_or(Outcome::Interrupted);
                }
                let snapshot = Arc::clone(&snapshots.borrow_and_update());
                let due = printed.is_none_or(|at| snapshot.uptime >= at + STATUS_INTERVAL);
                let mut ask = outcome.is_none().then(|| verdict(&snapshot, finite)).flatten();
                if is_read && due && ask != Some(Outcome::Finished) {
                    printed = Some(snapshot.uptime);
                    let light = snapshot.light();
                    let status = Status { event: "status", seconds: seconds(snapshot.uptime), snapshot: &light };
                    is_read = write_line(out, &status).is_ok();
                    // What a finite source has is stored all the same; an endless one would go on for nobody.
                    if !is_read && !finite && outcome.is_none() {
                        ask = ask.or(Some(Outcome::Interrupted));
                    }
                }
                ask
            }
            signal = signals.next() => match signal {
                EndSignal::HangUp if outcome.is_some() => None,
                EndSignal::HangUp | EndSignal::Asked => Some(Outcome::Interrupted),
            },
        };
        if let Some(ask) = ask {
            outcome.get_or_insert(ask);
            // A second signal says it again, and the pipeline hurries. If it is gone already, the loop ends.
            let _ = commands.send(Command::Shutdown).await;
        }
    }
}

/// Prints the summary of a run that has ended. That it cannot be printed is for `out` to tell.
///
/// # Errors
/// What has failed, if `outcome` is a failure.
pub fn summarize(last: &Snapshot, outcome: Outcome, finite: bool, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let totals = last.totals;
    let error = match &outcome {
        Outcome::Failed(cause) => Some(cause.as_str()),
        Outcome::Finished | Outcome::Interrupted => None,
    };
    let summary = Summary {
        event: "summary",
        // A source that a signal has stopped ends early, and what it gave may be worked through all the same.
        complete: finite.then_some(last.finished && outcome == Outcome::Finished),
        ingested: totals.ingested,
        stored: totals.stored,
        duplicates: totals.duplicates,
        expired: totals.expired,
        future: totals.future,
        rejected: totals.rejected,
        late: totals.late,
        skipped: totals.skipped,
        clicks: totals.clicks,
        pages: totals.pages,
        documents: totals.documents,
        seconds: seconds(last.uptime),
        peak_rss_bytes: peak_rss_bytes(),
        error,
    };
    let _ = write_line(out, &summary);
    match error {
        None => Ok(ExitCode::SUCCESS),
        // One line, whatever it quotes.
        Some(error) => Err(anyhow::Error::msg(printable(error).into_owned())),
    }
}

/// Whether there is a reason to end, and which.
fn verdict(snapshot: &Snapshot, finite: bool) -> Option<Outcome> {
    for stage in snapshot.stages.iter() {
        if let StageState::Failed { cause } = &stage.state {
            return Some(Outcome::Failed(format!("{}: {cause}", stage.id())));
        }
    }
    if finite && snapshot.finished {
        let error = snapshot.source.progress.as_ref().and_then(|progress| progress.error.clone());
        return Some(error.map_or(Outcome::Finished, Outcome::Failed));
    }
    None
}

/// Milliseconds are enough.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    // Reasons may quote what a broker or an engine said.
    let mut line = safe_json(&serde_json::to_string(value)?);
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// The most memory this process has had resident, where the system tells (Linux).
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::source::SourceProgress;

    #[test]
    fn a_finite_source_ends_the_run_and_an_endless_one_does_not() {
        let snapshot = Snapshot { finished: true, ..Snapshot::default() };
        assert_eq!(verdict(&snapshot, true), Some(Outcome::Finished));
        assert_eq!(verdict(&snapshot, false), None);
    }

    #[test]
    fn a_failed_stage_or_source_is_a_failure() {
        let stages = crate::engine::local::stage::not_started();
        let mut snapshot = Snapshot { stages, ..Snapshot::default() };
        snapshot.stages["store"].state = StageState::Failed { cause: "disk gone".into() };
        assert_eq!(verdict(&snapshot, false), Some(Outcome::Failed("store: disk gone".into())));
        let mut snapshot = Snapshot { finished: true, ..Snapshot::default() };
        snapshot.source.progress =
            Some(SourceProgress { error: Some("broker gone".into()), ..SourceProgress::default() });
        assert_eq!(verdict(&snapshot, true), Some(Outcome::Failed("broker gone".into())));
    }

    #[test]
    fn the_summary_is_one_line_of_json() {
        let mut out = Vec::new();
        summarize(&Snapshot::default(), Outcome::Finished, true, &mut out).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(summary["event"], "summary");
        assert_eq!(summary["ingested"], 0);
        assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 1);
    }
}
