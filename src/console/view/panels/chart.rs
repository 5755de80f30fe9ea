//! Lines over time: two axes with round figures, a line for each stage, and the number of the stage where its line ends.

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::canvas::{Canvas, Context, Line as Stroke, Points};

use super::scale::{Scale, Spike, most_usual, spikes, tick};
use crate::console::format::{countdown, right, short, width};
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;
use crate::console::state::history::Point;
use crate::console::state::timeline::{events_in, weight};
use crate::protocol::event::Event;

/// Columns for the labels of the upright axis.
const LABEL: u16 = 7;

/// Columns to the right of the lines, for the numbers of the stages.
const ENDS: u16 = 4;

/// Narrower charts have no room for the numbers.
const ENDS_FROM: u16 = 40;

/// One stage over the time shown.
pub(super) struct Curve {
    /// The position of the stage in the list.
    pub(super) stage: usize,
    /// The runs without a gap, each a list of (seconds after now, never above 0; items a second).
    runs: Vec<Vec<(f64, f64)>>,
    /// The newest rate, if the stage runs.
    pub(super) newest: Option<f64>,
}

impl Curve {
    /// The stage at a place of the list.
    pub(super) fn new(stage: usize, points: &[Point]) -> Self {
        Self::of(stage, points, |point| point.rates.get(stage).copied().flatten())
    }

    /// A figure at each point, in the colour of the stage at a place of the list.
    pub(super) fn of(stage: usize, points: &[Point], rate: impl Fn(&Point) -> Option<f64>) -> Self {
        let runs = points
            .split(|point| rate(point).is_none())
            .filter(|run| !run.is_empty())
            .map(|run| run.iter().filter_map(|point| Some((-point.ago, rate(point)?))).collect())
            .collect();
        Self { stage, runs, newest: points.last().and_then(&rate) }
    }

    /// One run of figures, each at its time, in the colour of the stage at a place of the list.
    pub(super) fn through(stage: usize, run: Vec<(f64, f64)>) -> Self {
        let newest = run.last().map(|(_, rate)| *rate);
        Self { stage, runs: if run.is_empty() { Vec::new() } else { vec![run] }, newest }
    }

    /// Whether the stage never ran.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub(super) fn rates(&self) -> Vec<f64> {
        self.runs.iter().flatten().map(|(_, rate)| *rate).collect()
    }
}

/// The parts of a chart.
pub(super) struct ChartLayout {
    pub(super) plot: Rect,
    /// The column of the upright axis. The labels are to its left.
    axis: u16,
    pub(super) ends: Option<Rect>,
    /// The rows of the time axis and its labels, if the chart is high enough.
    pub(super) time: Option<(u16, u16)>,
}

impl ChartLayout {
    pub(super) fn of(area: Rect) -> Self {
        let ends = if area.width >= ENDS_FROM { ENDS } else { 0 };
        let time = if area.height >= 6 { 2 } else { 0 };
        let [rows, _] = Layout::vertical([Constraint::Fill(1), Constraint::Length(time)]).areas(area);
        let [_, axis, plot, ends] = Layout::horizontal([
            Constraint::Length(LABEL),
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(ends),
        ])
        .areas(rows);
        let time = (time > 0).then(|| (rows.bottom(), rows.bottom().saturating_add(1)));
        Self { plot, axis: axis.x, ends: (!ends.is_empty()).then_some(ends), time }
    }
}

/// How many points a chart in `area` can show side by side.
pub(super) fn points(area: Rect, app: &App) -> usize {
    let columns = usize::from(ChartLayout::of(area).plot.width);
    if is_dotted(app) { columns * 2 } else { columns }
}

/// A sample of a line, for the legend.
pub(super) fn sample(stage: usize, app: &App) -> String {
    let number = number(stage);
    if is_dotted(app) { format!("━{number}") } else { number.to_string() }
}

/// The number of the stage at `position`, as on its box and its key.
fn number(position: usize) -> char {
    u32::try_from(position + 1).ok().and_then(|number| char::from_digit(number, 10)).unwrap_or('+')
}

/// Whether lines are fine dots in different colours. Else they are made of the numbers of their stages.
pub(super) fn is_dotted(app: &App) -> bool {
    !app.theme.ascii && app.theme.has_color()
}

