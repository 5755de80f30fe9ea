//! What a panel shows if it has no rows.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use crate::console::format::{first_lines, fit, wrap};
use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::no_clicks::NoClicks;
use crate::text::printable;

/// A faint sentence in the middle of `area`.
pub(super) fn placeholder(frame: &mut Frame, area: Rect, text: &str, app: &App) {
    if area.is_empty() {
        return;
    }
    let text = fit(text, usize::from(area.width));
    let middle = Rect { y: area.y + (area.height - 1) / 2, height: 1, ..area };
    frame.render_widget(Paragraph::new(Line::styled(text, app.theme.dim()).centered()), middle);
}

/// `waiting`, or while tables are frozen, that no rows come.
pub(super) fn waiting_placeholder(frame: &mut Frame, area: Rect, waiting: &str, app: &App) {
    if app.engine.is_frozen() {
        let frozen = format!("tables are frozen: {} unfreezes them", app.keys.label_of(Action::Freeze));
        placeholder(frame, area, &frozen, app);
    } else {
        placeholder(frame, area, waiting, app);
    }
}

/// Why there are no clicks.
pub(super) fn no_clicks(app: &App) -> NoClicks {
    NoClicks::of(&app.engine.frozen_or_live().snapshot, app.picked_stage, app.now)
}

/// Says why there are no clicks. A stage in trouble is described in full.
pub(super) fn no_clicks_placeholder(frame: &mut Frame, area: Rect, app: &App) {
    let reason = no_clicks(app);
    if !matches!(reason, NoClicks::Trouble { .. }) {
        return placeholder(frame, area, &reason.words(), app);
    }
    in_the_middle(frame, area, &reason.words(), app);
}

/// A sentence in the middle of `area` that may take several lines: why there is nothing else.
pub(super) fn in_the_middle(frame: &mut Frame, area: Rect, text: &str, app: &App) {
    let columns = usize::from(area.width).saturating_sub(2);
    let lines = first_lines(wrap(text, columns), usize::from(area.height), columns);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let middle = Rect { y: area.y + (area.height - rows) / 2, height: rows, ..area };
    let lines: Vec<Line<'_>> = lines.into_iter().map(|line| Line::styled(line, app.theme.warn()).centered()).collect();
    frame.render_widget(Paragraph::new(lines), middle);
}

/// A text that may take several lines, such as an error.
pub(super) fn prose(frame: &mut Frame, area: Rect, text: &str, style: Style) {
    let text = printable(text).into_owned();
    frame.render_widget(Paragraph::new(Line::styled(text, style)).wrap(Wrap { trim: false }), area);
}

/// Why a question has no answer, and how far the engine is with the next try.
pub(super) fn no_answer(frame: &mut Frame, area: Rect, problem: &str, app: &App) {
    let text = match &app.engine.frozen_or_live().snapshot.answers.waiting {
        Some(waiting) => format!("{problem}  ·  {waiting}"),
        None => problem.to_owned(),
    };
    prose(frame, area, &text, app.theme.bad());
}
