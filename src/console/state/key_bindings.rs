//! The table of keys as the reader has it: the declared one with the keys of the config in it.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::key_table::{Action, Chord, Context, KeyBinding, key_table};
use crate::text::excerpt;

/// Why the keys of the config cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no such action.
    #[error("console.keys.{0}: there is no such action; `clicktop keys` lists them")]
    UnknownAction(String),
    /// The text names no key.
    #[error(
        "console.keys.{action}: `{key}` is no key; give a character, F1–F12, Tab, Enter, PgUp, or one of them with Ctrl-"
    )]
    UnknownKey {
        /// The action it was to do.
        action: String,
        /// What was given.
        key: String,
    },
    /// One key for two actions.
    #[error("console.keys: `{key}` would do both {one} and {other}; give one of them another key")]
    Twice {
        /// The key in words.
        key: String,
        /// The action that has it.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
}

/// The keys of one console.
#[derive(Clone, Debug)]
pub struct KeyBindings(Vec<KeyBinding>);

impl Default for KeyBindings {
    fn default() -> Self {
        Self(key_table().to_vec())
    }
}

impl KeyBindings {
    /// The declared keys, but for those that `config` gives to an action by its name: a key, or several apart by blanks.
    /// An empty one leaves the declared. They take the place of the action's keys where those hold everywhere; of all its
    /// keys, if none does.
    ///
    /// # Errors
    /// [`KeyError`] for an action or key that does not exist, and for a key that would do two things in one place.
    pub fn with<'a>(config: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, KeyError> {
        let mut keys = Self::default();
        for (action, text) in config {
            keys.rebind(action, text)?;
        }
        keys.check()?;
        Ok(keys)
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
        let meant = |binding: &&mut KeyBinding| named(binding) && (!anywhere || binding.context == Context::Anywhere);
        for binding in self.0.iter_mut().filter(meant) {
            let names = binding.action.names();
            if names.len() > 1 {
                // One key for each place of the binding.
                let place = names.iter().position(|name| *name == action);
                let slot = place.and_then(|place| binding.chords.to_mut().get_mut(place));
                match (slot, chords.as_slice()) {
                    (Some(slot), [one]) => *slot = *one,
                    _ => return Err(unknown(text)),
                }
            } else {
                // The way out that every terminal program has stays.
                let way_out = Chord { code: KeyCode::Char('c'), ctrl: true };
                let mut given = chords.clone();
                if binding.action == Action::Quit && !given.contains(&way_out) {
                    given.push(way_out);
                }
                binding.chords = Cow::Owned(given);
            }
            let shown = binding.chords.iter().take(if binding.action == Action::Quit { 1 } else { usize::MAX });
            binding.label = Cow::Owned(shown.map(|chord| chord.name()).collect::<Vec<_>>().join(" "));
        }
        Ok(())
    }

    /// The keys of `binding` in words. Of the keys that go to stages, only those of `stages` stages do something.
    pub(crate) fn label<'a>(&self, binding: &'a KeyBinding, stages: usize) -> Cow<'a, str> {
        let keys = binding.chords.get(..stages).filter(|_| binding.action == Action::PickStage);
        match keys {
            None => Cow::Borrowed(&binding.label),
            Some([first, .., last]) if matches!(binding.label, Cow::Borrowed(_)) => {
                Cow::Owned(format!("{}–{}", first.name(), last.name()))
            }
            Some(keys) => Cow::Owned(keys.iter().map(Chord::name).collect::<Vec<_>>().join(" ")),
        }
    }

    /// The keys that do `action`, for a sentence that names them. Every action has some.
    pub(crate) fn told(&self, action: Action) -> &str {
        self.0.iter().find(|binding| binding.action == action).map_or("", |binding| &binding.label)
    }

    /// The same for an engine of `stages` stages.
    pub(crate) fn told_for(&self, action: Action, stages: usize) -> Cow<'_, str> {
        let binding = self.0.iter().find(|binding| binding.action == action);
        binding.map_or(Cow::Borrowed(""), |binding| self.label(binding, stages))
    }

    /// Of keys that each do another thing, the one at `place`.
    pub(crate) fn told_at(&self, action: Action, place: usize) -> String {
        let binding = self.0.iter().find(|binding| binding.action == action);
        binding.and_then(|binding| binding.chords.get(place)).map_or_else(String::new, Chord::name)
    }

    fn check(&self) -> Result<(), KeyError> {
        for (at, one) in self.0.iter().enumerate() {
            for other in self.0.iter().skip(at + 1).filter(|other| other.context == one.context) {
                if let Some(chord) = one.chords.iter().find(|chord| other.chords.contains(chord)) {
                    let name = |binding: &KeyBinding| binding.name_of(*chord);
                    return Err(KeyError::Twice { key: chord.name(), one: name(one), other: name(other) });
                }
            }
            for (place, chord) in one.chords.iter().enumerate() {
                let again = one.chords.iter().skip(place + 1).any(|other| other == chord);
                if let ([first, ..], true) = (one.action.names(), again && one.action.names().len() > 1) {
                    let name = one.action.names().get(place).copied().unwrap_or(first);
                    let last = one.chords.iter().rposition(|other| other == chord).unwrap_or(place);
                    let other = one.action.names().get(last).copied().unwrap_or(first);
                    return Err(KeyError::Twice { key: chord.name(), one: name, other });
                }
            }
        }
        Ok(())
    }

    /// The binding of `event` in `context` and the place of the key in it. Those of the context itself come first; then what
    /// holds everywhere, as far as the context lets it through.
    pub(crate) fn lookup(&self, event: &KeyEvent, context: Context) -> Option<(&KeyBinding, usize)> {
        let unbound = KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META | KeyModifiers::HYPER;
        if event.modifiers.intersects(unbound) {
            return None;
        }
        let chord = Chord { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) };
        let find = |context: Context| {
            self.0.iter().filter(move |binding| binding.context == context).find_map(|binding| {
                binding.chords.iter().position(|candidate| *candidate == chord).map(|place| (binding, place))
            })
        };
        find(context)
            .or_else(|| find(Context::Views).filter(|_| context.is_view()))
            .or_else(|| find(Context::Anywhere).filter(|(binding, _)| context.lets_through(binding.action)))
    }

    /// What can be done by name in `context`: name, binding and the place in it.
    pub(crate) fn by_name(&self, context: Context) -> Vec<(&'static str, &KeyBinding, usize)> {
        let mut found: Vec<(&'static str, &KeyBinding, usize)> = Vec::new();
        for binding in &self.0 {
            let holds = match binding.context {
                Context::Anywhere => context.lets_through(binding.action),
                Context::Views => context.is_view(),
                // Whoever types a name and takes it means the picked stage, wherever the focus is.
                Context::Stages if binding.action.steers() => true,
                other => other == context,
            };
            if !holds || binding.action.is_movement() {
                continue;
            }
            for (place, name) in binding.action.names().iter().enumerate() {
                if !found.iter().any(|(known, ..)| known == name) {
                    found.push((name, binding, place));
                }
            }
        }
        found
    }
}

