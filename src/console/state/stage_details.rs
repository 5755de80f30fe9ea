//! The rows below the stages: the picked stage, or in its place every stage in trouble with its cause in full.

use std::time::{Duration, SystemTime};

use super::history::hold_word;
use super::observed::Observed;
use super::trouble::in_trouble;
use crate::console::format::{count, countdown, first_lines, next_try, width, wrap_after};
use crate::console::keys::Action;
use crate::console::keys::bindings::KeyBindings;
use crate::console::theme::Theme;
use crate::protocol::{StageState, StageStatus};
use crate::text::printable;

/// The most rows that the most urgent cause asks for.
const CAUSE_ROWS: usize = 4;

/// Columns before every row of a stage but its first.
pub(crate) const INDENT: usize = 3;

/// What decides the words of the details.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DetailContext<'a> {
    pub(crate) observed: &'a Observed,
    /// The position of the picked stage.
    pub(crate) picked: usize,
    /// Whether the stages have the focus, so that their keys act.
    pub(crate) stages_have_focus: bool,
    pub(crate) now: SystemTime,
    pub(crate) keys: &'a KeyBindings,
    pub(crate) theme: &'a Theme,
}

/// The words about one stage.
#[derive(Clone, Debug)]
pub(crate) struct StageDetails {
    /// The position of the stage.
    pub(crate) position: usize,
    /// Its symbol, title and state.
    pub(crate) head: String,
    pub(crate) text: String,
    /// The next try, or the key that helps; empty if there is neither.
    pub(crate) hint: String,
    /// Nothing is wrong with the stage now: what is told takes one row, and an error of before is cut.
    pub(crate) is_calm: bool,
}

/// The stages in trouble, the most urgent first; the picked one if there are none.
pub(crate) fn stage_details(context: DetailContext<'_>) -> Vec<StageDetails> {
    let stages = &context.observed.snapshot.stages;
    let troubled = in_trouble(stages, context.picked);
    let positions = if troubled.is_empty() { vec![context.picked] } else { troubled };
    positions.into_iter().filter_map(|position| Some(details_of(position, stages.get(position)?, context))).collect()
}

/// How many rows `details` ask for on a terminal of `columns`.
pub(crate) fn wanted_rows(details: &[StageDetails], columns: u16) -> u16 {
    let first = details.first().map_or(1, |details| match details.is_calm {
        true => 1,
        false => details.lines(columns).len().clamp(1, CAUSE_ROWS),
    });
    u16::try_from(first + details.len().saturating_sub(1)).unwrap_or(1)
}

impl StageDetails {
    /// The text in at most `most` rows of a terminal of `columns`. The last row shows if there is more.
    pub(crate) fn rows(&self, columns: u16, most: usize) -> Vec<String> {
        let room = Self::room(columns);
        let last_room = if most <= 1 { room.saturating_sub(self.taken()) } else { room };
        let rows = first_lines(self.lines(columns), most.max(1), last_room);
        if rows.is_empty() { vec![String::new()] } else { rows }
    }

    /// Columns of every row but the first.
    fn room(columns: u16) -> usize {
        usize::from(columns).saturating_sub(INDENT + 1)
    }

    /// Of these columns, the ones that head and hint take in the first row.
    fn taken(&self) -> usize {
        let gap = if self.hint.is_empty() { 0 } else { INDENT };
        (width(&self.head) + 2 + gap + width(&self.hint)).saturating_sub(INDENT)
    }

    fn lines(&self, columns: u16) -> Vec<String> {
        wrap_after(&self.text, self.taken(), Self::room(columns))
    }
}

fn details_of(position: usize, status: &StageStatus, context: DetailContext<'_>) -> StageDetails {
    let DetailContext { observed, picked, stages_have_focus, now, keys, theme } = context;
    let stages = &observed.snapshot.stages;
    let mut facts = Vec::new();
    let mut hint = String::new();
    let mut is_calm = false;
    match &status.state {
        StageState::BackingOff { cause, .. } => {
            facts.push(cause.clone());
            hint = next_try(status.state.next_try(now).unwrap_or_default());
        }
        StageState::Failed { cause } => {
            facts.push(cause.clone());
            hint = if position == picked && stages_have_focus {
                format!("{} restarts it", keys.label_of(Action::RestartStage))
            } else {
                // There are keys for the first nine stages.
                let key = keys.label_at(Action::PickStage, position);
                if key.is_empty() { String::new() } else { format!("{key} picks it") }
            };
        }
        StageState::Starting { doing } => facts.push(doing.clone()),
        StageState::Draining { waiting_for } => facts.push(format!("waiting for {waiting_for}")),
        StageState::Running | StageState::Stopped => {
            is_calm = true;
            // An error takes the room of these words.
            let this_run = if status.last_error.is_some() { "" } else { " this run" };
            let (processed, unit) = (count(status.processed), printable(status.info.unit.of(status.processed)));
            facts.push(format!("{processed} {unit}{this_run}"));
        }
    }
    if let Some(by) = observed.history.flow(&observed.snapshot).held_up_by(position).and_then(|by| stages.get(by)) {
        is_calm = false;
        facts.insert(0, format!("held up by {} ({})", printable(&by.info.title), hold_word(&by.state)));
    }
    let is_told = facts.iter().any(|fact| status.last_error.as_deref() == Some(fact));
    if let Some(error) = status.last_error.as_deref().filter(|_| !is_told) {
        // In whole seconds; an error of a clock ahead of ours is of now.
        let age = status.last_error_at.map(|at| now.duration_since(at).unwrap_or_default().as_secs());
        let age = age.map_or_else(String::new, |age| format!(" {} ago", countdown(Duration::from_secs(age))));
        facts.push(format!("last error{age}: {error}"));
    }
    facts.retain(|fact| !fact.is_empty());
    let (symbol, _) = theme.stage(status, &observed.snapshot);
    StageDetails {
        position,
        head: format!(" {symbol} {} {}", printable(&status.info.title), observed.snapshot.state_name(status)),
        text: facts.join(theme.symbol("  ·  ", "  -  ")),
        hint: if hint.is_empty() { hint } else { format!("{hint} ") },
        is_calm,
    }
}
