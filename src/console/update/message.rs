//! The message in the footer.

use std::time::Duration;

use crate::console::state::app::App;
use crate::console::state::overlays::FooterMessage;

/// How long the footer shows a message.
const MESSAGE_TIME: Duration = Duration::from_secs(5);

impl App {
    /// Shows `text` in the footer for a while.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.message = Some(FooterMessage { text: text.into(), since: self.now });
    }

    /// Takes the message away. True if there was one.
    pub(super) fn drop_message(&mut self) -> bool {
        self.message.take().is_some()
    }

    /// Takes a message away that was shown long enough. True if there was one.
    pub(super) fn drop_old_message(&mut self) -> bool {
        let is_old = |message: &mut FooterMessage| {
            // A clock that goes back ends the message, too.
            self.now.duration_since(message.since).map_or(true, |shown| shown >= MESSAGE_TIME)
        };
        self.message.take_if(is_old).is_some()
    }
}
