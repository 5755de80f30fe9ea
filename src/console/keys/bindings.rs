//! The key bindings in force: the declared ones, with the keys that the config file gives.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Action, Chord, Context, KeyBinding, key_table};
use crate::text::excerpt;

/// Why the keys of the config file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No action has this name.
    #[error("console.keys.{0}: there is no such action; `clicktop keys` lists them")]
    UnknownAction(String),
    /// No key has this name.
    #[error(
        "console.keys.{action}: `{key}` is no key; give a character, F1–F12, Tab, Enter, PgUp, or one of them with Ctrl-"
    )]
    UnknownKey {
        /// The action that it would run.
        action: String,
        /// The name in the config file.
        key: String,
    },
    /// One key has two actions.
    #[error("console.keys: `{key}` would do both {one} and {other}; give one of them another key")]
    Twice {
        /// The name of the key.
        key: String,
        /// The action that has it first.
        one: &'static str,
        /// The other action.
        other: &'static str,
    },
}

/// How many things there are for keys that each stand for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    /// Stages of the engine.
    pub(crate) stages: usize,
    /// Screens with a key.
    pub(crate) screens: usize,
}

/// The key bindings of one console.
#[derive(Clone, Debug)]
pub struct KeyBindings(Vec<KeyBinding>);

impl Default for KeyBindings {
    fn default() -> Self {
        Self(key_table().to_vec())
    }
}

