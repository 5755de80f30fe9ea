//! Going to the next row that a filter or a search has left, and to the one before.

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::list::CursorMove;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;

impl App {
    /// Goes to the next place of what the user looks for, or to the one before. In the details, that is a text. In a list, every row
    /// that a filter or a search has left is such a place.
    pub(super) fn go_to_match(&mut self, forward: bool) {
        if self.overlays.details.is_some() {
            return self.find_next(forward);
        }
        let filter = match self.screens.open {
            Screen::Search => &self.screens.search_text,
            _ => self.screens.filter_text(&self.selection),
        };
        if filter.is_empty() {
            let key = self.keys.label_of(Action::Filter);
            return self.say(format!("nothing to look for yet: press {key} and type a text"));
        }
        if self.screens.open == Screen::Overview {
            self.overview.focus = Panel::Urls;
        }
        let before = self.place();
        self.move_cursor(CursorMove::By(if forward { 1 } else { -1 }));
        if before == self.place() {
            self.say(if forward { "no further match below" } else { "no further match above" });
        }
    }

    /// Where the cursor is in the list with a filter.
    fn place(&self) -> Option<usize> {
        match self.screens.open {
            Screen::Overview => self.selection.page_row(),
            Screen::Log => Some(self.screens.log.tail.at),
            Screen::Rejects => Some(self.screens.rejects.at),
            Screen::Search => Some(self.screens.search.at),
            _ => None,
        }
    }
}
