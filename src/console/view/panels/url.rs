//! Everything about one url: its figures by country, its trend, and its newest clicks.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Sparkline;

use super::activity::time;
use super::table::{self, Column, figure, words};
use super::{held, placeholder, prose};
use crate::console::format::{self, count, count_in, fit, seconds};
use crate::console::state::app::App;
use crate::console::state::layout::parts;
use crate::console::state::screens::{Screen, current};
use crate::protocol::answer::{PageDetails, Trend};

const COUNTRIES: [Column; 4] =
    [words("country", 0, 0), figure("clicks", 11, 0), figure("users", 10, 1), figure("avg time ", 10, 2)];

const CLICKS: [Column; 4] = [words("time", 9, 0), words("country", 10, 0), words("city", 18, 1), words("user", 0, 0)];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let [countries, clicks, over_time] = parts(Screen::Url, area);
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
            trend(frame, over_time, None, app);
            {
                let text = if app.is_frozen() { held(app) } else { "loading…".to_owned() };
                placeholder(frame, inner, &text, app);
            }
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
            trend(frame, over_time, page.trend.as_ref(), app);
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

/// The url's clicks over the time that its newest clicks tell of.
fn trend(frame: &mut Frame, area: Rect, trend: Option<&Trend>, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let mut title = vec![Span::styled(" trend ", theme.key())];
    if let Some(Trend { since, until, .. }) = trend {
        let span = until.as_millis().saturating_sub(since.as_millis()).unsigned_abs();
        let clock = |timestamp| time(timestamp).trim_end().to_owned();
        let text =
            format!("{} from {} to {} ", format::span(Duration::from_millis(span)), clock(*since), clock(*until));
        title.push(Span::styled(text, theme.dim()));
    }
    let block = theme.frame(Line::from(title), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(Trend { clicks, .. }) = trend else {
        return placeholder(frame, inner, "no clicks of late", app);
    };
    let bars = spread(clicks, usize::from(inner.width));
    let sparkline = Sparkline::default().data(bars).bar_set(theme.bars()).style(theme.accent());
    frame.render_widget(sparkline, inner);
}

/// `parts` over `columns`: a part takes several columns, or a column takes the mean of several parts.
fn spread(parts: &[u64], columns: usize) -> Vec<u64> {
    let of = |column: usize| column * parts.len() / columns.max(1);
    (0..columns)
        .map(|column| {
            let begin = of(column);
            let taken = parts.get(begin..of(column + 1).max(begin + 1)).unwrap_or_default();
            // In hundredths: small counts, too, differ in height.
            taken.iter().sum::<u64>().saturating_mul(100) / (taken.len().max(1) as u64)
        })
        .collect()
}

fn total(page: &PageDetails) -> String {
    let clicks = page.countries.iter().fold(0_u64, |sum, row| sum.saturating_add(row.clicks));
    format!(" {} clicks in {} countries ", count(clicks), count(page.countries.len() as u64))
}
