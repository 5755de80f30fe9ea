//! The front without a terminal. It prints one JSON object a second and a summary at the end.
//!
//! The object is the snapshot in its own form, so nothing here knows which stages an engine has.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::engine::EngineHandle;
use crate::protocol::snapshot::Totals;
use crate::protocol::{Command, Snapshot, StageState};
use crate::signals::{EndSignal, EndSignals};
use crate::text::{printable, safe_json};

/// Time between two status objects.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// The reason why a headless run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The engine has processed the finite source to its end.
    Finished,
    /// SIGINT, SIGTERM or SIGHUP came, or the reader of the output is gone and the source is endless.
    Interrupted,
    /// A stage or the source failed, and no person is there to restart it.
    Failed(String),
}

/// A status object: the snapshot without the parts that only a screen shows.
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
    /// Whether the engine has processed the source to its end; `null` for an endless source.
    complete: Option<bool>,
    #[serde(flatten)]
    totals: Totals,
    seconds: f64,
    peak_rss_bytes: Option<u64>,
    /// The files that were read before, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Prints a status object a second until a finite source is finished, a signal comes, or a stage or the source fails. Then asks the
/// engine to drain and end, and goes on printing until it has ended.
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
                    // Without a reader, a finite source is still processed to its end; an endless source would never end.
                    if !is_read && !finite && outcome.is_none() {
                        ask = ask.or(Some(Outcome::Interrupted));
                    }
                }
                ask
            }
            signal = signals.next() => match signal {
                EndSignal::HangUp if outcome.is_some() => None,
                EndSignal::HangUp | EndSignal::Asked => {
                    tracing::info!(target: "pipeline", event = "stop", by = "signal", "a signal asks the pipeline to end");
                    Some(Outcome::Interrupted)
                }
            },
        };
        if let Some(ask) = ask {
            outcome.get_or_insert(ask);
            // A second signal sends a second shutdown, which ends the drain at once. If the engine is gone, the loop ends.
            let _ = commands.send(Command::Shutdown).await;
        }
    }
}

/// Prints the summary of a run that has ended. An error of `out` is ignored here.
///
/// # Errors
/// `outcome` is a failure; the error says what failed.
pub fn summarize(last: &Snapshot, outcome: Outcome, finite: bool, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let error = match &outcome {
        Outcome::Failed(cause) => Some(cause.as_str()),
        Outcome::Finished | Outcome::Interrupted => None,
    };
    let summary = Summary {
        event: "summary",
        // A source that a signal has stopped ends early, so `finished` alone does not say that the run is complete.
        complete: finite.then_some(last.finished && outcome == Outcome::Finished),
        totals: last.totals,
        seconds: seconds(last.uptime),
        peak_rss_bytes: peak_rss_bytes(),
        read_before: last.source.progress.as_ref().and_then(|progress| progress.read_before.as_deref()),
        error,
    };
    let _ = write_line(out, &summary);
    match error {
        None => Ok(ExitCode::SUCCESS),
        // The cause may quote untrusted text; the error is one printable line.
        Some(error) => Err(anyhow::Error::msg(printable(error).into_owned())),
    }
}

/// The reason to end the run, if there is one.
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

