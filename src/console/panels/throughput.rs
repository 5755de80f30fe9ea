//! Clicks a second of ingest and store over the last minutes. A stage that did not run leaves a gap.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use super::placeholder;
use crate::console::app::App;
use crate::console::format::{rate, right, short};
use crate::pipeline::Stage;

/// In the order they are drawn: the later one lies on top.
const LINES: [Stage; 2] = [Stage::Ingest, Stage::Store];

/// Columns of the labels of the upright axis.
const LABEL: usize = 7;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let shown = app.shown();
    let mut title = vec![Span::styled(" throughput ", theme.key())];
    for stage in LINES {
        title.push(Span::styled(format!(" {} ", legend(stage, app)), theme.line(stage)));
        title.push(Span::styled(format!("{stage} "), theme.dim()));
        title.push(Span::raw(right(&rate(shown.snapshot.stages.get(stage).rate), 8)));
        title.push(Span::raw(" "));
    }
    let block = theme.frame(Line::from(title), false);
    let inner = block.inner(area);
    if inner.height < 2 || inner.width < 20 {
        frame.render_widget(block, area);
        return;
    }

    let window = shown.history.window();
    let columns = usize::from(inner.width).saturating_sub(LABEL + 1);
    // Braille has two dots a column.
    let points = if theme.ascii { columns } else { columns * 2 };
    let series = LINES.map(|stage| (stage, shown.history.series(stage, window, points)));
    let top = series.iter().flat_map(|(_, points)| points).filter_map(|(_, rate)| *rate).fold(0.0, f64::max);
    let none = series.iter().all(|(_, points)| points.iter().all(|(_, rate)| rate.is_none()));
    if none {
        frame.render_widget(block, area);
        placeholder(frame, inner, "no throughput yet", app);
        return;
    }

    let segments: Vec<(Stage, Vec<(f64, f64)>)> = series
        .iter()
        .flat_map(|(stage, points)| unbroken(points).into_iter().map(|segment| (*stage, segment)))
        .collect();
    let datasets = segments
        .iter()
        .map(|(stage, points)| {
            Dataset::default()
                .data(points)
                .marker(marker(*stage, app))
                .graph_type(GraphType::Line)
                .style(theme.line(*stage))
        })
        .collect();
    let top = round_up(top);
    let label = |value: f64| Line::styled(right(&tick(value), LABEL), theme.dim());
    let labels =
        if inner.height >= 7 { vec![label(0.0), label(top / 2.0), label(top)] } else { vec![label(0.0), label(top)] };
    let mut x_axis = Axis::default().bounds([-(window as f64), 0.0]).style(theme.dim());
    if inner.height >= 6 {
        let ago = format!("-{} min", window / 60);
        x_axis = x_axis
            .labels([Line::styled(ago, theme.dim()), Line::styled("now", theme.dim())])
            .labels_alignment(Alignment::Left);
    }
    let y_axis =
        Axis::default().bounds([0.0, top]).labels(labels).labels_alignment(Alignment::Right).style(theme.dim());
    let chart = Chart::new(datasets).block(block).x_axis(x_axis).y_axis(y_axis).legend_position(None);
    frame.render_widget(chart, area);
}

/// Colour tells the lines apart; without it their dots do.
fn marker(stage: Stage, app: &App) -> Marker {
    match (stage, app.theme.ascii, app.theme.has_color()) {
        (Stage::Store, true, _) => Marker::Custom('s'),
        (_, true, _) => Marker::Custom('i'),
        (Stage::Ingest, false, false) => Marker::Dot,
        (_, false, _) => Marker::Braille,
    }
}

fn legend(stage: Stage, app: &App) -> &'static str {
    match marker(stage, app) {
        Marker::Custom('s') => "s",
        Marker::Custom(_) => "i",
        Marker::Dot => "•",
        _ => "━",
    }
}

/// The runs of points without a gap.
fn unbroken(points: &[(f64, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    points
        .split(|(_, rate)| rate.is_none())
        .filter(|run| !run.is_empty())
        .map(|run| run.iter().filter_map(|(at, rate)| Some((*at, (*rate)?))).collect())
        .collect()
}

/// A round figure without the zeros behind its point: `20k`, `2.5M`.
fn tick(value: f64) -> String {
    let text = short(value);
    let figures = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(figures.len()..).unwrap_or_default();
    let figures = if figures.contains('.') { figures.trim_end_matches('0').trim_end_matches('.') } else { figures };
    format!("{figures}{unit}")
}

/// The next round figure that leaves a little room: the axis changes seldom, and the line uses its height.
fn round_up(top: f64) -> f64 {
    let top = (top * 1.05).max(10.0);
    let power = 10_f64.powf(top.log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= top)
        .unwrap_or(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_figure_above_the_line() {
        let tops = [0.0, 9.0, 95.0, 99.0, 1_200.0, 4_900.0, 21_000.0].map(round_up);
        assert_eq!(tops, [10.0, 10.0, 100.0, 150.0, 1_500.0, 6_000.0, 25_000.0]);
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([0.0, 10.0, 100.0, 2_500.0, 20_000.0, 1e6].map(tick), ["0", "10", "100", "2.5k", "20k", "1M"]);
    }

    #[test]
    fn a_gap_splits_the_line() {
        let points = [(-4.0, Some(1.0)), (-3.0, None), (-2.0, None), (-1.0, Some(2.0)), (0.0, Some(3.0))];
        assert_eq!(unbroken(&points), [vec![(-4.0, 1.0)], vec![(-1.0, 2.0), (0.0, 3.0)]]);
    }
}
