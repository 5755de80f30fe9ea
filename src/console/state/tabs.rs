//! The row with the names of the screens.

use ratatui::layout::{Position, Rect};

use super::screen::Screen;

/// The words of one tab: the key and the name, each with the blanks around it.
#[derive(Clone, Debug)]
pub(crate) struct Tab {
    pub(crate) screen: Screen,
    pub(crate) key: String,
    pub(crate) name: String,
}

/// The tabs from left to right.
pub(crate) fn tabs() -> impl Iterator<Item = Tab> {
    let tab = |(number, screen): (u8, Screen)| {
        let (key, name) = (format!(" F{number} "), format!("{} ", screen.name()));
        Tab { screen, key, name }
    };
    (1..).zip(Screen::WITH_KEY).map(tab)
}

/// The screen whose tab is under `point`, if the tabs fill `area`.
pub(crate) fn screen_at(area: Rect, point: Position) -> Option<Screen> {
    if !area.contains(point) {
        return None;
    }
    let at = usize::from(point.x.saturating_sub(area.x));
    let mut end = 0;
    tabs().find_map(|tab| {
        end += tab.key.len() + tab.name.len();
        (at < end).then_some(tab.screen)
    })
}
