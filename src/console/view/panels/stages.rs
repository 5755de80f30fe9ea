//! The four stages as a flow, with a mark on the one that holds it.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{both_ends, detail, row};
use crate::console::format::{count, count_in, countdown, left, rate, right, width};
use crate::console::state::app::App;
use crate::console::state::history::hold_word;
use crate::console::state::layout::{Panel, Places};
use crate::protocol::snapshot::StageStatus;
use crate::protocol::{Stage, StageState};

/// What part a stage has in a flow that is held up.
#[derive(Clone, Copy)]
enum Part<'a> {
    Flows,
    /// It holds the flow.
    Bottleneck,
    /// It has to wait for the other, which is in this state.
    HeldUp(Stage, &'a StageState),
}

pub(crate) fn render(frame: &mut Frame, places: &Places, app: &App) {
    let shown = app.newest();
    let flow = shown.history.flow(&shown.snapshot);
    let stages = &shown.snapshot.stages;
    let part = |stage: Stage| match flow.held_up_by.get(stage) {
        Some(by) => Part::HeldUp(*by, &stages.get(*by).state),
        None if flow.bottleneck == Some(stage) => Part::Bottleneck,
        None => Part::Flows,
    };
    if !places.boxed {
        let focused = app.focus == Panel::Stages;
        frame.render_widget(app.theme.frame(" stages ", focused), places.stages);
    }
    for (at, (stage, area)) in places.each_stage.iter().enumerate() {
        let status = stages.get(stage);
        if places.boxed {
            stage_box(frame, *area, at + 1, stage, status, part(stage), app);
        } else {
            stage_row(frame, *area, at + 1, stage, status, part(stage), app);
        }
    }
    if places.boxed {
        arrows(frame, places, app);
    }
    detail::render(frame, places.detail, app);
}

fn arrows(frame: &mut Frame, places: &Places, app: &App) {
    let boxes = &places.each_stage;
    for (from, to) in [(boxes.ingest, boxes.store), (boxes.store, boxes.aggregate), (boxes.aggregate, boxes.index)] {
        let columns = to.x.saturating_sub(from.right());
        let area = Rect { x: from.right(), y: from.y + from.height / 2, width: columns, height: 1 };
        let head = app.theme.symbol("▶", ">");
        let shaft = app.theme.symbol("─", "-").repeat(usize::from(columns.saturating_sub(1)));
        frame.render_widget(Paragraph::new(Line::styled(format!("{shaft}{head}"), app.theme.dim())), area);
    }
}

