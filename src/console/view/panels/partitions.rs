//! The partitions of this process: what the broker has, what is stored, what lies between.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::placeholder;
use super::table::{self, Cell, Column, figure, words};
use crate::console::format::{NONE, count, count_in, rate};
use crate::console::state::app::App;
use crate::protocol::snapshot::PartitionStatus;

const COLUMNS: [Column; 8] = [
    figure("partition", 10, 0),
    figure("lag", 11, 0),
    figure("rate", 10, 1),
    figure("stored", 15, 0),
    figure("position", 15, 3),
    figure("low", 15, 4),
    figure("high", 15, 2),
    words("  state", 0, 0),
];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let shown = app.shown();
    let partitions = &shown.snapshot.partitions;
    let lag: Option<u64> = shown.snapshot.lag;
    let title = Line::from(vec![
        Span::styled(" partitions ", theme.key()),
        Span::styled(format!("{} of topic ", count(partitions.len() as u64)), theme.dim()),
        Span::styled(crate::text::printable(&shown.snapshot.source.topic).into_owned(), theme.key()),
        Span::styled(format!("  lag {} ", lag.map_or_else(|| NONE.to_owned(), count)), theme.dim()),
    ]);
    let block = theme.frame(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if partitions.is_empty() {
        placeholder(frame, inner, "no partition is assigned", app);
        return;
    }
    let rows =
        partitions.iter().map(|partition| cells(partition, shown.partition_rates.rate(&partition.partition), app));
    table::render(frame, inner, &COLUMNS, rows, Some(app.sheets.partitions), app);
}

fn cells(partition: &PartitionStatus, stored_a_second: Option<f64>, app: &App) -> Vec<Cell> {
    let theme = &app.theme;
    let offset = |offset: Option<i64>| {
        offset.and_then(|offset| u64::try_from(offset).ok()).map_or_else(|| NONE.to_owned(), |n| count_in(n, 14))
    };
    let (state, style) = if partition.paused {
        (theme.symbol("  ◐ paused: the store does not keep up", "  ! paused: the store does not keep up"), theme.warn())
    } else {
        ("  reading", theme.good())
    };
    vec![
        (partition.partition.to_string(), theme.key()),
        (partition.lag.map_or_else(|| NONE.to_owned(), |lag| count_in(lag, 10)), theme.key()),
        (rate(stored_a_second), Style::new()),
        (offset(partition.stored), Style::new()),
        (offset(partition.position), theme.dim()),
        (offset(partition.low), theme.dim()),
        (offset(partition.high), theme.dim()),
        (state.to_owned(), style),
    ]
}
