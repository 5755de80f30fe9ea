//! Everything about one url: its figures by country, and its newest clicks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::activity::time;
use super::table::{self, Column, figure, words};
use super::{placeholder, prose};
use crate::console::app::App;
use crate::console::format::{count, count_in, fit, seconds};
use crate::console::layout::parts;
use crate::console::sheet::{Sheet, current};
use crate::pipeline::question::PageDetails;

const COUNTRIES: [Column; 4] =
    [words("country", 0, 0), figure("clicks", 11, 0), figure("users", 10, 1), figure("avg time ", 10, 2)];

const CLICKS: [Column; 4] = [words("time", 9, 0), words("country", 10, 0), words("city", 18, 1), words("user", 0, 0)];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let [countries, clicks, _] = parts(Sheet::Url, area);
    let question = app.sheets.page_question();
    let url = app.sheets.url.as_deref().unwrap_or_default();
    let found = current(app.shown().snapshot.answers.page.as_deref(), question.as_ref());

    let room = usize::from(countries.width).saturating_sub(4);
    let title = Line::from(vec![Span::raw(" "), Span::styled(fit(url, room), theme.key()), Span::raw(" ")]);
    let mut block = theme.frame(title, false);
    if let Some(Ok(page)) = found {
        block = block.title_bottom(Line::styled(total(page), theme.dim()));
    }
    let inner = block.inner(countries);
    frame.render_widget(block, countries);
    let block = theme.frame(Line::styled(" newest clicks ", theme.key()), true);
    let newest = block.inner(clicks);
    frame.render_widget(block, clicks);
    match found {
        None => {
            placeholder(frame, inner, if app.is_frozen() { "frozen: p lets the view go on" } else { "loading…" }, app)
        }
        Some(Err(problem)) => prose(frame, inner, problem, theme.bad()),
        Some(Ok(page)) => {
            let rows = page.countries.iter().map(|row| {
                vec![
                    (row.country.to_string(), Style::new()),
                    (count_in(row.clicks, 10), theme.key()),
                    (count_in(row.unique_users, 9), Style::new()),
                    (format!("{} ", seconds(row.avg_time_spent)), Style::new()),
                ]
            });
            table::render(frame, inner, &COUNTRIES, rows, None, app);
            if page.clicks.is_empty() {
                placeholder(frame, newest, "no clicks", app);
            }
            let rows = page.clicks.iter().map(|click| {
                vec![
                    (time(click.timestamp), theme.dim()),
                    (click.country.clone(), Style::new()),
                    (click.city.clone(), Style::new()),
                    (click.user_id.clone(), theme.dim()),
                ]
            });
            table::render(frame, newest, &CLICKS, rows, Some(app.sheets.clicks), app);
        }
    }
}

fn total(page: &PageDetails) -> String {
    let clicks = page.countries.iter().fold(0_u64, |sum, row| sum.saturating_add(row.clicks));
    format!(" {} clicks in {} countries ", count(clicks), count(page.countries.len() as u64))
}