fn stage_box(
    frame: &mut Frame,
    area: Rect,
    number: usize,
    stage: Stage,
    status: &StageStatus,
    part: Part<'_>,
    app: &App,
) {
    let theme = &app.theme;
    let picked = app.stage == stage;
    let focused = picked && app.focus == Panel::Stages;
    let mark = if picked { theme.symbol("▸", ">") } else { " " };
    let name = if picked { theme.accent().patch(theme.key()) } else { theme.key() };
    let title = Line::from(vec![
        Span::styled(mark, theme.accent()),
        Span::styled(format!("{number} "), theme.dim()),
        Span::styled(format!("{stage} "), name),
    ]);
    let mut block = theme.frame(title, focused).padding(Padding::horizontal(1));
    if picked && !focused {
        block = block.border_style(theme.accent());
    }
    if let Some(text) = mark_words(part, usize::from(area.width.saturating_sub(2)), app) {
        block = block.title_bottom(Line::styled(text, theme.warn().patch(theme.key())).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let columns = usize::from(inner.width);
    let (symbol, style) = theme.state(&status.state);
    let state = Line::from(vec![Span::styled(format!("{symbol} "), style), Span::styled(status.state.name(), style)]);
    let next = status.state.next_try(app.now).map(countdown).unwrap_or_default();
    let lines = [
        (state, Line::raw(next)),
        labelled("rate", rate(status.rate), theme.key(), app),
        labelled("backlog", count_in(status.backlog, columns.saturating_sub(8)), backlog_style(part, app), app),
        labelled("errors", count_in(status.errors, columns.saturating_sub(8)), theme.alarm(status.errors), app),
        total(stage, status.processed, columns, app),
    ];
    for (at, (label, value)) in lines.into_iter().enumerate() {
        if let Some(row) = row(inner, at) {
            both_ends(frame, row, label, value);
        }
    }
}

/// What has passed the stage, with its unit and its span as far as there is room beside the figure.
fn total(stage: Stage, processed: u64, columns: usize, app: &App) -> (Line<'static>, Line<'static>) {
    let short = match stage {
        Stage::Ingest => "msgs",
        Stage::Store | Stage::Aggregate => "clicks",
        Stage::Index => "docs",
    };
    let labels = [format!("{} this run", detail::items(stage)), format!("{short} this run"), short.to_owned()];
    let room = |label: &String| columns.saturating_sub(width(label) + 1);
    let exact = labels.iter().take(2).find(|label| width(&count(processed)) <= room(label));
    // Three digits and a unit letter.
    let about = || labels.iter().skip(1).find(|label| room(label) >= 5);
    let label = exact.or_else(about).unwrap_or(&labels[2]).clone();
    let figure = count_in(processed, room(&label));
    (Line::styled(label, app.theme.dim()), Line::raw(figure))
}

fn labelled(label: &'static str, value: String, style: Style, app: &App) -> (Line<'static>, Line<'static>) {
    (Line::styled(label, app.theme.dim()), Line::styled(value, style))
}

/// What stands below the box of a stage, in `columns` at most.
fn mark_words(part: Part<'_>, columns: usize, app: &App) -> Option<String> {
    match part {
        Part::Flows => None,
        Part::Bottleneck => Some(format!(" {} bottleneck ", app.theme.symbol("▲", "^"))),
        Part::HeldUp(by, state) => {
            let word = hold_word(state);
            let sizes = [
                format!(" held up by {by} ({word}) "),
                format!(" held by {by} ({word}) "),
                format!(" held up by {by} "),
                format!(" held by {by} "),
            ];
            sizes.into_iter().find(|text| width(text) <= columns)
        }
    }
}

fn backlog_style(part: Part<'_>, app: &App) -> Style {
    match part {
        Part::Flows => Style::new(),
        Part::Bottleneck | Part::HeldUp(..) => app.theme.warn().patch(app.theme.key()),
    }
}

fn stage_row(
    frame: &mut Frame,
    area: Rect,
    number: usize,
    stage: Stage,
    status: &StageStatus,
    part: Part<'_>,
    app: &App,
) {
    let theme = &app.theme;
    let picked = app.stage == stage;
    let (symbol, style) = theme.state(&status.state);
    let flow = if number == 1 { " " } else { theme.symbol("↓", "v") };
    let mark = match part {
        Part::Flows => " ",
        Part::Bottleneck => theme.symbol("▲", "^"),
        // It waits for the one below it.
        Part::HeldUp(..) => theme.symbol("↓", "v"),
    };
    let line = Line::from(vec![
        Span::styled(if picked { theme.symbol("▸", ">") } else { " " }, theme.accent()),
        Span::styled(format!("{number}{flow}"), theme.dim()),
        Span::styled(left(stage.name(), 10), if picked { theme.accent().patch(theme.key()) } else { theme.key() }),
        Span::styled(format!("{symbol} "), style),
        Span::styled(left(status.state.name(), 12), style),
        Span::styled(right(&rate(status.rate), 9), theme.key()),
        Span::styled(right(&count_in(status.backlog, 9), 10), backlog_style(part, app)),
        Span::styled(mark, theme.warn()),
        Span::styled(right(&count_in(status.errors, 6), 6), theme.alarm(status.errors)),
        Span::styled(" err", theme.dim()),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}
