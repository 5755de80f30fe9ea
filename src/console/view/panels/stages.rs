//! The stages as a flow, with a mark on the stage that holds it up.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use crate::console::format::{count, count_in, countdown, left, or_unknown, rate, right, width};
use crate::console::state::alarms::of_stage;
use crate::console::state::app::App;
use crate::console::state::history::hold_word;
use crate::console::state::layout::ScreenLayout;
use crate::console::state::outlook::{grows, lag_words};
use crate::console::state::panel::Panel;
use crate::console::view::rows::{both_ends, row};
use crate::protocol::{StageStatus, Stages};
use crate::text::printable;

/// Columns of a row with everything that it says of a stage.
const ROW_COLUMNS: u16 = 56;

/// The part of a stage in the flow.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// Neither of the others.
    Flows,
    /// It holds the flow.
    Bottleneck,
    /// It waits for this stage.
    HeldUp(&'a StageStatus),
}

pub(in crate::console::view) fn render(frame: &mut Frame, layout: &ScreenLayout, app: &App) {
    let live = &app.engine.live;
    let flow = live.history.flow(&live.snapshot);
    let stages = &live.snapshot.stages;
    let part = |position: usize| match flow.held_up_by(position).and_then(|by| stages.get(by)) {
        Some(by) => Part::HeldUp(by),
        None if flow.bottleneck == Some(position) => Part::Bottleneck,
        None => Part::Flows,
    };
    let framed = layout.each_stage.first().is_some_and(|first| first.y > layout.stages.y);
    if !layout.boxed && framed {
        let focused = app.overview.focus == Panel::Stages;
        frame.render_widget(app.theme.frame(" stages ", focused), layout.stages);
    }
    for (position, (stage, area)) in stages.iter().zip(&layout.each_stage).enumerate() {
        if layout.boxed {
            stage_box(frame, *area, position, stage, part(position), app);
        } else {
            stage_row(frame, *area, position, stage, part(position), app);
        }
    }
    if layout.boxed {
        arrows(frame, &layout.each_stage, stages, app);
    }
}

/// The arrows between neighbouring boxes.
fn arrows(frame: &mut Frame, boxes: &[Rect], stages: &Stages, app: &App) {
    for ((stage, next), pair) in stages.iter().zip(stages.iter().skip(1)).zip(boxes.windows(2)) {
        let &[from, to] = pair else { continue };
        if !stage.info.feeds.iter().any(|arrow| arrow.to == *next.id()) {
            continue;
        }
        let columns = to.x.saturating_sub(from.right());
        let area = Rect { x: from.right(), y: from.y + from.height / 2, width: columns, height: 1 };
        let head = app.theme.symbol("▶", ">");
        let shaft = app.theme.symbol("─", "-").repeat(usize::from(columns.saturating_sub(1)));
        frame.render_widget(Paragraph::new(Line::styled(format!("{shaft}{head}"), app.theme.dim())), area);
    }
}