impl KeyBindings {
    /// The declared bindings, with other keys for the actions that `config` names. Its values are the names of one or more keys,
    /// separated by blanks; an empty value changes nothing. If the action has keys that act everywhere, the keys of `config`
    /// replace these; else they replace all keys of the action.
    ///
    /// # Errors
    /// [`KeyError`] if an action or a key does not exist, or if a key has two actions in one context.
    pub fn with<'a>(config: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, KeyError> {
        let mut keys = Self::default();
        for (action, text) in config {
            keys.rebind(action, text)?;
        }
        keys.check()?;
        Ok(keys)
    }

    /// The same keys without those for several pipelines.
    pub(crate) fn of_one_pipeline(&self) -> Self {
        Self(self.0.iter().filter(|binding| !binding.action.is_of_fleet()).cloned().collect())
    }

    /// Every binding, in the order of the footer.
    pub fn table(&self) -> &[KeyBinding] {
        &self.0
    }

    fn rebind(&mut self, action: &str, text: &str) -> Result<(), KeyError> {
        let named = |binding: &KeyBinding| binding.action.names().contains(&action);
        if !self.0.iter().any(named) {
            return Err(KeyError::UnknownAction(excerpt(action, 40).into_owned()));
        }
        let unknown =
            |key: &str| KeyError::UnknownKey { action: action.to_owned(), key: excerpt(key, 20).into_owned() };
        let mut chords = Vec::new();
        for name in text.split_whitespace() {
            chords.push(Chord::parse(name).ok_or_else(|| unknown(name))?);
        }
        if chords.is_empty() {
            return Ok(());
        }
        let anywhere = self.0.iter().any(|binding| named(binding) && binding.context == Context::Anywhere);
        let is_meant =
            |binding: &&mut KeyBinding| named(binding) && (!anywhere || binding.context == Context::Anywhere);
        for binding in self.0.iter_mut().filter(is_meant) {
            let names = binding.action.names();
            if names.len() > 1 {
                // Each key of the binding has an action of its own.
                let slot = names.iter().position(|name| *name == action);
                let chord = slot.and_then(|slot| binding.chords.to_mut().get_mut(slot));
                match (chord, chords.as_slice()) {
                    (Some(chord), [one]) => *chord = *one,
                    _ => return Err(unknown(text)),
                }
            } else {
                // Ctrl-C ends every terminal program; the config file cannot take it away.
                let ctrl_c = Chord { code: KeyCode::Char('c'), ctrl: true };
                let mut given = chords.clone();
                if binding.action == Action::Quit && !given.contains(&ctrl_c) {
                    given.push(ctrl_c);
                }
                binding.chords = Cow::Owned(given);
            }
            let shown = binding.chords.iter().take(if binding.action == Action::Quit { 1 } else { usize::MAX });
            binding.label = Cow::Owned(shown.map(|chord| chord.name()).collect::<Vec<_>>().join(" "));
        }
        Ok(())
    }

    /// The keys of `binding` in words: keys of stages and screens that are not offered are left out.
    pub(crate) fn label<'a>(&self, binding: &'a KeyBinding, offered: Offered) -> Cow<'a, str> {
        let keys = match binding.action {
            Action::PickStage => binding.chords.get(..offered.stages),
            Action::OpenView => binding.chords.get(..offered.screens),
            _ => None,
        };
        match keys {
            None => Cow::Borrowed(&binding.label),
            Some([first, .., last]) if matches!(binding.label, Cow::Borrowed(_)) => {
                Cow::Owned(format!("{}–{}", first.name(), last.name()))
            }
            Some(keys) => Cow::Owned(keys.iter().map(Chord::name).collect::<Vec<_>>().join(" ")),
        }
    }

    /// The keys of `action` in words. Every action has some.
    pub(crate) fn label_of(&self, action: Action) -> &str {
        self.0.iter().find(|binding| binding.action == action).map_or("", |binding| &binding.label)
    }

    /// The keys of `action` in words, for what is offered.
    pub(crate) fn label_for(&self, action: Action, offered: Offered) -> Cow<'_, str> {
        let binding = self.0.iter().find(|binding| binding.action == action);
        binding.map_or(Cow::Borrowed(""), |binding| self.label(binding, offered))
    }

    /// The name of the key in one `slot` of an action whose keys each do another thing; empty if there is none.
    pub(crate) fn label_at(&self, action: Action, slot: usize) -> String {
        let binding = self.0.iter().find(|binding| binding.action == action);
        binding.and_then(|binding| binding.chords.get(slot)).map_or_else(String::new, Chord::name)
    }

    fn check(&self) -> Result<(), KeyError> {
        for (at, one) in self.0.iter().enumerate() {
            for other in self.0.iter().skip(at + 1).filter(|other| other.context == one.context) {
                if let Some(chord) = one.chords.iter().find(|chord| other.chords.contains(chord)) {
                    let name = |binding: &KeyBinding| binding.name_of(*chord);
                    return Err(KeyError::Twice { key: chord.name(), one: name(one), other: name(other) });
                }
            }
            for (slot, chord) in one.chords.iter().enumerate() {
                let again = one.chords.iter().skip(slot + 1).any(|other| other == chord);
                if let ([first, ..], true) = (one.action.names(), again && one.action.names().len() > 1) {
                    let name = one.action.names().get(slot).copied().unwrap_or(first);
                    let last = one.chords.iter().rposition(|other| other == chord).unwrap_or(slot);
                    let other = one.action.names().get(last).copied().unwrap_or(first);
                    return Err(KeyError::Twice { key: chord.name(), one: name, other });
                }
            }
        }
        Ok(())
    }

    /// The binding of a pressed key in `context`, and which of its keys that is. The bindings of the context come first, then
    /// those that act everywhere, unless the context hides them.
    pub(crate) fn lookup(&self, event: &KeyEvent, context: Context) -> Option<(&KeyBinding, usize)> {
        let unbound = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER;
        if event.modifiers.intersects(unbound) {
            return None;
        }
        let chord = Chord { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) };
        let find = |context: Context| {
            self.0.iter().filter(move |binding| binding.context == context).find_map(|binding| {
                binding.chords.iter().position(|candidate| *candidate == chord).map(|slot| (binding, slot))
            })
        };
        find(context)
            .or_else(|| find(Context::Views).filter(|_| context.is_view()))
            .or_else(|| find(Context::Anywhere).filter(|(binding, _)| context.lets_through(binding.action)))
    }

    /// The actions that the user can run by name in `context`: the name, the binding, and which of its keys it stands for.
    pub(crate) fn by_name(&self, context: Context) -> Vec<(&'static str, &KeyBinding, usize)> {
        let mut found: Vec<(&'static str, &KeyBinding, usize)> = Vec::new();
        for binding in &self.0 {
            let acts = match binding.context {
                Context::Anywhere => context.lets_through(binding.action),
                Context::Views => context.is_view(),
                // A name that the user types means the picked stage, wherever the focus is.
                Context::Stages if binding.action.controls_stages() => true,
                other => other == context,
            };
            if !acts || binding.action.is_movement() {
                continue;
            }
            for (slot, name) in binding.action.names().iter().enumerate() {
                if !found.iter().any(|(known, ..)| known == name) {
                    found.push((name, binding, slot));
                }
            }
        }
        found
    }
}

