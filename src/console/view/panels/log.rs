//! The screen of the log: its lines down to a level, each in as many rows as it needs.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::filter;
use crate::console::format::{count, left, time_of_day};
use crate::console::state::app::App;
use crate::console::state::log_rows::{BEFORE_MESSAGE, message_rows};
use crate::console::view::placeholder::placeholder;
use crate::console::view::rows::draw_lines;
use crate::protocol::snapshot::{LogLevel, LogLine};

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let log = &app.engine.frozen_or_live().snapshot.log;
    let of = |level: LogLevel| log.iter().filter(|line| line.level == level).count() as u64;
    let level = match app.screens.log.level() {
        LogLevel::Debug => "every level",
        LogLevel::Info => "info and above",
        LogLevel::Warn => "warnings and errors",
        LogLevel::Error => "errors only",
    };
    let mut title = vec![Span::styled(" log ", theme.key()), Span::styled(format!("{level} "), theme.dim())];
    if app.screens.log.is_for_now() {
        title.push(Span::styled("until you leave ", theme.warn()));
    }
    let (errors, warnings) = (of(LogLevel::Error), of(LogLevel::Warn));
    let counts = Line::from(vec![
        Span::styled(format!(" errors {} ", count(errors)), if errors > 0 { theme.bad() } else { theme.dim() }),
        Span::styled(format!(" warnings {} ", count(warnings)), theme.alarm(warnings)),
    ]);
    let taken = u16::try_from(counts.width()).unwrap_or(area.width);
    filter::push(&mut title, area.width.saturating_sub(taken), app);
    let mut block =
        theme.frame(Line::from(title), true).title(counts.alignment(Alignment::Right)).padding(Padding::horizontal(1));
    let tail = app.screens.log.tail;
    if tail.at > 0 {
        let note = format!(" {} newer ", count(tail.at as u64));
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = usize::from(inner.width);
    let height = usize::from(inner.height);
    let mut rows: Vec<Line<'_>> = Vec::new();
    for (at, line) in app.screens.log.lines(log).rev().enumerate().skip(tail.back) {
        rows.splice(0..0, rows_of(line, at == tail.at, columns, height, app));
        if rows.len() >= height {
            break;
        }
    }
    if rows.is_empty() {
        let filtered = !app.screens.log.filter.is_empty();
        let text = if filtered { "no line matches" } else { "nothing logged at this level" };
        placeholder(frame, inner, text, app);
    }
    // There may be room for only the end of the topmost line.
    let above = rows.len().saturating_sub(height);
    // The mark of the cursor is in the padding of the frame.
    let marked = Rect { x: inner.x.saturating_sub(1), width: inner.width.saturating_add(1), ..inner };
    draw_lines(frame, marked, rows.into_iter().skip(above));
}

/// A line in at most `height` rows, each with a column for the mark of the cursor.
fn rows_of(line: &LogLine, is_picked: bool, columns: usize, height: usize, app: &App) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let (level, style) = theme.level(line.level);
    let head = vec![
        Span::raw(if is_picked { theme.symbol("▸", ">") } else { " " }),
        Span::styled(format!("{} ", time_of_day(line.at)), theme.dim()),
        Span::styled(format!("{level} "), style),
        Span::styled(left(&line.target, 10), theme.dim()),
        Span::raw(" "),
    ];
    let mut heads = Some(head).into_iter();
    let row = |text| {
        let mut spans = heads.next().unwrap_or_else(|| vec![Span::raw(" ".repeat(BEFORE_MESSAGE + 1))]);
        spans.push(Span::styled(text, style));
        let line = Line::from(spans);
        if is_picked { theme.under_cursor(line, true) } else { line }
    };
    message_rows(line, columns, height).into_iter().map(row).collect()
}
