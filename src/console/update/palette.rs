//! Running an action by its name, and completing what is typed.

use crate::console::export::ExportFormat;
use crate::console::state::app::App;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::offers::{Offer, offers};
use crate::text::excerpt;

impl App {
    /// The actions that match `text` on the open screen.
    fn offers(&self, text: &str) -> Vec<Offer> {
        let context = self.screens.context(self.overview.focus);
        offers(&self.keys, self.engine.snapshot(), context, text)
    }

    /// How many actions the palette offers; `None` while it is closed.
    pub(super) fn offers_len(&self) -> Option<usize> {
        let line = self.overlays.line_for(LinePurpose::Palette)?;
        Some(self.offers(line.text()).len())
    }

    /// Runs the `picked` of the actions that match `text`, as its key would.
    pub(super) fn run_by_name(&mut self, text: &str, picked: usize) {
        match self.offers(text).into_iter().nth(picked) {
            Some(offer) => self.act(offer.action, offer.key_slot, offer.dangerous),
            None => self.say(format!("there is no command {}", excerpt(text, 40))),
        }
    }

    /// Completes the name of an action, or gives the name of a file the ending of the next format. In the search, it opens the next
    /// screen, as everywhere else.
    pub(super) fn complete_line(&mut self) {
        let Some(line) = &self.overlays.line else { return };
        let completed = match line.purpose {
            LinePurpose::Filter | LinePurpose::Find => return,
            LinePurpose::Search => return self.enter_next_screen(true),
            LinePurpose::Export => Some(ExportFormat::next_name(line.text())),
            LinePurpose::Palette => self.offers(line.text()).get(line.picked_offer).map(|offer| offer.name.to_owned()),
        };
        if let (Some(text), Some(line)) = (completed, &mut self.overlays.line) {
            line.input.set(text);
            line.picked_offer = 0;
        }
    }
}
