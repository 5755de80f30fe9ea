//! How much of the past the throughput chart shows.

use std::time::Duration;

use super::app::App;

/// A stretch of time that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Span {
    Minute,
    TwoMinutes,
    FiveMinutes,
    QuarterHour,
    Hour,
    SixHours,
    Day,
}

impl Span {
    /// From the shortest to the longest.
    pub(crate) const ALL: [Span; 7] =
        [Span::Minute, Span::TwoMinutes, Span::FiveMinutes, Span::QuarterHour, Span::Hour, Span::SixHours, Span::Day];

    /// How long it is.
    pub(crate) const fn time(self) -> Duration {
        Duration::from_secs(match self {
            Span::Minute => 60,
            Span::TwoMinutes => 2 * 60,
            Span::FiveMinutes => 5 * 60,
            Span::QuarterHour => 15 * 60,
            Span::Hour => 3600,
            Span::SixHours => 6 * 3600,
            Span::Day => 24 * 3600,
        })
    }

    /// Its name in the chart's title.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Span::Minute => "1 min",
            Span::TwoMinutes => "2 min",
            Span::FiveMinutes => "5 min",
            Span::QuarterHour => "15 min",
            Span::Hour => "1 h",
            Span::SixHours => "6 h",
            Span::Day => "24 h",
        }
    }

    /// The one that suits a history of the length `seen`, while the reader has chosen none: short enough that a stage that
    /// stops shows at once. The longer one comes when most of it is filled.
    pub(crate) fn fitting(seen: Duration) -> Self {
        let filled = |span: Span| seen >= span.time() * 4 / 5;
        let fits = [Span::QuarterHour, Span::FiveMinutes].into_iter().find(|span| filled(*span));
        fits.unwrap_or(Span::TwoMinutes)
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
            Span::Minute => &[6, 4, 2, 1],
            Span::TwoMinutes => &[4, 2, 1],
            Span::FiveMinutes => &[5, 1],
            Span::QuarterHour => &[15, 5, 3, 1],
            Span::Hour => &[12, 6, 4, 2, 1],
            Span::SixHours => &[6, 3, 2, 1],
            Span::Day => &[12, 8, 4, 2, 1],
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
    pub(crate) fn span(&self) -> Span {
        self.zoom.unwrap_or_else(|| Span::fitting(self.shown().history.seen()))
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

    fn zoom_to(&mut self, zoom: Option<Span>) {
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
        let mut span = Span::Minute;
        for longer in Span::ALL.into_iter().skip(1) {
            assert_eq!((span.longer(), longer.shorter()), (longer, span));
            span = longer;
        }
        assert_eq!((Span::Day.longer(), Span::Minute.shorter()), (Span::Day, Span::Minute));
    }

    #[test]
    fn without_a_choice_the_span_grows_with_what_there_is() {
        let fitting = |seconds| Span::fitting(Duration::from_secs(seconds)).name();
        assert_eq!(
            [0, 239, 240, 719, 720, 999_999].map(fitting),
            ["2 min", "2 min", "5 min", "5 min", "15 min", "15 min"]
        );
    }

    #[test]
    fn labels_fall_on_round_times_and_have_room() {
        let labels = |span: Span, columns| {
            span.labels(columns).into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" … ")
        };
        assert_eq!(labels(Span::TwoMinutes, 70), "-2 min … -90 s … -1 min … -30 s … now");
        assert_eq!(labels(Span::SixHours, 30), "-6 h … -3 h … now");
        assert_eq!(labels(Span::Day, 50), "-24 h … -18 h … -12 h … -6 h … now");
        assert_eq!(labels(Span::Hour, 75), "-1 h … -50 min … -40 min … -30 min … -20 min … -10 min … now");
        for span in Span::ALL {
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
