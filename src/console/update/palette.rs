//! Running a command by its name, and completing what is typed.

use crate::console::export::ExportFormat;
use crate::console::state::app::App;
use crate::console::state::effect::Effect;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::offers::{Does, Offer, offers};
use crate::console::state::outgoing::GivenBy;
use crate::console::state::phrase::{Phrase, split, unknown_command};

/// What the typed line is.
enum Meaning {
    Offer(Offer),
    Phrase(Phrase),
    /// It cannot be done yet: why.
    Problem(String),
}

impl App {
    /// The commands that match `text` on the open screen.
    fn offers(&self, text: &str) -> Vec<Offer> {
        let context = self.screens.context(self.overview.focus);
        offers(&self.keys, self.vocabulary(), context, text)
    }

    /// How many commands the palette offers; `None` while it is closed.
    pub(super) fn offers_len(&self) -> Option<usize> {
        let line = self.overlays.line_for(LinePurpose::Palette)?;
        Some(self.offers(line.text()).len())
    }

    /// What `text` means if the offer `picked` is under the cursor.
    fn meaning(&self, text: &str, picked: usize) -> Meaning {
        let offered = self.offers(text).into_iter().nth(picked);
        // What is typed in full goes before what is offered, unless the user has moved to an offer.
        if let (Some((verb, object)), 0) = (split(text), picked)
            && (!object.is_empty() || !verb.needs_object())
        {
            return match verb.with(object, self.vocabulary()) {
                Ok(phrase) => Meaning::Phrase(phrase),
                Err(problem) => Meaning::Problem(problem),
            };
        }
        match offered {
            Some(Offer { does: Does::Verb(verb), .. }) if verb.needs_object() => {
                Meaning::Problem(verb.question("", self.vocabulary()))
            }
            Some(Offer { does: Does::Verb(_) | Does::Object, name, .. }) => match split(&name) {
                Some((verb, object)) => {
                    verb.with(object, self.vocabulary()).map_or_else(Meaning::Problem, Meaning::Phrase)
                }
                None => Meaning::Problem(unknown_command(text)),
            },
            Some(offer) => Meaning::Offer(offer),
            None => Meaning::Problem(unknown_command(text)),
        }
    }

    /// Runs the command in the line, as its key would. If it cannot be done, the line stays open and the footer says why.
    pub(super) fn run_typed(&mut self) {
        let Some(line) = self.overlays.line.take() else { return };
        let typed = line.text().to_owned();
        match self.meaning(&typed, line.picked_offer) {
            Meaning::Phrase(phrase) => {
                self.remember(&typed);
                self.given_by(GivenBy::Command, |app| app.do_phrase(phrase));
            }
            Meaning::Offer(offer) => {
                self.remember(&offer.name);
                if let Does::Action { action, key_slot, dangerous } = offer.does {
                    self.given_by(GivenBy::Command, |app| app.act(action, key_slot, dangerous));
                }
            }
            Meaning::Problem(problem) => {
                self.overlays.line = Some(line);
                self.say(problem);
            }
        }
    }

    /// Whether `Enter` would start or stop a stage without a question.
    pub(super) fn typed_line_controls(&self) -> bool {
        let Some(line) = self.overlays.line_for(LinePurpose::Palette) else { return false };
        match self.meaning(line.text(), line.picked_offer) {
            Meaning::Phrase(phrase) => phrase.controls_stages(),
            Meaning::Offer(Offer { does: Does::Action { action, dangerous, .. }, .. }) => {
                action.controls_stages() && !dangerous
            }
            Meaning::Offer(_) | Meaning::Problem(_) => false,
        }
    }

    /// Keeps a command for later, also for the next run.
    fn remember(&mut self, line: &str) {
        if self.history.push(line) {
            self.outgoing.effects.push(Effect::Remember(line.trim().to_owned()));
        }
    }

    /// Walks through the commands that were typed before. False if the key means something else.
    pub(super) fn step_history(&mut self, older: bool) -> bool {
        let Some(line) = self.overlays.line.as_mut().filter(|line| line.purpose == LinePurpose::Palette) else {
            return false;
        };
        let moved = line.picked_offer > 0;
        let Some(text) = self.history.step(older, line.text()).filter(|_| !moved) else { return false };
        line.input.set(text.to_owned());
        line.picked_offer = 0;
        true
    }

    /// Completes a command, or gives the name of a file the ending of the next format. In the search, it opens the next screen, as everywhere
    /// else.
    pub(super) fn complete_line(&mut self) {
        let Some(line) = &self.overlays.line else { return };
        let completed = match line.purpose {
            LinePurpose::Filter | LinePurpose::Find => return,
            LinePurpose::Search => return self.turn_panel(true),
            LinePurpose::Export => Some(ExportFormat::next_name(line.text())),
            LinePurpose::Palette => {
                let offer = self.offers(line.text()).into_iter().nth(line.picked_offer);
                offer.map(|offer| match offer.does {
                    // Its object comes next.
                    Does::Verb(verb) if verb.takes_object() => format!("{} ", offer.name),
                    _ => offer.name.into_owned(),
                })
            }
        };
        if let (Some(text), Some(line)) = (completed, &mut self.overlays.line) {
            line.input.set(text);
            line.picked_offer = 0;
        }
    }
}
