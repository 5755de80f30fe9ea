//! `clicktop ctl`: starts and stops stages of a pipeline that runs elsewhere, for scripts.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::args::{CtlArgs, CtlCommand, StatusArgs};
use super::attach::api;
use super::exit_code::USAGE;
use super::output::{Output, complain};
use crate::config::Settings;
use crate::protocol::alarm::AlarmId;
use crate::protocol::{Command, StageAction, StageId};
use crate::serve::client::{Api, ApiFailure};
use crate::text::{printable, safe_json};

/// Exit code if a stage is not as it should be: `status` finds one that does not run, or one did not get there in time.
const NOT_RUNNING: u8 = 3;

/// Time between two looks whether a command is done.
const LOOK: Duration = Duration::from_millis(200);

/// The word for every stage.
const ALL: &str = "all";

/// Does what `args` say.
///
/// # Errors
/// The pipeline cannot be reached, or refuses. One line each.
pub(super) async fn run(settings: &Settings, args: &CtlArgs, out: &mut Output) -> anyhow::Result<ExitCode> {
    let api = api(settings, args.at.as_deref())?;
    match &args.command {
        CtlCommand::Status(status) => print_status(&api, status, out).await,
        CtlCommand::Start(stage) => control(&api, &stage.stage, StageAction::Start, args.wait).await,
        CtlCommand::Stop(stage) => control(&api, &stage.stage, StageAction::Stop, args.wait).await,
        CtlCommand::Restart(stage) => control(&api, &stage.stage, StageAction::Restart, args.wait).await,
        CtlCommand::Acknowledge(alarm) => acknowledge(&api, &alarm.alarm).await,
        CtlCommand::Reset(sure) => {
            if !sure.yes && !confirmed("Delete every click, reject, figure and document? Type reset:", "reset")? {
                complain("nothing is deleted");
                return Ok(ExitCode::FAILURE);
            }
            reset(&api, args.wait, out).await
        }
        CtlCommand::Shutdown(sure) => {
            if !sure.yes && !confirmed("Drain and end the pipeline? Type yes:", "yes")? {
                complain("the pipeline goes on");
                return Ok(ExitCode::FAILURE);
            }
            shut_down(&api, args.wait).await
        }
    }
}

/// Asks on the terminal. Without one, nobody can answer.
fn confirmed(question: &str, word: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(
        io::stdin().is_terminal(),
        "this asks before it does anything, and there is no terminal; --yes does not ask"
    );
    let mut errors = io::stderr();
    write!(errors, "{question} ")?;
    errors.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim() == word)
}

async fn light(api: &Api) -> Result<Value, ApiFailure> {
    api.get("/v1/snapshot?light=true").await
}

/// The stages of a snapshot, whatever the version of the other program.
fn stages(snapshot: &Value) -> &[Value] {
    snapshot.get("stages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(stage: &'a Value, name: &str) -> &'a str {
    stage.get(name).and_then(Value::as_str).unwrap_or("?")
}

/// Prints the stages; the exit code says whether all of them run.
async fn print_status(api: &Api, args: &StatusArgs, out: &mut Output) -> anyhow::Result<ExitCode> {
    let snapshot = light(api).await?;
    let is_asked = |stage: &&Value| args.stage.as_deref().is_none_or(|id| text(stage, "id") == id);
    let asked: Vec<&Value> = stages(&snapshot).iter().filter(is_asked).collect();
    if let Some(id) = args.stage.as_deref().filter(|_| asked.is_empty()) {
        return Ok(unknown(id, &snapshot));
    }
    if args.json {
        out.line(safe_json(&serde_json::to_string(&asked)?));
    } else {
        for stage in &asked {
            out.line(line_of(stage));
        }
    }
    let all_run = asked.iter().all(|stage| text(stage, "state") == "running");
    Ok(if all_run { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) })
}

/// Says which stages there are. To name another one is wrong usage.
fn unknown(id: &str, snapshot: &Value) -> ExitCode {
    let known: Vec<_> = stages(snapshot).iter().map(|stage| text(stage, "id")).collect();
    complain(&format!("there is no stage {}; there are: {}", printable(id), printable(&known.join(", "))));
    ExitCode::from(USAGE)
}

/// `index      backing_off  backlog 12  the engine refuses`
fn line_of(stage: &Value) -> String {
    let why = ["cause", "doing", "waiting_for"].iter().find_map(|name| stage.get(*name)?.as_str()).unwrap_or_default();
    let number =
        |name: &str| stage.get(name).filter(|value| !value.is_null()).map_or_else(|| "–".to_owned(), Value::to_string);
    let line = format!(
        "{:<10} {:<11} processed {:<12} backlog {:<9} {why}",
        printable(text(stage, "id")),
        printable(text(stage, "state")),
        number("processed"),
        number("backlog"),
    );
    printable(line.trim_end()).into_owned()
}

