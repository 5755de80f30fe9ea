//! Doing things by name: what the table of keys offers for what is typed.

use std::borrow::Cow;

use crate::console::export::Format;
use crate::console::state::app::App;
use crate::console::state::key_table::{Action, Context};
use crate::console::state::line_input::LinePurpose;
use crate::text::printable;

/// Something that can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) name: &'static str,
    pub(crate) description: Cow<'static, str>,
    /// The key that does it.
    pub(crate) key: String,
    action: Action,
    place: usize,
    dangerous: bool,
}

impl App {
    /// What can be done here and matches `text`: every word of it stands in the name or the description. Names that begin
    /// with it come first.
    pub(crate) fn offers(&self, text: &str) -> Vec<Offer> {
        let text = text.trim().to_lowercase();
        let matches = |name: &str, description: &str| {
            text.split_whitespace().all(|word| name.contains(word) || description.to_lowercase().contains(word))
        };
        let here: Context = self.place();
        let mut offers: Vec<Offer> = self
            .keys
            .by_name(here)
            .into_iter()
            .filter_map(|(name, binding, place)| {
                let description: Cow<'static, str> = match binding.action {
                    Action::PickStage => {
                        let stage = self.live.snapshot.stages.get(place)?;
                        format!("go to {}", printable(&stage.info.title)).into()
                    }
                    _ => binding.of_each().into(),
                };
                if !matches(name, binding.description) && !matches(name, &description) {
                    return None;
                }
                let one_each = binding.action.names().len() > 1;
                let key = match binding.chords.get(place).filter(|_| one_each) {
                    // A key of the stages does nothing elsewhere.
                    _ if binding.context == Context::Stages && here != Context::Stages => String::new(),
                    Some(chord) => chord.name(),
                    None => binding.label.to_string(),
                };
                let (action, dangerous) = (binding.action, binding.dangerous);
                Some(Offer { name, description, key, action, place, dangerous })
            })
            .collect();
        offers.sort_by_key(|offer| !offer.name.starts_with(text.as_str()));
        offers
    }

    /// How many things are offered, while a name is typed.
    pub(crate) fn palette_len(&self) -> Option<usize> {
        let typing = self.typing.as_ref().filter(|typing| typing.line == LinePurpose::Palette)?;
        Some(self.offers(&typing.text).len())
    }

    /// Does the one `picked` of what is offered for `text`, as its key would.
    pub(crate) fn do_by_name(&mut self, text: &str, picked: usize) {
        match self.offers(text).into_iter().nth(picked) {
            Some(offer) => self.act(offer.action, offer.place, offer.dangerous),
            None => self.say(format!("nothing here is called {}", crate::text::excerpt(text, 40))),
        }
    }

    /// Completes the name that is typed to that of the one picked; that of a file gets the ending of the next format.
    pub(crate) fn complete_line(&mut self) {
        if let Some(typing) = self.typing.as_mut().filter(|typing| typing.line == LinePurpose::Export) {
            typing.text = Format::next_name(&typing.text);
            return;
        }
        if self.typing.as_ref().is_some_and(|typing| typing.line == LinePurpose::Search) {
            // There is nothing to complete: it goes on through the views, as everywhere in them.
            return self.turn_sheet(true);
        }
        let Some(typing) = self.typing.as_ref().filter(|typing| typing.line == LinePurpose::Palette) else { return };
        let name = self.offers(&typing.text).get(typing.picked).map(|offer| offer.name);
        if let (Some(name), Some(typing)) = (name, &mut self.typing) {
            typing.text = name.to_owned();
            typing.picked = 0;
        }
    }
}
