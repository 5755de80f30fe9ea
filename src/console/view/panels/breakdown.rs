//! The screen of breakdowns: the clicks by one of their dimensions.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::click::Timestamp;
use crate::console::format::{count, counted, fit, seconds, span_words, width};
use crate::console::state::app::App;
use crate::console::state::breakdown::{answer_to, dimension_words};
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::tables::{TableContext, breakdown};
use crate::console::view::placeholder::{no_clicks_placeholder, placeholder, prose, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::SortBy;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, Dimension};

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let list = ScreenParts::of(Screen::Breakdown, area).list;
    let question = app.screens.breakdown.question(&app.selection);
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let found = answer_to(snapshot, &question);

    let mut title = vec![Span::styled(format!(" by {} ", dimension_words(question.by)), theme.key())];
    let room = usize::from(list.width).saturating_sub(24);
    let is_uncompared = app.selection.compare.is_some();
    let long = scope(&question, found, is_uncompared, true);
    let said = if width(&long) <= room { long } else { scope(&question, found, is_uncompared, false) };
    title.push(Span::styled(format!("{} ", fit(&said, room)), theme.dim()));
    let mut block = theme.frame(Line::from(title), true);
    if let Some(Ok(breakdown)) = found.filter(|_| is_counted(found)) {
        block = block.title_bottom(Line::styled(total(breakdown, question.by), theme.dim()));
    }
    let inner = block.inner(list);
    frame.render_widget(block, list);
    match found {
        None => waiting_placeholder(frame, inner, "counting…", app),
        Some(Err(problem)) => prose(frame, inner, problem, theme.bad()),
        Some(Ok(Breakdown { counted_percent: Some(percent), .. })) => {
            waiting_placeholder(frame, inner, &format!("counting… {percent}%"), app);
        }
        Some(Ok(breakdown)) if breakdown.rows.is_empty() && snapshot.totals.clicks == 0 => {
            no_clicks_placeholder(frame, inner, app);
        }
        Some(Ok(breakdown)) if breakdown.rows.is_empty() => placeholder(frame, inner, "no clicks", app),
        Some(Ok(breakdown)) => {
            let sort = question.sort;
            let largest = breakdown.rows.first().map_or(0.0, |row| breakdown::figure(row, sort));
            let context = TableContext {
                sort: Some(sort),
                largest,
                min_timed: question.min_timed,
                all_clicks: breakdown.total.clicks,
                ..TableContext::new(theme)
            };
            let columns = breakdown::drawn(question.by, sort);
            let table = Table::new(&columns, context, Cursor::of(app.screens.breakdown.list));
            table.render(frame, inner, breakdown.rows.iter());
        }
    }
}

/// The clicks on the url of the open screen by one dimension, below its countries.
pub(super) fn beside(frame: &mut Frame, area: Rect, url: &str, app: &App) {
    let theme = &app.theme;
    let view = &app.screens.breakdown;
    let title = Span::styled(format!(" by {} ", dimension_words(view.beside.0)), theme.key());
    let block = theme.frame(Line::from(vec![title, Span::styled("d: next ", theme.dim())]), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let question = view.question_beside(url);
    match answer_to(&app.engine.frozen_or_live().snapshot, &question) {
        None => waiting_placeholder(frame, inner, "counting…", app),
        Some(Err(problem)) => prose(frame, inner, problem, theme.dim()),
        Some(Ok(Breakdown { counted_percent: Some(percent), .. })) => {
            waiting_placeholder(frame, inner, &format!("counting… {percent}%"), app);
        }
        Some(Ok(breakdown)) => {
            let columns = breakdown::beside(question.by);
            let table = Table::new(&columns, TableContext::new(theme), Cursor::nowhere());
            table.render(frame, inner, breakdown.rows.iter());
        }
    }
}

fn is_counted(found: Option<&Result<Breakdown, String>>) -> bool {
    matches!(found, Some(Ok(Breakdown { counted_percent: None, .. })))
}

/// Which clicks are grouped, and in which order the groups come. The short form leaves out what is not narrowed. The overview may compare
/// the clicks with earlier ones; a breakdown does not.
fn scope(
    question: &BreakdownQuestion,
    found: Option<&Result<Breakdown, String>>,
    is_uncompared: bool,
    is_long: bool,
) -> String {
    let country = question.country.clone().or_else(|| is_long.then(|| "all countries".to_owned()));
    let since = found.and_then(|found| found.as_ref().ok()?.since);
    let window = match (question.window, since) {
        // Older clicks are deleted.
        (_, Some(since)) => format!("since {}", to_the_minute(since)),
        (window, None) => span_words(window).to_owned(),
    };
    let order = match question.sort {
        SortBy::Time if question.min_timed > 0 && is_long => {
            format!("by time, at least {} known", count(question.min_timed))
        }
        SortBy::Time if question.min_timed > 0 => format!("by time, {}+ known", count(question.min_timed)),
        sort => format!("by {}", sort.name()),
    };
    let clicks = question.url.as_ref().map(|url| format!("on {url}"));
    let clicks = clicks.or_else(|| is_long.then(|| "all urls".to_owned()));
    let window = if is_uncompared { format!("{window}, not compared") } else { window };
    let parts = [country, Some(window), Some(order), clicks];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `2026-01-31 09:30`
fn to_the_minute(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

/// ` 3 of 12 countries · 1,234 clicks · 56 users · 83.4 s `
fn total(breakdown: &Breakdown, by: Dimension) -> String {
    let shown = breakdown.rows.len() as u64;
    let values = match breakdown.values {
        values if values > shown => format!("{} of {}", count(shown), count(values)),
        values => count(values),
    };
    let names = match (by, breakdown.values) {
        (Dimension::Country, 1) => "country",
        (Dimension::Country, _) => "countries",
        (Dimension::City, 1) => "city",
        (Dimension::City, _) => "cities",
        (Dimension::Browser, 1) => "browser",
        (Dimension::Browser, _) => "browsers",
        (Dimension::Os, 1) => "system",
        (Dimension::Os, _) => "systems",
        (Dimension::Device, 1) => "device",
        (Dimension::Device, _) => "devices",
        (Dimension::Url, 1) => "url",
        (Dimension::Url, _) => "urls",
    };
    let total = breakdown.total;
    let average = seconds(total.avg_time_spent);
    let clicks = counted(total.clicks, "click", "clicks");
    let users = counted(total.unique_users, "user", "users");
    format!(" {values} {names} · {clicks} · {users} · {average} ")
}
