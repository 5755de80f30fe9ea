//! The filter of a list in its title: the one in force, or the one being typed with what is wrong about it.

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use super::room;
use crate::console::format::{fit, fit_end, width};
use crate::console::state::app::App;
use crate::console::state::line_input::{LineInput, LinePurpose};

/// Of what is typed at least this much stays visible beside what is wrong about it.
const TYPED_MIN: usize = 8;

/// So much of a filter tells what it is.
const READS: usize = 24;

/// Its mark, and after it the cursor, a blank and the frame's corners.
const AROUND: usize = 7;

/// What is being typed as a filter, if something is.
pub(super) fn typed(app: &App) -> Option<&LineInput> {
    app.typing.as_ref().filter(|typing| typing.line == LinePurpose::Filter)
}

/// Columns that the filter should have in a title: as much of its end as tells what it is, with the frame around it.
pub(super) fn least(app: &App) -> usize {
    let text = typed(app).map_or(app.filter_in_force(), |typing| &typing.text);
    match typed(app).is_none() && text.is_empty() {
        true => 0,
        false => AROUND + width(text).clamp(TYPED_MIN, READS),
    }
}

/// Adds the filter to the `spans` of a title that has `columns`, frame included.
pub(super) fn push(spans: &mut Vec<Span<'static>>, columns: u16, app: &App) {
    let theme = &app.theme;
    let typed = typed(app);
    let text = typed.map_or(app.filter_in_force(), |typing| &typing.text);
    if typed.is_none() && text.is_empty() {
        return;
    }
    spans.push(Span::styled(" / ", theme.accent()));
    // The frame's corners, the cursor and a blank.
    let room = room(columns, spans).saturating_sub(4);
    let (note, style) = match typed.map(|typing| typing.problem.as_deref()) {
        Some(Some(problem)) => (format!(" {problem}"), theme.bad()),
        Some(None) if text.is_empty() => (" text, ~regex, !not".to_owned(), theme.dim()),
        _ => (String::new(), Style::new()),
    };
    let kept = width(text).min(TYPED_MIN).max(room.saturating_sub(width(&note)));
    let text = fit_end(text, kept.min(room));
    let note = fit(&note, room.saturating_sub(width(&text)));
    spans.push(Span::styled(text, theme.accent().patch(theme.key())));
    if typed.is_some() {
        spans.push(Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)));
    }
    if !note.is_empty() {
        spans.push(Span::styled(note, style));
    }
    spans.push(Span::raw(" "));
}