/// Draws `curves` over the time `span`; the last one is on top.
pub(super) fn render(frame: &mut Frame, area: Rect, curves: &[Curve], span: ChartSpan, app: &App) {
    let places = ChartLayout::of(area);
    if places.plot.is_empty() {
        return;
    }
    // The scale fits the usual rates. A spike that would flatten everything else is cut off, with its height beside it.
    let usual = most_usual(curves.iter().map(Curve::rates));
    let scale = Scale::over(usual);
    let buffer = frame.buffer_mut();
    upright(buffer, &places, scale, tick, app);
    if let Some(rows) = places.time {
        along(buffer, &places, rows, span, app);
    }
    let bounds = ([-span.time().as_secs_f64(), 0.0], [0.0, scale.top]);
    if is_dotted(app) {
        // On one canvas, the dots of both lines stay where lines cross.
        lines(frame, places.plot, Marker::Braille, curves, bounds, app);
    } else {
        for curve in curves {
            let marker = Marker::Custom(number(curve.stage));
            lines(frame, places.plot, marker, std::slice::from_ref(curve), bounds, app);
        }
    }
    if let Some(area) = places.ends {
        ends(frame.buffer_mut(), area, curves, scale, app);
    }
    marks(frame.buffer_mut(), &places, curves, span, usual, app);
    events(frame.buffer_mut(), &places, span, app);
}

/// A mark for each event: on the axis of time, or in the lowest row if there is none. A line goes up from the picked one.
fn events(buffer: &mut Buffer, places: &ChartLayout, span: ChartSpan, app: &App) {
    let (plot, theme) = (places.plot, &app.theme);
    let row = places.time.map_or(plot.bottom().saturating_sub(1), |(axis, _)| axis);
    let mark = theme.symbol("◆", "^");
    let mut found: Vec<(Duration, &Event)> = events_in(&app.engine.frozen_or_live().snapshot, span.time()).collect();
    // Of several in one column, the one that matters most is on top.
    found.sort_by_key(|(_, event)| weight(event.kind));
    let picked = found.iter().position(|(_, event)| app.overview.event.as_ref() == Some(*event));
    let picked = picked.map(|at| found.remove(at));
    for (ago, event) in found {
        put(buffer, column(plot, span, ago), row, mark, theme.event(event.kind));
    }
    if let Some((ago, event)) = picked {
        let x = column(plot, span, ago);
        for y in plot.y..plot.bottom() {
            if let Some(cell) = buffer.cell_mut((x, y)).filter(|cell| cell.symbol() == " ") {
                cell.set_symbol(theme.symbol("┊", ":")).set_style(theme.dim());
            }
        }
        put(buffer, x, row, mark, theme.event(event.kind).add_modifier(Modifier::REVERSED));
    }
}

pub(super) fn lines(
    frame: &mut Frame,
    area: Rect,
    marker: Marker,
    curves: &[Curve],
    bounds: ([f64; 2], [f64; 2]),
    app: &App,
) {
    let canvas = Canvas::default().marker(marker).x_bounds(bounds.0).y_bounds(bounds.1).paint(|context| {
        for curve in curves {
            draw(context, curve, app.theme.line(curve.stage).fg.unwrap_or(Color::Reset), bounds.1[1]);
        }
    });
    frame.render_widget(canvas, area);
}

/// Draws `curve` as far as it is not above `top`.
pub(super) fn draw(context: &mut Context<'_>, curve: &Curve, color: Color, top: f64) {
    for run in &curve.runs {
        let run: Vec<(f64, f64)> = run.iter().map(|(at, rate)| (*at, rate.min(top))).collect();
        // A run of one point is a dot.
        context.draw(&Points { coords: &run, color });
        for pair in run.windows(2) {
            if let [(x1, y1), (x2, y2)] = *pair {
                context.draw(&Stroke { x1, y1, x2, y2, color });
            }
        }
    }
}

/// The heights of the spikes that the chart cuts off, each at its time. The highest come first; none covers another.
fn marks(buffer: &mut Buffer, places: &ChartLayout, curves: &[Curve], span: ChartSpan, usual: f64, app: &App) {
    let plot = places.plot;
    // The same spike is the lower, the longer the time is over which a point has the mean.
    let over = time_of_a_point(curves).map_or_else(String::new, |time| format!(" ({})", countdown(time)));
    let mut found: Vec<(Spike, usize)> = Vec::new();
    for curve in curves {
        found.extend(curve.runs.iter().flat_map(|run| spikes(run, usual)).map(|spike| (spike, curve.stage)));
    }
    found.sort_by(|(a, _), (b, _)| b.rate.total_cmp(&a.rate));
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (spike, stage) in found {
        let text = format!("{}{}/s{over}", app.theme.symbol("▲", "^"), short(spike.rate));
        let columns = u16::try_from(width(&text)).unwrap_or(plot.width);
        let ago = Duration::try_from_secs_f64(-spike.at).unwrap_or_default();
        // The mark points at the spike, unless the figure would leave the chart.
        let begin = column(plot, span, ago).min(plot.right().saturating_sub(columns)).max(plot.x);
        let end = begin.saturating_add(columns);
        // Two marks keep a blank between them.
        if taken.iter().any(|(from, to)| begin <= *to && *from <= end) {
            continue;
        }
        taken.push((begin, end));
        put(buffer, begin, plot.y, &text, app.theme.line(stage).patch(app.theme.key()));
    }
}

