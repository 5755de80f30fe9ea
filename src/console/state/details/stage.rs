//! The details of a stage.

use std::time::{Duration, SystemTime};

use super::content::{Details, Tone};
use crate::console::format::{count, countdown, day_and_time, next_try, rate};
use crate::console::state::history::hold_word;
use crate::console::state::observed::Observed;
use crate::protocol::{StageId, StageState};

/// Log lines of the stage that are shown.
const LOG_LINES: usize = 20;

/// What the stage does, what is wrong with it in full, its figures, and its newest log lines.
pub(super) fn details(id: &StageId, observed: &Observed, now: SystemTime) -> Details {
    let stages = &observed.snapshot.stages;
    let Some((position, status)) = stages.position(id).and_then(|position| Some((position, stages.get(position)?)))
    else {
        return Details::new(format!("stage {id}"));
    };
    let mut details = Details::new(format!("stage {}", status.info.title));
    let (doing, tone) = match &status.state {
        StageState::Starting { doing } => (doing.clone(), Tone::Plain),
        StageState::Draining { waiting_for } => (format!("waiting for {waiting_for}"), Tone::Plain),
        StageState::BackingOff { cause, .. } => (cause.clone(), Tone::Warn),
        StageState::Failed { cause } => (cause.clone(), Tone::Bad),
        StageState::Running | StageState::Stopped => (String::new(), Tone::Plain),
    };
    details.fact("state", observed.snapshot.state_name(status), tone);
    let is_trouble = matches!(status.state, StageState::BackingOff { .. } | StageState::Failed { .. });
    details.fact(if is_trouble { "cause" } else { "doing" }, doing.clone(), tone);
    if let Some(left) = status.state.next_try(now) {
        details.fact("then", next_try(left), Tone::Plain);
    }
    if let Some(by) = observed.history.flow(&observed.snapshot).held_up_by(position).and_then(|by| stages.get(by)) {
        details.fact("held up by", format!("{} ({})", by.info.title, hold_word(&by.state)), Tone::Warn);
    }
    let processed = status.processed;
    details.fact("this run", format!("{} {}", count(processed), status.info.unit.of(processed)), Tone::Plain);
    if status.rate.is_some() {
        details.fact("rate", rate(status.rate), Tone::Plain);
    }
    if let Some(backlog) = status.backlog {
        details.fact("waiting", format!("{} {}", count(backlog), status.info.backlog_unit.of(backlog)), Tone::Plain);
    }
    let (failures, tone) = match status.errors {
        0 => ("0".to_owned(), Tone::Dim),
        some => (format!("{} (the log has a line for each new cause)", count(some)), Tone::Warn),
    };
    details.fact("failures", failures, tone);
    if let Some(error) = &status.last_error {
        let when = status.last_error_at.map_or_else(String::new, |at| {
            let age = Duration::from_secs(now.duration_since(at).unwrap_or_default().as_secs());
            format!("{}, {} ago", day_and_time(at), countdown(age))
        });
        details.fact("last error", when, Tone::Plain);
        if *error != doing {
            details.text(error, Tone::Warn);
        }
    }
    details.log_of(id.as_str(), &observed.snapshot.log, LOG_LINES);
    details
}