/// `time` in seconds, to the millisecond.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    // The snapshot may quote untrusted texts of events, brokers and search engines.
    let mut line = safe_json(&serde_json::to_string(value)?);
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// The peak of the resident memory of this process; `None` if the system does not tell it (Linux does).
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::{mpsc, watch};

    use crate::engine::front::Fronts;
    use crate::protocol::source::SourceProgress;
    use crate::protocol::stage::ItemUnit;
    use crate::protocol::{StageAction, StageInfo, StageStatus};

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

    /// An engine of stages that this program does not have, and both ends of its channels.
    struct MadeUp {
        handle: EngineHandle,
        snapshots: watch::Sender<Arc<Snapshot>>,
        commands: mpsc::Receiver<Command>,
    }

    impl MadeUp {
        fn new() -> Self {
            let (snapshots, receiver) = watch::channel(Arc::new(Snapshot::default()));
            let (sender, commands) = mpsc::channel(4);
            let (tables, _) = mpsc::channel(1);
            let ended = tokio::spawn(async {});
            let handle = EngineHandle {
                snapshots: receiver,
                commands: sender,
                tables,
                fronts: Fronts::closed(),
                link: None,
                ended,
            };
            Self { handle, snapshots, commands }
        }

        /// Publishes `snapshots`, one after headless has taken the other; ends once headless asks for it, and returns what headless
        /// printed.
        async fn run(mut self, snapshots: Vec<Snapshot>, finite: bool) -> (Outcome, Vec<serde_json::Value>) {
            let mut out = Vec::new();
            let publish = async {
                for snapshot in snapshots {
                    self.snapshots.send_replace(Arc::new(snapshot));
                    // Both futures share this thread, so headless has its turns meanwhile.
                    for _ in 0..4 {
                        tokio::task::yield_now().await;
                    }
                }
                assert_eq!(self.commands.recv().await, Some(Command::Shutdown));
                drop(self.snapshots);
            };
            let (outcome, ()) = tokio::join!(run(&self.handle, finite, &mut out), publish);
            let text = String::from_utf8(out).expect("text");
            (outcome, text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect())
        }
    }

    fn made_up(declared: &[(&str, &str)], seconds: u64) -> Snapshot {
        let stage = |(place, (id, many)): (usize, &(&str, &str))| {
            let unit = ItemUnit { one: (*id).into(), many: (*many).into(), short: (*many).into() };
            let info = StageInfo {
                id: (*id).into(),
                title: format!("the {id}").into(),
                unit: unit.clone(),
                backlog_unit: unit,
                actions: vec![StageAction::Restart],
                feeds: Vec::new(),
                before_figures: true,
            };
            let backlog = (place > 0).then_some(7);
            StageStatus {
                state: StageState::Running,
                processed: 1_000 * seconds,
                backlog,
                ..StageStatus::new(Arc::new(info))
            }
        };
        let stages = declared.iter().enumerate().map(stage).collect();
        Snapshot { uptime: Duration::from_secs(seconds), stages, ..Snapshot::default() }
    }

    const THREE: &[(&str, &str)] = &[("read", "records"), ("shape", "rows"), ("publish", "pages")];
    const SIX: &[(&str, &str)] = &[
        ("source", "records"),
        ("bronze", "records"),
        ("silver", "clicks"),
        ("sessions", "visits"),
        ("figures", "pages"),
        ("documents", "documents"),
    ];

    #[tokio::test]
    async fn engines_of_three_and_of_six_stages_are_printed_as_they_declare_themselves() {
        for declared in [THREE, SIX] {
            let mut last = made_up(declared, 3);
            last.finished = true;
            let snapshots = vec![made_up(declared, 1), made_up(declared, 2), last.clone()];
            let (outcome, lines) = MadeUp::new().run(snapshots.clone(), true).await;
            assert_eq!(
                (outcome, lines.len()),
                (Outcome::Finished, 2),
                "the summary takes the place of the last object"
            );
            for (line, snapshot) in lines.iter().zip(&snapshots) {
                assert_eq!(
                    (&line["event"], &line["seconds"]),
                    (&"status".into(), &snapshot.uptime.as_secs_f64().into())
                );
                let stages = line["stages"].as_array().expect("a list");
                let printed: Vec<_> = stages.iter().map(|stage| (&stage["id"], &stage["unit"]["many"])).collect();
                let declared: Vec<_> =
                    declared.iter().map(|(id, many)| (serde_json::json!(id), serde_json::json!(many))).collect();
                assert_eq!(printed, declared.iter().map(|(id, many)| (id, many)).collect::<Vec<_>>());
                assert_eq!((&stages[0]["backlog"], &stages[1]["backlog"]), (&serde_json::Value::Null, &7.into()));
                // A status object is the snapshot's own form.
                assert_eq!(serde_json::from_value::<Snapshot>(line.clone()).expect("a snapshot"), snapshot.light());
            }
        }
    }

    #[tokio::test]
    async fn a_failed_stage_of_another_engine_ends_the_run_under_its_own_name() {
        let mut failed = made_up(SIX, 2);
        failed.stages["silver"].state = StageState::Failed { cause: "no memory\u{1b}[2J".into() };
        let (outcome, lines) = MadeUp::new().run(vec![made_up(SIX, 1), failed.clone()], false).await;
        let Outcome::Failed(cause) = &outcome else { panic!("{outcome:?}") };
        assert_eq!(cause, "silver: no memory\u{1b}[2J");
        assert_eq!(lines.last().expect("a line")["stages"][2]["state"], "failed");
        let mut out = Vec::new();
        let error = summarize(&failed, outcome, false, &mut out).expect_err("a failure").to_string();
        assert!(error.starts_with("silver: no memory") && !error.contains('\u{1b}'), "{error:?}");
        assert!(!out.contains(&0x1b));
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
