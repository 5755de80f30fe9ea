//! What could not be used: the newest messages and documents, and one of them in full.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph, Wrap};

use super::activity::time;
use super::table::{self, Cell, Column, words};
use super::{filter, held, placeholder, prose};
use crate::console::format::{bytes, count};
use crate::console::state::app::App;
use crate::console::state::layout::parts;
use crate::console::state::screens::Screen;
use crate::protocol::answer::{RejectRow, Rejects};
use crate::protocol::snapshot::Snapshot;

const COLUMNS: [Column; 4] = [words("time", 9, 0), words("stage", 10, 1), words("from", 24, 2), words("reason", 0, 0)];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let snapshot: &Snapshot = &app.shown().snapshot;
    let [_, list, picked] = parts(Screen::Rejects, area);
    let found = snapshot.answers.rejects.as_ref().map(|answer| &answer.found);
    let mut title = vec![Span::styled(" rejects ", theme.key()), Span::styled(extent(found, app), theme.dim())];
    let of_run = format!(" {} by this run ", count(snapshot.totals.rejected));
    let note = Line::styled(of_run, theme.alarm(snapshot.totals.rejected));
    let taken = u16::try_from(note.width()).unwrap_or(list.width);
    filter::push(&mut title, list.width.saturating_sub(taken), app);
    let block = theme.frame(Line::from(title), true).title(note.alignment(Alignment::Right));
    let inner = block.inner(list);
    frame.render_widget(block, list);
    let row = match found {
        None => {
            let text = if app.is_frozen() { held(app) } else { "asking the store…".to_owned() };
            placeholder(frame, inner, &text, app);
            None
        }
        Some(Err(problem)) => {
            prose(frame, inner, problem, theme.bad());
            None
        }
        Some(Ok(found)) if found.rows.is_empty() => {
            placeholder(frame, inner, "nothing was rejected", app);
            None
        }
        Some(Ok(found)) => {
            let kept = || app.sheets.rejects_of(&found.rows);
            if kept().next().is_none() {
                placeholder(frame, inner, "none of these passes the filter", app);
            } else {
                table::render(frame, inner, &COLUMNS, kept().map(|row| cells(row, app)), Some(app.sheets.rejects), app);
            }
            kept().nth(app.sheets.rejects.at)
        }
    };
    details(frame, picked, row, app);
}

fn extent(found: Option<&Result<Rejects, String>>, app: &App) -> String {
    match found {
        Some(Ok(found)) if !app.sheets.rejects_filter.is_empty() => {
            let kept = app.sheets.rejects_of(&found.rows).count() as u64;
            format!("{} of the newest {} ", count(kept), count(found.rows.len() as u64))
        }
        Some(Ok(found)) => {
            let gone = match found.deleted {
                0 => String::new(),
                deleted => format!("({} deleted) ", count(deleted)),
            };
            let shown = found.rows.len() as u64;
            if found.total > shown {
                format!("newest {} of {} {gone}", count(shown), count(found.total))
            } else {
                format!("{} {gone}", count(found.total))
            }
        }
        _ => String::new(),
    }
}

/// `clicks [3] @ 1,234`.
fn origin(row: &RejectRow) -> String {
    let mut origin = row.topic.clone();
    if let Some(partition) = row.partition {
        origin.push_str(&format!(" [{partition}]"));
    }
    if let Some(offset) = row.offset {
        origin.push_str(&format!(" @ {offset}"));
    }
    origin
}

fn cells(row: &RejectRow, app: &App) -> Vec<Cell> {
    vec![
        (time(row.at), app.theme.dim()),
        (row.stage.clone(), Style::new()),
        (origin(row), app.theme.dim()),
        (row.reason.clone(), app.theme.warn()),
    ]
}

fn details(frame: &mut Frame, area: Rect, row: Option<&RejectRow>, app: &App) {
    let theme = &app.theme;
    let block = theme.frame(Line::styled(" payload ", theme.key()), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(row) = row else { return };
    let safe = |text: &str| crate::text::printable(text).into_owned();
    let lines = vec![
        Line::from(vec![
            Span::styled(safe(&row.at.to_string()), theme.dim()),
            Span::raw(format!("  {}  {}  ", safe(&row.stage), safe(&origin(row)))),
            Span::styled(bytes(row.payload_bytes), theme.dim()),
        ]),
        Line::styled(safe(&row.reason), theme.warn()),
        Line::default(),
        Line::raw(safe(&row.payload)),
    ];
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
