//! The time span of the throughput chart.

use crate::console::format::span_words;
use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::chart_span::ChartSpan;

impl App {
    /// Lets the chart span a shorter time, in more detail.
    pub(super) fn zoom_in(&mut self) {
        if self.refuse_zoom() {
            return;
        }
        self.zoom_to(Some(self.chart_span().shorter()));
    }

    /// Lets the chart span a longer time.
    pub(super) fn zoom_out(&mut self) {
        if self.refuse_zoom() {
            return;
        }
        self.zoom_to(Some(self.chart_span().longer()));
    }

    /// Lets the chart span all recorded time. If it does, the console chooses the span again, as at the start.
    pub(super) fn zoom_auto(&mut self) {
        if self.refuse_zoom() {
            return;
        }
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

    /// Whether the only chart on the screen is a comparison: its time is the window. If so, the footer says which key chooses that.
    fn refuse_zoom(&mut self) -> bool {
        let compares = self.selection.comparison(&self.engine.frozen_or_live().snapshot.board).is_some();
        if !compares || self.display.layout.as_ref().is_none_or(|layout| layout.work.is_some()) {
            return false;
        }
        let window = span_words(self.selection.window);
        let key = self.keys.label_of(Action::CycleWindow);
        self.say(format!("the chart compares the {window}: {key} chooses another time"));
        true
    }

    fn zoom_to(&mut self, span: Option<ChartSpan>) {
        let is_same = self.overview.chart_span == span;
        self.overview.chart_span = span;
        let name = self.chart_span().name();
        let Some(layout) = &self.display.layout else { return };
        if layout.throughput.is_none() {
            self.say(format!("the throughput chart, which is not on this screen, spans {name}"));
        } else if is_same && span.is_some() {
            let end = if self.chart_span() == ChartSpan::Minute { "shortest" } else { "longest" };
            self.say(format!("{name} is the {end}"));
        }
    }
}
