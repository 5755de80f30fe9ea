//! One frame: every panel in its place, and the overlays over them.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::panels::{
    activity, alarms, banner, breakdown, cluster, comparison, countries, details, fleet, footer, header, help, index,
    log, map, palette, partitions, pipelines, prompt, query, rejects, rounds, search, stage_details, stages, store,
    tabs, throughput, url, urls, work,
};
use crate::console::state::app::App;
use crate::console::state::layout::{MINIMUM, ScreenLayout};
use crate::console::state::line_input::LinePurpose;
use crate::console::state::prompt::{Answer, Prompt, RESET_WORD};
use crate::console::state::screen::Screen;
use crate::console::theme::ascii_of;

/// Draws `app`, which must be laid out for the size of the frame.
pub(crate) fn draw(frame: &mut Frame, app: &App) {
    match &app.display.layout {
        None => too_small(frame, app),
        Some(layout) => {
            panels(frame, layout, app);
            overlays(frame, layout.area, app);
        }
    }
    app.theme.ground(frame.buffer_mut());
    if app.theme.ascii {
        to_ascii(frame);
    }
}

/// Draws a panel into its area.
type Render = fn(&mut Frame, Rect, &App);

fn panels(frame: &mut Frame, layout: &ScreenLayout, app: &App) {
    if let Some(row) = layout.pipelines {
        pipelines::render(frame, row, app);
    }
    if app.screens.open == Screen::Fleet {
        fleet::header(frame, layout.header, app);
        fleet::render(frame, layout.body.unwrap_or_default(), app);
        return footer::render(frame, layout.footer, app);
    }
    header::render(frame, layout.header, app);
    stages::render(frame, layout, app);
    stage_details::render(frame, layout.details, app);
    footer::render(frame, layout.footer, app);
    let optional: [(Option<Rect>, Render); 9] = [
        (layout.banner, banner::render),
        (layout.tabs, tabs::render),
        (layout.body, screen),
        (layout.throughput, chart),
        (layout.work, work::render),
        (layout.index, index::render),
        (layout.countries, countries::render),
        (layout.urls, urls::render),
        (layout.activity, activity::render),
    ];
    for (area, render) in optional {
        if let Some(area) = area {
            render(frame, area, app);
        }
    }
}

/// The chart of the overview: the comparison, if there is one.
fn chart(frame: &mut Frame, area: Rect, app: &App) {
    match app.selection.comparison(&app.engine.frozen_or_live().snapshot.board) {
        Some(compared) => comparison::render(frame, area, compared, app),
        None => throughput::render(frame, area, app),
    }
}

/// The body of the open screen.
fn screen(frame: &mut Frame, area: Rect, app: &App) {
    match app.screens.open {
        Screen::Overview | Screen::Fleet => {}
        Screen::Partitions => partitions::render(frame, area, app),
        Screen::Store => store::render(frame, area, app),
        Screen::Rejects => rejects::render(frame, area, app),
        Screen::Search => search::render(frame, area, app),
        Screen::Log => log::render(frame, area, app),
        Screen::Map => map::render(frame, area, app),
        Screen::Cluster => cluster::render(frame, area, app),
        Screen::Query => query::render(frame, area, app),
        Screen::Rounds => rounds::render(frame, area, app),
        Screen::Url => url::render(frame, area, app),
        Screen::Breakdown => breakdown::render(frame, area, app),
        Screen::Alarms => alarms::render(frame, area, app),
    }
}

fn overlays(frame: &mut Frame, area: Rect, app: &App) {
    if let Some(open) = app.overlays.help {
        help::render(frame, area, open, app);
    }
    if let (Some(open), Some(layout)) = (&app.overlays.details, &app.display.layout) {
        details::render(frame, layout, open, app);
    }
    if let Some(line) = app.overlays.line_for(LinePurpose::Palette) {
        palette::render(frame, area, line, app);
    }
    if let Some(question) = &app.overlays.prompt {
        prompt::render(frame, area, question, app);
    }
}

/// On a terminal that is too small for the layout, a key that asks still shows its question.
fn too_small(frame: &mut Frame, app: &App) {
    let area = frame.area();
    let (columns, rows) = MINIMUM;
    let lines = match &app.overlays.prompt {
        Some(Prompt { question, answer: Answer::Key, .. }) => vec![Line::raw(question.clone()), Line::raw("y / n")],
        Some(Prompt { question, answer: Answer::Work, .. }) => {
            vec![Line::raw(question.clone()), Line::raw("l / s / n")]
        }
        Some(Prompt { question, answer: Answer::Word(typed), .. }) => {
            vec![Line::raw(question.clone()), Line::raw(format!("type {RESET_WORD}: {}", typed.text()))]
        }
        None => vec![Line::raw("terminal too small:"), Line::raw(format!("need {columns}×{rows}"))],
    };
    let middle = Rect { y: area.y + area.height.saturating_sub(2) / 2, height: area.height.min(2), ..area };
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), middle.intersection(area));
}

/// Replaces every character outside ASCII, for terminals that cannot show it, whichever widget or event it comes from.
fn to_ascii(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        let symbol = cell.symbol();
        if !symbol.is_ascii() {
            let replacement = ascii_of(symbol);
            let is_wide = symbol.width() > 1;
            cell.set_symbol(if is_wide && replacement == "?" { "??" } else { replacement });
        }
    }
}
