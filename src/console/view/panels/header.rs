//! Two rows of the whole: where clicks come from and how far along they are; and a banner when there is news of the end.

use std::time::UNIX_EPOCH;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::activity::time;
use super::{both_ends, draining, row};
use crate::click::Timestamp;
use crate::console::format::{NONE, bytes, clock, count, fit, percent, right, span, width};
use crate::console::state::app::App;
use crate::console::state::key_table::Action;
use crate::protocol::snapshot::{Snapshot, Totals};
use crate::protocol::source::SourceProgress;

/// Columns of a whole progress bar.
const GAUGE: usize = 16;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let snapshot = app.engine.snapshot();
    if let Some(row) = row(area, 0) {
        identity(frame, row, snapshot, app);
    }
    if let Some(row) = row(area, 1) {
        let columns = usize::from(row.width);
        let sizes = [Size::Full, Size::Sent, Size::Bar, Size::Words, Size::Figure];
        let sizes = sizes.map(|size| progress(snapshot, size, app));
        // Rejects weigh more than the looks of the progress, and the progress more than the other faults.
        let least = sizes.last().map_or(0, Line::width);
        let [rejected, others @ ..] = faults(snapshot, app);
        // Since when the clicks count weighs less than rejects, and than that the source is held back.
        let [.., words, _] = &sizes;
        let taken = words.width() + 1 + rejected.as_ref().map_or(0, Span::width);
        let forms = [" clicks all time", " clicks"].map(|clicks| figures(snapshot, clicks, app));
        let [full, short] = forms;
        let mut left = if full.width() + taken <= columns { full } else { short };
        push_fitting(&mut left, columns.saturating_sub(least + 1), rejected);
        let fits = |right: &Line<'_>| left.width() + 1 + right.width() <= columns;
        let right = sizes.into_iter().find(fits).unwrap_or_default();
        for fault in others {
            push_fitting(&mut left, columns.saturating_sub(right.width() + 1), fault);
        }
        both_ends(frame, row, left, right);
    }
}

fn identity(frame: &mut Frame, row: Rect, snapshot: &Snapshot, app: &App) {
    let theme = &app.theme;
    let mut marks = Vec::new();
    let mut mark = |text: String, style: Style| {
        marks.push(Span::styled(text, theme.chip(style)));
        marks.push(Span::raw(" "));
    };
    if let Some(age) = app.stale() {
        mark(format!(" NO NEWS FOR {} ", span(age)), theme.bad());
    }
    if app.unverified {
        mark(" TLS NOT VERIFIED ".to_owned(), theme.bad());
    }
    if let Some(since) = app.frozen_since() {
        let since = since.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let since = time(Timestamp::from_millis(i64::try_from(since).unwrap_or(0)));
        mark(format!(" TABLES HELD SINCE {since} "), theme.accent());
    }
    if app.read_only {
        mark(" READ-ONLY ".to_owned(), Style::new());
    }
    marks.push(Span::styled("up ", theme.dim()));
    marks.push(Span::raw(clock(snapshot.uptime)));
    marks.push(Span::raw(" "));
    let right = Line::from(marks);

    let mut left = vec![Span::styled(" clicktop ", theme.chip(theme.accent())), Span::raw("  ")];
    let taken = right.width() + 12;
    let mut room = usize::from(row.width).saturating_sub(taken + 1);
    let source = &snapshot.source;
    if source.description.is_empty() {
        left.push(Span::styled(fit("waiting for the pipeline…", room), theme.dim()));
    } else {
        let description = fit(&source.description, room);
        room = room.saturating_sub(width(&description));
        left.push(Span::styled(description, theme.key()));
    }
    for (label, value) in [("topic", &source.topic), ("group", &source.group)] {
        let needed = label.len() + 3;
        if value.is_empty() || room < needed + 4 {
            continue;
        }
        let value = fit(value, room - needed);
        room -= needed + width(&value);
        left.push(Span::styled(format!("  {label} "), theme.dim()));
        left.push(Span::raw(value));
    }
    both_ends(frame, row, Line::from(left), right);
}

fn figures(snapshot: &Snapshot, clicks: &'static str, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let totals = &snapshot.totals;
    let told = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    // Fixed columns: nothing moves while figures grow.
    Line::from(vec![
        Span::styled(right(&count(totals.clicks), 12), theme.key()),
        Span::styled(clicks, theme.dim()),
        Span::styled("  delay ", theme.dim()),
        Span::styled(right(&told(snapshot.delay.map(span)), 7), theme.key()),
        Span::styled("  lag ", theme.dim()),
        Span::styled(right(&told(snapshot.lag.map(count)), 9), theme.key()),
    ])
}

