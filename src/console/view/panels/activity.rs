//! What happens right now: the recent clicks, or the log.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use crate::console::format::{count, counted, fit, left, time_of_day};
use crate::console::keys::Action;
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
    let activity = &app.overview.activity;
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
    if let Some(note) = left_out(app).filter(|_| area.height > 2) {
        block = block.title_bottom(Line::styled(note, theme.dim()));
    }
    if let Some(note) = place_note(app) {
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    // The mark of the cursor is in the padding of the frame.
    let inner = Rect { x: inner.x.saturating_sub(1), width: inner.width.saturating_add(1), ..inner };
    match activity.tab {
        ActivityTab::RecentClicks => recent_clicks(frame, inner, app),
        ActivityTab::Log => log(frame, inner, app),
    }
}

/// What the panel says while its cursor is not at the newest row.
fn place_note(app: &App) -> Option<String> {
    let activity = &app.overview.activity;
    match activity.tab {
        ActivityTab::Log if activity.log.at > 0 => Some(format!(" {} newer ", count(activity.log.at as u64))),
        ActivityTab::RecentClicks if activity.held.is_some() => {
            let keys = app.keys.label_of(Action::First);
            let key = keys.split(' ').next().unwrap_or_default();
            Some(match has_cursor(app) {
                true => format!(" held at the cursor: {key} follows again "),
                false => " held: scroll up to follow again ".to_owned(),
            })
        }
        _ => None,
    }
}

/// What the panel says if the engine shows only some of the newest clicks.
fn left_out(app: &App) -> Option<String> {
    let activity = &app.overview.activity;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let many = snapshot.recent_left_out;
    let is_shown = activity.tab == ActivityTab::RecentClicks && activity.held.is_none() && many > 0;
    is_shown.then(|| {
        format!(
            " a sample: {} between these {} not shown ",
            counted(many, "click", "clicks"),
            if many == 1 { "is" } else { "are" }
        )
    })
}

fn recent_clicks(frame: &mut Frame, area: Rect, app: &App) {
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let activity = &app.overview.activity;
    let recent = activity.clicks(snapshot);
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
    let row = has_cursor(app).then_some(activity.clicks.at);
    let cursor = Cursor::Mark { row, top: activity.clicks.top, has_focus: true };
    let table = Table::new(columns, TableContext::new(&app.theme), cursor).without_titles();
    table.render(frame, area, recent.iter());
}

fn log(frame: &mut Frame, area: Rect, app: &App) {
    let log = &app.engine.frozen_or_live().snapshot.log;
    if log.is_empty() {
        return placeholder(frame, area, "nothing logged", app);
    }
    let tail = app.overview.activity.log;
    let end = log.len().saturating_sub(tail.back);
    let first = end.saturating_sub(usize::from(area.height));
    let picked = log.len().checked_sub(tail.at + 1).filter(|_| has_cursor(app));
    let lines = log.iter().enumerate().skip(first).take(end - first);
    draw_lines(frame, area, lines.map(|(at, line)| log_line(line, picked == Some(at), area, app)));
}

/// Whether the cursor is visible: only while its keys act.
fn has_cursor(app: &App) -> bool {
    app.overview.focus == Panel::Activity
}

fn log_line(line: &LogLine, is_picked: bool, area: Rect, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let (level, style) = theme.level(line.level);
    let mut spans = vec![
        Span::raw(if is_picked { theme.symbol("▸", ">") } else { " " }),
        Span::styled(format!("{} ", left(&time_of_day(line.at), 8)), theme.dim()),
        Span::styled(format!("{level} "), style),
        Span::styled(left(&line.target, 10), theme.dim()),
        Span::raw(" "),
    ];
    let message = fit(&line.message, room(area.width, &spans));
    spans.push(Span::styled(message, style));
    let line = Line::from(spans);
    if is_picked { theme.under_cursor(line, true) } else { line }
}
