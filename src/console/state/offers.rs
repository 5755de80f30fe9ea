//! The actions that the palette offers for the typed name.

use std::borrow::Cow;

use super::screen::Screen;
use crate::console::keys::bindings::KeyBindings;
use crate::console::keys::{Action, Context};
use crate::protocol::Snapshot;
use crate::text::printable;

/// An action that the user can run by its name.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) name: &'static str,
    pub(crate) description: Cow<'static, str>,
    /// The key that does the same; empty if no key does it here.
    pub(crate) key: String,
    pub(crate) action: Action,
    /// Which key of its binding it stands for.
    pub(crate) key_slot: usize,
    /// Whether the console asks before it acts.
    pub(crate) dangerous: bool,
}

/// The actions in `context` that match `text`: each word of it is a part of the name or the description. Names that begin with
/// the text come first.
pub(crate) fn offers(keys: &KeyBindings, snapshot: &Snapshot, context: Context, text: &str) -> Vec<Offer> {
    let screens = Screen::offered(snapshot).len();
    let text = text.trim().to_lowercase();
    let matches = |name: &str, description: &str| {
        text.split_whitespace().all(|word| name.contains(word) || description.to_lowercase().contains(word))
    };
    let mut offers: Vec<Offer> = keys
        .by_name(context)
        .into_iter()
        .filter_map(|(name, binding, key_slot)| {
            let description: Cow<'static, str> = match binding.action {
                Action::PickStage => format!("go to {}", printable(&snapshot.stages.get(key_slot)?.info.title)).into(),
                Action::OpenView if key_slot >= screens => return None,
                _ => binding.description_of_one_key(name),
            };
            if !matches(name, binding.description) && !matches(name, &description) {
                return None;
            }
            let one_action_each = binding.action.names().len() > 1;
            let key = match binding.chords.get(key_slot).filter(|_| one_action_each) {
                // The keys of the stages act only while the stages have the focus.
                _ if binding.context == Context::Stages && context != Context::Stages => String::new(),
                Some(chord) => chord.name(),
                None => binding.label.to_string(),
            };
            let (action, dangerous) = (binding.action, binding.dangerous);
            Some(Offer { name, description, key, action, key_slot, dangerous })
        })
        .collect();
    offers.sort_by_key(|offer| !offer.name.starts_with(text.as_str()));
    offers
}
