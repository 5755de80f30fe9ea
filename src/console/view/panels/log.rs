//! The log down to a level, each line in as many rows as it takes.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::activity::time;
use super::{filter, placeholder, row};
use crate::console::format::{count, first_lines, left, wrap};
use crate::console::state::app::App;
use crate::protocol::snapshot::{LogLevel, LogLine};

/// Columns before a message: its time, its level, whose it is.
const BEFORE: usize = 9 + 6 + 11;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let log = &app.engine.frozen_or_live().snapshot.log;
    let of = |level: LogLevel| log.iter().filter(|line| line.level == level).count() as u64;
    let level = match app.screens.opens.level {
        LogLevel::Debug => "every level",
        LogLevel::Info => "info and above",
        LogLevel::Warn => "warnings and errors",
        LogLevel::Error => "errors only",
    };
    let mut title = vec![Span::styled(" log ", theme.key()), Span::styled(format!("{level} "), theme.dim())];
    let (errors, warnings) = (of(LogLevel::Error), of(LogLevel::Warn));
    let counts = Line::from(vec![
        Span::styled(format!(" errors {} ", count(errors)), if errors > 0 { theme.bad() } else { theme.dim() }),
        Span::styled(format!(" warnings {} ", count(warnings)), theme.alarm(warnings)),
    ]);
    let taken = u16::try_from(counts.width()).unwrap_or(area.width);
    filter::push(&mut title, area.width.saturating_sub(taken), app);
    let mut block =
        theme.frame(Line::from(title), true).title(counts.alignment(Alignment::Right)).padding(Padding::horizontal(1));
    let back = app.screens.opens.log_back;
    if back > 0 {
        let note = format!(" {} newer ", count(back as u64));
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = usize::from(inner.width);
    let height = usize::from(inner.height);
    let mut rows: Vec<Line<'_>> = Vec::new();
    for line in app.screens.opens.lines(log).rev().skip(back) {
        let whole = in_full(line, columns, height, app);
        rows.splice(0..0, whole);
        if rows.len() >= height {
            break;
        }
    }
    if rows.is_empty() {
        let filtered = !app.screens.opens.log_filter.is_empty();
        let text = if filtered { "no line passes the filter" } else { "nothing logged at this level" };
        placeholder(frame, inner, text, app);
    }
    // Of the topmost line there may be room for its end only.
    let above = rows.len().saturating_sub(height);
    for (at, line) in rows.into_iter().skip(above).enumerate() {
        if let Some(row) = row(inner, at) {
            frame.render_widget(Paragraph::new(line), row);
        }
    }
}

/// A line in at most `height` rows.
fn in_full(line: &LogLine, columns: usize, height: usize, app: &App) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let (level, style) = theme.level(line.level);
    let room = columns.saturating_sub(BEFORE);
    let message = first_lines(wrap(&line.message, room), height, room);
    let head = vec![
        Span::styled(format!("{} ", time(line.at)), theme.dim()),
        Span::styled(format!("{level} "), style),
        Span::styled(left(&line.target, 10), theme.dim()),
        Span::raw(" "),
    ];
    let mut heads = Some(head).into_iter();
    let mut rows = Vec::with_capacity(message.len().max(1));
    for text in if message.is_empty() { vec![String::new()] } else { message } {
        let mut spans = heads.next().unwrap_or_else(|| vec![Span::raw(" ".repeat(BEFORE))]);
        spans.push(Span::styled(text, style));
        rows.push(Line::from(spans));
    }
    rows
}

/// How many of `lines`, in this order, are seen whole on a screen of `columns` and `height`; one at least.
pub(crate) fn fitting<'a>(lines: impl Iterator<Item = &'a LogLine>, columns: usize, height: usize) -> usize {
    let room = columns.saturating_sub(BEFORE);
    let mut used = 0_usize;
    let whole = lines.take_while(|line| {
        used += wrap(&line.message, room).len().max(1);
        used <= height
    });
    whole.count().max(1)
}