impl KeyBinding {
    /// The name of the action of `chord`.
    fn name_of(&self, chord: Chord) -> &'static str {
        let names = self.action.names();
        let slot = self.chords.iter().position(|candidate| *candidate == chord).unwrap_or(0);
        names.get(slot).or(names.first()).copied().unwrap_or(self.context.name())
    }
}

/// The names of keys that are no characters.
const NAMED: [(&str, KeyCode); 17] = [
    ("Space", KeyCode::Char(' ')),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Ins", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Null", KeyCode::Null),
];

impl Chord {
    /// The key of this name: `s`, `S`, `F5`, `Tab`, `Ctrl-x`.
    pub fn parse(name: &str) -> Option<Self> {
        let (ctrl, name) = match name.strip_prefix("Ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, name),
        };
        let mut chars = name.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            (Some(c), None) => KeyCode::Char(c),
            _ => match NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, code)) => *code,
                None => KeyCode::F(name.strip_prefix('F')?.parse().ok().filter(|n| (1..=12).contains(n))?),
            },
        };
        Some(Self { code, ctrl })
    }

    /// Its name, as [`Chord::parse`] reads it.
    pub fn name(&self) -> String {
        let ctrl = if self.ctrl { "Ctrl-" } else { "" };
        match self.code {
            KeyCode::F(n) => format!("{ctrl}F{n}"),
            code => match (NAMED.iter().find(|(_, named)| *named == code), code) {
                (Some((name, _)), _) => format!("{ctrl}{name}"),
                (None, KeyCode::Char(c)) => format!("{ctrl}{}", crate::text::printable(&c.to_string())),
                (None, _) => format!("{ctrl}?"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_has_a_name_that_parses_back() {
        for chord in key_table().iter().flat_map(|binding| binding.chords.iter()) {
            assert_eq!(Chord::parse(&chord.name()), Some(*chord), "{}", chord.name());
        }
        for wrong in ["", "F0", "F13", "Strg-x", "ab", "Ctrl-"] {
            assert_eq!(Chord::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn keys_of_the_config_replace_the_declared_ones() {
        let keys = KeyBindings::with([("sort", "o Ctrl-o"), ("view-store", "F12"), ("quit", "Q"), ("freeze", "")])
            .expect("fits");
        let action = |code, modifiers| {
            keys.lookup(&KeyEvent::new(code, modifiers), Context::Urls)
                .map(|(binding, slot)| (binding.action, slot, binding.label.to_string()))
        };
        let none = KeyModifiers::NONE;
        assert_eq!(action(KeyCode::Char('s'), none), None);
        assert_eq!(action(KeyCode::Char('o'), none), Some((Action::CycleSort, 0, "o Ctrl-o".into())));
        assert_eq!(action(KeyCode::Char('o'), KeyModifiers::CONTROL).map(|found| found.0), Some(Action::CycleSort));
        assert_eq!(action(KeyCode::F(12), none), Some((Action::OpenView, 2, "F1 F2 F12 F4 F5 F6 F7 F8 F9 F10".into())));
        assert_eq!(action(KeyCode::F(3), none), None);
        assert_eq!(action(KeyCode::Char('q'), none), None);
        assert_eq!(action(KeyCode::Char('Q'), none), Some((Action::Quit, 0, "Q".into())));
        assert_eq!(action(KeyCode::Char('c'), KeyModifiers::CONTROL).map(|found| found.0), Some(Action::Quit));
        assert_eq!(
            action(KeyCode::Char('p'), none).map(|found| found.0),
            Some(Action::Freeze),
            "an empty value changes nothing"
        );
    }

    #[test]
    fn a_key_that_cannot_be_bound_is_refused_in_one_line() {
        let error =
            |config: &[(&str, &str)]| KeyBindings::with(config.iter().copied()).expect_err("refused").to_string();
        assert_eq!(error(&[("sortt", "s")]), "console.keys.sortt: there is no such action; `clicktop keys` lists them");
        assert!(error(&[("sort", "Hyper-x")]).starts_with("console.keys.sort: `Hyper-x` is no key; "));
        assert_eq!(
            error(&[("sort", "w")]),
            "console.keys: `w` would do both sort and window; give one of them another key"
        );
        assert_eq!(
            error(&[("view-log", "F2")]),
            "console.keys: `F2` would do both view-partitions and view-log; give one of them another key"
        );
        assert!(KeyBindings::with([("sort", "w"), ("window", "s")]).is_ok(), "two actions may exchange their keys");
    }
}
