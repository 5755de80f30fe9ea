//! The line above the stages: how the pipeline ends, the most urgent alarm, what is odd about the events, or that most are no clicks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::console::format::{count, counted, first_lines, left, width, wrap};
use crate::console::keys::Action;
use crate::console::state::alarms::headline;
use crate::console::state::app::App;
use crate::console::state::link_trouble::LinkTrouble;
use crate::console::state::mostly_rejected::mostly_rejected;
use crate::console::state::settings::UnfinishedWork;
use crate::console::view::rows::draw_lines;
use crate::protocol::Snapshot;
use crate::protocol::snapshot::Totals;
use crate::text::printable;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let columns = usize::from(area.width);
    let (text, style) = if let Some(trouble) = link_trouble(app) {
        trouble
    } else if app.ending.has_banner(app.engine.snapshot()) {
        end(columns, app)
    } else if let Some(alarm) = headline(app.engine.snapshot(), columns.saturating_sub(1), app.now) {
        (format!(" {}", alarm.text), app.theme.severity(alarm.severity))
    } else if let Some(notice) = app.engine.newest_notice(app.now) {
        (format!(" {}", printable(&notice.text)), app.theme.warn())
    } else if let Some(text) = mostly_rejected(app.engine.snapshot()) {
        (format!(" {text}"), app.theme.bad())
    } else {
        return;
    };
    let style = app.theme.chip(style);
    let rows = match area.height {
        ..2 => vec![text],
        height => first_lines(
            wrap(text.trim_start(), columns.saturating_sub(1)),
            usize::from(height),
            columns.saturating_sub(1),
        )
        .into_iter()
        .map(|row| format!(" {row}"))
        .collect(),
    };
    draw_lines(frame, area, rows.into_iter().map(|row| Line::styled(left(&row, columns), style)));
}

/// Why there is no connection and how old the picture is, or what this console cannot show.
fn link_trouble(app: &App) -> Option<(String, Style)> {
    let theme = &app.theme;
    Some(match LinkTrouble::of(app.engine.link.as_ref()?, app.now)? {
        LinkTrouble::Lost(text) => (format!(" {text}"), theme.bad()),
        LinkTrouble::Connecting(text) | LinkTrouble::Lacks(text) => (format!(" {text}"), theme.warn()),
    })
}

/// How the pipeline drains, is reset, or has finished, or why its source gave up.
fn end(columns: usize, app: &App) -> (String, Style) {
    let (theme, snapshot) = (&app.theme, app.engine.snapshot());
    let source_error = snapshot.source.progress.as_ref().and_then(|progress| progress.error.as_deref());
    if app.ending.is_quitting() || snapshot.shutting_down.is_some() {
        (draining(app), theme.warn())
    } else if let Some(waits) = &snapshot.resetting {
        (format!(" reset: {waits}"), theme.warn())
    } else if let Some(error) = source_error {
        (format!(" the source failed: {error}"), theme.bad())
    } else {
        (finished(&snapshot.totals, app.keys.label_of(Action::Quit), columns), theme.good())
    }
}

/// The totals of a finished source and the key that quits; in short if there is little room.
fn finished(totals: &Totals, quit: &str, columns: usize) -> String {
    let stored = counted(totals.stored, "click", "clicks");
    let documents = counted(totals.documents, "document", "documents");
    let duplicates = counted(totals.duplicates, "duplicate", "duplicates");
    let rejected = format!("{} rejected", count(totals.rejected));
    let if_any = |n: u64, words: &str| if n > 0 { format!(", {words}") } else { String::new() };
    let (some_duplicates, some_rejected) = (if_any(totals.duplicates, &duplicates), if_any(totals.rejected, &rejected));
    let full = format!(" finished: {stored} stored, {duplicates}, {rejected}, {documents} indexed   {quit} quits");
    let short = format!(" finished: {stored} stored{some_duplicates}{some_rejected}, {documents}   {quit} quits");
    let shortest = format!(" finished, {quit} quits: {stored} stored{some_rejected}");
    [full, short].into_iter().find(|text| width(text) <= columns).unwrap_or(shortest)
}

/// How to leave at once and what that means for unfinished work, then what the pipeline waits for.
fn draining(app: &App) -> String {
    let snapshot = app.engine.snapshot();
    let waits = snapshot.shutting_down.as_deref().unwrap_or("asking the pipeline to end");
    if !app.ending.is_quitting() {
        return format!(" draining: {waits}");
    }
    let key = app.keys.label_of(Action::Quit);
    if app.ending.is_at_once() {
        return format!(" {key} gives the terminal back now   ending at once: {waits}");
    }
    let separator = app.theme.symbol("  ·  ", "  -  ");
    let work = unfinished_work(snapshot, app.settings.unfinished_work);
    format!(" {key} leaves at once, {work}{separator}draining: {waits}")
}

/// The work that is unfinished if the user leaves at once, and what happens to it.
fn unfinished_work(snapshot: &Snapshot, work: UnfinishedWork) -> String {
    let stages = &snapshot.stages;
    // The backlog of the first stage is still at the source, so only stages that are fed count.
    let backlogs = |in_memory: bool| {
        let fed = stages.iter().flat_map(|stage| &stage.info.feeds).filter(|arrow| arrow.waits == in_memory);
        let fed = fed.filter_map(|arrow| stages.named(arrow.to.as_str()));
        let backlogs = fed.filter_map(|stage| Some((stage.backlog.filter(|n| *n > 0)?, &stage.info.backlog_unit)));
        backlogs.map(|(n, unit)| format!("{} {}", count(n), printable(unit.of(n)))).collect::<Vec<_>>()
    };
    let (in_memory, durable) = (backlogs(true), backlogs(false));
    let (lost, resumed) = match work {
        UnfinishedWork::Deleted => return "nothing is kept".to_owned(),
        UnfinishedWork::Resumed => (String::new(), [in_memory, durable].concat().join(", ")),
        UnfinishedWork::ResumedWithoutUnstored => (in_memory.join(", "), durable.join(", ")),
    };
    match (lost.is_empty(), resumed.is_empty()) {
        (true, true) => "nothing is unfinished".to_owned(),
        (true, false) => format!("the next start takes up {resumed}"),
        (false, true) => format!("{lost} are not stored"),
        (false, false) => format!("{lost} are not stored, the next start takes up {resumed}"),
    }
}
