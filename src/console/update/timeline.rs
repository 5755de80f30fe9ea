//! Stepping through the events on the throughput chart.

use crate::console::format::time_of_day;
use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::timeline::{events_in, place, words};
use crate::protocol::event::Event;
use crate::text::printable;

impl App {
    /// Picks the next event on the chart, or the one before. The first step picks the newest one.
    pub(super) fn step_event(&mut self, forward: bool) {
        let (snapshot, span) = (&self.engine.frozen_or_live().snapshot, self.chart_span());
        let events: Vec<&Event> = events_in(snapshot, span.time()).map(|(_, event)| event).collect();
        let Some(last) = events.len().checked_sub(1) else {
            let longer = self.keys.label_of(Action::ZoomOut);
            return self.say(format!("no event in the last {}: {longer} shows a longer time", span.name()));
        };
        let at = self.overview.event.as_ref().and_then(|picked| events.iter().position(|event| *event == picked));
        let next = match (at, forward) {
            (None, _) => last,
            (Some(at), true) => (at + 1).min(last),
            (Some(at), false) => at.saturating_sub(1),
        };
        let Some(event) = events.get(next).map(|event| (*event).clone()) else { return };
        if at == Some(next) {
            let end = if forward { "newest" } else { "oldest" };
            self.say(format!("this is the {end} event in the last {}", span.name()));
        } else if self.display.layout.as_ref().is_none_or(|layout| layout.throughput.is_none()) {
            // The chart has no room on this screen, and its title says nothing.
            let (time, text) = (time_of_day(event.at), words(&event));
            self.say(format!("{time} {} ({} of {})", printable(&text), next + 1, last + 1));
        }
        self.overview.event = Some(event);
    }

    /// Lets go of an event that the chart spans no more.
    pub(super) fn settle_event(&mut self) {
        let (snapshot, span) = (&self.engine.frozen_or_live().snapshot, self.chart_span().time());
        let is_gone = |event: &mut Event| place(snapshot, span, event).is_none();
        self.overview.event.take_if(is_gone);
    }
}
