//! The screen of the cluster: sums, executors, and the stages of the cluster's own that run.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::facts::{Fact, grid};
use crate::console::format::{UNKNOWN, bytes, count, duration, fit, or_unknown};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::screens::cluster;
use crate::console::tables::{TableContext, executors, running_stages};
use crate::console::view::placeholder::{placeholder, prose, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::remote::ClusterStatus;

/// Figures of this age are marked. While nobody looks, the engine asks every ten seconds.
const OLD: Duration = Duration::from_secs(15);

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Cluster, area);
    let nothing = ClusterStatus::default();
    let status = cluster(&app.engine.frozen_or_live().snapshot).unwrap_or(&nothing);
    sums(frame, parts.before, status, app);
    list(frame, parts.list, status, app);
    running(frame, parts.after, status, app);
}

fn sums(frame: &mut Frame, area: Rect, status: &ClusterStatus, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let room = usize::from(area.width).saturating_sub(26);
    let source = status.source.as_deref().map_or_else(String::new, |source| format!("{} ", fit(source, room)));
    let mut title = vec![Span::styled(" cluster ", theme.key()), Span::styled(source, theme.dim())];
    let age = status.at.and_then(|at| app.now.duration_since(at).ok());
    if let Some(age) = age.filter(|age| *age >= OLD) {
        title.push(Span::styled(format!("{} ago ", duration(age)), theme.warn()));
    }
    // A narrow header has no room for all of it.
    let whole = fit(&identity(app), usize::from(area.width).saturating_sub(4));
    let block = theme.frame(Line::from(title), false).padding(Padding::horizontal(1));
    let block = block.title_bottom(Line::styled(format!(" {whole} "), theme.dim()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = match inner.width {
        ..100 => 2,
        100..116 => 3,
        116.. => 4,
    };
    grid(frame, inner, &facts(status, app), columns, app);
}

/// Application, engine and server.
fn identity(app: &App) -> String {
    let Some(remote) = &app.engine.snapshot().remote else { return String::new() };
    let application = remote.application.as_ref().map_or_else(
        || UNKNOWN.to_owned(),
        |application| match application.name.as_str() {
            "" => application.id.clone(),
            name => format!("{name} ({})", application.id),
        },
    );
    let version = remote.version.as_deref().unwrap_or(UNKNOWN);
    format!("{application} on {} {version}, {}", remote.engine, remote.server)
}

fn facts(status: &ClusterStatus, app: &App) -> Vec<Fact> {
    let theme = &app.theme;
    let plain = Style::new();
    let known = |value: Option<u64>| or_unknown(value, count);
    let alive = match (status.executors_alive, status.executors_dead) {
        (Some(alive), Some(dead)) if dead > 0 => format!("{} ({} gone)", count(alive), count(dead)),
        (alive, _) => known(alive),
    };
    let lost = theme.alarm(status.executors_dead.unwrap_or(0));
    let memory = match (status.memory_used, status.memory_max) {
        (None, None) => UNKNOWN.to_owned(),
        (used, max) => format!("{} of {}", or_unknown(used, bytes), or_unknown(max, bytes)),
    };
    let alarm = |value: Option<u64>| theme.alarm(value.unwrap_or(0));
    vec![
        ("executors", alive, if status.executors_dead.unwrap_or(0) > 0 { lost } else { theme.key() }),
        ("cores", known(status.cores), theme.key()),
        ("memory", memory, plain),
        ("tasks running", known(status.running_tasks), theme.key()),
        ("tasks failed", known(status.failed_tasks), alarm(status.failed_tasks)),
        ("tasks done", known(status.completed_tasks), plain),
        ("jobs", known(status.active_jobs), plain),
        ("stages", known(status.active_stages), plain),
        ("spilled, disk", or_unknown(status.spilled_disk, bytes), alarm(status.spilled_disk)),
        ("spilled, memory", or_unknown(status.spilled_memory, bytes), plain),
    ]
}

fn list(frame: &mut Frame, area: Rect, status: &ClusterStatus, app: &App) {
    let theme = &app.theme;
    let block = theme.frame(Line::styled(" executors ", theme.key()), true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if let Some(problem) = &status.problem {
        prose(frame, inner, problem, theme.warn());
    } else if status.at.is_none() {
        waiting_placeholder(frame, inner, "asking the cluster…", app);
    } else if status.executors.is_empty() {
        placeholder(frame, inner, "no executor", app);
    } else {
        let table = Table::new(executors::DRAWN, TableContext::new(theme), Cursor::of(app.screens.executors));
        table.render(frame, inner, status.executors.iter());
    }
}

fn running(frame: &mut Frame, area: Rect, status: &ClusterStatus, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let block = theme.frame(Line::styled(" running stages of the cluster ", theme.key()), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if status.active_stages.is_none() {
        placeholder(frame, inner, UNKNOWN, app);
    } else if status.running.is_empty() {
        placeholder(frame, inner, "nothing runs at the moment", app);
    } else {
        let table = Table::new(running_stages::DRAWN, TableContext::new(theme), Cursor::None);
        table.render(frame, inner, status.running.iter());
    }
}
