//! News of the connection to an engine in another process.

use crate::console::state::app::App;
use crate::engine::link::Link;

impl App {
    /// Takes what is known of the connection.
    pub(super) fn take_link(&mut self, link: Link) {
        // What the service refuses, the console need not offer.
        self.settings.read_only |= link.may_steer == Some(false);
        let before = self.engine.link.as_ref().and_then(|link| link.said.as_ref());
        let said = link.said.clone().filter(|said| before != Some(said));
        self.engine.link = Some(link);
        if let Some((_, said)) = said {
            self.say(said);
        }
    }
}
