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

impl Tab {
    fn columns(&self) -> usize {
        self.key.len() + self.name.len()
    }
}

/// The tabs that there is room for.
#[derive(Clone, Debug)]
pub(crate) struct Tabs {
    /// From left to right.
    pub(crate) shown: Vec<Tab>,
    /// Whether there are others to the left of them, and to the right.
    pub(crate) more: (bool, bool),
}

impl Tabs {
    /// As many tabs of `screens` as fit into `columns`. The one of the `open` screen is among them, with the next one beside it.
    pub(crate) fn of(screens: &[Screen], open: Screen, columns: usize) -> Self {
        let tab = |(number, screen): (u8, &Screen)| {
            let (key, name) = (format!(" F{number} "), format!("{} ", screen.name()));
            Tab { screen: *screen, key, name }
        };
        let tabs: Vec<Tab> = (1..).zip(screens).map(tab).collect();
        let wanted = tabs.iter().position(|tab| tab.screen == open).map_or(0, |at| (at + 1).min(tabs.len() - 1));
        let end_of = |begin: usize| {
            let mut used = 0;
            let fits = |tab: &&Tab| {
                used += tab.columns();
                // The blank at the end of the last one may be cut.
                used <= columns + 1
            };
            begin + tabs.iter().skip(begin).take_while(fits).count()
        };
        let begin = (0..=wanted).find(|begin| end_of(*begin) > wanted).unwrap_or(wanted);
        let end = end_of(begin);
        let shown = tabs.get(begin..end).unwrap_or_default().to_vec();
        Self { shown, more: (begin > 0, end < tabs.len()) }
    }

    /// The screen whose tab is under `point`, if the tabs fill `area`.
    pub(crate) fn screen_at(&self, area: Rect, point: Position) -> Option<Screen> {
        if !area.contains(point) {
            return None;
        }
        let at = usize::from(point.x.saturating_sub(area.x));
        let mut end = 0;
        self.shown.iter().find_map(|tab| {
            end += tab.columns();
            (at < end).then_some(tab.screen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: usize, open: Screen) -> (Vec<&'static str>, (bool, bool)) {
        let tabs = Tabs::of(&Screen::WITH_KEY, open, columns);
        assert!(tabs.shown.iter().map(Tab::columns).sum::<usize>() <= columns + 1, "{columns}");
        (tabs.shown.iter().map(|tab| tab.screen.name()).collect(), tabs.more)
    }

    #[test]
    fn the_open_screen_and_the_next_one_are_always_among_the_tabs() {
        assert_eq!(names(200, Screen::Overview).1, (false, false));
        for columns in 60..140 {
            for (at, screen) in Screen::WITH_KEY.into_iter().enumerate() {
                let (shown, _) = names(columns, screen);
                assert!(shown.contains(&screen.name()), "{screen:?} in {columns}: {shown:?}");
                let next = Screen::WITH_KEY.get(at + 1).unwrap_or(&screen);
                assert!(shown.contains(&next.name()), "{next:?} in {columns}: {shown:?}");
            }
        }
        let (shown, more) = names(80, Screen::Overview);
        assert_eq!((shown.first().copied(), more), (Some("overview"), (false, true)));
        let (shown, more) = names(80, Screen::Rounds);
        assert_eq!((shown.last().copied(), more), (Some("rounds"), (true, false)));
    }

    #[test]
    fn a_click_hits_the_tab_that_is_drawn_there() {
        let area = Rect::new(0, 2, 80, 1);
        let tabs = Tabs::of(&Screen::WITH_KEY, Screen::Rounds, 80);
        let at = |x| tabs.screen_at(area, Position { x, y: 2 });
        assert_eq!(at(0), tabs.shown.first().map(|tab| tab.screen));
        assert_eq!(tabs.screen_at(area, Position { x: 0, y: 3 }), None);
        let end = tabs.shown.iter().map(Tab::columns).sum::<usize>();
        assert_eq!(at(u16::try_from(end - 1).expect("narrow")), Some(Screen::Rounds));
    }
}
