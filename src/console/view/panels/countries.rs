//! The countries with their clicks and shares. The sum of all countries comes first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use crate::console::format::count;
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::tables::{TableContext, countries};
use crate::console::view::placeholder::{no_clicks, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::view::Window;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let has_focus = app.overview.focus == Panel::Countries;
    let mut title = vec![Span::styled(" countries ", theme.key())];
    if !board.countries.is_empty() {
        title.push(Span::styled(format!("{} ", count(board.countries.len() as u64)), theme.dim()));
    }
    let block = theme.frame(Line::from(title), has_focus).padding(Padding::right(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(first) = board.countries.first() else {
        return match (app.selection.is_about(board), &board.problem, app.selection.window) {
            (false, ..) => waiting_placeholder(frame, inner, "loading…", app),
            // The panel of the urls tells the problem.
            (true, Some(problem), _) => placeholder(frame, inner, &in_short(problem), app),
            (true, None, Window::AllTime) => placeholder(frame, inner, &no_clicks(app).short(), app),
            (true, None, _) => placeholder(frame, inner, "no clicks in this time", app),
        };
    };
    let context = TableContext {
        largest: first.clicks as f64,
        all_clicks: countries::all_clicks(board),
        trends: app.engine.frozen_or_live().snapshot.answers.trends.as_deref(),
        ..TableContext::new(theme)
    };
    let cursor = Cursor::Mark { row: app.selection.country_row(board), top: app.selection.country_top, has_focus };
    let columns = match (board.view.compare, app.engine.counts_trends()) {
        (Some(_), _) => countries::COMPARED,
        (None, true) => countries::IN_PANEL,
        (None, false) => countries::WITHOUT_TRENDS,
    };
    Table::new(columns, context, cursor).without_titles().render(frame, inner, countries::lines(board));
}

/// `counting… 40%` of `counting the last hour … 40%`; of a problem, only that there is one.
fn in_short(problem: &str) -> String {
    let percent = problem.rsplit(' ').next().filter(|word| word.ends_with('%') && problem.starts_with("counting "));
    percent.map_or_else(|| "no answer".to_owned(), |percent| format!("counting… {percent}"))
}
