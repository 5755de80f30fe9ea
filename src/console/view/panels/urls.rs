//! The top urls of the selected country.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::filter;
use crate::console::format::{count, counted, fit, width};
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::tables::{TableContext, pages};
use crate::console::view::placeholder::{in_the_middle, no_clicks_placeholder, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::View;
use crate::protocol::board::Board;
use crate::protocol::view::Window;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let has_focus = app.overview.focus == Panel::Urls;
    let is_current = app.selection.is_about(board);
    let is_sorting = is_current && board.view.order() != app.selection.view().order();
    let note = match (is_sorting, is_current) {
        (true, _) => " loading… ".to_owned(),
        (false, true) => extent(board),
        (false, false) => String::new(),
    };
    let mut block = theme
        .frame(title(area.width, app), has_focus)
        .padding(Padding::right(1))
        .title_bottom(Line::styled(note, theme.dim()).alignment(Alignment::Right));
    let problem = board.problem.as_deref().filter(|_| is_current);
    if let Some(problem) = problem.filter(|_| !board.pages.is_empty()) {
        let text = fit(problem, usize::from(area.width / 2));
        block = block.title_bottom(Line::styled(format!(" {text} "), theme.warn()));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if !is_current {
        waiting_placeholder(frame, inner, "loading…", app);
    } else if board.pages.is_empty() {
        no_rows(frame, inner, problem, app);
    } else {
        rows(frame, inner, board, app);
    }
}

/// Why there are no rows.
fn no_rows(frame: &mut Frame, area: Rect, problem: Option<&str>, app: &App) {
    if let Some(problem) = problem {
        in_the_middle(frame, area, problem, app);
    } else if !app.selection.filter.is_empty() {
        placeholder(frame, area, "no url matches", app);
    } else if app.selection.window != Window::AllTime {
        placeholder(frame, area, "no clicks in this time", app);
    } else {
        no_clicks_placeholder(frame, area, app);
    }
}

fn rows(frame: &mut Frame, area: Rect, board: &Board, app: &App) {
    let View { sort, min_timed, .. } = board.view;
    let answers = &app.engine.frozen_or_live().snapshot.answers;
    let context = TableContext {
        sort: Some(sort),
        largest: board
            .pages
            .iter()
            .filter(|page| !pages::has_few(page, min_timed))
            .map(|page| pages::figure(page, sort))
            .fold(0.0, f64::max),
        min_timed,
        last_minute: answers.last_minute.as_deref(),
        trends: answers.trends.as_deref(),
        ..TableContext::new(&app.theme)
    };
    let cursor = Cursor::Mark {
        row: app.selection.page_row(),
        top: app.selection.page_top,
        has_focus: app.overview.focus == Panel::Urls,
    };
    Table::new(&pages::of_view(&board.view, app.engine.counts_trends()), context, cursor).render(
        frame,
        area,
        board.pages.iter(),
    );
}

/// `urls of DE by clicks, last hour  /cart`.
fn title(columns: u16, app: &App) -> Line<'static> {
    let mut spans = vec![Span::styled(" urls ", app.theme.key())];
    if filter::typed(app).is_some_and(|line| line.problem.is_some()) {
        // An error in the filter is more urgent than everything else.
        filter::push(&mut spans, columns, app);
        return Line::from(spans);
    }
    let selected = selected(columns, app);
    let taken: usize = selected.iter().map(|span| width(&span.content)).sum();
    // The filter needs its room first.
    if width(" urls ") + taken + filter::least_columns(app) <= usize::from(columns) {
        spans.extend(selected);
    }
    filter::push(&mut spans, columns, app);
    Line::from(spans)
}

/// `of DE by clicks, last hour `, or `of DE by time, at least 10 known `. On a narrow screen, the sample goes before the words.
fn selected(columns: u16, app: &App) -> Vec<Span<'static>> {
    let least = app.selection.view().min_timed;
    let room = usize::from(columns).saturating_sub(width(" urls ") + filter::least_columns(app) + 2);
    let is_of_all = app.selection.country.is_none();
    let forms = [(true, format!(", at least {least} known")), (true, format!(", {least}+ known"))]
        .into_iter()
        .chain(is_of_all.then(|| (false, format!(", {least}+ known"))))
        .filter(|_| least > 0)
        .map(|(names_country, sample)| selected_as(names_country, &sample, columns, app));
    let fits = |spans: &Vec<Span<'_>>| spans.iter().map(|span| width(&span.content)).sum::<usize>() <= room;
    forms.into_iter().find(fits).unwrap_or_else(|| selected_as(true, "", columns, app))
}

fn selected_as(names_country: bool, sample: &str, columns: u16, app: &App) -> Vec<Span<'static>> {
    let (theme, selection) = (&app.theme, &app.selection);
    let country = selection.country.as_deref().unwrap_or("all countries");
    let mut spans = Vec::new();
    if names_country {
        spans.push(Span::styled("of ", theme.dim()));
        spans.push(Span::styled(fit(country, usize::from(columns / 3)), theme.accent().patch(theme.key())));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(format!("by {}{sample}", selection.sort.name()), theme.dim()));
    let window = match selection.window {
        Window::AllTime => "",
        Window::LastHour => "last hour",
        Window::LastFiveMinutes => "last 5 min",
    };
    if !window.is_empty() {
        spans.push(Span::styled(", ", theme.dim()));
        spans.push(Span::styled(window, theme.warn()));
    }
    spans.push(Span::raw(" "));
    spans
}

/// How many urls there are and how many of them are shown.
fn extent(board: &Board) -> String {
    let shown = board.pages.len() as u64;
    if board.matching > shown {
        format!(" showing {} of {} ", count(shown), count(board.matching))
    } else {
        format!(" {} ", counted(shown, "row", "rows"))
    }
}