impl KeyBinding {
    /// The name of what `chord` does.
    fn name_of(&self, chord: Chord) -> &'static str {
        let names = self.action.names();
        let place = self.chords.iter().position(|candidate| *candidate == chord).unwrap_or(0);
        names.get(place).or(names.first()).copied().unwrap_or(self.context.name())
    }
}

/// Keys that are no characters, by name.
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
    /// The key that `name` means: `s`, `S`, `F5`, `Tab`, `Ctrl-x`.
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

    /// Its name, as [`Chord::parse`] takes it.
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
    fn every_key_of_the_table_can_be_named_and_read_back() {
        for chord in key_table().iter().flat_map(|binding| binding.chords.iter()) {
            assert_eq!(Chord::parse(&chord.name()), Some(*chord), "{}", chord.name());
        }
        for wrong in ["", "F0", "F13", "Strg-x", "ab", "Ctrl-"] {
            assert_eq!(Chord::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_config_takes_the_place_of_the_declared_keys() {
        let keys = KeyBindings::with([("sort", "o Ctrl-o"), ("view-store", "F9"), ("quit", "Q"), ("freeze", "")])
            .expect("fits");
        let action = |code, modifiers| {
            keys.lookup(&KeyEvent::new(code, modifiers), Context::Urls)
                .map(|(binding, place)| (binding.action, place, binding.label.to_string()))
        };
        let none = KeyModifiers::NONE;
        assert_eq!(action(KeyCode::Char('s'), none), None);
        assert_eq!(action(KeyCode::Char('o'), none), Some((Action::CycleSort, 0, "o Ctrl-o".into())));
        assert_eq!(action(KeyCode::Char('o'), KeyModifiers::CONTROL).map(|found| found.0), Some(Action::CycleSort));
        assert_eq!(action(KeyCode::F(9), none), Some((Action::Show, 2, "F1 F2 F9 F4 F5 F6 F7".into())));
        assert_eq!(action(KeyCode::F(3), none), None);
        assert_eq!(action(KeyCode::Char('q'), none), None);
        assert_eq!(action(KeyCode::Char('Q'), none), Some((Action::Quit, 0, "Q".into())));
        assert_eq!(action(KeyCode::Char('c'), KeyModifiers::CONTROL).map(|found| found.0), Some(Action::Quit));
        assert_eq!(
            action(KeyCode::Char('p'), none).map(|found| found.0),
            Some(Action::Freeze),
            "an empty one changes nothing"
        );
    }

    #[test]
    fn what_cannot_be_bound_is_said_in_one_line() {
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
        assert!(KeyBindings::with([("sort", "w"), ("window", "s")]).is_ok(), "two keys may change places");
    }
}
