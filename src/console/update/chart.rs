//! The time span of the throughput chart.

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;

impl App {
    /// Lets the chart span a shorter time, in more detail.
    pub(super) fn zoom_in(&mut self) {
        self.zoom_to(Some(self.chart_span().shorter()));
    }

    /// Lets the chart span a longer time.
    pub(super) fn zoom_out(&mut self) {
        self.zoom_to(Some(self.chart_span().longer()));
    }

    /// Lets the chart span all recorded time. If it does, the console chooses the span again, as at the start.
    pub(super) fn zoom_auto(&mut self) {
        let all = ChartSpan::of_all(self.engine.frozen_or_live().history.seen());
        if self.overview.chart_span == Some(all) {
            self.zoom_to(None);
            self.say(format!("the last {}; it grows with the recorded time", self.chart_span().name()));
        } else {
            self.zoom_to(Some(all));
        }
    }

    pub(super) fn chart_span(&self) -> ChartSpan {
        ChartSpan::chosen_or_fitting(self.overview.chart_span, self.engine.frozen_or_live().history.seen())
    }

    fn zoom_to(&mut self, span: Option<ChartSpan>) {
        let is_same = self.overview.chart_span == span;
        self.overview.chart_span = span;
        let name = self.chart_span().name();
        let Some(layout) = &self.display.layout else { return };
        if self.selection.comparison(&self.engine.frozen_or_live().snapshot.board).is_some() && layout.work.is_none() {
            let window = self.keys.label_of(Action::CycleWindow);
            self.say(format!("the comparison spans its window: {window} chooses it. The throughput spans {name}"));
        } else if layout.throughput.is_none() {
            self.say(format!("the throughput chart, which is not on this screen, spans {name}"));
        } else if is_same && span.is_some() {
            let end = if self.chart_span() == ChartSpan::Minute { "shortest" } else { "longest" };
            self.say(format!("{name} is the {end}"));
        }
    }
}
