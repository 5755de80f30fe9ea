//! What happens goes to the pipeline that it is about.

use std::sync::Arc;

use super::event::Event;
use crate::console::state::app::App;
use crate::console::state::fleet::PipelineLine;
use crate::console::state::pipelines::Pipelines;

impl Pipelines {
    /// Takes what the user did, the time, or a signal. True if the screen may look different after it.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let mut changed = match event {
            Event::Tick(_) | Event::Terminate => {
                let is_tick = matches!(event, Event::Tick(_));
                let changed = self.apps.iter_mut().fold(false, |changed, app| app.apply(event.clone()) | changed);
                if is_tick { self.note_all() | changed } else { changed }
            }
            event => self.shown_mut().apply(event),
        };
        if let Some(position) = self.shown_mut().outgoing.pipeline.take() {
            self.open(position);
            changed = true;
        }
        changed
    }

    /// Takes what happened to the pipeline at `position`. True if the screen may look different after it.
    pub(crate) fn take(&mut self, position: usize, event: Event) -> bool {
        let is_shown = position == self.shown;
        let changed = self.get_mut(position).is_some_and(|app| app.apply(event)) && is_shown;
        self.note(position) | changed
    }

    /// Shows the pipeline at `position` as the user left it.
    fn open(&mut self, position: usize) {
        if position >= self.apps.len() {
            return;
        }
        let left = self.shown_mut();
        left.leave_fleet();
        let (settings, theme, now) = (left.settings.clone(), left.theme, left.now);
        let history = left.history.clone();
        let lines = left.fleet.as_mut().map(|fleet| {
            fleet.is_shown = false;
            std::mem::take(&mut fleet.lines)
        });
        self.shown = position;
        let opened = self.shown_mut();
        opened.history = history;
        // Theme and mouse are of the whole console.
        (opened.settings.themes, opened.settings.mouse, opened.theme) = (settings.themes, settings.mouse, theme);
        opened.now = opened.now.max(now);
        if let (Some(fleet), Some(lines)) = (&mut opened.fleet, lines) {
            (fleet.is_shown, fleet.lines) = (true, lines);
        }
        opened.leave_fleet();
    }

    /// Writes the line of every pipeline anew. True if one looks different.
    fn note_all(&mut self) -> bool {
        (0..self.apps.len()).fold(false, |changed, position| self.note(position) | changed)
    }

    /// Writes the line of the pipeline at `position` anew. True if it looks different.
    fn note(&mut self, position: usize) -> bool {
        let now = self.shown().now;
        let engine = self.apps.get(position).map(|app: &App| &app.engine);
        let name = self.shown().fleet.as_ref().and_then(|fleet| fleet.lines.get(position)).map(|line| &line.name);
        let (Some(engine), Some(name)) = (engine, name) else { return false };
        let line = PipelineLine::of(Arc::clone(name), engine, now);
        let fleet = self.shown_mut().fleet.as_mut();
        let Some(place) = fleet.and_then(|fleet| fleet.lines.get_mut(position)) else { return false };
        let changed = *place != line;
        *place = line;
        changed
    }
}
