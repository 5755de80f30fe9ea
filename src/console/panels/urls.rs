//! The top urls of the country asked for.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{placeholder, row};
use crate::console::app::App;
use crate::console::format::{count, count_in, fit, left, right, seconds};
use crate::console::layout::Panel;
use crate::pipeline::SortBy;
use crate::pipeline::snapshot::{Board, PageRow};

/// A url in fewer columns than this tells nothing; then figures give way.
const URL_MIN: usize = 14;

/// A column to the right of the url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Country,
    Figure(SortBy),
}

impl Column {
    fn width(self) -> usize {
        match self {
            Column::Country | Column::Figure(SortBy::Users) => 9,
            // `avg time` and its mark are the widest head.
            Column::Figure(SortBy::Clicks | SortBy::Time) => 10,
        }
    }

    fn head(self) -> &'static str {
        match self {
            Column::Country => "country",
            Column::Figure(SortBy::Clicks) => "clicks",
            Column::Figure(SortBy::Users) => "users",
            Column::Figure(SortBy::Time) => "avg time",
        }
    }

    fn cell(self, page: &PageRow) -> String {
        let room = self.width() - 1;
        match self {
            Column::Country => fit(&page.country, room),
            Column::Figure(SortBy::Clicks) => count_in(page.clicks, room),
            Column::Figure(SortBy::Users) => count_in(page.unique_users, room),
            Column::Figure(SortBy::Time) => seconds(page.avg_time_spent),
        }
    }
}

/// The columns that fit beside a url in `columns`; the one sorted by stays to the last.
fn columns_for(columns: usize, by_country: bool, sort: SortBy) -> Vec<Column> {
    let mut shown: Vec<Column> = [SortBy::Clicks, SortBy::Users, SortBy::Time].map(Column::Figure).to_vec();
    if by_country {
        shown.insert(0, Column::Country);
    }
    let droppable =
        [Column::Figure(SortBy::Time), Column::Figure(SortBy::Users), Column::Figure(SortBy::Clicks), Column::Country];
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
    let country = app.browse.country.as_deref().unwrap_or("all countries");
    let title = Line::from(vec![
        Span::styled(" urls ", theme.key()),
        Span::styled("of ", theme.dim()),
        Span::styled(fit(country, usize::from(area.width / 3)), theme.accent().patch(theme.key())),
        Span::styled(format!(" by {} ", name(app.browse.sort)), theme.dim()),
    ]);
    let current = app.browse.is_about(board);
    let resorting = current && board.view.sort != app.browse.sort;
    let extent = if current { extent(board) } else { String::new() };
    let note = if resorting { " loading… ".to_owned() } else { extent };
    let block = theme
        .frame(title, focused)
        .padding(Padding::right(1))
        .title_bottom(Line::styled(note, theme.dim()).alignment(Alignment::Right));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if !current {
        let text = if app.is_frozen() { "frozen: p lets the view go on" } else { "loading…" };
        placeholder(frame, inner, text, app);
        return;
    }
    if board.pages.is_empty() {
        placeholder(frame, inner, "no clicks yet", app);
        return;
    }

    let columns = usize::from(inner.width).saturating_sub(1);
    let sort = board.view.sort;
    let shown = columns_for(columns, board.view.country.is_none(), sort);
    let url = columns.saturating_sub(shown.iter().map(|column| column.width()).sum());
    if let Some(row) = row(inner, 0) {
        frame.render_widget(Paragraph::new(heads(sort, url, &shown, app)), row);
    }
    let cursor = app.browse.page_at();
    let rows = board.pages.iter().enumerate().skip(app.browse.page_top);
    for (at, (at_row, page)) in rows.take(usize::from(inner.height)).enumerate() {
        let Some(row) = row(inner, at + 1) else { break };
        let here = cursor == Some(at_row);
        let mark = if here { theme.symbol("▸", ">") } else { " " };
        let mut spans = vec![Span::raw(mark), Span::raw(left(&page.url, url))];
        for column in &shown {
            let style = match column {
                Column::Country => theme.dim(),
                Column::Figure(by) if *by == sort => theme.key(),
                Column::Figure(_) => Style::new(),
            };
            spans.push(Span::styled(right(&column.cell(page), column.width()), style));
        }
        let mut line = Line::from(spans);
        if here {
            line = line.style(theme.cursor(focused));
        }
        frame.render_widget(Paragraph::new(line), row);
    }
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

fn name(sort: SortBy) -> &'static str {
    match sort {
        SortBy::Clicks => "clicks",
        SortBy::Users => "users",
        SortBy::Time => "time",
    }
}
