//! The help: every key that acts on the open screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding, Paragraph};

use crate::console::format::{fit, left};
use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::help_lines::{HELP_COLUMNS, HelpLine, HelpShape, help_lines};
use crate::console::state::overlays::Help;
use crate::console::state::screen::offered;
use crate::console::view::rows::row;

/// Columns for the keys in words.
const LABEL: usize = 10;

pub(in crate::console::view) fn render(frame: &mut Frame, screen: Rect, help: Help, app: &App) {
    let theme = &app.theme;
    let lines = help_lines(&app.keys, app.screens.open, offered(app.engine.snapshot()), app.settings.attached);
    let shape = HelpShape::of(lines.len(), screen);
    let top = help.top.min(shape.hidden());
    let width = (HELP_COLUMNS * shape.columns + 4).min(usize::from(screen.width));
    let area = screen.centered(
        Constraint::Length(u16::try_from(width).unwrap_or(screen.width)),
        Constraint::Length(u16::try_from(shape.visible + 2).unwrap_or(screen.height)),
    );
    frame.render_widget(Clear, area);
    let mut block = theme.frame(Line::styled(" keys ", theme.key()), true).padding(Padding::horizontal(1));
    if shape.hidden() > 0 {
        let arrows = theme.symbol("↑ ↓", "Up Down");
        let more = format!(" {arrows} rows {}–{} of {} ", top + 1, top + shape.visible, shape.rows);
        block = block.title_bottom(Line::styled(more, theme.key()));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let each = inner.width / u16::try_from(shape.columns).unwrap_or(1);
    for (at, line) in lines.iter().enumerate() {
        let Some(row) = (at % shape.rows).checked_sub(top).and_then(|at| row(inner, at)) else { continue };
        let column = u16::try_from(at / shape.rows).unwrap_or(u16::MAX);
        let x = inner.x.saturating_add(column.saturating_mul(each));
        let area = Rect { x, width: each, ..row }.intersection(inner);
        frame.render_widget(Paragraph::new(drawn(line, usize::from(area.width), app)), area);
    }
}

/// A line of the help in `columns`.
fn drawn(line: &HelpLine<'_>, columns: usize, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let view;
    let (label, text, style) = match line {
        HelpLine::Heading(heading) => ("", *heading, theme.dim()),
        HelpLine::View { label, name } => {
            view = format!("the view {name}");
            (label.as_str(), view.as_str(), Style::new())
        }
        HelpLine::Keys { label, binding } => {
            let is_refused = app.settings.read_only && binding.action.controls_stages();
            let leaves = app.settings.attached && binding.action == Action::Quit;
            let does = if leaves { "leave; the pipeline goes on (or Ctrl-C)" } else { binding.description };
            (&**label, does, if is_refused { theme.dim() } else { Style::new() })
        }
    };
    Line::from(vec![
        Span::styled(left(label, LABEL), theme.accent().patch(theme.key())),
        Span::raw(" "),
        Span::styled(fit(text, columns.saturating_sub(LABEL + 2)), style),
    ])
}
