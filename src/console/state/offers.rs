//! The commands that the palette offers for what is typed.

use std::borrow::Cow;

use super::phrase::{VERBS, Verb, Vocabulary, split};
use super::screen::Screen;
use crate::console::keys::bindings::KeyBindings;
use crate::console::keys::{Action, Context};
use crate::text::printable;

/// A command that the user can run.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    /// The key that does the same; empty if no key does it here.
    pub(crate) key: String,
    pub(crate) does: Does,
}

/// What an offer does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// What a key does.
    Action {
        action: Action,
        /// Which key of its binding it stands for.
        key_slot: usize,
        /// Whether the console asks before it acts.
        dangerous: bool,
    },
    /// The name is a verb.
    Verb(&'static Verb),
    /// The name is a verb with its object.
    Object,
}

/// The commands in `context` that match `text`. After a verb, these are its objects. Else they are the actions and verbs of which each
/// word of the text is a part of the name or the description; names that begin with the text come first.
pub(crate) fn offers(keys: &KeyBindings, known: Vocabulary<'_>, context: Context, text: &str) -> Vec<Offer> {
    if let Some((verb, object)) = split(text)
        && text.trim_start().contains(' ')
    {
        return objects(verb, object, known);
    }
    let text = text.trim().to_lowercase();
    let mut offers = actions(keys, known, context, &text);
    let verbs = VERBS.iter().filter(|verb| matches(&text, verb.name, verb.description));
    offers.extend(verbs.map(|verb| Offer {
        name: verb.name.into(),
        description: verb.description.into(),
        key: String::new(),
        does: Does::Verb(verb),
    }));
    // A verb stands before longer names that begin alike: `stop` before `stop-all`. An action of the same name acts at once.
    let is_longer =
        |offer: &Offer| matches!(offer.does, Does::Action { .. }) && !VERBS.iter().any(|verb| verb.name == offer.name);
    offers.sort_by_key(|offer| (*offer.name != *text, !offer.name.starts_with(text.as_str()), is_longer(offer)));
    offers
}

/// The objects of `verb` that begin with `typed`; those that only hold it come last.
fn objects(verb: &'static Verb, typed: &str, known: Vocabulary<'_>) -> Vec<Offer> {
    let typed = typed.trim().to_lowercase();
    let mut objects = verb.objects(known);
    objects.retain(|object| object.to_lowercase().contains(&typed));
    objects.sort_by_key(|object| !object.to_lowercase().starts_with(&typed));
    let offer = |object: String| Offer {
        name: format!("{} {object}", verb.name).into(),
        description: verb.description.into(),
        key: String::new(),
        does: Does::Object,
    };
    objects.into_iter().map(offer).collect()
}

fn matches(text: &str, name: &str, description: &str) -> bool {
    text.split_whitespace().all(|word| name.contains(word) || description.to_lowercase().contains(word))
}

fn actions(keys: &KeyBindings, known: Vocabulary<'_>, context: Context, text: &str) -> Vec<Offer> {
    let snapshot = known.snapshot;
    let screens = Screen::offered(snapshot).len();
    keys.by_name(context)
        .into_iter()
        .filter_map(|(name, binding, key_slot)| {
            let description: Cow<'static, str> = match binding.action {
                Action::PickStage => format!("go to {}", printable(&snapshot.stages.get(key_slot)?.info.title)).into(),
                Action::OpenView if key_slot >= screens => return None,
                // Whoever types `log` wants to see it. The key of this name shows or hides it, and the verb of this name opens it.
                Action::ToggleLog => return None,
                _ => binding.description_of_one_key(name),
            };
            if !matches(text, name, binding.description) && !matches(text, name, &description) {
                return None;
            }
            let one_action_each = binding.action.names().len() > 1;
            let key = match binding.chords.get(key_slot).filter(|_| one_action_each) {
                // The keys of the stages act only while the stages have the focus.
                _ if binding.context == Context::Stages && context != Context::Stages => String::new(),
                Some(chord) => chord.name(),
                None => binding.label.to_string(),
            };
            let does = Does::Action { action: binding.action, key_slot, dangerous: binding.dangerous };
            Some(Offer { name: name.into(), description, key, does })
        })
        .collect()
}
