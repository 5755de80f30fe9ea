//! The log in full, down to a level.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::activity::logged;
use super::{filter, placeholder, row};
use crate::console::app::App;
use crate::console::format::count;
use crate::pipeline::snapshot::LogLevel;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let log = &app.shown().snapshot.log;
    let of = |level: LogLevel| log.iter().filter(|line| line.level == level).count() as u64;
    let level = match app.sheets.level {
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
    let back = app.sheets.log_back;
    if back > 0 {
        let note = format!(" {} newer ", count(back as u64));
        block = block.title_bottom(Line::styled(note, theme.warn()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines: Vec<_> = app.sheets.lines(log).rev().skip(back).take(usize::from(inner.height)).collect();
    lines.reverse();
    if lines.is_empty() {
        let filtered = !app.sheets.log_filter.is_empty();
        let text = if filtered { "no line passes the filter" } else { "nothing logged at this level" };
        placeholder(frame, inner, text, app);
    }
    for (at, line) in lines.into_iter().enumerate() {
        if let Some(row) = row(inner, at) {
            frame.render_widget(Paragraph::new(logged(line, inner, app)), row);
        }
    }
}
