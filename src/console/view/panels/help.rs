//! Every key with what it does, from the table of keys.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding, Paragraph};

use super::row;
use crate::console::format::{fit, left};
use crate::console::state::app::App;
use crate::console::state::key_table::{Context, KeyBinding};
use crate::console::state::screens::Screen;

/// Columns of the keys in words.
const LABEL: usize = 10;

/// Columns of one column of the help.
const COLUMN: usize = 56;

pub(crate) fn render(frame: &mut Frame, screen: Rect, app: &App) {
    let theme = &app.theme;
    let lines = lines(app);
    let Shape { columns, rows, visible } = Shape::of(lines.len(), screen);
    let hidden = rows - visible;
    let top = app.help_top.min(hidden);
    let width = (COLUMN * columns + 4).min(usize::from(screen.width));
    let area = screen.centered(
        Constraint::Length(u16::try_from(width).unwrap_or(screen.width)),
        Constraint::Length(u16::try_from(visible + 2).unwrap_or(screen.height)),
    );
    frame.render_widget(Clear, area);
    let mut block = theme.frame(Line::styled(" keys ", theme.key()), true).padding(Padding::horizontal(1));
    if hidden > 0 {
        let arrows = theme.symbol("↑ ↓", "Up Down");
        let more = format!(" {arrows} rows {}–{} of {rows} ", top + 1, top + visible);
        block = block.title_bottom(Line::styled(more, theme.key()));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let each = inner.width / u16::try_from(columns).unwrap_or(1);
    for (at, (label, description, style)) in lines.into_iter().enumerate() {
        let Some(row) = (at % rows).checked_sub(top).and_then(|at| row(inner, at)) else { continue };
        let column = u16::try_from(at / rows).unwrap_or(u16::MAX);
        let area =
            Rect { x: inner.x.saturating_add(column.saturating_mul(each)), width: each, ..row }.intersection(inner);
        let text = fit(description, usize::from(area.width).saturating_sub(LABEL + 2));
        let line = Line::from(vec![
            Span::styled(left(&label, LABEL), theme.accent().patch(theme.key())),
            Span::raw(" "),
            Span::styled(text, style),
        ]);
        frame.render_widget(Paragraph::new(line), area);
    }
}

/// How the lines lie on the screen.
struct Shape {
    columns: usize,
    /// Rows of each column.
    rows: usize,
    /// Those of them that fit.
    visible: usize,
}

impl Shape {
    fn of(lines: usize, screen: Rect) -> Self {
        let fits = usize::from(screen.height.saturating_sub(2)).max(1);
        let wide = usize::from(screen.width) >= 2 * COLUMN + 6;
        let columns = if wide || lines > fits { 2 } else { 1 };
        let rows = lines.div_ceil(columns).max(1);
        Self { columns, rows, visible: rows.min(fits) }
    }
}

/// How many rows of the help `screen` has no room for.
pub(crate) fn hidden_rows(screen: Rect, app: &App) -> usize {
    let shape = Shape::of(lines(app).len(), screen);
    shape.rows - shape.visible
}

type HelpLine<'a> = (Cow<'a, str>, &'static str, ratatui::style::Style);

fn lines(app: &App) -> Vec<HelpLine<'_>> {
    let mut lines = Vec::new();
    let overview = [Context::Anywhere, Context::Stages, Context::Countries, Context::Urls, Context::Activity];
    let contexts = match app.sheet {
        Screen::Overview => overview.to_vec(),
        Screen::Search => vec![Context::Anywhere, Context::Views, Context::Search],
        Screen::Log => vec![Context::Anywhere, Context::Views, Context::Log],
        Screen::Map => vec![Context::Anywhere, Context::Views, Context::Map],
        Screen::Partitions | Screen::Store | Screen::Rejects | Screen::Url => vec![Context::Anywhere, Context::Views],
    };
    let holds = |binding: &&KeyBinding| app.sheet == Screen::Overview || app.place().lets_through(binding.action);
    for context in contexts {
        if context != Context::Anywhere {
            lines.push(("".into(), context.name(), app.theme.dim()));
        }
        let here = app.keys.table().iter().filter(|binding| binding.context == context).filter(holds);
        lines.extend(here.map(|binding| line(binding, app)));
    }
    lines
}

fn line<'a>(binding: &'a KeyBinding, app: &App) -> HelpLine<'a> {
    let label = app.keys.label(binding, app.newest().snapshot.stages.len());
    let forbidden = app.read_only && binding.action.steers();
    (label, binding.description, if forbidden { app.theme.dim() } else { ratatui::style::Style::new() })
}
