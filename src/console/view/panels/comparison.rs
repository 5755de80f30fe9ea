//! The clicks of a window over time, above those of the earlier span that it is compared with.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke};

use super::chart::{self, ChartLayout, Curve};
use super::scale::{Scale, tick};
use super::throughput::event;
use crate::console::format::{count, countdown, short};
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;
use crate::console::tables::compared;
use crate::protocol::compare::{Ago, Comparison};

/// Dots of a dash and of the gap after it.
const DASH: usize = 4;

/// With fewer parts, all are shown, also the first and the last one, which are not whole.
const PARTS_MIN: usize = 4;

/// Writes a number of clicks.
type Figure = fn(u64) -> String;

/// Draws the window, where there are no colours.
const NOW: char = 'n';

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, comparison: &Comparison, app: &App) {
    let columns = usize::from(area.width.saturating_sub(2));
    let block = app.theme.frame(title(columns, comparison, app), false).title_bottom(event(columns, app));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let places = ChartLayout::of(inner);
    if inner.height < 2 || inner.width < 20 || places.plot.is_empty() {
        return;
    }
    let (now, before) = (points(comparison, &comparison.parts.now), points(comparison, &comparison.parts.before));
    let most = now.iter().chain(&before).map(|(_, clicks)| *clicks).fold(0.0, f64::max);
    let scale = Scale::over(most);
    let span = ChartSpan::of_all(span_of(comparison));
    let buffer = frame.buffer_mut();
    chart::upright(buffer, &places, scale, tick, app);
    if let Some(rows) = places.time {
        chart::along(buffer, &places, rows, span, app);
    }
    let bounds = ([-span.time().as_secs_f64(), 0.0], [0.0, scale.top]);
    let (now, before) = (Curve::through(0, now), before);
    lines(frame, places.plot, &now, &before, bounds, comparison.ago, app);
    ends(frame, &places, [now.newest, before.last().map(|(_, clicks)| *clicks)], scale, comparison.ago, app);
}

/// How long both spans are.
fn span_of(comparison: &Comparison) -> Duration {
    let millis = comparison.until.as_millis().saturating_sub(comparison.since.as_millis());
    Duration::from_millis(millis.unsigned_abs())
}

/// The clicks of each part in the middle of its time, in seconds after the end of the span.
fn points(comparison: &Comparison, parts: &[u64]) -> Vec<(f64, f64)> {
    let part = i64::try_from(comparison.parts.part.as_millis()).unwrap_or(i64::MAX).max(1);
    // A click exactly at the begin is outside. The parts are those of the clock.
    let first = comparison.since.as_millis().saturating_add(1).div_euclid(part).saturating_mul(part);
    let begin = first.saturating_sub(comparison.until.as_millis());
    let point = |(at, clicks): (i64, &u64)| {
        let middle = begin as f64 + (at as f64 + 0.5) * part as f64;
        ((middle / 1_000.0).min(0.0), *clicks as f64)
    };
    let all: Vec<(f64, f64)> = (0..).zip(parts).map(point).collect();
    match all.as_slice() {
        // A part that is not whole would look like a fall.
        [_, whole @ .., _] if parts.len() >= PARTS_MIN => whole.to_vec(),
        _ => all,
    }
}

/// The earlier span below, dashed and faint; the window on top.
fn lines(
    frame: &mut Frame,
    plot: Rect,
    now: &Curve,
    before: &[(f64, f64)],
    bounds: ([f64; 2], [f64; 2]),
    compared: Ago,
    app: &App,
) {
    let (faint, bright) = (before_style(app), app.theme.line(now.stage));
    let (below, above) = (faint.fg.unwrap_or(Color::Reset), bright.fg.unwrap_or(Color::Reset));
    let is_dotted = chart::is_dotted(app);
    if is_dotted {
        let dots = usize::from(plot.width) * 2;
        // On one canvas, the dots of both lines stay where lines cross.
        let both = Canvas::default().marker(Marker::Braille).x_bounds(bounds.0).y_bounds(bounds.1);
        let both = both.paint(|context| {
            dashes(context, before, bounds.0, dots, below);
            chart::draw(context, now, above, bounds.1[1]);
        });
        frame.render_widget(both, plot);
    } else {
        let before = Curve::through(now.stage, before.to_vec());
        for (curve, letter) in [(&before, letter(compared)), (now, NOW)] {
            let line = Canvas::default().marker(Marker::Custom(letter)).x_bounds(bounds.0).y_bounds(bounds.1);
            let line = line.paint(|context| chart::draw(context, curve, Color::Reset, bounds.1[1]));
            frame.render_widget(line, plot);
        }
    }
    // A canvas knows colours only, and in the terminal's own colours faint is none.
    let letter = letter(compared).to_string();
    for position in plot.positions() {
        let Some(cell) = frame.buffer_mut().cell_mut(position) else { continue };
        let is_before = if is_dotted { cell.symbol() != " " && cell.fg == below } else { cell.symbol() == letter };
        if is_before {
            cell.set_style(faint);
        } else if !is_dotted && cell.symbol() != " " {
            cell.set_style(bright);
        }
    }
}

