//! The row with the names of the screens.

use ratatui::layout::{Position, Rect};

use super::screen::Screen;
use crate::console::format::width;
use crate::console::keys::Action;
use crate::console::keys::bindings::KeyBindings;

/// The words of one tab, each with the blanks around it.
#[derive(Clone, Debug)]
pub(crate) struct Tab {
    pub(crate) screen: Screen,
    pub(crate) key: String,
    /// Empty if there is no room for it.
    pub(crate) name: String,
}

impl Tab {
    fn columns(&self) -> usize {
        width(&self.key) + width(&self.name)
    }
}

/// The tabs that there is room for, from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Tabs(pub(crate) Vec<Tab>);

impl Tabs {
    /// The tabs of `screens` in `columns`, and one more for the `open` one if it is none of them. Each has its key. The `open` one has its name, and so have those after it as far as there is
    /// room; then those before it.
    pub(crate) fn of(keys: &KeyBindings, screens: &[Screen], open: Screen, columns: usize) -> Self {
        let tab = |(slot, screen): (usize, &Screen)| {
            let key = format!(" {} ", keys.label_at(Action::OpenView, slot));
            Tab { screen: *screen, key, name: String::new() }
        };
        let mut tabs: Vec<Tab> = screens.iter().enumerate().map(tab).collect();
        if !screens.contains(&open) {
            let key = open.key().map_or("", |action| keys.label_of(action));
            tabs.push(Tab { screen: open, key: format!(" {key} "), name: String::new() });
        }
        // The blank at the end of the last one may be cut.
        let mut room = (columns + 1).saturating_sub(tabs.iter().map(Tab::columns).sum());
        let open = tabs.iter().position(|tab| tab.screen == open).unwrap_or(0);
        let (before, from_open) = tabs.split_at_mut(open);
        for tab in from_open.iter_mut().chain(before) {
            let name = format!("{} ", tab.screen.name());
            if width(&name) > room {
                break;
            }
            room -= width(&name);
            tab.name = name;
        }
        Self(tabs)
    }

    /// The screen whose tab is under `point`, if the tabs fill `area`.
    pub(crate) fn screen_at(&self, area: Rect, point: Position) -> Option<Screen> {
        if !area.contains(point) {
            return None;
        }
        let at = usize::from(point.x.saturating_sub(area.x));
        let mut end = 0;
        self.0.iter().find_map(|tab| {
            end += tab.columns();
            (at < end).then_some(tab.screen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tabs(columns: usize, open: Screen) -> Tabs {
        Tabs::of(&KeyBindings::default(), &Screen::WITH_KEY, open, columns)
    }

    fn words(columns: usize, open: Screen) -> String {
        tabs(columns, open).0.iter().map(|tab| format!("{}{}", tab.key, tab.name)).collect()
    }

    #[test]
    fn every_view_has_its_key_and_the_open_one_its_name() {
        for columns in 60..140 {
            for screen in Screen::WITH_KEY {
                let words = words(columns, screen);
                assert!(words.trim_end().len() <= columns && words.contains(screen.name()), "{columns}: {words}");
                assert!((1..=10).all(|key| words.contains(&format!("F{key} "))), "{columns}: {words}");
            }
        }
        assert_eq!(
            words(60, Screen::Rounds),
            " F1 overview  F2  F3  F4  F5  F6  F7  F8  F9  F10 rounds ",
            "first the open one, then as many as there is room for"
        );
        assert!(words(200, Screen::Overview).ends_with(" F9 query  F10 rounds "));
    }

    #[test]
    fn a_screen_without_a_function_key_has_a_tab_while_it_is_open() {
        for columns in 60..200 {
            for (screen, tab) in
                [(Screen::Url, "  url "), (Screen::Breakdown, " b breakdown "), (Screen::Alarms, " A alarms ")]
            {
                let words = words(columns, screen);
                assert!(words.ends_with(tab) && words.trim_end().len() <= columns, "{columns}: {words}");
            }
        }
        assert!(!words(200, Screen::Log).contains("breakdown"));
    }

    #[test]
    fn a_click_hits_the_tab_that_is_drawn_there() {
        let area = Rect::new(0, 2, 80, 1);
        let tabs = tabs(80, Screen::Rounds);
        let at = |x| tabs.screen_at(area, Position { x, y: 2 });
        assert_eq!(at(0), Some(Screen::Overview));
        assert_eq!(tabs.screen_at(area, Position { x: 0, y: 3 }), None);
        let end = tabs.0.iter().map(Tab::columns).sum::<usize>();
        assert_eq!(at(u16::try_from(end - 1).expect("narrow")), Some(Screen::Rounds));
    }
}
