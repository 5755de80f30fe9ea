//! Whether the process lives, and whether its pipeline works.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::protocol::{Snapshot, StageState};
use crate::serve::access::Access;
use crate::serve::error::{ApiError, json};
use crate::serve::guard::Granted;
use crate::serve::shared::Shared;

/// The process lives. It says nothing else, because anybody may ask.
pub(in crate::serve) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the pipeline works, and what does not.
#[derive(Debug, PartialEq, Serialize)]
struct Readiness {
    ready: bool,
    /// One line for each stage that does not work, and for an end that is under way.
    why_not: Vec<String>,
    /// One line for each alarm. An alarm alone makes nothing unready: a restart would not end it.
    alarms: Vec<String>,
}

/// Answers 200 while every stage works, and 503 otherwise.
pub(in crate::serve) async fn readyz(
    State(shared): State<Shared>,
    Extension(granted): Extension<Granted>,
) -> Result<Response, ApiError> {
    granted.require(Access::Read)?;
    let readiness = readiness(&shared.snapshots.borrow());
    let mut response = json(&readiness)?;
    if !readiness.ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

fn readiness(snapshot: &Snapshot) -> Readiness {
    let mut why_not = Vec::new();
    if snapshot.at.is_none() {
        why_not.push("the pipeline is starting".to_owned());
    }
    why_not
        .extend(snapshot.shutting_down.as_ref().map(|waits| format!("the pipeline is ending; it waits for {waits}")));
    for stage in snapshot.stages.iter() {
        let id = stage.id();
        why_not.extend(match &stage.state {
            StageState::Running => None,
            StageState::Stopped => Some(format!("{id} is stopped")),
            StageState::Starting { doing } => Some(format!("{id} is starting: {doing}")),
            StageState::BackingOff { cause, .. } => Some(format!("{id} waits for its next try: {cause}")),
            StageState::Draining { waiting_for } => Some(format!("{id} is draining; it waits for {waiting_for}")),
            StageState::Failed { cause } => Some(format!("{id} has failed: {cause}")),
        });
    }
    let alarms = snapshot.alarms.active.iter().map(|alarm| alarm.text.clone()).collect();
    Readiness { ready: why_not.is_empty(), why_not, alarms }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::engine::local::stage::not_started;

    #[test]
    fn a_pipeline_is_ready_while_every_stage_runs() {
        let mut snapshot = Snapshot { stages: not_started(), at: Some(SystemTime::UNIX_EPOCH), ..Snapshot::default() };
        assert_eq!(readiness(&snapshot).why_not[0], "ingest is stopped");
        for stage in snapshot.stages.iter_mut() {
            stage.state = StageState::Running;
        }
        assert_eq!(readiness(&snapshot), Readiness { ready: true, why_not: Vec::new(), alarms: Vec::new() });
        snapshot.stages["index"].state = StageState::Failed { cause: "no route".to_owned() };
        assert_eq!(readiness(&snapshot).why_not, ["index has failed: no route"]);
        assert!(!readiness(&Snapshot::default()).ready, "nothing is known yet");
    }
}
