//! The screen of the rejects: the newest messages and documents that could not be used, and the picked one in full.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph, Wrap};

use super::filter;
use crate::console::format::{bytes, count};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::tables::{TableContext, rejects};
use crate::console::view::placeholder::{no_answer, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::answer::{RejectRow, Rejects};
use crate::text::printable;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Rejects, area);
    let picked = list(frame, parts.list, app);
    payload(frame, parts.after, picked, app);
}

/// Draws the list, and returns the picked reject.
fn list<'a>(frame: &mut Frame, area: Rect, app: &'a App) -> Option<&'a RejectRow> {
    let theme = &app.theme;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let found = snapshot.answers.rejects.as_ref().map(|answer| &answer.found);
    let mut title = vec![Span::styled(" rejects ", theme.key()), Span::styled(extent(found, app), theme.dim())];
    let rejected = snapshot.totals.rejected;
    let note = Line::styled(format!(" {} by this run ", count(rejected)), theme.alarm(rejected));
    let taken = u16::try_from(note.width()).unwrap_or(area.width);
    filter::push(&mut title, area.width.saturating_sub(taken), app);
    let block = theme.frame(Line::from(title), true).title(note.alignment(Alignment::Right));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rows = match found {
        None => {
            let waiting = snapshot.answers.waiting.as_deref();
            let asks = if snapshot.remote.is_some() { "asking the cluster…" } else { "asking the store…" };
            let waiting = waiting.unwrap_or(asks);
            waiting_placeholder(frame, inner, waiting, app);
            return None;
        }
        Some(Err(problem)) => {
            no_answer(frame, inner, problem, app);
            return None;
        }
        Some(Ok(found)) => &found.rows,
    };
    let filtered = || app.screens.filtered_rejects(rows);
    if rows.is_empty() {
        placeholder(frame, inner, "nothing was rejected", app);
    } else if filtered().next().is_none() {
        placeholder(frame, inner, "no reject matches", app);
    } else {
        let table = Table::new(rejects::DRAWN, TableContext::new(theme), Cursor::of(app.screens.rejects));
        table.render(frame, inner, filtered());
    }
    filtered().nth(app.screens.rejects.at)
}

/// How many rejects there are and how many of them are shown.
fn extent(found: Option<&Result<Rejects, String>>, app: &App) -> String {
    let Some(Ok(found)) = found else { return String::new() };
    let shown = found.rows.len() as u64;
    if !app.screens.rejects_filter.is_empty() {
        let matching = app.screens.filtered_rejects(&found.rows).count() as u64;
        return format!("{} of the newest {} ", count(matching), count(shown));
    }
    let deleted = match found.deleted {
        0 => String::new(),
        deleted => format!("({} deleted) ", count(deleted)),
    };
    if found.total > shown {
        format!("newest {} of {} {deleted}", count(shown), count(found.total))
    } else {
        format!("{} {deleted}", count(found.total))
    }
}

fn payload(frame: &mut Frame, area: Rect, row: Option<&RejectRow>, app: &App) {
    let theme = &app.theme;
    let block = theme.frame(Line::styled(" payload ", theme.key()), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(row) = row else { return };
    let safe = |text: &str| printable(text).into_owned();
    let lines = vec![
        Line::from(vec![
            Span::styled(safe(&row.at.to_string()), theme.dim()),
            Span::raw(format!("  {}  {}  ", safe(&row.stage), safe(&rejects::origin(row)))),
            Span::styled(bytes(row.payload_bytes), theme.dim()),
        ]),
        Line::styled(safe(&row.reason), theme.warn()),
        Line::default(),
        Line::raw(safe(&row.payload)),
    ];
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
