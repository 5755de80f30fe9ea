//! Figures of the work over time: how long requests and commits took, and how much was in each.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::chart::{self, ChartLayout, Curve};
use super::scale::{Scale, tick};
use super::throughput::span;
use crate::console::format::{duration, left, or_unknown, width};
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;
use crate::console::state::history::{Point, Work};
use crate::console::view::placeholder::placeholder;

/// A line of a chart.
#[derive(Clone, Copy)]
pub(super) struct Trace {
    name: &'static str,
    /// At most four columns: it stands where the line ends.
    end: &'static str,
    /// Draws the line where there are no colours.
    letter: char,
    /// The place in the list of the stage whose colour it has.
    color: usize,
    value: fn(&Point) -> Option<f64>,
}

/// A chart with one axis for all its lines.
#[derive(Clone, Copy)]
pub(super) struct WorkChart {
    title: &'static str,
    traces: &'static [Trace],
    label: fn(f64) -> String,
    /// Shown as a mark at each time at which it was above 0.
    marks: Option<(&'static str, Work)>,
}

/// A duration in microseconds.
fn micros(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    duration(Duration::try_from_secs_f64(value / 1e6).unwrap_or_default())
}

fn ratio(of: Option<f64>, by: Option<f64>) -> Option<f64> {
    by.filter(|by| *by > 0.0).and_then(|by| Some(of? / by))
}

const fn trace(
    name: &'static str,
    end: &'static str,
    letter: char,
    color: usize,
    value: fn(&Point) -> Option<f64>,
) -> Trace {
    Trace { name, end, letter, color, value }
}

/// What 99% and half of the newest ones took at most.
const fn times(slowest: fn(&Point) -> Option<f64>, median: fn(&Point) -> Option<f64>) -> [Trace; 2] {
    [trace("p99", "p99", '9', 3, slowest), trace("p50", "p50", '5', 0, median)]
}

/// How long bulk requests took.
pub(super) static BULK_TIMES: WorkChart = WorkChart {
    title: "bulk times",
    traces: &times(|point| Work::BulkSlowest.at(point), |point| Work::BulkMedian.at(point)),
    label: micros,
    marks: Some(("retries", Work::Retries)),
};

/// How many documents were sent.
pub(super) static DOCUMENTS: WorkChart = WorkChart {
    title: "documents a second",
    traces: &[trace("now", "d", 'd', 1, |point| Work::Documents.at(point))],
    label: tick,
    marks: None,
};

/// How long commits took.
pub(super) static COMMIT_TIMES: WorkChart = WorkChart {
    title: "commit times",
    traces: &times(|point| Work::CommitSlowest.at(point), |point| Work::CommitMedian.at(point)),
    label: micros,
    marks: None,
};

/// How much was in each commit and in each bulk request.
pub(super) static BATCHES: WorkChart = WorkChart {
    title: "in one batch",
    traces: &[
        trace("documents", "d", 'd', 1, |point| ratio(Work::Documents.at(point), Work::Bulks.at(point))),
        trace("clicks", "c", 'c', 0, |point| ratio(Work::Stored.at(point), Work::Commits.at(point))),
    ],
    label: tick,
    marks: None,
};

/// Columns from which two charts are side by side.
const SIDE_BY_SIDE: u16 = 90;

/// Rows from which two charts are one above the other.
const STACKED: u16 = 12;

/// Draws two charts side by side or one above the other; only the first one where there is no room for both.
pub(super) fn pair(frame: &mut Frame, area: Rect, charts: [&WorkChart; 2], app: &App) {
    let [one, other] = charts;
    let half = Constraint::Fill(1);
    let (first, second) = if area.width >= SIDE_BY_SIDE {
        let [first, _, second] = Layout::horizontal([half, Constraint::Length(2), half]).areas(area);
        (first, Some(second))
    } else if area.height >= STACKED {
        let [first, second] = Layout::vertical([half, half]).areas(area);
        (first, Some(second))
    } else {
        (area, None)
    };
    one.render(frame, first, app);
    if let Some(second) = second {
        other.render(frame, second, app);
    }
}

impl WorkChart {
    /// Draws its title and its lines over the time that the throughput chart spans.
    pub(super) fn render(&self, frame: &mut Frame, area: Rect, app: &App) {
        let [title, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        let span = span(app);
        let points = app.engine.frozen_or_live().work.series(span.time(), chart::points(body, app));
        // On a narrow screen, the figures are worth more than the time that the chart spans.
        let titles = [(Some(span), true), (None, true), (None, false)]
            .map(|(span, has_figures)| self.title(&points, span, has_figures, app));
        if let Some(line) = titles.into_iter().find(|line| line.width() <= usize::from(title.width)) {
            frame.render_widget(Paragraph::new(line), title);
        }
        if body.height < 2 || body.width < 20 {
            return;
        }
        let curves: Vec<Curve> = self.traces.iter().map(|trace| Curve::of(trace.color, &points, trace.value)).collect();
        if curves.iter().all(Curve::is_empty) {
            return placeholder(frame, body, "nothing in this time", app);
        }
        self.draw(frame, body, &curves, &points, span, app);
    }

    /// `bulk times 5 min  ━p99 12 ms  ━p50 3.1 ms  retries 3 ▲`.
    fn title(&self, points: &[Point], span: Option<ChartSpan>, has_figures: bool, app: &App) -> Line<'static> {
        let theme = &app.theme;
        let mut spans = vec![Span::styled(self.title, theme.key())];
        spans.extend(span.map(|span| Span::styled(format!(" {}", span.name()), theme.dim())));
        for trace in self.traces {
            let sample = if chart::is_dotted(app) { '━' } else { trace.letter };
            spans.push(Span::styled(format!("  {sample}"), theme.line(trace.color)));
            if !has_figures {
                spans.push(Span::raw(trace.name));
                continue;
            }
            let newest = or_unknown(points.last().and_then(trace.value), self.label);
            // A fixed width, so that nothing moves while figures change.
            spans.push(Span::raw(left(&format!("{} {newest}", trace.name), width(trace.name) + 8)));
        }
        if let Some((name, marks)) = self.marks {
            let found = points.iter().filter(|point| marks.at(point).is_some_and(|rate| rate > 0.0)).count();
            if found > 0 {
                spans.push(Span::styled(format!("  {} {name}", theme.symbol("▲", "^")), theme.warn()));
            }
        }
        Line::from(spans)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, curves: &[Curve], points: &[Point], span: ChartSpan, app: &App) {
        let places = ChartLayout::of(area);
        if places.plot.is_empty() {
            return;
        }
        let most = curves.iter().flat_map(Curve::rates).fold(0.0, f64::max);
        let scale = Scale::over(most);
        let buffer = frame.buffer_mut();
        chart::upright(buffer, &places, scale, self.label, app);
        if let Some(rows) = places.time {
            chart::along(buffer, &places, rows, span, app);
        }
        let bounds = ([-span.time().as_secs_f64(), 0.0], [0.0, scale.top]);
        if chart::is_dotted(app) {
            chart::lines(frame, places.plot, Marker::Braille, curves, bounds, app);
        } else {
            for (curve, trace) in curves.iter().zip(self.traces) {
                let marker = Marker::Custom(trace.letter);
                chart::lines(frame, places.plot, marker, std::slice::from_ref(curve), bounds, app);
            }
        }
        let buffer = frame.buffer_mut();
        if let Some(ends) = places.ends {
            let last = ends.height.saturating_sub(1);
            let mut taken = None;
            for (curve, trace) in curves.iter().zip(self.traces) {
                let Some(newest) = curve.newest else { continue };
                let row = ((scale.top - newest.min(scale.top)) / scale.top * f64::from(last)).round() as u16;
                // Two lines that end in one row have their names in two.
                let row = match taken {
                    Some(above) if above == row && row < last => row + 1,
                    Some(above) if above == row => row.saturating_sub(1),
                    _ => row,
                };
                taken = Some(row);
                chart::put(buffer, ends.x, ends.y.saturating_add(row), trace.end, app.theme.line(trace.color));
            }
        }
        let Some((_, marks)) = self.marks else { return };
        let row = places.time.map_or(places.plot.bottom().saturating_sub(1), |(axis, _)| axis);
        for point in points.iter().filter(|point| marks.at(point).is_some_and(|rate| rate > 0.0)) {
            let ago = Duration::try_from_secs_f64(point.ago).unwrap_or_default();
            let at = chart::column(places.plot, span, ago);
            chart::put(buffer, at, row, app.theme.symbol("▲", "^"), app.theme.warn());
        }
    }
}
