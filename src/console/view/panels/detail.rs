//! The picked stage in one line; in its place whatever is in trouble, the most urgent first, in as many as it takes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{both_ends, row};
use crate::console::format::{count, countdown, first_lines, width, wrap_after};
use crate::console::state::app::App;
use crate::console::state::history::hold_word;
use crate::console::state::key_table::{Action, Context};
use crate::console::state::trouble::in_trouble;
use crate::protocol::{StageState, StageStatus};
use crate::text::printable;

/// Rows of the most urgent cause at most.
const LONGEST: usize = 4;

/// Columns before the second line and those after it.
const INDENT: usize = 3;

/// What is said of a stage.
struct Detail {
    head: String,
    style: Style,
    text: String,
    hint: String,
}

/// How many rows are wanted on a screen of `columns`.
pub(crate) fn rows(columns: u16, app: &App) -> u16 {
    let details = details(app);
    let first = details.first().map_or(1, |detail| detail.lines(columns).len().clamp(1, LONGEST));
    u16::try_from(first + details.len().saturating_sub(1)).unwrap_or(1)
}

pub(super) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let details = details(app);
    let others = details.len().saturating_sub(1);
    // Each of the others keeps a row as long as the first has one.
    let first = usize::from(area.height).saturating_sub(others).max(1);
    let mut top = 0;
    for (at, detail) in details.iter().enumerate() {
        let most = if at == 0 { first } else { 1 };
        let lines = detail.cut(area.width, most);
        for (line, text) in lines.iter().enumerate() {
            let Some(row) = row(area, top) else { return };
            top += 1;
            if line > 0 {
                let text = format!("{}{text}", " ".repeat(INDENT));
                frame.render_widget(Paragraph::new(text), row);
                continue;
            }
            let spans = vec![Span::styled(detail.head.clone(), detail.style), Span::raw("  "), Span::raw(text.clone())];
            both_ends(frame, row, Line::from(spans), Line::styled(detail.hint.clone(), app.theme.key()));
        }
    }
}

impl Detail {
    /// Columns of every line but the first.
    fn room(columns: u16) -> usize {
        usize::from(columns).saturating_sub(INDENT + 1)
    }

    /// Of these, what head and hint take of the first line.
    fn taken(&self) -> usize {
        let gap = if self.hint.is_empty() { 0 } else { INDENT };
        (width(&self.head) + 2 + gap + width(&self.hint)).saturating_sub(INDENT)
    }

    fn lines(&self, columns: u16) -> Vec<String> {
        wrap_after(&self.text, self.taken(), Self::room(columns))
    }

    /// At most `most` lines; the last says if there are more.
    fn cut(&self, columns: u16, most: usize) -> Vec<String> {
        let room = Self::room(columns);
        let of_last = if most <= 1 { room.saturating_sub(self.taken()) } else { room };
        let lines = first_lines(self.lines(columns), most.max(1), of_last);
        if lines.is_empty() { vec![String::new()] } else { lines }
    }
}

fn details(app: &App) -> Vec<Detail> {
    let ailing = in_trouble(&app.live().stages, app.stage);
    let stages = if ailing.is_empty() { vec![app.stage] } else { ailing };
    stages.into_iter().filter_map(|place| Some(detail(place, app.live().stages.get(place)?, app))).collect()
}

fn detail(place: usize, status: &StageStatus, app: &App) -> Detail {
    let theme = &app.theme;
    let shown = app.newest();
    let stages = &shown.snapshot.stages;
    let stage = printable(&status.info.title);
    let (symbol, style) = theme.state(&status.state);
    let mut facts = Vec::new();
    let mut hint = String::new();
    match &status.state {
        StageState::BackingOff { cause, .. } => {
            let left = status.state.next_try(app.now).unwrap_or_default();
            facts.push(cause.clone());
            hint = format!("next try in {}", countdown(left));
        }
        StageState::Failed { cause } => {
            facts.push(cause.clone());
            // The key holds where the stages have the focus, which a stage's own key gives them.
            let here = place == app.stage && app.place() == Context::Stages;
            hint = match here {
                true => format!("{} restarts it", app.keys.told(Action::RestartStage)),
                false => format!("{} picks it", app.keys.told_at(Action::PickStage, place)),
            };
        }
        StageState::Starting { doing } => facts.push(doing.clone()),
        StageState::Draining { waiting_for } => facts.push(format!("waiting for {waiting_for}")),
        StageState::Running | StageState::Stopped => {
            facts.push(format!("{} {} this run", count(status.processed), printable(&status.info.unit.many)))
        }
    }
    if let Some(by) = shown.history.flow(&shown.snapshot).held_up_by(place).and_then(|by| stages.get(by)) {
        facts.insert(0, format!("held up by {} ({})", printable(&by.info.title), hold_word(&by.state)));
    }
    let told = facts.iter().any(|fact| status.last_error.as_deref() == Some(fact));
    if let Some(error) = status.last_error.as_deref().filter(|_| !told) {
        facts.push(format!("last error: {error}"));
    }
    facts.retain(|fact| !fact.is_empty());
    Detail {
        head: format!(" {symbol} {stage} {}", status.state.name()),
        style,
        text: facts.join(theme.symbol("  ·  ", "  -  ")),
        hint: if hint.is_empty() { hint } else { format!("{hint} ") },
    }
}
