//! The top urls of the selected country.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::filter;
use crate::console::format::{count, counted, fit, span_words, width};
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::tables::{TableContext, pages};
use crate::console::view::placeholder::{in_the_middle, no_clicks_placeholder, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::View;
use crate::protocol::board::{Board, PageRow};
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
    let problem = board.problem.as_deref().filter(|_| is_current);
    let mut block = theme.frame(title(area.width, app), has_focus).padding(Padding::right(1));
    let room = usize::from(area.width).saturating_sub(4);
    let (problem_beside, note) = match problem.filter(|_| !board.pages.is_empty()) {
        Some(problem) => beside_rows(problem, note, room),
        None => (String::new(), note),
    };
    if !problem_beside.is_empty() {
        block = block.title_bottom(Line::styled(format!(" {problem_beside} "), theme.warn()));
    }
    block = block.title_bottom(Line::styled(note, theme.dim()).alignment(Alignment::Right));
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

/// What to say of a problem and of the rows in a line with room for so many columns. Where there is too little, the problem has all of it, and
/// says only its cause: `no stored click is older than …`.
fn beside_rows(problem: &str, note: String, room: usize) -> (String, String) {
    let cause = problem.split_once(": ").map_or(problem, |(_, cause)| cause);
    let beside = room.saturating_sub(width(&note) + 1);
    let whole = [(problem, beside), (cause, beside), (problem, room), (cause, room)];
    match whole.into_iter().find(|(text, room)| width(text) <= *room) {
        Some((text, columns)) if columns == beside => (text.to_owned(), note),
        Some((text, _)) => (text.to_owned(), String::new()),
        None => (fit(cause, room), String::new()),
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
        comparison: board.comparison.as_deref(),
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

/// How much the title says.
#[derive(Clone, Copy)]
struct Words<'a> {
    names_country: bool,
    has_order: bool,
    /// How many known times a row needs.
    sample: &'a str,
    /// `last` before the time window.
    has_last: bool,
}

/// `of DE by clicks, last hour `, `of DE by time, at least 10 known `, or `of DE by clicks, last 5 min against 1 day ago `. On a narrow
/// screen, the words go, then the name of all countries, then the order. The number of known times stays as long as the order.
fn selected(columns: u16, app: &App) -> Vec<Span<'static>> {
    let least = app.selection.view().min_timed;
    let room = usize::from(columns).saturating_sub(width(" urls ") + filter::least_columns(app) + 2);
    let [long, short, number] = sample(least, app);
    let full = Words { names_country: true, has_order: true, sample: &long, has_last: true };
    let named = Words { names_country: app.selection.country.is_some(), ..full };
    let bare = Words { has_order: false, has_last: false, sample: "", ..named };
    let forms = [
        full,
        Words { sample: &short, ..full },
        Words { sample: &short, ..named },
        Words { sample: &number, ..named },
        Words { sample: &number, has_last: false, ..named },
        Words { sample: &number, has_last: false, names_country: false, ..named },
        bare,
        Words { names_country: false, ..bare },
    ];
    let is_long = least > 0 || app.selection.compare.is_some();
    let fits = |spans: &Vec<Span<'_>>| spans.iter().map(|span| width(&span.content)).sum::<usize>() <= room;
    let mut titles = forms.into_iter().filter(|_| is_long).map(|words| selected_as(words, columns, app));
    titles.find(fits).unwrap_or_else(|| selected_as(Words { sample: "", ..full }, columns, app))
}

/// How many known times a row needs, in words, in fewer words, and as a number: `, at least 10 known`, `, 10+ known`, ` 10+`. If no row
/// has so many, it says that instead.
fn sample(least: u64, app: &App) -> [String; 3] {
    if least == 0 {
        return Default::default();
    }
    let board = &app.engine.frozen_or_live().snapshot.board;
    let has_enough = |page: &PageRow| !pages::has_few(page, least);
    let is_answer = app.selection.is_about(board) && board.view.order() == app.selection.view().order();
    let least = count(least);
    if is_answer && !board.pages.is_empty() && !board.pages.iter().any(has_enough) {
        return [
            format!(", no url has {least} known times"),
            format!(", none has {least} known"),
            format!(", none has {least}"),
        ];
    }
    [format!(", at least {least} known"), format!(", {least}+ known"), format!(" {least}+")]
}

fn selected_as(words: Words<'_>, columns: u16, app: &App) -> Vec<Span<'static>> {
    let (theme, selection) = (&app.theme, &app.selection);
    let mut spans = Vec::new();
    if words.names_country {
        let country = selection.country.as_deref().unwrap_or("all countries");
        spans.push(Span::styled("of ", theme.dim()));
        spans.push(Span::styled(fit(country, usize::from(columns / 3)), theme.accent().patch(theme.key())));
        spans.push(Span::raw(" "));
    }
    if words.has_order {
        spans.push(Span::styled(format!("by {}{}", selection.sort.name(), words.sample), theme.dim()));
    }
    if selection.window != Window::AllTime {
        let window = span_words(selection.window);
        spans.push(Span::styled(if words.has_order { ", " } else { "" }, theme.dim()));
        let window = if words.has_last { window } else { window.trim_start_matches("last ") };
        spans.push(Span::styled(window, theme.warn()));
    }
    if let Some(compared) = selection.compare {
        spans.push(Span::styled(" against ", theme.dim()));
        spans.push(Span::styled(compared.words(), theme.warn()));
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
