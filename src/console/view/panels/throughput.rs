//! Items a second of every stage over a time span that ends now. A stage that did not run leaves a gap.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::chart::{self, Curve};
use crate::console::format::{fit, rate, right, time_of_day, width};
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;
use crate::console::state::timeline::{place, words};
use crate::console::view::placeholder::placeholder;
use crate::protocol::StageState;
use crate::text::printable;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let history = &app.engine.frozen_or_live().history;
    let columns = usize::from(area.width.saturating_sub(2));
    let below = if app.overview.event.is_some() { event(columns, app) } else { uncompared(columns, app) };
    let block = app.theme.frame(title(columns, app), false).title_bottom(below);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.height < 2 || inner.width < 20 {
        return;
    }
    let span = span(app);
    let points = history.series(span.time(), chart::points(inner, app));
    let curves: Vec<Curve> = in_order(app).map(|stage| Curve::new(stage, &points)).collect();
    if curves.iter().all(Curve::is_empty) {
        placeholder(frame, inner, &why_empty(span, app), app);
        return;
    }
    chart::render(frame, inner, &curves, span, app);
}

/// Why there is no comparison, if the user wants one: it would be in the place of this chart.
fn uncompared(columns: usize, app: &App) -> Line<'static> {
    let board = &app.engine.frozen_or_live().snapshot.board;
    let Some(why) = app.selection.uncompared(board) else { return Line::default() };
    Line::styled(format!(" {} ", fit(why, columns.saturating_sub(2))), app.theme.warn())
}

/// The picked event in words, and its place among the others.
pub(super) fn event(columns: usize, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let Some(event) = &app.overview.event else { return Line::default() };
    let Some((at, all)) = place(snapshot, span(app).time(), event) else { return Line::default() };
    let (time, place) = (format!(" {} ", time_of_day(event.at)), format!("  {at} of {all} "));
    let text = fit(&words(event), columns.saturating_sub(width(&time) + width(&place)));
    Line::from(vec![
        Span::styled(time, theme.dim()),
        Span::styled(text, theme.event(event.kind).patch(theme.key())),
        Span::styled(place, theme.dim()),
    ])
}

/// The positions of the stages in the order of drawing: the line of the picked stage is on top.
fn in_order(app: &App) -> impl Iterator<Item = usize> {
    let (stages, picked) = (app.engine.frozen_or_live().snapshot.stages.len(), app.picked_stage);
    (0..stages).filter(move |stage| *stage != picked).chain((picked < stages).then_some(picked))
}

/// How much the title says about each line.
#[derive(Clone, Copy)]
enum Legend {
    Rates,
    Names,
    Numbers,
    None,
}

/// `throughput 15 min` and as much of the legend as fits into `columns`.
fn title(columns: usize, app: &App) -> Line<'static> {
    let legends = [Legend::Rates, Legend::Names, Legend::Numbers, Legend::None].map(|legend| titled(legend, app));
    legends
        .into_iter()
        .find(|title| title.width() <= columns)
        .unwrap_or_else(|| Line::styled(" throughput ", app.theme.key()))
}

fn titled(legend: Legend, app: &App) -> Line<'static> {
    let theme = &app.theme;
    // A span that the user chose stands out.
    let style = if app.overview.chart_span.is_some() { theme.accent().patch(theme.key()) } else { theme.dim() };
    let mut title =
        vec![Span::styled(" throughput ", theme.key()), Span::styled(span(app).name(), style), Span::raw(" ")];
    if matches!(legend, Legend::None) {
        return Line::from(title);
    }
    for (position, stage) in app.engine.frozen_or_live().snapshot.stages.iter().enumerate() {
        title.push(Span::styled(format!(" {}", chart::sample(position, app)), theme.line(position)));
        if matches!(legend, Legend::Rates | Legend::Names) {
            let style = if position == app.picked_stage { theme.key() } else { theme.dim() };
            title.push(Span::styled(format!(" {}", printable(&stage.info.title)), style));
        }
        if matches!(legend, Legend::Rates) {
            // A fixed width, so that nothing moves while rates change.
            title.push(Span::raw(right(&rate(stage.rate), 8)));
        }
        title.push(Span::raw(" "));
    }
    Line::from(title)
}

/// Why no stage has a line.
fn why_empty(span: ChartSpan, app: &App) -> String {
    let observed = app.engine.frozen_or_live();
    let starts = |state: &StageState| matches!(state, StageState::Running | StageState::Starting { .. });
    let has_begun = observed.snapshot.stages.iter().any(|stage| starts(&stage.state));
    if has_begun || observed.history.seen().is_zero() {
        "collecting…".to_owned()
    } else {
        format!("no stage has run in the last {}", span.name())
    }
}

/// The time that the chart spans.
pub(super) fn span(app: &App) -> ChartSpan {
    ChartSpan::chosen_or_fitting(app.overview.chart_span, app.engine.frozen_or_live().history.seen())
}
