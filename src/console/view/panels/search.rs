//! The screen of the search: the urls in the index that hold the typed text.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use crate::console::format::{counted, fit, fit_end};
use crate::console::state::app::App;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::screens::SEARCH_RESULTS;
use crate::console::tables::{TableContext, pages};
use crate::console::view::placeholder::{placeholder, prose, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::console::view::typed_text::typed_text;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Search, area);
    input(frame, parts.before, app);
    results(frame, parts.list, app);
}

/// The line with the text to look for.
fn input(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let index = &app.engine.frozen_or_live().snapshot.index;
    let target = fit(&index.target, usize::from(area.width / 2));
    let title = Line::from(vec![
        Span::styled(" search ", theme.key()),
        Span::styled(format!("urls in the index {target} "), theme.dim()),
    ]);
    let line = app.overlays.line_for(LinePurpose::Search);
    let block = theme.frame(title, line.is_some()).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width).saturating_sub(2);
    let mut spans = vec![Span::styled("/ ", theme.accent())];
    match line {
        Some(line) => spans.extend(typed_text(&line.input, room, Style::new())),
        None => spans.push(Span::raw(fit_end(&app.screens.search_text, room))),
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), inner);
}

fn results(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let results = app.screens.search_results(snapshot);
    let extent = match results {
        // There may be more than the console asked for.
        Some(Ok(rows)) if rows.len() >= SEARCH_RESULTS => {
            format!(" the first {} ", counted(rows.len() as u64, "result", "results"))
        }
        Some(Ok(rows)) => format!(" {} ", counted(rows.len() as u64, "result", "results")),
        _ => String::new(),
    };
    let has_focus = app.overlays.line_for(LinePurpose::Search).is_none();
    let mut block = theme.frame(Line::styled(extent, theme.dim()), has_focus);
    if let Some(pending) = snapshot.index.pending.filter(|rows| *rows > 0) {
        let pending = format!(" {} not in the index yet ", counted(pending, "row", "rows"));
        block = block.title_bottom(Line::styled(pending, theme.dim()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.screens.search_question().is_none() {
        return placeholder(frame, inner, "type a part of a url: /cart, product, ?ref=", app);
    }
    match results {
        None => waiting_placeholder(frame, inner, "searching…", app),
        Some(Err(problem)) => prose(frame, inner, problem, theme.bad()),
        Some(Ok(rows)) if rows.is_empty() => placeholder(frame, inner, "no url in the index matches", app),
        Some(Ok(rows)) => {
            let table = Table::new(pages::FOUND, TableContext::new(theme), Cursor::of(app.screens.search));
            table.render(frame, inner, rows.iter());
        }
    }
}
