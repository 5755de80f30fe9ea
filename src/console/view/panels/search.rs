//! Documents of the search index whose url holds what is typed.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::table::{self, Cell, Column, figure, words};
use super::{held, placeholder, prose};
use crate::console::format::{count, count_in, fit, fit_end, seconds};
use crate::console::state::app::App;
use crate::console::state::layout::parts;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::screens::{RESULTS, Screen};
use crate::protocol::board::PageRow;

pub(super) const COLUMNS: [Column; 5] = [
    words("url", 0, 0),
    words("country", 12, 1),
    figure("clicks", 12, 0),
    figure("users", 12, 2),
    figure("avg time ", 10, 3),
];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let [input, list, _] = parts(Screen::Search, area);
    let typing = app.typing.as_ref().is_some_and(|typing| typing.line == LinePurpose::Search);
    let index = &app.shown().snapshot.index;
    let target = fit(&index.target, usize::from(area.width / 2));
    let title = Line::from(vec![
        Span::styled(" search ", theme.key()),
        Span::styled(format!("urls in the index {target} "), theme.dim()),
    ]);
    let block = theme.frame(title, typing).padding(Padding::horizontal(1));
    let inner = block.inner(input);
    frame.render_widget(block, input);
    frame.render_widget(Paragraph::new(line(&app.sheets.search_text, typing, inner.width, app)), inner);

    let question = app.sheets.search_question();
    let found = app.sheets.results(&app.shown().snapshot);
    let extent = match found {
        // There may be more than were asked for.
        Some(Ok(rows)) if rows.len() >= RESULTS => format!(" the first {} results ", count(rows.len() as u64)),
        Some(Ok(rows)) => format!(" {} results ", count(rows.len() as u64)),
        _ => String::new(),
    };
    let pending = format!(" {} rows not in the index yet ", count(index.pending));
    let mut block = theme.frame(Line::styled(extent, theme.dim()), !typing);
    if index.pending > 0 {
        block = block.title_bottom(Line::styled(pending, theme.dim()).alignment(Alignment::Right));
    }
    let inner = block.inner(list);
    frame.render_widget(block, list);
    match (question, found) {
        (None, _) => placeholder(frame, inner, "type a part of a url: /cart, product, ?ref=", app),
        (Some(_), None) if app.is_frozen() => placeholder(frame, inner, &held(app), app),
        (Some(_), None) => placeholder(frame, inner, "searching…", app),
        (Some(_), Some(Err(problem))) => prose(frame, inner, problem, theme.bad()),
        (Some(_), Some(Ok(rows))) if rows.is_empty() => {
            placeholder(frame, inner, "no url in the index holds that", app);
        }
        (Some(_), Some(Ok(rows))) => {
            let rows = rows.iter().map(|row| cells(row, app));
            table::render(frame, inner, &COLUMNS, rows, Some(app.sheets.search), app);
        }
    }
}

/// What is typed, with a cursor behind it while it is; its end stays visible.
pub(super) fn line(text: &str, typing: bool, columns: u16, app: &App) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(3);
    let mut spans = vec![Span::styled("/ ", app.theme.accent()), Span::raw(fit_end(text, room))];
    if typing {
        spans.push(Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)));
    }
    Line::from(spans)
}

pub(super) fn cells(row: &PageRow, app: &App) -> Vec<Cell> {
    vec![
        (row.url.to_string(), Style::new()),
        (row.country.to_string(), app.theme.dim()),
        (count_in(row.clicks, 11), app.theme.key()),
        (count_in(row.unique_users, 11), Style::new()),
        (format!("{} ", seconds(row.avg_time_spent)), Style::new()),
    ]
}
