//! The list of pipelines: their sums, a line for each, and what the picked one says in full.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::console::format::{count, counted, duration, or_unknown, rate};
use crate::console::state::app::App;
use crate::console::state::fleet::{Condition, Fleet};
use crate::console::state::screen_parts::ScreenParts;
use crate::console::tables::{TableContext, pipelines};
use crate::console::view::rows::{both_ends, row};
use crate::console::view::table::{Cursor, Table};

/// The two rows above the list: how many pipelines run, and their sums.
pub(in crate::console::view) fn header(frame: &mut Frame, area: Rect, app: &App) {
    let (theme, Some(fleet)) = (&app.theme, &app.fleet) else { return };
    let mut right = vec![Span::styled(" ATTACHED ", theme.chip(theme.accent())), Span::raw(" ")];
    if app.settings.read_only {
        right.push(Span::styled(" READ-ONLY ", theme.chip(Style::new())));
        right.push(Span::raw(" "));
    }
    let right = Line::from(right);
    if let Some(row) = row(area, 0) {
        let fits = |left: &Line<'_>| left.width() + right.width() < usize::from(row.width);
        let with_names = conditions(fleet, true, app);
        let left = if fits(&with_names) { with_names } else { conditions(fleet, false, app) };
        both_ends(frame, row, left, right);
    }
    if let Some(row) = row(area, 1) {
        frame.render_widget(Paragraph::new(sums(fleet, app)), row);
    }
}

/// How many pipelines there are, and how many are how; `named` says it in words beside the symbols.
fn conditions(fleet: &Fleet, named: bool, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let mut spans = vec![
        Span::styled(" clicktop ", theme.chip(theme.accent())),
        Span::styled(format!("  {}", counted(fleet.lines.len() as u64, "pipeline", "pipelines")), theme.key()),
    ];
    for condition in Condition::ALL {
        let pipelines = fleet.lines.iter().filter(|line| line.condition == condition).count();
        if pipelines > 0 {
            let (symbol, style) = pipelines::mark(condition, &TableContext::new(theme));
            let name = if named { condition.name() } else { "" };
            spans.push(Span::styled(format!("  {symbol} {pipelines} {name}").trim_end().to_owned(), style));
        }
    }
    Line::from(spans)
}

/// What the pipelines with a connection add up to, and the longest delay.
fn sums(fleet: &Fleet, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let lines = || fleet.lines.iter();
    let sum = |values: Vec<u64>| if values.is_empty() { None } else { Some(values.into_iter().sum::<u64>()) };
    let rates: Vec<f64> = lines().filter_map(|line| line.rate).collect();
    let all_rates = if rates.is_empty() { None } else { Some(rates.iter().sum()) };
    let lag = sum(lines().filter_map(|line| line.lag).collect());
    let alarms: usize = lines().map(|line| line.alarms).sum();
    let longest = lines().filter_map(|line| line.delay).max();
    let mut spans = Vec::new();
    let mut figure = |label: &str, value: String, style: Style| {
        spans.push(Span::styled(format!(" {label} "), theme.dim()));
        spans.push(Span::styled(value, style));
        spans.push(Span::raw(" "));
    };
    figure("together", rate(all_rates), theme.key());
    figure("lag", or_unknown(lag, count), theme.key());
    figure("longest delay", or_unknown(longest, duration), theme.key());
    figure("alarms", alarms.to_string(), if alarms > 0 { theme.bad() } else { theme.dim() });
    Line::from(spans)
}

/// The list, and below it what the picked pipeline says.
pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let (theme, Some(fleet)) = (&app.theme, &app.fleet) else { return };
    let parts = ScreenParts::of(app.screens.open, area);
    let block = theme.frame(Line::styled(" fleet ", theme.key()), true);
    let inner = block.inner(parts.list);
    frame.render_widget(block, parts.list);
    let table = Table::new(pipelines::COLUMNS, TableContext::new(theme), Cursor::of(fleet.list));
    table.render(frame, inner, fleet.lines.iter());
    let Some(picked) = fleet.picked().filter(|_| !parts.after.is_empty()) else { return };
    let (symbol, style) = pipelines::mark(picked.condition, &TableContext::new(theme));
    let title = Line::from(vec![
        Span::styled(format!(" {} ", picked.name), theme.key()),
        Span::styled(format!("{symbol} {} ", picked.condition.name()), style),
    ]);
    let block = theme.frame(title, false);
    let inner = block.inner(parts.after);
    frame.render_widget(block, parts.after);
    let text = if picked.says.is_empty() { "nothing to report" } else { &picked.says };
    frame.render_widget(Paragraph::new(text.to_owned()).wrap(Wrap { trim: true }), inner);
}
