//! The top urls of the country asked for.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{placeholder, row};
use crate::console::app::App;
use crate::console::format::{count, count_in, fit, left, right, seconds};
use crate::console::layout::Panel;
use crate::pipeline::SortBy;
use crate::pipeline::snapshot::Board;

const CLICKS: usize = 11;
const USERS: usize = 10;
const TIME: usize = 9;
const COUNTRY: usize = 9;

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
    let block = theme.frame(title, focused).title_bottom(Line::styled(note, theme.dim()).alignment(Alignment::Right));
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

    let by_country = board.view.country.is_none();
    let columns = usize::from(inner.width);
    let figures = CLICKS + USERS + TIME + if by_country { COUNTRY } else { 0 };
    let url = columns.saturating_sub(1 + figures);
    if let Some(row) = row(inner, 0) {
        frame.render_widget(Paragraph::new(heads(board.view.sort, url, by_country, app)), row);
    }
    let cursor = app.browse.page_at();
    let rows = board.pages.iter().enumerate().skip(app.browse.page_top);
    for (at, (at_row, page)) in rows.take(usize::from(inner.height)).enumerate() {
        let Some(row) = row(inner, at + 1) else { break };
        let here = cursor == Some(at_row);
        let figure = |sort: SortBy| if board.view.sort == sort { theme.key() } else { ratatui::style::Style::new() };
        let mut spans =
            vec![Span::raw(if here { theme.symbol("▸", ">") } else { " " }), Span::raw(left(&page.url, url))];
        if by_country {
            spans.push(Span::styled(right(&page.country, COUNTRY), theme.dim()));
        }
        spans.push(Span::styled(right(&count_in(page.clicks, CLICKS - 1), CLICKS), figure(SortBy::Clicks)));
        spans.push(Span::styled(right(&count_in(page.unique_users, USERS - 1), USERS), figure(SortBy::Users)));
        spans.push(Span::styled(right(&seconds(page.avg_time_spent), TIME), figure(SortBy::Time)));
        let mut line = Line::from(spans);
        if here {
            line = line.style(theme.cursor(focused));
        }
        frame.render_widget(Paragraph::new(line), row);
    }
}

fn heads(sort: SortBy, url: usize, by_country: bool, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let head = |text: &str, by: SortBy, columns: usize| {
        if sort == by {
            let text = format!("{text}{}", theme.symbol("▼", "v"));
            Span::styled(right(&text, columns), theme.accent().add_modifier(Modifier::BOLD))
        } else {
            Span::styled(right(text, columns), theme.dim())
        }
    };
    let mut spans = vec![Span::raw(" "), Span::styled(left("url", url), theme.dim())];
    if by_country {
        spans.push(Span::styled(right("country", COUNTRY), theme.dim()));
    }
    spans.push(head("clicks", SortBy::Clicks, CLICKS));
    spans.push(head("users", SortBy::Users, USERS));
    spans.push(head("avg time", SortBy::Time, TIME));
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
