//! Facts in columns, and phases with bars: what the screens of a cluster are made of.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::format::{duration, fit, left, right, width};
use crate::console::state::app::App;
use crate::console::view::rows::row;
use crate::protocol::remote::Phase;
use crate::text::printable;

/// Columns between two facts.
const GAP: usize = 3;

/// The most columns of a bar.
const BAR: usize = 30;

/// A name, its value, and the style of the value.
pub(super) type Fact = (&'static str, String, Style);

/// Draws `facts` in as many columns as fit, from top to bottom and then to the right.
pub(super) fn grid(frame: &mut Frame, area: Rect, facts: &[Fact], columns: usize, app: &App) {
    let each = (usize::from(area.width) + GAP) / columns.max(1);
    let rows = facts.len().div_ceil(columns.max(1)).max(1);
    let mut x = area.x;
    let needed: Vec<usize> = facts.chunks(rows).map(needed_columns).collect();
    for (column, each) in facts.chunks(rows).zip(shares(each, &needed)) {
        let name = column.iter().map(|(name, ..)| width(name)).max().unwrap_or(0) + 2;
        for (down, (label, value, style)) in column.iter().enumerate() {
            let Some(row) = row(area, down) else { break };
            let room = each.saturating_sub(name + GAP);
            let line = Line::from(vec![
                Span::styled(left(label, name), app.theme.dim()),
                Span::styled(fit(value, room), *style),
            ]);
            let columns = u16::try_from(each.saturating_sub(GAP)).unwrap_or(row.width);
            let cell = Rect { x, width: columns, ..row }.intersection(area);
            frame.render_widget(Paragraph::new(line), cell);
        }
        x = x.saturating_add(u16::try_from(each).unwrap_or(u16::MAX));
    }
}

/// Columns of `facts` one below the other, with the gap behind them.
fn needed_columns(facts: &[Fact]) -> usize {
    let widest = |of: fn(&Fact) -> usize| facts.iter().map(of).max().unwrap_or(0);
    widest(|(name, ..)| width(name)) + 2 + widest(|(_, value, _)| width(value)) + GAP
}

/// The widths of columns that have `each` in the mean: one that needs more takes what others do not need.
fn shares(each: usize, needed: &[usize]) -> Vec<usize> {
    let mut spare: usize = needed.iter().map(|needed| each.saturating_sub(*needed)).sum();
    let mut wanted: usize = needed.iter().map(|needed| needed.saturating_sub(each)).sum::<usize>().min(spare);
    spare = wanted;
    let share = |needed: &usize| {
        if *needed > each {
            let more = (needed - each).min(wanted);
            wanted -= more;
            each + more
        } else {
            let less = (each - needed).min(spare);
            spare -= less;
            each - less
        }
    };
    needed.iter().map(share).collect()
}

/// Draws a row for each of `phases`: its name, its time, and a bar for its share of the longest one. If there is no room for all, the
/// longest ones are drawn.
pub(super) fn phases(frame: &mut Frame, area: Rect, phases: &[Phase], app: &App) {
    let theme = &app.theme;
    let mut times: Vec<_> = phases.iter().map(|phase| phase.took).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let least = times.get(usize::from(area.height).saturating_sub(1)).copied().unwrap_or_default();
    let drawn: Vec<&Phase> = phases.iter().filter(|phase| phase.took >= least).collect();
    let name_of = |phase: &Phase| printable(&phase.name).into_owned();
    let name = drawn.iter().map(|phase| width(&name_of(phase))).max().unwrap_or(0).clamp(8, 20) + 1;
    let longest = phases.iter().map(|phase| phase.took).max().unwrap_or_default();
    let bar = usize::from(area.width).saturating_sub(name + 10).min(BAR);
    for (at, phase) in drawn.into_iter().enumerate() {
        let Some(row) = row(area, at) else { break };
        let share = if longest.is_zero() { 0.0 } else { phase.took.as_secs_f64() / longest.as_secs_f64() };
        let line = Line::from(vec![
            Span::styled(left(&fit(&name_of(phase), name - 1), name), theme.dim()),
            Span::styled(right(&duration(phase.took), 8), theme.key()),
            Span::raw("  "),
            Span::styled(theme.bar(share, bar), theme.accent()),
        ]);
        frame.render_widget(Paragraph::new(line), row);
    }
}
