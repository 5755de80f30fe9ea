//! The top urls of the country asked for.

use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{filter, held, no_clicks, placeholder, prose, row};
use crate::console::format::{NONE, count, count_in, fit, left, right, seconds, width};
use crate::console::state::app::App;
use crate::console::state::layout::Panel;
use crate::protocol::board::{Board, PageRow};
use crate::protocol::view::Window;
use crate::protocol::{SortBy, View};

/// A url in fewer columns than this tells nothing; then figures give way.
const URL_MIN: usize = 14;

/// Columns of the url and the blanks after it that a bar may not take.
const URL_READS: usize = 90;

/// Columns of a bar at most.
const BAR_MAX: usize = 48;

/// A column to the right of the url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Country,
    Figure(SortBy),
    /// Clicks of the last minute.
    LastMinute,
}

impl Column {
    fn width(self) -> usize {
        match self {
            Column::Country | Column::LastMinute | Column::Figure(SortBy::Users) => 9,
            // `avg time` and its mark are the widest head.
            Column::Figure(SortBy::Clicks | SortBy::Time) => 10,
        }
    }

    fn head(self) -> &'static str {
        match self {
            Column::Country => "country",
            Column::LastMinute => "last min",
            Column::Figure(SortBy::Clicks) => "clicks",
            Column::Figure(SortBy::Users) => "users",
            Column::Figure(SortBy::Time) => "avg time",
        }
    }

    fn cell(self, page: &PageRow, last_minute: Option<u64>) -> String {
        let room = self.width() - 1;
        match self {
            Column::Country => fit(&page.country, room),
            // Of the clicks beside it: the store, by which the minute is counted, is a little ahead of the figures.
            Column::LastMinute => {
                last_minute.map_or_else(|| NONE.to_owned(), |clicks| count_in(clicks.min(page.clicks), room))
            }
            Column::Figure(SortBy::Clicks) => count_in(page.clicks, room),
            Column::Figure(SortBy::Users) => count_in(page.unique_users, room),
            Column::Figure(SortBy::Time) => seconds(page.avg_time_spent),
        }
    }
}

/// The columns that fit beside a url in `columns`; the one sorted by stays to the last.
fn columns_for(columns: usize, view: &View) -> Vec<Column> {
    let (by_country, sort) = (view.country.is_none(), view.sort);
    let mut shown: Vec<Column> = [SortBy::Clicks, SortBy::Users, SortBy::Time].map(Column::Figure).to_vec();
    if view.window == Window::AllTime {
        shown.insert(1, Column::LastMinute);
    }
    if by_country {
        shown.insert(0, Column::Country);
    }
    let droppable = [
        Column::LastMinute,
        Column::Figure(SortBy::Time),
        Column::Figure(SortBy::Users),
        Column::Figure(SortBy::Clicks),
        Column::Country,
    ];
    for column in droppable.into_iter().filter(|column| *column != Column::Figure(sort)) {
        let taken: usize = shown.iter().map(|column| column.width()).sum();
        if columns >= taken + URL_MIN {
            break;
        }
        shown.retain(|kept| *kept != column);
    }
    shown
}

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.shown().snapshot.board;
    let focused = app.focus == Panel::Urls;
    let current = app.browse.is_about(board);
    let resorting = current && board.view.sort != app.browse.sort;
    let extent = if current { extent(board) } else { String::new() };
    let note = if resorting { " loading… ".to_owned() } else { extent };
    let mut block = theme
        .frame(title(area.width, app), focused)
        .padding(Padding::right(1))
        .title_bottom(Line::styled(note, theme.dim()).alignment(Alignment::Right));
    let problem = board.problem.as_deref().filter(|_| current);
    if let Some(problem) = problem.filter(|_| !board.pages.is_empty()) {
        let text = fit(problem, usize::from(area.width / 2));
        block = block.title_bottom(Line::styled(format!(" {text} "), theme.warn()));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if !current {
        let text = if app.is_frozen() { held(app) } else { "loading…".to_owned() };
        placeholder(frame, inner, &text, app);
        return;
    }
    if board.pages.is_empty() {
        match problem {
            Some(problem) => prose(frame, inner, problem, theme.warn()),
            None if !app.browse.filter.is_empty() => placeholder(frame, inner, "no url passes the filter", app),
            None if app.browse.window != Window::AllTime => placeholder(frame, inner, "no clicks in this time", app),
            None => no_clicks(frame, inner, app),
        }
        return;
    }

    let sort = board.view.sort;
    let columns = usize::from(inner.width).saturating_sub(1);
    let shown = columns_for(columns, &board.view);
    let url = columns.saturating_sub(shown.iter().map(|column| column.width()).sum());
    if let Some(row) = row(inner, 0) {
        frame.render_widget(Paragraph::new(heads(sort, url, &shown, app)), row);
    }
    // On a wide screen a bar leads the eye from the url over to its figures.
    let bar = url.saturating_sub(URL_READS).min(BAR_MAX);
    let most = board.pages.iter().map(|page| figure(page, sort)).fold(0.0, f64::max);
    let cursor = app.browse.page_at();
    let known = app.shown().snapshot.answers.last_minute.as_deref();
    let rows = board.pages.iter().enumerate().skip(app.browse.page_top);
    for (at, (at_row, page)) in rows.take(usize::from(inner.height)).enumerate() {
        let Some(row) = row(inner, at + 1) else { break };
        let here = cursor == Some(at_row);
        let mark = if here { theme.symbol("▸", ">") } else { " " };
        let mut spans = vec![Span::raw(mark), Span::raw(left(&page.url, url - bar))];
        if bar > 0 {
            let drawn = left(&theme.bar(figure(page, sort) / most, bar - 1), bar);
            spans.push(Span::styled(drawn, theme.accent()));
        }
        let last_minute = known.and_then(|known| known.of_page(&page.url, &page.country));
        for column in &shown {
            let style = match column {
                Column::Country | Column::LastMinute => theme.dim(),
                Column::Figure(by) if *by == sort => theme.key(),
                Column::Figure(_) => Style::new(),
            };
            spans.push(Span::styled(right(&column.cell(page, last_minute), column.width()), style));
        }
        let mut line = Line::from(spans);
        if here {
            line = theme.under_cursor(line, focused);
        }
        frame.render_widget(Paragraph::new(line), row);
    }
}

