//! How much of the past the throughput chart shows.

use std::time::Duration;

use super::app::App;

/// A stretch of time that ends now.
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
    /// From the shortest to the longest.
    pub(crate) const ALL: [ChartSpan; 7] = [
        ChartSpan::Minute,
        ChartSpan::TwoMinutes,
        ChartSpan::FiveMinutes,
        ChartSpan::QuarterHour,
        ChartSpan::Hour,
        ChartSpan::SixHours,
        ChartSpan::Day,
    ];

    /// How long it is.
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

    /// The one that suits a history of the length `seen`, while the reader has chosen none: short enough that a stage that
    /// stops shows at once. The longer one comes when most of it is filled.
    pub(crate) fn fitting(seen: Duration) -> Self {
        let filled = |span: ChartSpan| seen >= span.time() * 4 / 5;
        let fits = [ChartSpan::QuarterHour, ChartSpan::FiveMinutes].into_iter().find(|span| filled(*span));
        fits.unwrap_or(ChartSpan::TwoMinutes)
    }

    fn shorter(self) -> Self {
        Self::ALL.into_iter().rev().find(|span| *span < self).unwrap_or(self)
    }

    fn longer(self) -> Self {
        Self::ALL.into_iter().find(|span| *span > self).unwrap_or(self)
    }

    /// Into how many equal parts labels may divide it, so that they fall on round times; the finest first.
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

    /// Times before now to label on an axis of `columns`, each with its label; the oldest first.
    pub(crate) fn labels(self, columns: usize) -> Vec<(Duration, String)> {
        let fits = |parts: &u32| columns / usize::try_from(*parts).unwrap_or(usize::MAX) >= LABEL_COLUMNS;
        let parts = self.parts().iter().copied().find(fits).unwrap_or(1);
        let step = self.time() / parts;
        (0..=parts).rev().map(|at| (step * at, ago(step * at))).collect()
    }
}

/// Columns that a label takes at least, with the blanks around it.
const LABEL_COLUMNS: usize = 12;

/// `now`, `-30 s`, `-15 min`, `-6 h`: in the largest unit that needs no fraction.
fn ago(time: Duration) -> String {
    match time.as_secs() {
        0 => "now".to_owned(),
        hours if hours.is_multiple_of(3600) => format!("-{} h", hours / 3600),
        minutes if minutes.is_multiple_of(60) => format!("-{} min", minutes / 60),
        seconds => format!("-{seconds} s"),
    }
}

impl App {
    /// What the chart spans: as chosen, else as suits what there is.
    pub(crate) fn span(&self) -> ChartSpan {
        self.zoom.unwrap_or_else(|| ChartSpan::fitting(self.shown().history.seen()))
    }

    /// Shows a shorter time, in more detail.
    pub(crate) fn zoom_in(&mut self) {
        self.zoom_to(Some(self.span().shorter()));
    }

    /// Shows a longer time.
    pub(crate) fn zoom_out(&mut self) {
        self.zoom_to(Some(self.span().longer()));
    }

    /// Leaves it to the history how much of it is shown.
    pub(crate) fn zoom_auto(&mut self) {
        self.zoom_to(None);
    }

    fn zoom_to(&mut self, zoom: Option<ChartSpan>) {
        let same = self.zoom == zoom;
        self.zoom = zoom;
        let name = self.span().name();
        if self.places.as_ref().is_none_or(|places| places.throughput.is_none()) {
            self.say(format!("the throughput chart spans {name}; it is not on this screen"));
        } else if same && zoom.is_some() {
            self.say(format!("the throughput chart spans {name}, and that is its end"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_goes_through_every_span_and_stays_at_the_ends() {
        let mut span = ChartSpan::Minute;
        for longer in ChartSpan::ALL.into_iter().skip(1) {
            assert_eq!((span.longer(), longer.shorter()), (longer, span));
            span = longer;
        }
        assert_eq!((ChartSpan::Day.longer(), ChartSpan::Minute.shorter()), (ChartSpan::Day, ChartSpan::Minute));
    }

    #[test]
    fn without_a_choice_the_span_grows_with_what_there_is() {
        let fitting = |seconds| ChartSpan::fitting(Duration::from_secs(seconds)).name();
        assert_eq!(
            [0, 239, 240, 719, 720, 999_999].map(fitting),
            ["2 min", "2 min", "5 min", "5 min", "15 min", "15 min"]
        );
    }

    #[test]
    fn labels_fall_on_round_times_and_have_room() {
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
