//! The search index: where it is, how it feels, how far it is behind.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{both_ends, row};
use crate::console::format::{NONE, bytes, count, fit, span};
use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::snapshot::IndexStatus;

/// Columns that labels and values take at most.
const WIDEST: u16 = 60;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let index = &app.engine.snapshot().index;
    let room = usize::from(area.width).saturating_sub(12);
    let title = Line::from(vec![
        Span::styled(" index ", theme.key()),
        Span::styled(fit(&index.target, room), theme.dim()),
        Span::raw(" "),
    ]);
    let focused = app.overview.focus == Panel::Index && app.screens.open == Screen::Overview;
    let block = theme.frame(title, focused).padding(ratatui::widgets::Padding::horizontal(1));
    // A value stays near its label, however wide the panel.
    let inner = block.inner(area);
    let inner = Rect { width: inner.width.min(WIDEST), ..inner };
    frame.render_widget(block, area);
    for (at, (label, value, style)) in facts(index, app).into_iter().enumerate() {
        let Some(row) = row(inner, at) else { break };
        let value = fit(&value, usize::from(row.width).saturating_sub(label.len() + 1));
        both_ends(frame, row, Line::styled(label, theme.dim()), Line::styled(value, style));
    }
}

/// In the order of weight: a low panel shows the first ones.
fn facts(index: &IndexStatus, app: &App) -> Vec<(&'static str, String, Style)> {
    let theme = &app.theme;
    let plain = Style::new();
    let told = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
    let (health, health_style) = theme.health(index.health);
    let bulk = match (index.bulk_p50, index.bulk_p99) {
        (Some(p50), Some(p99)) => format!("{} / {}", span(p50), span(p99)),
        _ => NONE.to_owned(),
    };
    let retries = match (index.retries, index.throttled) {
        (Some(retries), Some(throttled)) if throttled > 0 => {
            format!("{} ({} throttled)", count(retries), count(throttled))
        }
        (retries, _) => told(retries.map(count)),
    };
    let alarm = |value: Option<u64>| theme.alarm(value.unwrap_or(0));
    let mut facts = vec![
        ("health", health.to_owned(), health_style),
        ("pending", told(index.pending.map(count)), theme.key()),
        ("documents", told(index.documents.map(count)), theme.key()),
    ];
    // What an index of one's own seldom has.
    let unusual = [("of others", index.foreign), ("conflicts", index.conflicts)];
    let unusual = unusual.into_iter().filter_map(|(label, n)| Some((label, n.filter(|n| *n > 0)?)));
    facts.extend(unusual.map(|(label, documents)| (label, count(documents), theme.alarm(documents))));
    facts.extend([
        ("p50 / p99", bulk, plain),
        ("retries", retries, alarm(index.retries)),
        ("rejected", told(index.rejected.map(count)), alarm(index.rejected)),
        ("engine", told(index.engine.clone()), plain),
        ("size", told(index.bytes.map(bytes)), plain),
        ("bulks", told(index.bulks.map(count)), plain),
    ]);
    facts
}
