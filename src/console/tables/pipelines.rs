//! The pipelines of a fleet.

use ratatui::style::Style;

use super::column::{Column, TableContext, Width};
use crate::console::format::{count_in, duration, or_unknown, rate};
use crate::console::state::fleet::{Condition, PipelineLine};

const NAME: Column<PipelineLine> =
    Column::words("pipeline", Width::Part(|room| (room / 3).clamp(12, 32)), |line: &PipelineLine, context, _| {
        (line.name.to_string(), context.theme.key())
    })
    .exported("pipeline", |line| line.name.to_string().into());

const STATE: Column<PipelineLine> = Column::words("state", Width::Fixed(16), |line: &PipelineLine, context, _| {
    let (mark, style) = mark(line.condition, context);
    (format!("{mark} {}", line.condition.name()), style)
})
.exported("state", |line| line.condition.name().into());

const RATE: Column<PipelineLine> =
    Column::figure("rate", 10, |line: &PipelineLine, _, _| (rate(line.rate), Style::new()))
        .exported("rate", |line| line.rate.into());

const LAG: Column<PipelineLine> = Column::figure("lag", 11, |line: &PipelineLine, context, width| {
    (or_unknown(line.lag, |lag| count_in(lag, width.saturating_sub(1))), context.theme.key())
})
.exported("lag", |line| line.lag.into());

const DELAY: Column<PipelineLine> =
    Column::figure("delay", 9, |line: &PipelineLine, _, _| (or_unknown(line.delay, duration), Style::new()))
        .priority(2)
        .exported("delay_seconds", |line| line.delay.map(|delay| delay.as_secs_f64()).into());

const CLICKS: Column<PipelineLine> = Column::figure("clicks", 14, |line: &PipelineLine, context, width| {
    (or_unknown(line.clicks, |clicks| count_in(clicks, width.saturating_sub(1))), context.theme.dim())
})
.priority(3)
.exported("clicks", |line| line.clicks.into());

const ALARMS: Column<PipelineLine> = Column::figure("alarms", 8, |line: &PipelineLine, context, _| match line.alarms {
    0 => ("0".to_owned(), context.theme.dim()),
    some => (some.to_string(), context.theme.bad()),
})
.priority(1)
.exported("alarms", |line| line.alarms.into());

const SAYS: Column<PipelineLine> = Column::words("", Width::Rest(0), |line: &PipelineLine, context, _| {
    (format!("  {}", line.says), if line.condition.is_trouble() { context.theme.bad() } else { context.theme.warn() })
})
.priority(4)
.exported("says", |line| line.says.clone().into());

/// The columns of the screen and of a file.
pub(crate) static COLUMNS: &[&Column<PipelineLine>] = &[&NAME, &STATE, &RATE, &LAG, &DELAY, &CLICKS, &ALARMS, &SAYS];

/// The symbol and the colour of a condition.
pub(crate) fn mark(condition: Condition, context: &TableContext<'_>) -> (&'static str, Style) {
    let theme = context.theme;
    // The symbols of stages in the same state.
    match condition {
        Condition::Lost | Condition::Failed => (theme.symbol("✖", "X"), theme.bad()),
        Condition::Retrying => (theme.symbol("◐", "!"), theme.warn()),
        Condition::Stopped => (theme.symbol("○", "-"), theme.warn()),
        Condition::Ending => (theme.symbol("◒", "v"), theme.warn()),
        Condition::Connecting => (theme.symbol("◔", "~"), theme.accent()),
        Condition::Finished => (theme.symbol("✓", "+"), theme.good()),
        Condition::Running => (theme.symbol("●", "*"), theme.good()),
    }
}