/// The time over which each point has the mean: that between two points.
fn time_of_a_point(curves: &[Curve]) -> Option<Duration> {
    let runs = curves.iter().flat_map(|curve| &curve.runs);
    let between = runs.flat_map(|run| run.windows(2)).find_map(|pair| match *pair {
        [(before, _), (after, _)] if after > before => Some(after - before),
        _ => None,
    });
    between.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// The numbers of the running stages, each in the row in which its line ends.
fn ends(buffer: &mut Buffer, area: Rect, curves: &[Curve], scale: Scale, app: &App) {
    let mut taken = vec![0_u16; usize::from(area.height)];
    // A row has four dots.
    let fine = if is_dotted(app) { 4 } else { 1 };
    for stage in 0..app.engine.frozen_or_live().snapshot.stages.len() {
        let Some(rate) = curves.iter().find(|curve| curve.stage == stage).and_then(|curve| curve.newest) else {
            continue;
        };
        let last = f64::from(area.height * fine - 1);
        let row = ((scale.top - rate.min(scale.top)) / scale.top * last).round() as usize / usize::from(fine);
        let Some(taken) = taken.get_mut(row) else { continue };
        let position = (area.x.saturating_add(*taken), area.y.saturating_add(u16::try_from(row).unwrap_or(u16::MAX)));
        if let Some(cell) = buffer.cell_mut(position) {
            cell.set_char(number(stage)).set_style(app.theme.line(stage));
            *taken += 1;
        }
    }
}

/// The upright axis, with each of its figures as `label` writes it.
pub(super) fn upright(buffer: &mut Buffer, places: &ChartLayout, scale: Scale, label: fn(f64) -> String, app: &App) {
    let plot = places.plot;
    let last = plot.height.saturating_sub(1);
    put(buffer, places.axis, plot.y, &vec!["│"; usize::from(plot.height)].join("\n"), app.theme.dim());
    let parts = scale.parts(last);
    for part in 0..=parts {
        let share = f64::from(part) / f64::from(parts);
        let row = plot.y + ((1.0 - share) * f64::from(last)).round() as u16;
        put(
            buffer,
            places.axis.saturating_sub(LABEL),
            row,
            &right(&label(scale.top * share), LABEL.into()),
            app.theme.dim(),
        );
        put(buffer, places.axis, row, "┤", app.theme.dim());
    }
}

/// The axis of time.
pub(super) fn along(buffer: &mut Buffer, places: &ChartLayout, rows: (u16, u16), span: ChartSpan, app: &App) {
    let plot = places.plot;
    let (axis, labels) = rows;
    let shaft = format!("└{}", "─".repeat(plot.width.into()));
    put(buffer, places.axis, axis, &shaft, app.theme.dim());
    let end = places.ends.map_or(plot.right(), Rect::right);
    for (ago, label) in span.labels(plot.width.into()) {
        let column = column(plot, span, ago);
        if ago < span.time() {
            put(buffer, column, axis, "┴", app.theme.dim());
        }
        // Centred below its tick, unless that would leave the chart.
        let width = u16::try_from(label.len()).unwrap_or(0);
        let at = column.saturating_sub(width / 2).min(end.saturating_sub(width));
        put(buffer, at, labels, &label, app.theme.dim());
    }
}

/// The column of a time before now.
pub(super) fn column(plot: Rect, span: ChartSpan, ago: Duration) -> u16 {
    let share = 1.0 - ago.as_secs_f64() / span.time().as_secs_f64();
    plot.x + (share * f64::from(plot.width.saturating_sub(1))).round() as u16
}

/// Writes the lines of `text` into the buffer, as far as they lie inside it.
pub(super) fn put(buffer: &mut Buffer, x: u16, y: u16, text: &str, style: Style) {
    for (row, line) in (y..buffer.area.bottom()).zip(text.split('\n')) {
        if x < buffer.area.right() {
            buffer.set_string(x, row, line, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_splits_the_line() {
        let rates = [Some(1.0), None, None, Some(2.0), Some(3.0)];
        let points = [4.0, 3.0, 2.0, 1.0, 0.0]
            .into_iter()
            .zip(rates)
            .map(|(ago, rate)| Point { ago, rates: vec![rate, None] })
            .collect::<Vec<_>>();
        let curve = Curve::new(0, &points);
        assert_eq!(curve.runs, [vec![(-4.0, 1.0)], vec![(-1.0, 2.0), (0.0, 3.0)]]);
        assert_eq!((curve.newest, Curve::new(1, &points).is_empty()), (Some(3.0), true));
    }
}
