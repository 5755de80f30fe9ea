//! Commands: start, stop, restart, reset, the end.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::mpsc::error::TrySendError;

use super::body;
use crate::protocol::alarm::AlarmId;
use crate::protocol::event::EventKind;
use crate::protocol::{Command, RemoteWork, Snapshot, StageAction, StageId};
use crate::serve::access::Access;
use crate::serve::error::{ApiError, json};
use crate::serve::guard::Granted;
use crate::serve::shared::Shared;
use crate::text::excerpt;

/// Characters of an unknown stage that an error quotes.
const SHOWN_ID: usize = 40;

const FORM: &str = r#"{"stage":{"id":"index","action":"stop"}}, with start, stop or restart; or {"acknowledge":{"name":"behind","stage":null}}; or "start_all", "stop_all", "acknowledge_all", "reset", "shutdown""#;

/// Gives one command to the engine. Later snapshots show what comes of it.
pub(in crate::serve) async fn command(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
    request: Body,
) -> Result<Response, ApiError> {
    granted.require(Access::Steer)?;
    let command: Command = body::read(request, FORM).await?;
    check(&command, &shared.snapshots.borrow())?;
    let (told, kind, stage) = (describe(&command), kind(&command).name(), stage(&command));
    match shared.commands.try_send(command) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => {
            return Err(ApiError::unavailable("the pipeline is busy; send the command again"));
        }
        Err(TrySendError::Closed(_)) => return Err(ApiError::unavailable("the pipeline has ended")),
    }
    let stage = stage.as_ref().map(StageId::as_str);
    tracing::info!(target: "service", event = kind, stage, by = "api", "{told} through the API");
    let mut response = json(&serde_json::json!({ "accepted": told }))?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// Refuses what the engine would not do.
fn check(command: &Command, snapshot: &Snapshot) -> Result<(), ApiError> {
    let conflict = |message: String| Err(ApiError::new(StatusCode::CONFLICT, message));
    match command {
        Command::View(_) | Command::Ask(_) => {
            Err(ApiError::bad("a view or a question belongs to a stream: send it to POST /v1/streams/{id}"))
        }
        Command::ShutdownAnd(_) if snapshot.remote.as_ref().is_none_or(|remote| remote.outlives.is_none()) => {
            conflict("no work outlives this pipeline; send \"shutdown\"".to_owned())
        }
        Command::Shutdown | Command::ShutdownAnd(_) => Ok(()),
        _ if snapshot.shutting_down.is_some() => {
            conflict("the pipeline is ending and takes no more commands".to_owned())
        }
        Command::Stage { id, action } => check_stage(id, *action, snapshot),
        Command::Acknowledge(alarm) => check_alarm(alarm, snapshot),
        Command::AcknowledgeAll | Command::StartAll | Command::StopAll | Command::Reset => Ok(()),
    }
}

fn check_stage(id: &StageId, action: StageAction, snapshot: &Snapshot) -> Result<(), ApiError> {
    let Some(stage) = snapshot.stages.named(id.as_str()) else {
        let known = snapshot.stages.iter().map(|stage| stage.id().as_str()).collect::<Vec<_>>().join(", ");
        let id = excerpt(id.as_str(), SHOWN_ID);
        return Err(ApiError::new(StatusCode::NOT_FOUND, format!("there is no stage \"{id}\"; there are: {known}")));
    };
    if stage.info.actions.contains(&action) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::CONFLICT, format!("the stage {id} cannot do that")))
}

fn check_alarm(alarm: &AlarmId, snapshot: &Snapshot) -> Result<(), ApiError> {
    if snapshot.alarms.active(alarm).is_some() {
        return Ok(());
    }
    let on: Vec<_> = snapshot.alarms.active.iter().map(|alarm| alarm.id().to_string()).collect();
    let on = if on.is_empty() { "none".to_owned() } else { on.join(", ") };
    let asked = alarm.to_string();
    let asked = excerpt(&asked, SHOWN_ID);
    Err(ApiError::new(StatusCode::NOT_FOUND, format!("the alarm {asked} is not on; on are: {on}")))
}

/// What kind of event a command is.
fn kind(command: &Command) -> EventKind {
    match command {
        Command::Stage { action: StageAction::Stop, .. } | Command::StopAll => EventKind::Stop,
        Command::Stage { .. } | Command::StartAll => EventKind::Start,
        Command::Reset => EventKind::Reset,
        Command::Acknowledge(_) | Command::AcknowledgeAll => EventKind::Alarm,
        Command::Shutdown | Command::ShutdownAnd(_) => EventKind::Stop,
        Command::View(_) | Command::Ask(_) => EventKind::Other,
    }
}

/// The stage that a command is about.
fn stage(command: &Command) -> Option<StageId> {
    match command {
        Command::Stage { id, .. } => Some(id.clone()),
        _ => None,
    }
}

/// What a command does, for the log. Its stage is one that the engine has.
fn describe(command: &Command) -> String {
    match command {
        Command::Stage { id, action } => {
            let done = match action {
                StageAction::Start => "started",
                StageAction::Stop => "stopped",
                StageAction::Restart => "restarted",
            };
            format!("{id} {done}")
        }
        Command::Acknowledge(alarm) => format!("alarm {} acknowledged", excerpt(&alarm.to_string(), SHOWN_ID)),
        Command::AcknowledgeAll => "every alarm acknowledged".to_owned(),
        Command::StartAll => "every stage started".to_owned(),
        Command::StopAll => "every stage stopped".to_owned(),
        Command::Reset => "everything reset".to_owned(),
        Command::Shutdown => "the pipeline ended".to_owned(),
        Command::ShutdownAnd(RemoteWork::Leave) => "the pipeline ended, the work in the cluster left".to_owned(),
        Command::ShutdownAnd(RemoteWork::Stop) => "the pipeline and the work in the cluster ended".to_owned(),
        Command::View(_) | Command::Ask(_) => "a view changed".to_owned(),
    }
}
