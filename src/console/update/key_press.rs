//! A pressed key: an answer, an edit of a line, or an action.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::console::keys::{Action, Chord, Context};
use crate::console::state::app::App;
use crate::console::state::screen::offered;

impl App {
    /// Takes a key; only its press counts. A key that does nothing here is answered. True if the screen may look different after it.
    pub(super) fn press(&mut self, key: &KeyEvent) -> bool {
        self.take_key(key) || self.explain_unbound(key)
    }

    /// Takes a key, and says nothing of one that does nothing here.
    pub(super) fn take_key(&mut self, key: &KeyEvent) -> bool {
        if key.kind != KeyEventKind::Press {
            return false;
        }
        self.drop_message();
        if self.overlays.prompt.is_some() {
            self.answer(key);
            return true;
        }
        if self.edit_line(key) {
            return true;
        }
        let Some((binding, slot)) = self.keys.lookup(key, self.context()) else {
            return self.explain_stage_key(key) || self.explain_overview_key(key);
        };
        if binding.action == Action::OpenView && slot >= offered(self.engine.snapshot()).screens {
            // The key of a view that this engine has nothing for.
            return false;
        }
        let (action, dangerous) = (binding.action, binding.dangerous);
        self.act(action, slot, dangerous);
        true
    }

    /// Where a key acts now.
    pub(super) fn context(&self) -> Context {
        self.overlays.context(self.screens.context(self.overview.focus))
    }

    /// Says that a key does nothing here. False for what is no key that a person means: a modifier alone, or one in a typed line.
    fn explain_unbound(&mut self, key: &KeyEvent) -> bool {
        let is_meant = !matches!(
            key.code,
            KeyCode::Modifier(_)
                | KeyCode::CapsLock
                | KeyCode::NumLock
                | KeyCode::ScrollLock
                | KeyCode::Media(_)
                | KeyCode::KeypadBegin
                | KeyCode::Null
        );
        if key.kind != KeyEventKind::Press || !is_meant || self.overlays.line.is_some() {
            return false;
        }
        let alt = if key.modifiers.contains(KeyModifiers::ALT) { "Alt-" } else { "" };
        let name = Chord { code: key.code, ctrl: key.modifiers.contains(KeyModifiers::CONTROL) }.name();
        let help = self.keys.label_of(Action::Help);
        self.say(format!("{alt}{name}: no such key here, {help} help"));
        true
    }

    /// Says where a key acts that controls stages, but not here. False for any other key.
    fn explain_stage_key(&mut self, key: &KeyEvent) -> bool {
        let controls =
            self.keys.lookup(key, Context::Stages).is_some_and(|(binding, _)| binding.action.controls_stages());
        let below = self.screens.context(self.overview.focus);
        if !controls || self.context() != below || below.is_view() {
            return false;
        }
        self.say(if self.settings.read_only {
            READ_ONLY.to_owned()
        } else {
            let keys = self.keys.label_for(Action::PickStage, offered(self.engine.snapshot()));
            format!("this key acts on a stage: pick one with {keys} first")
        });
        true
    }

    /// Says that a key acts on the overview, in a view that has nothing for it. False for any other key.
    fn explain_overview_key(&mut self, key: &KeyEvent) -> bool {
        let here = self.screens.context(self.overview.focus);
        if !here.is_view() || self.context() != here {
            return false;
        }
        let found = self.keys.lookup(key, Context::Anywhere).filter(|(binding, _)| binding.action.is_for_overview());
        let Some((binding, _)) = found else { return false };
        let name = Chord { code: key.code, ctrl: key.modifiers.contains(KeyModifiers::CONTROL) }.name();
        let overview = self.keys.label_at(Action::OpenView, 0);
        let is_of_url = matches!(here, Context::Url | Context::CountriesOfUrl);
        let text = match binding.action {
            Action::CycleWindow | Action::CycleComparison if is_of_url => {
                format!("this page is of all time: {name} acts on the overview, {overview}")
            }
            Action::CycleComparison if here == Context::Breakdown => {
                format!("breakdowns are not compared: {name} acts on the overview, {overview}")
            }
            // They also act in some other views.
            Action::Filter | Action::FindNext | Action::FindPrevious => return false,
            Action::Expand => format!("{name} expands a panel of the overview: {overview} opens it"),
            Action::PreviousEvent | Action::NextEvent => {
                format!("the events are on the chart of the overview: {overview} opens it")
            }
            _ => format!("{name} acts on the overview: {overview} opens it"),
        };
        self.say(text);
        true
    }
}

/// Said of a key that a read-only console refuses.
pub(super) const READ_ONLY: &str = "read-only: stages cannot be changed here";