/// Draws `line` with gaps, over so many dots of the screen.
fn dashes(context: &mut Context<'_>, line: &[(f64, f64)], [from, to]: [f64; 2], dots: usize, color: Color) {
    let x = |dot: usize| from + (to - from) * dot as f64 / dots.saturating_sub(1).max(1) as f64;
    for dot in (0..dots).step_by(DASH) {
        let (x1, x2) = (x(dot), x(dot + DASH / 2 - 1));
        if let (Some(y1), Some(y2)) = (height(line, x1), height(line, x2)) {
            context.draw(&Stroke { x1, y1, x2, y2, color });
        }
    }
}

/// How high `line` is at `x`, unless it ends before.
fn height(line: &[(f64, f64)], x: f64) -> Option<f64> {
    line.windows(2).find_map(|pair| match *pair {
        [(x1, y1), (x2, y2)] if x1 <= x && x <= x2 && x1 < x2 => Some(y1 + (y2 - y1) * (x - x1) / (x2 - x1)),
        _ => None,
    })
}

/// Says at the end of each line what it is.
fn ends(frame: &mut Frame, places: &ChartLayout, newest: [Option<f64>; 2], scale: Scale, compared: Ago, app: &App) {
    let Some(area) = places.ends else { return };
    let last = area.height.saturating_sub(1);
    let row = |clicks: f64| ((scale.top - clicks.min(scale.top)) / scale.top * f64::from(last)).round() as u16;
    let [now, before] = newest.map(|newest| newest.map(row));
    // Two lines that end in one row have their names in two.
    let before = match (now, before) {
        (Some(now), Some(before)) if now == before && before < last => Some(before + 1),
        (Some(now), Some(before)) if now == before => before.checked_sub(1),
        (_, before) => before,
    };
    let earlier = match compared {
        Ago::Hour => "-1h",
        Ago::Day => "-1d",
        Ago::Week => "-1w",
    };
    for (row, name, style) in [(before, earlier, before_style(app)), (now, "now", app.theme.line(0))] {
        if let Some(row) = row {
            chart::put(frame.buffer_mut(), area.x, area.y.saturating_add(row), name, style);
        }
    }
}

/// Draws the earlier span, where there are no colours.
const fn letter(compared: Ago) -> char {
    match compared {
        Ago::Hour => 'h',
        Ago::Day => 'd',
        Ago::Week => 'w',
    }
}

fn before_style(app: &App) -> Style {
    app.theme.dim()
}

/// `5 s`, `minute`.
fn part(length: Duration) -> String {
    if length == Duration::from_secs(60) { "minute".to_owned() } else { countdown(length) }
}

/// `clicks per 5 s  ━ now 12,345  ┄ 1 day ago 10,000  ▲23%`, or as much of it as fits into `columns`.
fn title(columns: usize, comparison: &Comparison, app: &App) -> Line<'static> {
    let (long, brief): (Figure, Figure) = (count, |clicks| short(clicks as f64));
    let forms: [(bool, Option<Figure>); 4] =
        [(true, Some(long)), (true, Some(brief)), (false, Some(brief)), (false, None)];
    let titles = forms.map(|(has_part, figure)| titled(comparison, has_part, figure, app));
    titles
        .into_iter()
        .find(|title| title.width() <= columns)
        .unwrap_or_else(|| Line::styled(" clicks ", app.theme.key()))
}

fn titled(comparison: &Comparison, has_part: bool, figure: Option<Figure>, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, clicks| sum.saturating_add(*clicks));
    let (now, before) = (sum(&comparison.parts.now), sum(&comparison.parts.before));
    // The lines are those of all rows, whatever the table shows.
    let is_part = app.selection.country.is_some() || !app.selection.filter.is_empty();
    let mut spans = vec![Span::styled(if is_part { " all clicks" } else { " clicks" }, theme.key())];
    if has_part {
        spans.push(Span::styled(format!(" per {}", part(comparison.parts.part)), theme.dim()));
    }
    let samples = if chart::is_dotted(app) { ['━', '┄'] } else { [NOW, letter(comparison.ago)] };
    let lines = [("now", now, theme.line(0)), (comparison.ago.words(), before, before_style(app))];
    for (sample, (name, clicks, style)) in samples.into_iter().zip(lines) {
        spans.push(Span::styled(format!("  {sample} "), style));
        spans.push(Span::styled(name, theme.key()));
        if let Some(figure) = figure {
            spans.push(Span::raw(format!(" {}", figure(clicks))));
        }
    }
    let (change, style) = compared::count(now, Some(before), theme);
    spans.push(Span::styled(format!("  {change} "), style));
    Line::from(spans)
}
