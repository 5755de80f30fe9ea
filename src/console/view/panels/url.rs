//! The screen of one url: its figures by country, its trend, and its newest clicks.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Sparkline;

use super::breakdown;
use crate::console::format::{counted, duration, fit, time_of_day, width};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::{ScreenParts, beside_countries};
use crate::console::state::url_view::UrlPanel;
use crate::console::tables::{TableContext, clicks, pages};
use crate::console::view::placeholder::{no_answer, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::answer::{PageDetails, Trend};
use crate::protocol::view::Window;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let parts = ScreenParts::of(Screen::Url, area);
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let details = app.screens.url_details(snapshot);

    let whole_url = app.screens.url.url.as_deref().unwrap_or_default();
    let (countries_area, beside) = beside_countries(parts.before, snapshot);
    if !beside.is_empty() {
        breakdown::beside(frame, beside, whole_url, app);
    }
    let (words, style) = span_words(app);
    let url = fit(whole_url, usize::from(parts.before.width).saturating_sub(width(words) + 6));
    let title = vec![Span::raw(" "), Span::styled(url, theme.key()), Span::raw("  "), Span::styled(words, style)];
    let title = Line::from([title, vec![Span::raw(" ")]].concat());
    let on = |panel| app.screens.url.focus == panel;
    let mut block = theme.frame(title, on(UrlPanel::Countries));
    if let Some(Ok(details)) = details {
        block = block.title_bottom(Line::styled(total(details), theme.dim()));
    }
    let countries = block.inner(countries_area);
    frame.render_widget(block, countries_area);
    let block = theme.frame(Line::styled(" newest clicks ", theme.key()), on(UrlPanel::Clicks));
    let newest = block.inner(parts.list);
    frame.render_widget(block, parts.list);
    match details {
        None => {
            trend(frame, parts.after, None, "", app);
            let waiting = snapshot.answers.waiting.as_deref().unwrap_or("loading…");
            waiting_placeholder(frame, countries, waiting, app);
        }
        Some(Err(problem)) => no_answer(frame, countries, problem, app),
        Some(Ok(details)) => {
            let context = TableContext::new(theme);
            let table = Table::new(
                pages::BY_COUNTRY,
                context,
                Cursor::in_panel(app.screens.url.countries, on(UrlPanel::Countries)),
            );
            table.render(frame, countries, details.countries.iter());
            if details.countries.is_empty() {
                placeholder(frame, countries, "no clicks on this url", app);
            }
            trend(frame, parts.after, details.trend.as_ref(), "no recent clicks", app);
            if details.clicks.is_empty() {
                placeholder(frame, newest, "no clicks", app);
            }
            let table =
                Table::new(clicks::OF_URL, context, Cursor::in_panel(app.screens.url.clicks, on(UrlPanel::Clicks)));
            table.render(frame, newest, details.clicks.iter());
        }
    }
}

/// Of which time the figures are. If the overview shows another time, the words stand out.
fn span_words(app: &App) -> (&'static str, Style) {
    match (app.selection.compare, app.selection.window) {
        (Some(_), _) => ("all time, not compared", app.theme.warn()),
        (None, Window::AllTime) => ("all time", app.theme.dim()),
        (None, _) => ("all time", app.theme.warn()),
    }
}

/// The url's clicks over the time from its oldest to its newest known click; `otherwise` if there is no trend.
fn trend(frame: &mut Frame, area: Rect, trend: Option<&Trend>, otherwise: &str, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let mut title = vec![Span::styled(" trend ", theme.key())];
    if let Some(Trend { since, until, .. }) = trend {
        let span = until.as_millis().saturating_sub(since.as_millis()).unsigned_abs();
        let span = duration(Duration::from_millis(span));
        let text = format!("{span} from {} to {} ", time_of_day(*since), time_of_day(*until));
        title.push(Span::styled(text, theme.dim()));
    }
    let mut block = theme.frame(Line::from(title), false);
    if let Some(scale) = trend.and_then(scale) {
        block = block.title_bottom(Line::styled(scale, theme.dim()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(Trend { clicks, .. }) = trend else {
        return placeholder(frame, inner, otherwise, app);
    };
    let bars = spread(clicks, usize::from(inner.width));
    let sparkline = Sparkline::default().data(bars).bar_set(theme.bars()).style(theme.accent());
    frame.render_widget(sparkline, inner);
}

/// What the highest bar stands for: ` highest bar: 12 clicks in 2.0 s `.
fn scale(trend: &Trend) -> Option<String> {
    let highest = trend.clicks.iter().copied().max().filter(|highest| *highest > 0)?;
    let span = trend.until.as_millis().saturating_sub(trend.since.as_millis()).unsigned_abs();
    let part = span.checked_div(trend.clicks.len() as u64)?;
    let part = duration(Duration::from_millis(part));
    Some(format!(" highest bar: {} in {part} ", counted(highest, "click", "clicks")))
}

/// `parts` over `columns`: each part takes several columns, or each column takes the mean of several parts.
fn spread(parts: &[u64], columns: usize) -> Vec<u64> {
    let part_of = |column: usize| column * parts.len() / columns.max(1);
    (0..columns)
        .map(|column| {
            let begin = part_of(column);
            let taken = parts.get(begin..part_of(column + 1).max(begin + 1)).unwrap_or_default();
            // In hundredths, so that small counts differ in height, too.
            taken.iter().sum::<u64>().saturating_mul(100) / (taken.len().max(1) as u64)
        })
        .collect()
}

fn total(details: &PageDetails) -> String {
    let clicks = details.countries.iter().fold(0_u64, |sum, row| sum.saturating_add(row.clicks));
    let countries = counted(details.countries.len() as u64, "country", "countries");
    format!(" {} in {countries} ", counted(clicks, "click", "clicks"))
}
