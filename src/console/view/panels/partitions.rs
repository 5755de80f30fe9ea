//! The screen of the partitions: what the broker has, what is stored, and how fast.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::format::{count, or_unknown};
use crate::console::state::app::App;
use crate::console::state::outlook::{grows, lag_words};
use crate::console::tables::TableContext;
use crate::console::tables::partitions::{self, PartitionLine};
use crate::console::view::placeholder::placeholder;
use crate::console::view::table::{Cursor, Table};
use crate::text::printable;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let observed = app.engine.frozen_or_live();
    let snapshot = &observed.snapshot;
    let has_topic = !snapshot.source.topic.is_empty();
    let mut title = vec![Span::styled(" partitions ", theme.key())];
    if has_topic {
        title.push(Span::styled(format!("{} of topic ", count(snapshot.partitions.len() as u64)), theme.dim()));
        title.push(Span::styled(printable(&snapshot.source.topic).into_owned(), theme.key()));
        title.push(Span::styled(format!("  lag {} ", or_unknown(snapshot.lag, count)), theme.dim()));
        let style = if grows(snapshot) { theme.warn() } else { theme.dim() };
        title.extend(lag_words(snapshot).into_iter().next().map(|words| Span::styled(format!("{words} "), style)));
    }
    let title = Line::from(title);
    let block = theme.frame(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if snapshot.partitions.is_empty() {
        let why = if has_topic { "no partition is assigned" } else { "this source has no partitions" };
        return placeholder(frame, inner, why, app);
    }
    let lines = snapshot
        .partitions
        .iter()
        .map(|status| PartitionLine { status: *status, stored_rate: observed.partition_rates.rate(&status.partition) });
    let cursor = Cursor::of(app.screens.partitions);
    Table::new(partitions::DRAWN, TableContext::new(theme), cursor).render(frame, inner, lines);
}