/// What should be zero and is not.
fn faults(snapshot: &Snapshot, app: &App) -> [Option<Span<'static>>; 4] {
    let totals = &snapshot.totals;
    [(totals.rejected, "rejected"), (totals.skipped, "skipped"), (totals.late, "late"), (totals.future, "future")]
        .map(|(n, word)| (n > 0).then(|| Span::styled(format!("  {} {word}", count(n)), app.theme.warn())))
}

fn push_fitting(line: &mut Line<'static>, columns: usize, span: Option<Span<'static>>) {
    line.spans.extend(span.filter(|span| line.width() + span.width() <= columns));
}

/// How much is said of the progress, by the room there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Full,
    /// With half a bar.
    Sent,
    Bar,
    Words,
    Figure,
}

fn progress(snapshot: &Snapshot, size: Size, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let Some(progress) = &snapshot.source.progress else { return Line::default() };
    let waits = progress.held_back;
    let mut spans = Vec::new();
    match size {
        Size::Full | Size::Sent | Size::Bar if waits => spans.push(Span::styled("held back  ", theme.warn())),
        Size::Words if waits => spans.push(Span::styled("held", theme.warn())),
        _ => {}
    }
    // Where there is no room for the words, the colour of the figure still tells.
    let style = if waits { theme.warn() } else { Style::new() };
    match done_of_all(progress) {
        Some((done, all)) => {
            if matches!(size, Size::Full | Size::Sent) {
                let sent = match progress.total {
                    Some(total) => format!("{} of {} sent  ", count(progress.sent), count(total)),
                    None => format!("{} of {} read  ", bytes(done), bytes(all)),
                };
                spans.push(Span::styled(sent, theme.dim()));
            }
            if matches!(size, Size::Full | Size::Sent | Size::Bar) {
                let columns = if size == Size::Full { GAUGE } else { GAUGE / 2 };
                let share = if all == 0 { 1.0 } else { done as f64 / all as f64 };
                let bar = theme.bar(share, columns);
                let rest = theme.symbol("·", ".").repeat(columns.saturating_sub(width(&bar)));
                spans.push(Span::styled(bar, theme.accent()));
                spans.push(Span::styled(rest, theme.dim()));
            }
            spans.push(Span::styled(right(&percent(done.min(all), all), 7), style));
        }
        None if size == Size::Figure => {}
        None => {
            spans.push(Span::styled(right(&count(progress.sent), 11), style));
            spans.push(Span::styled(" sent", theme.dim()));
        }
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

/// How much of how much is done; by messages where their number is known, else by bytes of the input.
fn done_of_all(progress: &SourceProgress) -> Option<(u64, u64)> {
    match (progress.total, progress.bytes_total) {
        (Some(total), _) => Some((progress.sent, total)),
        (None, Some(total)) => Some((progress.bytes_read, total)),
        (None, None) => None,
    }
}

/// What became of a source that is at its end, and the way out; in short where there is little room.
fn finished(totals: &Totals, quit: &str, columns: usize) -> String {
    let [stored, duplicates, rejected, documents] =
        [totals.stored, totals.duplicates, totals.rejected, totals.documents].map(count);
    let odd = |n: u64, word: &str| if n > 0 { format!(", {} {word}", count(n)) } else { String::new() };
    let (again, refused) = (odd(totals.duplicates, "duplicates"), odd(totals.rejected, "rejected"));
    let full = format!(
        " finished: {stored} clicks stored, {duplicates} duplicates, {rejected} rejected, {documents} documents indexed   {quit} quits"
    );
    let short = format!(" finished: {stored} clicks stored{again}{refused}, {documents} documents   {quit} quits");
    let shortest = format!(" finished, {quit} quits: {stored} clicks stored{refused}");
    [full, short].into_iter().find(|text| width(text) <= columns).unwrap_or(shortest)
}

/// One line above the stages: draining, a reset, finished, or a source that gave up.
pub(crate) fn render_banner(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let snapshot = app.engine.snapshot();
    let failed = snapshot.source.progress.as_ref().and_then(|progress| progress.error.as_deref());
    let (text, style) = if app.is_quitting() || snapshot.shutting_down.is_some() {
        (draining::text(app), theme.warn())
    } else if let Some(waits) = &snapshot.resetting {
        (format!(" reset: {waits}"), theme.warn())
    } else if let Some(error) = failed {
        (format!(" the source gave up: {error}"), theme.bad())
    } else {
        (finished(&snapshot.totals, app.keys.label_of(Action::Quit), usize::from(area.width)), theme.good())
    };
    let columns = usize::from(area.width);
    let line = crate::console::format::left(&text, columns);
    frame.render_widget(Paragraph::new(Line::styled(line, theme.chip(style))), area);
}
