//! The cells that tell how a row goes: a bar for each part of the last five minutes, and the change against the time before.

use ratatui::style::Style;

use super::column::{Cell, TableContext};
use crate::console::format::UNKNOWN;
use crate::console::theme::Theme;
use crate::protocol::trends::RowTrend;

/// Columns of the screen of a cell with a bar for each part, and one for each two parts; with a blank before the bars.
const WIDTHS: [usize; 2] = [31, 16];

/// The widest bars that fit beside `others`, the columns that the rest of the row needs.
pub(super) fn bars_width(left: usize, others: usize) -> usize {
    WIDTHS.into_iter().find(|width| left >= others + width).unwrap_or(0)
}

/// A bar for each part of the last five minutes. The highest is as high as the row, whatever the other rows have: the bars show how
/// this row goes.
pub(super) fn bars(trend: Option<&RowTrend>, context: &TableContext<'_>, width: usize) -> Cell {
    let Some(trend) = trend else { return (UNKNOWN.to_owned(), context.theme.dim()) };
    let columns = width.saturating_sub(1).max(1);
    let parts = trend.parts.chunks(trend.parts.len().div_ceil(columns).max(1));
    let sums: Vec<u64> = parts.map(|parts| parts.iter().copied().map(u64::from).sum()).collect();
    let highest = sums.iter().copied().max().unwrap_or(0);
    (sums.iter().map(|sum| context.theme.upright_bar(*sum, highest)).collect(), context.theme.accent())
}

/// The change of `now` against `before`. `None` stands for what is not known.
pub(super) fn change(now: Option<u64>, before: Option<u64>, theme: &Theme) -> Cell {
    let (Some(now), Some(before)) = (now, before) else { return (UNKNOWN.to_owned(), theme.dim()) };
    match (now, before) {
        (0, 0) => (UNKNOWN.to_owned(), theme.dim()),
        (_, 0) => (format!("{} new", theme.symbol("▲", "+")), style(now, before, theme)),
        (now, before) => (difference(now, before, theme), style(now, before, theme)),
    }
}

/// `▲12%`, `▼50%`: the change against a figure that is not 0.
pub(super) fn difference(now: u64, before: u64, theme: &Theme) -> String {
    // Less than a twentieth of a percent has no direction worth telling.
    if now == before || u128::from(now.abs_diff(before)) * 2_000 < u128::from(before) {
        return "0%".to_owned();
    }
    let mark = if now > before { theme.symbol("▲", "+") } else { theme.symbol("▼", "-") };
    format!("{mark}{}", percent(now.abs_diff(before), before))
}

/// `0.4%`, `12%`, `×24`: in at most four columns.
fn percent(difference: u64, before: u64) -> String {
    let percent = difference as f64 / before as f64 * 100.0;
    match percent {
        percent if percent < 9.95 => format!("{percent:.1}%"),
        percent if percent < 999.5 => format!("{percent:.0}%"),
        percent if percent < 99_850.0 => format!(" ×{:.0}", percent / 100.0 + 1.0),
        _ => " >×999".to_owned(),
    }
}

/// A change that chance explains is faint: two times the root of the clicks up or down.
fn style(now: u64, before: u64, theme: &Theme) -> Style {
    let chance = 2.0 * ((now as f64) + (before as f64)).sqrt();
    match now as f64 - before as f64 {
        difference if difference.abs() <= chance => theme.dim(),
        difference if difference > 0.0 => theme.good(),
        _ => theme.warn(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_tells_its_direction_and_how_large_it_is() {
        let theme = Theme::plain(true, false);
        let text = |now, before| change(now, before, &theme).0;
        for (now, before, shown) in [
            (112, 100, "▲12%"),
            (1_004, 1_000, "▲0.4%"),
            (50, 100, "▼50%"),
            (0, 100, "▼100%"),
            (100, 100, "0%"),
            (10_001, 10_000, "0%"),
            (5, 0, "▲ new"),
            (0, 0, "—"),
            (1_200, 100, "▲ ×12"),
            (u64::MAX, 1, "▲ >×999"),
        ] {
            assert_eq!(text(Some(now), Some(before)), shown);
        }
        assert_eq!(
            (text(None, Some(1)), text(Some(1), None)),
            ("—".into(), "—".into()),
            "never a figure that is not known"
        );
        assert_eq!(change(Some(1), Some(2), &Theme::plain(false, true)).0, "-50%");
    }

    #[test]
    fn a_change_that_chance_explains_is_faint() {
        let theme = Theme::plain(true, false);
        let style = |now, before| change(Some(now), Some(before), &theme).1;
        assert_eq!((style(12, 10), style(100, 10), style(10, 100)), (theme.dim(), theme.good(), theme.warn()));
    }
}
