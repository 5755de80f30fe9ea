//! The filter in the title of a list: the one in force, or the one that the user types.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::console::format::{fit, fit_end, width};
use crate::console::state::app::App;
use crate::console::state::line_input::{LineInput, LinePurpose};
use crate::console::view::rows::room;
use crate::console::view::typed_text::typed_text;

/// Columns of the typed filter that stay visible beside an error.
const TYPED_MINIMUM: usize = 8;

/// Columns of a filter that are enough to recognize it.
const READABLE: usize = 24;

/// Columns around the filter: its mark, the cursor, a blank and the corners of the frame.
const AROUND: usize = 7;

/// The filter that the user types.
pub(super) fn typed(app: &App) -> Option<&LineInput> {
    app.overlays.line_for(LinePurpose::Filter)
}

fn text(app: &App) -> &str {
    typed(app).map_or(app.screens.filter_text(&app.selection), LineInput::text)
}

/// Columns of a title, with the frame, that are enough to recognize the filter; 0 if there is no filter.
pub(super) fn least_columns(app: &App) -> usize {
    if typed(app).is_none() && text(app).is_empty() {
        return 0;
    }
    AROUND + width(text(app)).clamp(TYPED_MINIMUM, READABLE)
}

/// Adds the filter to the `spans` of a title that has `columns`, with the frame.
pub(super) fn push(spans: &mut Vec<Span<'static>>, columns: u16, app: &App) {
    let theme = &app.theme;
    let text = text(app);
    if typed(app).is_none() && text.is_empty() {
        return;
    }
    spans.push(Span::styled(" / ", theme.accent()));
    // The corners of the frame, the cursor and a blank take four columns.
    let room = room(columns, spans).saturating_sub(4);
    let (note, style) = match typed(app).map(|line| line.problem.as_deref()) {
        Some(Some(problem)) => (format!(" {problem}"), theme.bad()),
        Some(None) if text.is_empty() => (" text, ~regex, !not".to_owned(), theme.dim()),
        _ => (String::new(), Style::new()),
    };
    let text_room = width(text).min(TYPED_MINIMUM).max(room.saturating_sub(width(&note))).min(room);
    let text_style = theme.accent().patch(theme.key());
    let shown = match typed(app) {
        Some(line) => typed_text(&line.input, text_room + 1, text_style),
        None => vec![Span::styled(fit_end(text, text_room), text_style)],
    };
    let taken: usize = shown.iter().map(|span| width(&span.content)).sum();
    spans.extend(shown);
    let note = fit(&note, (room + 1).saturating_sub(taken));
    if !note.is_empty() {
        spans.push(Span::styled(note, style));
    }
    spans.push(Span::raw(" "));
}
