//! The cells that compare a figure of a window with that of the earlier span.

use super::column::Cell;
use super::trend::{change, difference};
use crate::console::format::UNKNOWN;
use crate::console::theme::Theme;

/// The change of a count. What had none then is new, and what has none now is gone.
pub(crate) fn count(now: u64, before: Option<u64>, theme: &Theme) -> Cell {
    let (text, style) = change(Some(now), before, theme);
    let is_gone = now == 0 && before.is_some_and(|before| before > 0);
    (if is_gone { format!("{} gone", theme.symbol("▼", "-")) } else { text }, style)
}

/// The change of a mean time. It is faint, because nobody knows whether chance explains it.
pub(super) fn time(now: Option<f64>, before: Option<f64>, theme: &Theme) -> Cell {
    let millis = |seconds: f64| (seconds * 1_000.0).round() as u64;
    let text = match (now.map(millis), before.map(millis)) {
        (Some(now), Some(before)) if before > 0 => difference(now, before, theme),
        _ => UNKNOWN.to_owned(),
    };
    (text, theme.dim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_clicks_now_or_then_says_so() {
        let theme = Theme::plain(true, false);
        let text = |now, before| count(now, before, &theme).0;
        assert_eq!(
            (text(5, Some(0)), text(0, Some(5)), text(0, Some(0))),
            ("▲ new".into(), "▼ gone".into(), "—".into())
        );
        assert_eq!((text(150, Some(100)), text(0, None)), ("▲50%".into(), "—".into()));
        assert_eq!(count(0, Some(100), &theme).1, theme.warn());
        assert_eq!(count(0, Some(100), &Theme::plain(false, true)).0, "- gone");
    }

    #[test]
    fn a_time_that_is_not_known_on_both_sides_has_no_change() {
        let theme = Theme::plain(true, false);
        let text = |now, before| time(now, before, &theme).0;
        assert_eq!((text(Some(15.0), Some(10.0)), text(Some(5.0), Some(10.0))), ("▲50%".into(), "▼50%".into()));
        for (now, before) in [(None, Some(1.0)), (Some(1.0), None), (Some(1.0), Some(0.0)), (Some(1.0), Some(f64::NAN))]
        {
            assert_eq!(text(now, before), "—", "{now:?} {before:?}");
        }
    }
}
