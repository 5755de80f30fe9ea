//! Settings that a key changes while the console runs.

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::effect::Effect;
use crate::console::state::engine::Frozen;

impl App {
    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn toggle_mouse(&mut self) {
        let on = !self.settings.mouse;
        self.settings.mouse = on;
        self.outgoing.effects.push(Effect::CaptureMouse(on));
        self.say(if on { "mouse on: it picks rows and panels" } else { "mouse off: select text with it" });
    }

    /// Switches to the next theme.
    pub(super) fn switch_theme(&mut self) {
        let name = self.settings.themes.turn().to_owned();
        self.show_theme(&name);
    }

    /// Switches to the theme called `name`.
    pub(super) fn use_theme(&mut self, name: &str) {
        self.settings.themes.choose(name);
        self.show_theme(name);
    }

    fn show_theme(&mut self, name: &str) {
        self.theme.repaint(&self.settings.themes);
        let unseen = if self.theme.has_color() { "" } else { "; colours are off" };
        self.say(format!("theme {name}{unseen}"));
    }

    /// Freezes tables and chart, or unfreezes them.
    pub(super) fn toggle_freeze(&mut self) {
        self.engine.frozen = match self.engine.frozen.take() {
            None => Some(Frozen { observed: self.engine.live.clone(), since: self.now }),
            Some(_) => None,
        };
    }

    /// Whether the tables hold their rows, so that no others can come. If they do, the footer says which key lets them go.
    pub(super) fn refuse_while_frozen(&mut self) -> bool {
        if !self.engine.is_frozen() {
            return false;
        }
        let key = self.keys.label_of(Action::Freeze);
        self.say(format!("tables are frozen: {key} unfreezes them"));
        true
    }
}
