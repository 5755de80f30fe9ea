//! The header: where clicks come from, and how far the pipeline is.

use std::time::UNIX_EPOCH;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::click::Timestamp;
use crate::console::format::{
    UNKNOWN, bytes, clock, count, duration, fit, or_unknown, percent, right, time_of_day, whole_time, width,
};
use crate::console::state::alarms::{how_many, open};
use crate::console::state::app::App;
use crate::console::state::outlook::urgent_loss;
use crate::console::view::rows::{both_ends, row};
use crate::protocol::snapshot::Snapshot;
use crate::protocol::source::SourceProgress;
use crate::text::printable;

/// Columns of a progress bar in full.
const GAUGE: usize = 16;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let snapshot = app.engine.snapshot();
    if let Some(row) = row(area, 0) {
        identity(frame, row, snapshot, app);
    }
    if let Some(row) = row(area, 1) {
        let columns = usize::from(row.width);
        let sizes = [Size::Full, Size::Sent, Size::Bar, Size::Words, Size::Figure];
        let sizes = sizes.map(|size| progress(snapshot, size, app));
        // Rejects are more important than a long progress, and any progress is more important than the other faults.
        let least = sizes.last().map_or(0, Line::width);
        let [rejected, others @ ..] = faults(snapshot, app);
        // The words "all time" are the least important.
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
    if let Some(age) = app.engine.stale_for(app.now) {
        mark(format!(" NO NEWS FOR {} ", duration(age)), theme.bad());
    }
    if let Some(alarms) = how_many(&snapshot.alarms) {
        let style = if open(&snapshot.alarms).next().is_some() { theme.bad() } else { theme.dim() };
        mark(format!(" {} ", alarms.to_uppercase()), style);
    }
    if let Some(loss) = urgent_loss(snapshot) {
        mark(format!(" {} ", loss.to_uppercase()), theme.bad());
    }
    if app.settings.unverified {
        mark(" TLS NOT VERIFIED ".to_owned(), theme.bad());
    }
    if let Some(frozen) = &app.engine.frozen {
        let since = frozen.since.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let since = time_of_day(Timestamp::from_millis(i64::try_from(since).unwrap_or(0)));
        mark(format!(" TABLES FROZEN SINCE {since} "), theme.accent());
    }
    if app.settings.attached {
        mark(" ATTACHED ".to_owned(), theme.accent());
    }
    if app.settings.read_only {
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
    let facts = identity_facts(snapshot, room);
    if source.description.is_empty() {
        left.push(Span::styled(fit("waiting for the pipeline…", room), theme.dim()));
    } else {
        // On a cluster, the server and the application need room, too.
        let widest = if snapshot.remote.is_some() { (room / 3).max(15).min(room) } else { room };
        let description = fit(&source.description, widest);
        room = room.saturating_sub(width(&description));
        left.push(Span::styled(description, theme.key()));
    }
    for (label, value) in facts {
        let needed = label.len() + 3;
        if value.is_empty() || room < needed + 4 {
            continue;
        }
        let value = fit(&value, room - needed);
        room -= needed + width(&value);
        left.push(Span::styled(format!("  {label} "), theme.dim()));
        left.push(Span::raw(value));
    }
    both_ends(frame, row, Line::from(left), right);
}

/// Labels and values after the source, in a row of `room` columns: topic and group, or topic, engine, server and application.
fn identity_facts(snapshot: &Snapshot, room: usize) -> Vec<(String, String)> {
    let source = &snapshot.source;
    let Some(remote) = &snapshot.remote else {
        return vec![("topic".to_owned(), source.topic.clone()), ("group".to_owned(), source.group.clone())];
    };
    let is_wide = room >= 90;
    let engine = printable(&remote.engine).into_owned();
    let server = match &remote.version {
        Some(version) if is_wide => format!("{version} {}", remote.server),
        _ => remote.server.clone(),
    };
    // A long name leaves room for the application.
    let server = if is_wide { fit(&server, room * 2 / 5) } else { server };
    let application = remote.application.as_ref().map_or_else(
        || UNKNOWN.to_owned(),
        |application| match application.name.as_str() {
            "" => application.id.clone(),
            name if is_wide => format!("{} ({name})", application.id),
            _ => application.id.clone(),
        },
    );
    let topic = fit(&source.topic, (room / 4).max(8));
    vec![("topic".to_owned(), topic), (engine, server), ("app".to_owned(), application)]
}

fn figures(snapshot: &Snapshot, clicks: &'static str, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let totals = &snapshot.totals;
    // The columns are fixed, so that nothing moves while figures grow.
    Line::from(vec![
        Span::styled(right(&count(totals.clicks), 12), theme.key()),
        Span::styled(clicks, theme.dim()),
        Span::styled("  delay ", theme.dim()),
        Span::styled(right(&or_unknown(snapshot.delay, duration), 7), theme.key()),
        Span::styled("  lag ", theme.dim()),
        Span::styled(right(&or_unknown(snapshot.lag, count), 9), theme.key()),
    ])
}

/// The figures that should be zero and are not.
fn faults(snapshot: &Snapshot, app: &App) -> [Option<Span<'static>>; 4] {
    let totals = &snapshot.totals;
    [(totals.rejected, "rejected"), (totals.skipped, "skipped"), (totals.late, "late"), (totals.future, "future")]
        .map(|(n, word)| (n > 0).then(|| Span::styled(format!("  {} {word}", count(n)), app.theme.warn())))
}

fn push_fitting(line: &mut Line<'static>, columns: usize, span: Option<Span<'static>>) {
    line.spans.extend(span.filter(|span| line.width() + span.width() <= columns));
}

/// How much of the progress is shown, by the room that there is.
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
    // If there is no room for the words, the colour of the figure still shows it.
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
            if let Some(remaining) = snapshot.outlook.remaining.filter(|_| matches!(size, Size::Full | Size::Sent)) {
                spans.push(Span::styled(format!("  {:>6} left", whole_time(remaining)), theme.dim()));
            }
        }
        None if size == Size::Figure => {}
        None => {
            spans.push(Span::styled(right(&count(progress.sent), 11), style));
            // Files are read; only a producer sends.
            let word = if snapshot.source.topic.is_empty() { " read" } else { " sent" };
            spans.push(Span::styled(word, theme.dim()));
        }
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

/// How much of how much is done: by messages if their number is known, else by bytes of the input.
fn done_of_all(progress: &SourceProgress) -> Option<(u64, u64)> {
    match (progress.total, progress.bytes_total) {
        (Some(total), _) => Some((progress.sent, total)),
        (None, Some(total)) => Some((progress.bytes_read, total)),
        (None, None) => None,
    }
}