/// Gives a command to one stage or to all, and waits until it is done.
async fn control(api: &Api, stage: &str, action: StageAction, wait: Duration) -> anyhow::Result<ExitCode> {
    if stage != ALL {
        let snapshot = light(api).await?;
        if !stages(&snapshot).iter().any(|known| text(known, "id") == stage) {
            return Ok(unknown(stage, &snapshot));
        }
    }
    if stage == ALL && action == StageAction::Restart {
        api.post("/v1/commands", &Command::StopAll).await?;
        let stopped = until(api, ALL, "stopped", wait).await?;
        if stopped != ExitCode::SUCCESS {
            return Ok(stopped);
        }
    }
    let command = match (stage, action) {
        (ALL, StageAction::Stop) => Command::StopAll,
        (ALL, _) => Command::StartAll,
        (id, action) => Command::Stage { id: StageId::from(id), action },
    };
    api.post("/v1/commands", &command).await?;
    let state = if action == StageAction::Stop { "stopped" } else { "running" };
    until(api, stage, state, wait).await
}

/// Waits until `stage` has this state, or has failed.
async fn until(api: &Api, stage: &str, state: &str, wait: Duration) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    while !wait.is_zero() {
        tokio::time::sleep(LOOK).await;
        let snapshot = light(api).await?;
        let asked: Vec<_> =
            stages(&snapshot).iter().filter(|found| stage == ALL || text(found, "id") == stage).collect();
        if asked.iter().all(|found| text(found, "state") == state) {
            return Ok(ExitCode::SUCCESS);
        }
        let failed = asked.iter().find(|found| text(found, "state") == "failed");
        let late = begin.elapsed() >= wait;
        if let Some(wrong) =
            failed.or(asked.iter().find(|found| text(found, "state") != state)).filter(|_| late || failed.is_some())
        {
            complain(&format!("not {state}: {}", line_of(wrong)));
            return Ok(ExitCode::from(NOT_RUNNING));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Acknowledges every alarm that is on and has this name.
async fn acknowledge(api: &Api, name: &str) -> anyhow::Result<ExitCode> {
    let snapshot = light(api).await?;
    let on = snapshot.pointer("/alarms/active").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let asked: Vec<&Value> = on.iter().filter(|alarm| name == ALL || text(alarm, "name") == name).collect();
    if asked.is_empty() {
        let mut names: Vec<_> = on.iter().map(|alarm| text(alarm, "name")).collect();
        names.dedup();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        complain(&format!("the alarm {} is not on; on are: {}", printable(name), printable(&names)));
        return Ok(if name == ALL { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    for alarm in asked {
        let stage = alarm.get("stage").and_then(Value::as_str).map(Arc::from);
        let id = AlarmId { name: text(alarm, "name").into(), stage };
        api.post("/v1/commands", &Command::Acknowledge(id)).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn reset(api: &Api, wait: Duration, out: &mut Output) -> anyhow::Result<ExitCode> {
    let number = |snapshot: &Value| snapshot.pointer("/last_reset/number").and_then(Value::as_u64);
    let before = number(&light(api).await?);
    api.post("/v1/commands", &Command::Reset).await?;
    let begin = Instant::now();
    while !wait.is_zero() {
        tokio::time::sleep(LOOK).await;
        let snapshot = light(api).await?;
        if number(&snapshot) != before {
            let deleted = snapshot.pointer("/last_reset/deleted");
            if let Some(clicks) = deleted.and_then(|deleted| deleted.get("Ok")) {
                let words = if *clicks == 1 { "click" } else { "clicks" };
                out.line(format_args!("deleted {clicks} {words}"));
                return Ok(ExitCode::SUCCESS);
            }
            let why = deleted.and_then(|deleted| deleted.get("Err")?.as_str()).unwrap_or("it did not say why");
            anyhow::bail!("nothing is deleted: {}", printable(why));
        }
        if begin.elapsed() >= wait {
            complain("the reset goes on; `clicktop ctl status` shows the stages");
            return Ok(ExitCode::from(NOT_RUNNING));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends the pipeline, and waits until nobody answers any more.
async fn shut_down(api: &Api, wait: Duration) -> anyhow::Result<ExitCode> {
    api.post("/v1/commands", &Command::Shutdown).await?;
    let begin = Instant::now();
    while !wait.is_zero() {
        tokio::time::sleep(LOOK).await;
        match light(api).await {
            Err(ApiFailure::Unreachable(_)) => return Ok(ExitCode::SUCCESS),
            _ if begin.elapsed() >= wait => {
                complain("the pipeline still drains");
                return Ok(ExitCode::from(NOT_RUNNING));
            }
            _ => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}
