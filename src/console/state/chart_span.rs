//! The time that the throughput chart spans.

use std::time::Duration;

/// A time span that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChartSpan {
    Minute,
    TwoMinutes,
    FiveMinutes,
    QuarterHour,
    Hour,
    SixHours,
    Day,
}

impl ChartSpan {
    /// Every span, from the shortest to the longest.
    pub(crate) const ALL: [ChartSpan; 7] = [
        ChartSpan::Minute,
        ChartSpan::TwoMinutes,
        ChartSpan::FiveMinutes,
        ChartSpan::QuarterHour,
        ChartSpan::Hour,
        ChartSpan::SixHours,
        ChartSpan::Day,
    ];

    /// Its length.
    pub(crate) const fn time(self) -> Duration {
        Duration::from_secs(match self {
            ChartSpan::Minute => 60,
            ChartSpan::TwoMinutes => 2 * 60,
            ChartSpan::FiveMinutes => 5 * 60,
            ChartSpan::QuarterHour => 15 * 60,
            ChartSpan::Hour => 3600,
            ChartSpan::SixHours => 6 * 3600,
            ChartSpan::Day => 24 * 3600,
        })
    }

    /// Its name in the chart's title.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ChartSpan::Minute => "1 min",
            ChartSpan::TwoMinutes => "2 min",
            ChartSpan::FiveMinutes => "5 min",
            ChartSpan::QuarterHour => "15 min",
            ChartSpan::Hour => "1 h",
            ChartSpan::SixHours => "6 h",
            ChartSpan::Day => "24 h",
        }
    }

    /// The span for a history of the length `seen`, while the user has chosen none. It is short, so that a stage that stops is
    /// seen at once. The chart takes a longer span when most of it is filled.
    fn fitting(seen: Duration) -> Self {
        let filled = |span: ChartSpan| seen >= span.time() * 4 / 5;
        let fits = [ChartSpan::QuarterHour, ChartSpan::FiveMinutes].into_iter().find(|span| filled(*span));
        fits.unwrap_or(ChartSpan::TwoMinutes)
    }

    /// The shortest span that has room for a history of the length `seen`; the longest if none has.
    pub(crate) fn of_all(seen: Duration) -> Self {
        Self::ALL.into_iter().find(|span| span.time() >= seen).unwrap_or(Self::Day)
    }

    /// The span that the user has chosen, else the one for a history of the length `seen`.
    pub(crate) fn chosen_or_fitting(chosen: Option<Self>, seen: Duration) -> Self {
        chosen.unwrap_or_else(|| Self::fitting(seen))
    }

    /// The next shorter span; the same if there is none.
    pub(crate) fn shorter(self) -> Self {
        Self::ALL.into_iter().rev().find(|span| *span < self).unwrap_or(self)
    }

    /// The next longer span; the same if there is none.
    pub(crate) fn longer(self) -> Self {
        Self::ALL.into_iter().find(|span| *span > self).unwrap_or(self)
    }

    /// The numbers of equal parts with labels at round times, the highest number first.
    const fn parts(self) -> &'static [u32] {
        match self {
            ChartSpan::Minute => &[6, 4, 2, 1],
            ChartSpan::TwoMinutes => &[4, 2, 1],
            ChartSpan::FiveMinutes => &[5, 1],
            ChartSpan::QuarterHour => &[15, 5, 3, 1],
            ChartSpan::Hour => &[12, 6, 4, 2, 1],
            ChartSpan::SixHours => &[6, 3, 2, 1],
            ChartSpan::Day => &[12, 8, 4, 2, 1],
        }
    }

    /// The labels for an axis of `columns`, each with its time before now; the oldest first.
    pub(crate) fn labels(self, columns: usize) -> Vec<(Duration, String)> {
        let fits = |parts: &u32| columns / usize::try_from(*parts).unwrap_or(usize::MAX) >= LABEL_COLUMNS;
        let parts = self.parts().iter().copied().find(fits).unwrap_or(1);
        let step = self.time() / parts;
        (0..=parts).rev().map(|at| (step * at, ago(step * at))).collect()
    }
}

/// The fewest columns for a label with the blanks around it.
const LABEL_COLUMNS: usize = 12;

/// `now`, `-30 s`, `-15 min`, `-6 h`: in the largest unit without a fraction.
fn ago(time: Duration) -> String {
    match time.as_secs() {
        0 => "now".to_owned(),
        hours if hours.is_multiple_of(3600) => format!("-{} h", hours / 3600),
        minutes if minutes.is_multiple_of(60) => format!("-{} min", minutes / 60),
        seconds => format!("-{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_goes_through_every_span_and_stops_at_both_ends() {
        let mut span = ChartSpan::Minute;
        for longer in ChartSpan::ALL.into_iter().skip(1) {
            assert_eq!((span.longer(), longer.shorter()), (longer, span));
            span = longer;
        }
        assert_eq!((ChartSpan::Day.longer(), ChartSpan::Minute.shorter()), (ChartSpan::Day, ChartSpan::Minute));
    }

    #[test]
    fn the_span_grows_with_the_history_while_the_user_has_chosen_none() {
        let fitting = |seconds| ChartSpan::fitting(Duration::from_secs(seconds)).name();
        assert_eq!(
            [0, 239, 240, 719, 720, 999_999].map(fitting),
            ["2 min", "2 min", "5 min", "5 min", "15 min", "15 min"]
        );
    }

    #[test]
    fn the_span_of_everything_has_room_for_everything() {
        let of_all = |seconds| ChartSpan::of_all(Duration::from_secs(seconds)).name();
        assert_eq!([0, 60, 61, 400, 3_601, 999_999].map(of_all), ["1 min", "1 min", "2 min", "15 min", "6 h", "24 h"]);
    }

    #[test]
    fn labels_stand_at_round_times_and_have_room() {
        let labels = |span: ChartSpan, columns| {
            span.labels(columns).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" … ")
        };
        assert_eq!(labels(ChartSpan::TwoMinutes, 70), "-2 min … -90 s … -1 min … -30 s … now");
        assert_eq!(labels(ChartSpan::SixHours, 30), "-6 h … -3 h … now");
        assert_eq!(labels(ChartSpan::Day, 50), "-24 h … -18 h … -12 h … -6 h … now");
        assert_eq!(labels(ChartSpan::Hour, 75), "-1 h … -50 min … -40 min … -30 min … -20 min … -10 min … now");
        for span in ChartSpan::ALL {
            for columns in 0..300 {
                let labels = span.labels(columns);
                let parts = u64::try_from(labels.len()).expect("few") - 1;
                assert_eq!(span.time().as_secs() % parts, 0, "{span:?} in {columns}");
                assert!(parts == 1 || columns >= 12 * (labels.len() - 1), "{span:?} in {columns}");
                assert!(labels.iter().all(|(_, label)| label.len() <= 7), "{labels:?}");
            }
        }
    }
}
