//! What happens right now: the recent clicks, or the log.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use crate::console::format::{count, fit, left, time_of_day};
use crate::console::state::activity::ActivityTab;
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::tables::{TableContext, clicks};
use crate::console::view::placeholder::{no_clicks, no_clicks_placeholder, placeholder};
use crate::console::view::rows::{draw_lines, room};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::snapshot::LogLine;

/// From this width on, the recent clicks have more columns.
const WIDE: u16 = 90;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let activity = app.overview.activity;
    let tab = |text: &'static str, tab: ActivityTab| {
        let style = if tab == activity.tab { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
        Span::styled(text, style)
    };
    let title = Line::from(vec![
        Span::raw(" "),
        tab("recent clicks", ActivityTab::RecentClicks),
        Span::styled(theme.symbol(" │ ", " | "), theme.dim()),
        tab("log", ActivityTab::Log),
        Span::raw(" "),
    ]);
    let rejected = app.engine.snapshot().totals.rejected;
    let rejects = Line::styled(format!(" {} rejected ", count(rejected)), theme.alarm(rejected));
    let mut block = theme
        .frame(title, app.overview.focus == Panel::Activity)
        .title(rejects.alignment(Alignment::Right))
        .padding(Padding::horizontal(1));
    if activity.back > 0 {
        let note = format!(" {} newer ", count(activity.back as u64));
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    match activity.tab {
        ActivityTab::RecentClicks => recent_clicks(frame, inner, app),
        ActivityTab::Log => log(frame, inner, app),
    }
}

fn recent_clicks(frame: &mut Frame, area: Rect, app: &App) {
    let recent = &app.engine.frozen_or_live().snapshot.recent;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    if recent.is_empty() && snapshot.remote.is_some() && snapshot.totals.clicks > 0 {
        return placeholder(frame, area, "the newest clicks stay on the cluster: Enter on a url shows its own", app);
    }
    if recent.is_empty() {
        // The panel of the urls gives the reason in full, if it is visible.
        return match app.display.layout.as_ref().and_then(|layout| layout.urls) {
            Some(urls) if !urls.is_empty() => placeholder(frame, area, &no_clicks(app).short(), app),
            _ => no_clicks_placeholder(frame, area, app),
        };
    }
    let columns = if area.width >= WIDE { clicks::RECENT_WIDE } else { clicks::RECENT };
    let table = Table::new(columns, TableContext::new(&app.theme), Cursor::None).without_titles();
    table.render(frame, area, recent.iter().skip(app.overview.activity.back));
}

fn log(frame: &mut Frame, area: Rect, app: &App) {
    let log = &app.engine.frozen_or_live().snapshot.log;
    if log.is_empty() {
        return placeholder(frame, area, "nothing logged", app);
    }
    let end = log.len().saturating_sub(app.overview.activity.back);
    let first = end.saturating_sub(usize::from(area.height));
    draw_lines(frame, area, log.iter().skip(first).take(end - first).map(|line| log_line(line, area, app)));
}

fn log_line(line: &LogLine, area: Rect, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let (level, style) = theme.level(line.level);
    let mut spans = vec![
        Span::styled(format!("{} ", left(&time_of_day(line.at), 8)), theme.dim()),
        Span::styled(format!("{level} "), style),
        Span::styled(left(&line.target, 10), theme.dim()),
        Span::raw(" "),
    ];
    let message = fit(&line.message, room(area.width, &spans));
    spans.push(Span::styled(message, style));
    Line::from(spans)
}
