//! The screen of the streaming query: what it does, its newest batches, and the phases of the picked one.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Sparkline};

use super::facts::{Fact, grid, phases};
use crate::console::format::{UNKNOWN, count, day_and_time, duration, fit, or_unknown, rate};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::screens::query;
use crate::console::tables::{TableContext, batches};
use crate::console::view::placeholder::placeholder;
use crate::console::view::rows::row;
use crate::console::view::table::{Cursor, Table};
use crate::protocol::remote::{QueryBatch, QueryState, QueryStatus};

/// The most columns of the phases: the chart has the rest.
const PHASES: u16 = 62;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Query, area);
    let nothing = QueryStatus::default();
    let status = query(&app.engine.frozen_or_live().snapshot).unwrap_or(&nothing);
    summary(frame, parts.before, status, app);
    list(frame, parts.list, status, app);
    let columns = (parts.after.width / 2).min(PHASES);
    let [left, right] = Layout::horizontal([Constraint::Length(columns), Constraint::Fill(1)]).areas(parts.after);
    let picked = status.batches.iter().rev().nth(app.screens.batches.at);
    of_batch(frame, left, picked, app);
    chart(frame, right, &status.batches, app);
}

fn summary(frame: &mut Frame, area: Rect, status: &QueryStatus, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let room = usize::from(area.width).saturating_sub(22);
    let name = status.name.as_deref().map_or_else(String::new, |name| format!("{} ", fit(name, room)));
    let title = vec![Span::styled(" streaming query ", theme.key()), Span::styled(name, theme.dim())];
    let block = theme.frame(Line::from(title), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let known = |text: &Option<String>| or_unknown(text.clone(), |text| text);
    let (state, style) = state(status.state, app);
    let state = match &status.message {
        Some(message) => format!("{state}: {message}"),
        None => state.to_owned(),
    };
    let whole: [Fact; 3] =
        [("state", state, style), ("id", known(&status.id), theme.dim()), ("run", known(&status.run_id), theme.dim())];
    grid(frame, Rect { height: inner.height.min(3), ..inner }, &whole, 1, app);
    let triggered = or_unknown(status.triggered, |at| {
        let ago = app.now.duration_since(at).map_or_else(|_| String::new(), |age| format!(", {} ago", duration(age)));
        format!("{}{ago}", day_and_time(at))
    });
    let every = or_unknown(status.trigger, |trigger| format!("every {}", duration(trigger)));
    let batch = or_unknown(status.batch, |batch| u64::try_from(batch).map_or_else(|_| batch.to_string(), count));
    let facts: [Fact; 4] = [
        ("batch", format!("{batch}, {every}"), theme.key()),
        ("triggered", triggered, Style::new()),
        ("rows in", rate(status.rows_in), theme.key()),
        ("rows out", rate(status.rows_out), theme.key()),
    ];
    if let Some(first) = row(inner, 3) {
        let rest = Rect { height: inner.bottom().saturating_sub(first.y), ..first };
        grid(frame, rest, &facts, 2, app);
    }
}

fn state(state: Option<QueryState>, app: &App) -> (&'static str, Style) {
    let theme = &app.theme;
    match state {
        None => (UNKNOWN, theme.dim()),
        Some(QueryState::Working) => ("working", theme.good()),
        Some(QueryState::Waiting) => ("waiting", theme.good()),
        Some(QueryState::Ended) => ("not running", theme.warn()),
    }
}

fn list(frame: &mut Frame, area: Rect, status: &QueryStatus, app: &App) {
    let theme = &app.theme;
    let title = match status.batches.len() {
        0 => " batches with rows ".to_owned(),
        1 => " newest batch with rows ".to_owned(),
        n => format!(" newest {} batches with rows ", count(n as u64)),
    };
    let block = theme.frame(Line::styled(title, theme.key()), true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if status.batches.is_empty() {
        let none = if status.batch.is_some() { "Spark remembers no batch with rows" } else { "no batch yet" };
        return placeholder(frame, inner, none, app);
    }
    let table = Table::new(batches::DRAWN, TableContext::new(theme), Cursor::of(app.screens.batches));
    table.render(frame, inner, status.batches.iter().rev());
}

fn of_batch(frame: &mut Frame, area: Rect, batch: Option<&QueryBatch>, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let title = batch.map_or_else(|| " phases ".to_owned(), |batch| format!(" phases of batch {} ", batch.number));
    let block = theme.frame(Line::styled(title, theme.key()), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    match batch {
        Some(batch) if !batch.phases.is_empty() => phases(frame, inner, &batch.phases, app),
        _ => placeholder(frame, inner, UNKNOWN, app),
    }
}

/// How long each batch took, the newest on the right.
fn chart(frame: &mut Frame, area: Rect, batches: &[QueryBatch], app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let took: Vec<u64> =
        batches.iter().map(|batch| u64::try_from(batch.took.unwrap_or_default().as_micros()).unwrap_or(0)).collect();
    let longest = batches.iter().filter_map(|batch| batch.took).max();
    let title = Line::from(vec![
        Span::styled(" time of each ", theme.key()),
        Span::styled(format!("at most {} ", or_unknown(longest, duration)), theme.dim()),
    ]);
    let block = theme.frame(title, false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if took.is_empty() {
        return placeholder(frame, inner, UNKNOWN, app);
    }
    let bars = bars(&took, usize::from(inner.width));
    frame.render_widget(Sparkline::default().data(bars).bar_set(theme.bars()).style(theme.accent()), inner);
}

/// A bar for each of `values`, the last one at the right end of `columns`. There is room for as many as a query keeps.
fn bars(values: &[u64], columns: usize) -> Vec<u64> {
    let each = (columns / QueryStatus::BATCHES).max(1);
    // A blank between two bars, if a bar has more than one column.
    let wide = each.saturating_sub(1).max(1);
    let newest = values.iter().rev().flat_map(|value| {
        let blanks = std::iter::repeat_n(0, each - wide);
        std::iter::repeat_n(*value, wide).chain(blanks)
    });
    let mut bars: Vec<u64> = newest.chain(std::iter::repeat(0)).take(columns).collect();
    bars.reverse();
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_bar_is_at_the_right_end_and_bars_have_a_blank_between_them_if_there_is_room() {
        assert_eq!(bars(&[1, 2], 5), [0, 0, 0, 1, 2]);
        assert_eq!(bars(&[1, 2, 3], 2), [2, 3]);
        assert_eq!(bars(&[1, 2], 90).split_off(84), [0, 1, 1, 0, 2, 2]);
        assert_eq!(bars(&[], 3), [0, 0, 0]);
        assert!(bars(&[1], 0).is_empty());
    }
}