/// `urls of DE by clicks, last hour  /cart`, with a cursor while the filter is typed.
fn title(columns: u16, app: &App) -> Line<'static> {
    let mut spans = vec![Span::styled(" urls ", app.theme.key())];
    if filter::typed(app).is_some_and(|typing| typing.problem.is_some()) {
        // NoClicks else is as urgent, and there may be little room.
        filter::push(&mut spans, columns, app);
        return Line::from(spans);
    }
    let extent = extent_words(columns, app);
    let taken: usize = extent.iter().map(|span| width(&span.content)).sum();
    // What the urls are narrowed to is seen before what is known anyway.
    if width(" urls ") + taken + filter::least(app) <= usize::from(columns) {
        spans.extend(extent);
    }
    filter::push(&mut spans, columns, app);
    Line::from(spans)
}

/// `of DE by clicks, last hour `.
fn extent_words(columns: u16, app: &App) -> Vec<Span<'static>> {
    let (theme, browse) = (&app.theme, &app.browse);
    let country = browse.country.as_deref().unwrap_or("all countries");
    let mut spans = vec![
        Span::styled("of ", theme.dim()),
        Span::styled(fit(country, usize::from(columns / 3)), theme.accent().patch(theme.key())),
        Span::styled(format!(" by {}", name(browse.sort)), theme.dim()),
    ];
    let window = match browse.window {
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

/// The figure whose head is under a point of the screen, where the panel has `area`.
pub(crate) fn sort_at(area: Rect, point: Position, app: &App) -> Option<SortBy> {
    let board = &app.shown().snapshot.board;
    // Two of the frame, one of the padding, one of the cursor's mark.
    let columns = usize::from(area.width).saturating_sub(4);
    let shown = columns_for(columns, &board.view);
    // From the right edge, where the figures stand.
    let mut left_of = usize::from(area.right().saturating_sub(2));
    for column in shown.into_iter().rev() {
        let right_of = left_of;
        left_of = left_of.saturating_sub(column.width());
        if (left_of..right_of).contains(&usize::from(point.x)) {
            return match column {
                Column::Figure(sort) => Some(sort),
                Column::Country | Column::LastMinute => None,
            };
        }
    }
    None
}

fn heads(sort: SortBy, url: usize, shown: &[Column], app: &App) -> Line<'static> {
    let theme = &app.theme;
    let mut spans = vec![Span::raw(" "), Span::styled(left("url", url), theme.dim())];
    for column in shown {
        let (mark, style) = if *column == Column::Figure(sort) {
            (theme.symbol("▼", "*"), theme.accent().add_modifier(Modifier::BOLD))
        } else {
            ("", theme.dim())
        };
        spans.push(Span::styled(right(&format!("{}{mark}", column.head()), column.width()), style));
    }
    Line::from(spans)
}

fn extent(board: &Board) -> String {
    let shown = board.pages.len() as u64;
    if board.matching > shown {
        format!(" showing {} of {} ", count(shown), count(board.matching))
    } else {
        format!(" {} rows ", count(shown))
    }
}

/// What a row is sorted by.
fn figure(page: &PageRow, sort: SortBy) -> f64 {
    match sort {
        SortBy::Clicks => page.clicks as f64,
        SortBy::Users => page.unique_users as f64,
        SortBy::Time => page.avg_time_spent.unwrap_or(0.0),
    }
}

fn name(sort: SortBy) -> &'static str {
    match sort {
        SortBy::Clicks => "clicks",
        SortBy::Users => "users",
        SortBy::Time => "time",
    }
}
