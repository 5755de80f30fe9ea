//! The index on the whole screen: its figures, its work over time, and its newest errors.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::facts::{Fact, grid};
use super::work_chart::{BULK_TIMES, DOCUMENTS, pair};
use crate::console::format::{fit, time_of_day};
use crate::console::state::app::App;
use crate::console::state::details::content::newest_of;
use crate::console::view::rows::draw_lines;
use crate::protocol::snapshot::{LogLevel, LogLine};
use crate::text::printable;

/// The stage that writes to the index, and the name under which it logs.
const STAGE: &str = "index";

/// Columns of a fact with its value.
const FACT_COLUMNS: u16 = 36;

/// The most log lines.
const ERRORS: usize = 8;

/// Lower panels have no room for the errors.
const ERRORS_FROM: u16 = 16;

pub(super) fn render(frame: &mut Frame, area: Rect, facts: &[Fact], app: &App) {
    let columns = usize::from((area.width / FACT_COLUMNS).max(1));
    // On a low terminal, the chart is worth more than the last facts.
    let rows = u16::try_from(facts.len().div_ceil(columns)).unwrap_or(area.height).min(area.height / 3);
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let errors: Vec<&LogLine> =
        newest_of(STAGE, &snapshot.log).filter(|line| line.level <= LogLevel::Warn).take(ERRORS).collect();
    let below = if area.height < ERRORS_FROM { 0 } else { u16::try_from(errors.len().max(1) + 1).unwrap_or(0) };
    let [above, _, charts, below] = Layout::vertical([
        Constraint::Length(rows),
        Constraint::Length(u16::from(area.height >= ERRORS_FROM)),
        Constraint::Fill(1),
        Constraint::Length(below.min(area.height / 4)),
    ])
    .areas(area);
    let shown = facts.get(..usize::from(rows) * columns).unwrap_or(facts);
    grid(frame, above, shown, columns, app);
    pair(frame, charts, [&BULK_TIMES, &DOCUMENTS], app);
    let title = Line::styled("newest errors and warnings", app.theme.key());
    let none = errors.is_empty().then(|| Line::styled("none in the log", app.theme.dim()));
    let lines = errors.into_iter().map(|line| error(line, below.width, app));
    draw_lines(frame, below, [title].into_iter().chain(lines).chain(none));
}

/// `09:30:00  bulk request: 503 Service Unavailable`.
fn error(line: &LogLine, columns: u16, app: &App) -> Line<'static> {
    let time = format!("{}  ", time_of_day(line.at));
    let room = usize::from(columns).saturating_sub(time.len());
    let text = fit(&printable(&line.message), room);
    Line::from(vec![Span::styled(time, app.theme.dim()), Span::styled(text, app.theme.level(line.level).1)])
}
