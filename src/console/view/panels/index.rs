//! The panel of the search index: where it is, its health, and how far it is behind.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::facts::Fact;
use super::index_expanded;
use crate::console::format::{bytes, count, duration, fit, or_unknown};
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::view::rows::{both_ends, row};
use crate::protocol::snapshot::IndexStatus;

/// The most columns for labels and values. On a wider panel, each value stays near its label.
const WIDEST: u16 = 60;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let index = &app.engine.snapshot().index;
    let room = usize::from(area.width).saturating_sub(12);
    let title = Line::from(vec![
        Span::styled(" index ", theme.key()),
        Span::styled(fit(&index.target, room), theme.dim()),
        Span::raw(" "),
    ]);
    let focused = app.overview.focus == Panel::Index && app.screens.open == Screen::Overview;
    let block = theme.frame(title, focused).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if focused && app.overview.expanded {
        return index_expanded::render(frame, inner, &facts(index, app), app);
    }
    let inner = Rect { width: inner.width.min(WIDEST), ..inner };
    for (at, (label, value, style)) in facts(index, app).into_iter().enumerate() {
        let Some(row) = row(inner, at) else { break };
        let value = fit(&value, usize::from(row.width).saturating_sub(label.len() + 1));
        both_ends(frame, row, Line::styled(label, theme.dim()), Line::styled(value, style));
    }
}

/// The most important ones first, for low panels.
fn facts(index: &IndexStatus, app: &App) -> Vec<Fact> {
    let theme = &app.theme;
    let plain = Style::new();
    let (health, health_style) = theme.health(index.health);
    let bulk =
        or_unknown(index.bulk_p50.zip(index.bulk_p99), |(p50, p99)| format!("{} / {}", duration(p50), duration(p99)));
    let retries = match (index.retries, index.throttled) {
        (Some(retries), Some(throttled)) if throttled > 0 => {
            format!("{} ({} throttled)", count(retries), count(throttled))
        }
        (retries, _) => or_unknown(retries, count),
    };
    let alarm = |value: Option<u64>| theme.alarm(value.unwrap_or(0));
    let mut facts = vec![
        ("health", health.to_owned(), health_style),
        ("pending", or_unknown(index.pending, count), theme.key()),
        ("documents", or_unknown(index.documents, count), theme.key()),
    ];
    // An index that nobody else writes to seldom has these.
    let unusual = [("of others", index.foreign), ("conflicts", index.conflicts)];
    let unusual = unusual.into_iter().filter_map(|(label, n)| Some((label, n.filter(|n| *n > 0)?)));
    facts.extend(unusual.map(|(label, documents)| (label, count(documents), theme.alarm(documents))));
    facts.extend([
        ("p50 / p99", bulk, plain),
        ("retries", retries, alarm(index.retries)),
        ("rejected", or_unknown(index.rejected, count), alarm(index.rejected)),
        ("engine", or_unknown(index.engine.clone(), |engine| engine), plain),
        ("size", or_unknown(index.bytes, bytes), plain),
        ("bulks", or_unknown(index.bulks, count), plain),
    ]);
    facts
}