fn stage_box(frame: &mut Frame, area: Rect, position: usize, stage: &StageStatus, part: Part<'_>, app: &App) {
    let theme = &app.theme;
    let picked = app.picked_stage == position;
    let focused = picked && app.overview.focus == Panel::Stages;
    let mark = if picked { theme.symbol("▸", ">") } else { " " };
    let name = if picked { theme.accent().patch(theme.key()) } else { theme.key() };
    let title = Line::from(vec![
        Span::styled(mark, theme.accent()),
        Span::styled(format!("{} ", position + 1), theme.dim()),
        Span::styled(format!("{} ", printable(&stage.info.title)), name),
    ]);
    let mut block = theme.frame(title, focused).padding(Padding::horizontal(1));
    if picked && !focused {
        block = block.border_style(theme.accent());
    }
    if let Some(alarm) = of_stage(&app.engine.live.snapshot.alarms, stage.id().as_str()) {
        let is_open = alarm.acknowledged.is_none();
        let style = if is_open { theme.severity(alarm.severity) } else { theme.dim() };
        if is_open {
            block = block.border_style(style);
        }
        let room = usize::from(area.width).saturating_sub(width(&printable(&stage.info.title)) + 7);
        let words = [format!(" alarm: {} ", printable(&alarm.name)), " alarm ".to_owned(), "!".to_owned()];
        let words = words.into_iter().find(|words| width(words) <= room).unwrap_or_default();
        block = block.title(Line::styled(words, style.patch(theme.key())).alignment(Alignment::Right));
    }
    let (symbol, style) = theme.stage(stage, app.engine.snapshot());
    let state = Line::from(vec![
        Span::styled(format!("{symbol} "), style),
        Span::styled(app.engine.snapshot().state_name(stage), style),
    ]);
    let edge = usize::from(area.width.saturating_sub(2));
    let beside = edge.saturating_sub(2 + state.width() + 1);
    let says_outlook = position == 0 && stage.state.next_try(app.now).is_none();
    // A narrow box has room for it on its edge, unless that has a mark.
    let on_edge = says_outlook
        && matches!(part, Part::Flows)
        && lag_words(&app.engine.live.snapshot).first().is_some_and(|words| width(words) > beside);
    if on_edge {
        let mut words = outlook(edge.saturating_sub(2), app);
        if words.width() > 0 {
            words.spans.insert(0, Span::raw(" "));
            words.spans.push(Span::raw(" "));
            block = block.title_bottom(words.alignment(Alignment::Right));
        }
    }
    if let Some(text) = mark_words(part, edge, app) {
        block = block.title_bottom(Line::styled(text, theme.warn().patch(theme.key())).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let columns = usize::from(inner.width);
    let next = match stage.state.next_try(app.now) {
        Some(Duration::ZERO) => Line::raw("trying"),
        Some(next) => Line::raw(countdown(next)),
        None if says_outlook && !on_edge => outlook(beside, app),
        None => Line::default(),
    };
    let lines = [
        (state, next),
        labelled("rate", rate(stage.rate), theme.key(), app),
        labelled("backlog", backlog(stage, columns.saturating_sub(8)), backlog_style(part, app), app),
        labelled("failures", count_in(stage.errors, columns.saturating_sub(9)), theme.alarm(stage.errors), app),
        total(stage, columns, app),
    ];
    for (at, (label, value)) in lines.into_iter().enumerate() {
        if let Some(row) = row(inner, at) {
            both_ends(frame, row, label, value);
        }
    }
}

/// Where the lag goes, in at most `columns`. The first stage takes the messages from Kafka, so it is said there.
fn outlook(columns: usize, app: &App) -> Line<'static> {
    let snapshot = &app.engine.live.snapshot;
    let words = lag_words(snapshot).into_iter().find(|words| width(words) <= columns).unwrap_or_default();
    Line::styled(words, if grows(snapshot) { app.theme.warn() } else { app.theme.dim() })
}

/// The items that have passed the stage, with as many words about them as fit beside the figure.
fn total(stage: &StageStatus, columns: usize, app: &App) -> (Line<'static>, Line<'static>) {
    let processed = stage.processed;
    let (many, short) = (printable(stage.info.unit.of(processed)), printable(&stage.info.unit.short));
    let labels = [format!("{many} this run"), format!("{short} this run"), short.into_owned()];
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

/// The words on the lower edge of a stage's box, in at most `columns`.
fn mark_words(part: Part<'_>, columns: usize, app: &App) -> Option<String> {
    match part {
        Part::Flows => None,
        Part::Bottleneck => Some(format!(" {} bottleneck ", app.theme.symbol("▲", "^"))),
        Part::HeldUp(by) => {
            let (word, by) = (hold_word(&by.state), printable(&by.info.title));
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

/// The items that wait, or a dash if they are not known.
fn backlog(stage: &StageStatus, columns: usize) -> String {
    or_unknown(stage.backlog, |backlog| count_in(backlog, columns))
}

fn backlog_style(part: Part<'_>, app: &App) -> Style {
    match part {
        Part::Flows => Style::new(),
        Part::Bottleneck | Part::HeldUp(..) => app.theme.warn().patch(app.theme.key()),
    }
}

fn stage_row(frame: &mut Frame, area: Rect, position: usize, stage: &StageStatus, part: Part<'_>, app: &App) {
    let theme = &app.theme;
    let picked = app.picked_stage == position;
    let (symbol, style) = theme.stage(stage, app.engine.snapshot());
    let flow = if position == 0 { " " } else { theme.symbol("↓", "v") };
    let alarm = of_stage(&app.engine.live.snapshot.alarms, stage.id().as_str());
    let mark = match part {
        Part::Flows if alarm.is_some_and(|alarm| alarm.acknowledged.is_none()) => "!",
        Part::Flows => " ",
        Part::Bottleneck => theme.symbol("▲", "^"),
        // It waits for the stage below it.
        Part::HeldUp(..) => theme.symbol("↓", "v"),
    };
    if area.width < ROW_COLUMNS {
        return half_row(frame, area, position, stage, mark, app);
    }
    let mut line = Line::from(vec![
        Span::styled(if picked { theme.symbol("▸", ">") } else { " " }, theme.accent()),
        Span::styled(format!("{}{flow}", position + 1), theme.dim()),
        Span::styled(
            left(&printable(&stage.info.title), 10),
            if picked { theme.accent().patch(theme.key()) } else { theme.key() },
        ),
        Span::styled(format!("{symbol} "), style),
        Span::styled(left(app.engine.snapshot().state_name(stage), 12), style),
        Span::styled(right(&rate(stage.rate), 9), theme.key()),
        Span::styled(right(&backlog(stage, 9), 10), backlog_style(part, app)),
        Span::styled(mark, theme.warn()),
        Span::styled(right(&count_in(stage.errors, 5), 5), theme.alarm(stage.errors)),
        Span::styled(" fail", theme.dim()),
    ]);
    if position == 0 {
        let columns = usize::from(area.width).saturating_sub(line.width() + 3);
        let words = outlook(columns, app);
        line.spans.push(Span::raw("  "));
        line.spans.extend(words.spans.into_iter().map(|span| span.patch_style(words.style)));
    }
    frame.render_widget(Paragraph::new(line), area);
}

/// A stage where several share a row: its state is only a symbol, and its backlog and errors have no room.
fn half_row(frame: &mut Frame, area: Rect, position: usize, stage: &StageStatus, mark: &'static str, app: &App) {
    let theme = &app.theme;
    let picked = app.picked_stage == position;
    let (symbol, style) = theme.stage(stage, app.engine.snapshot());
    let line = Line::from(vec![
        Span::styled(if picked { theme.symbol("▸", ">") } else { " " }, theme.accent()),
        Span::styled(left(&(position + 1).to_string(), 2), theme.dim()),
        Span::styled(
            left(&printable(&stage.info.title), 10),
            if picked { theme.accent().patch(theme.key()) } else { theme.key() },
        ),
        Span::styled(format!("{symbol} "), style),
        Span::styled(right(&rate(stage.rate), 9), theme.key()),
        Span::styled(mark, theme.warn()),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}
