//! The four stages as a flow, and one line about the one that matters.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{both_ends, row};
use crate::console::app::App;
use crate::console::format::{count, count_in, countdown, fit, left, rate, right, width};
use crate::console::layout::{Panel, Places};
use crate::pipeline::snapshot::StageStatus;
use crate::pipeline::{Stage, StageState};

pub(crate) fn render(frame: &mut Frame, places: &Places, app: &App) {
    let shown = app.shown();
    let bottleneck = shown.history.bottleneck(&shown.snapshot);
    if !places.boxed {
        let focused = app.focus == Panel::Stages;
        frame.render_widget(app.theme.frame(" stages ", focused), places.stages);
    }
    for (at, (stage, area)) in places.each_stage.iter().enumerate() {
        let status = shown.snapshot.stages.get(stage);
        if places.boxed {
            stage_box(frame, *area, at + 1, stage, status, bottleneck == Some(stage), app);
        } else {
            stage_row(frame, *area, at + 1, stage, status, bottleneck == Some(stage), app);
        }
    }
    if places.boxed {
        arrows(frame, places, app);
    }
    detail(frame, places.detail, app);
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

fn stage_box(frame: &mut Frame, area: Rect, number: usize, stage: Stage, status: &StageStatus, slow: bool, app: &App) {
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
    if slow {
        let text = format!(" {} bottleneck ", theme.symbol("▲", "^"));
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
        labelled("backlog", count_in(status.backlog, columns.saturating_sub(8)), backlog_style(slow, app), app),
        labelled("errors", count_in(status.errors, columns.saturating_sub(8)), theme.alarm(status.errors), app),
        labelled("total", count_in(status.processed, columns.saturating_sub(6)), Style::new(), app),
    ];
    for (at, (label, value)) in lines.into_iter().enumerate() {
        if let Some(row) = row(inner, at) {
            both_ends(frame, row, label, value);
        }
    }
}

fn labelled(label: &'static str, value: String, style: Style, app: &App) -> (Line<'static>, Line<'static>) {
    (Line::styled(label, app.theme.dim()), Line::styled(value, style))
}

fn backlog_style(slow: bool, app: &App) -> Style {
    if slow { app.theme.warn().patch(app.theme.key()) } else { Style::new() }
}

fn stage_row(frame: &mut Frame, area: Rect, number: usize, stage: Stage, status: &StageStatus, slow: bool, app: &App) {
    let theme = &app.theme;
    let picked = app.stage == stage;
    let (symbol, style) = theme.state(&status.state);
    let flow = if number == 1 { " " } else { theme.symbol("↓", "v") };
    let line = Line::from(vec![
        Span::styled(if picked { theme.symbol("▸", ">") } else { " " }, theme.accent()),
        Span::styled(format!("{number}{flow}"), theme.dim()),
        Span::styled(left(stage.name(), 10), if picked { theme.accent().patch(theme.key()) } else { theme.key() }),
        Span::styled(format!("{symbol} "), style),
        Span::styled(left(status.state.name(), 12), style),
        Span::styled(right(&rate(status.rate), 9), theme.key()),
        Span::styled(right(&count_in(status.backlog, 9), 10), backlog_style(slow, app)),
        Span::styled(if slow { theme.symbol("▲", "^") } else { " " }, theme.warn()),
        Span::styled(right(&count_in(status.errors, 6), 6), theme.alarm(status.errors)),
        Span::styled(" err", theme.dim()),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

/// Of the picked stage; of the first that ails if that is another one and the picked one is well.
fn detail(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let stages = &app.shown().snapshot.stages;
    let ails =
        |stage: Stage| matches!(stages.get(stage).state, StageState::BackingOff { .. } | StageState::Failed { .. });
    let stage = if ails(app.stage) {
        app.stage
    } else {
        Stage::ALL.into_iter().find(|stage| ails(*stage)).unwrap_or(app.stage)
    };
    let status = stages.get(stage);
    let (symbol, style) = theme.state(&status.state);
    let head = format!(" {symbol} {stage} {}", status.state.name());
    let mut facts = Vec::new();
    let mut hint = String::new();
    match &status.state {
        StageState::BackingOff { cause, .. } => {
            let left = status.state.next_try(app.now).unwrap_or_default();
            facts.push(cause.clone());
            hint = format!("next try in {}", countdown(left));
        }
        StageState::Failed { cause } => {
            facts.push(cause.clone());
            hint = "r restarts it".to_owned();
        }
        StageState::Starting { doing } => facts.push(doing.clone()),
        StageState::Draining { waiting_for } => facts.push(format!("waiting for {waiting_for}")),
        StageState::Running | StageState::Stopped => {
            facts.push(format!("{} {} this run", count(status.processed), items(stage)))
        }
    }
    let told = facts.iter().any(|fact| status.last_error.as_deref() == Some(fact));
    if let Some(error) = status.last_error.as_deref().filter(|_| !told) {
        facts.push(format!("last error: {error}"));
    }
    facts.retain(|fact| !fact.is_empty());
    let hint = if hint.is_empty() { hint } else { format!("{hint} ") };
    let room = usize::from(area.width).saturating_sub(width(&head) + 2 + width(&hint) + 1);
    let text = fit(&facts.join(theme.symbol("  ·  ", "  -  ")), room);
    let line = Line::from(vec![Span::styled(head, style), Span::raw("  "), Span::raw(text)]);
    both_ends(frame, area, line, Line::styled(hint, theme.key()));
}

/// What passes `stage`.
fn items(stage: Stage) -> &'static str {
    match stage {
        Stage::Ingest => "messages",
        Stage::Store | Stage::Aggregate => "clicks",
        Stage::Index => "documents",
    }
}
