//! What happens right now: the newest clicks, or the log.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{no_clicks, placeholder, room, row};
use crate::click::Timestamp;
use crate::console::format::{count, fit, left};
use crate::console::state::app::{App, Tab};
use crate::console::state::layout::Panel;
use crate::protocol::board::RecentClick;
use crate::protocol::snapshot::LogLine;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let snapshot = &app.shown().snapshot;
    let tab = app.activity.tab;
    let name = |text: &'static str, of: Tab| {
        let style = if of == tab { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.dim() };
        Span::styled(text, style)
    };
    let title = Line::from(vec![
        Span::raw(" "),
        name("recent clicks", Tab::Recent),
        Span::styled(theme.symbol(" │ ", " | "), theme.dim()),
        name("log", Tab::Log),
        Span::raw(" "),
    ]);
    let rejected = app.live().totals.rejected;
    let rejects = Line::styled(format!(" {} rejected ", count(rejected)), theme.alarm(rejected));
    let mut block = theme
        .frame(title, app.focus == Panel::Activity)
        .title(rejects.alignment(Alignment::Right))
        .padding(Padding::horizontal(1));
    let back = app.activity.back;
    if back > 0 {
        let note = format!(" {} newer ", count(back as u64));
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let rows = usize::from(inner.height);
    let lines: Vec<Line<'_>> = match tab {
        Tab::Recent => snapshot.recent.iter().skip(back).take(rows).map(|click| recent(click, inner, app)).collect(),
        Tab::Log => {
            let end = snapshot.log.len().saturating_sub(back);
            let first = end.saturating_sub(rows);
            snapshot.log.iter().skip(first).take(end - first).map(|line| logged(line, inner, app)).collect()
        }
    };
    if lines.is_empty() {
        match tab {
            // The urls say it in full.
            Tab::Recent
                if app.places.as_ref().is_some_and(|places| places.urls.is_some_and(|urls| !urls.is_empty())) =>
            {
                placeholder(frame, inner, &app.nothing().short(), app);
            }
            Tab::Recent => no_clicks(frame, inner, app),
            Tab::Log => placeholder(frame, inner, "nothing logged", app),
        }
    }
    for (at, line) in lines.into_iter().enumerate() {
        if let Some(row) = row(inner, at) {
            frame.render_widget(Paragraph::new(line), row);
        }
    }
}

fn recent(click: &RecentClick, area: Rect, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let wide = area.width >= 90;
    let mut spans = vec![
        Span::styled(format!("{} ", time(click.timestamp)), theme.dim()),
        Span::raw(left(&click.country, if wide { 12 } else { 7 })),
        Span::raw(" "),
    ];
    if wide {
        spans.push(Span::raw(left(&click.city, 16)));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(left(&click.user_id, if wide { 18 } else { 12 }), theme.dim()));
    spans.push(Span::raw(" "));
    let url = fit(&click.url, room(area.width, &spans));
    spans.push(Span::raw(url));
    Line::from(spans)
}

fn logged(line: &LogLine, area: Rect, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let (level, style) = theme.level(line.level);
    let mut spans = vec![
        Span::styled(format!("{} ", time(line.at)), theme.dim()),
        Span::styled(format!("{level} "), style),
        Span::styled(left(&line.target, 10), theme.dim()),
        Span::raw(" "),
    ];
    let message = fit(&line.message, room(area.width, &spans));
    spans.push(Span::styled(message, style));
    Line::from(spans)
}

/// `09:30:00`, UTC; the date of a click that far off matters less than its row.
pub(super) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((_, time)) => left(time.get(..8).unwrap_or(time), 8),
        None => left("", 8),
    }
}
