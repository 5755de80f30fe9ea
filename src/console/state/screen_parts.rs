//! How the body of each screen is divided: a pure function of its size.

use ratatui::layout::{Constraint, Layout, Rect};

use super::country_map::{drawn_area, true_rows};
use super::screen::Screen;
use super::url_view::UrlPanel;
use crate::protocol::Snapshot;

/// The smallest terminal on which the map of the world is readable: columns, rows.
pub(crate) const MAP_MINIMUM: (u16, u16) = (80, 24);

/// Rows of the terminal above and below the body of a screen, with the banner, while no stage is in trouble.
const ROWS_AROUND_BODY: u16 = 6;

/// Rows that the list below the map needs: its frame, its titles, three countries.
const MAP_LIST_ROWS: u16 = 6;

/// Columns of the list beside the map.
const MAP_LIST_COLUMNS: u16 = 54;

/// The parts of a body. A part that a screen does not have is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScreenParts {
    /// Before the list: the line to type in, a url's countries, or the map.
    pub(crate) before: Rect,
    /// The list, with its frame.
    pub(crate) list: Rect,
    /// After the list: the picked reject, a url's trend, or the urls of the picked country.
    pub(crate) after: Rect,
}

impl ScreenParts {
    /// Divides `body` for `screen`.
    pub(crate) fn of(screen: Screen, body: Rect) -> Self {
        let nothing = Rect { width: 0, height: 0, ..body };
        match screen {
            Screen::Overview | Screen::Partitions | Screen::Store | Screen::Log | Screen::Breakdown => {
                Self { before: nothing, list: body, after: nothing }
            }
            Screen::Search => {
                let [before, list] = Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]).areas(body);
                Self { before, list, after: nothing }
            }
            Screen::Rejects => {
                let [list, after] = Layout::vertical([Constraint::Fill(1), Constraint::Percentage(45)]).areas(body);
                Self { before: nothing, list, after }
            }
            Screen::Cluster => {
                let after = if body.height >= 17 { (body.height / 4).clamp(5, 12) } else { 0 };
                facts_parts(body, if body.width >= 120 { 5 } else { 7 }, after)
            }
            Screen::Query => facts_parts(body, 7, if body.height >= 17 { (body.height / 3).clamp(6, 10) } else { 0 }),
            Screen::Rounds => facts_parts(body, 0, if body.height >= 14 { (body.height / 3).clamp(7, 10) } else { 0 }),
            Screen::Alarms => facts_parts(body, 0, if body.height >= 11 { 6 } else { 4 }),
            Screen::Url => url_parts(body),
            Screen::Fleet => facts_parts(body, 0, if body.height >= 11 { 6 } else { 3 }),
            Screen::Map => map_parts(body, nothing),
        }
    }

    /// The list of `panel`, with its frame, on the page of a url.
    pub(crate) fn of_url(&self, panel: UrlPanel, snapshot: &Snapshot) -> Rect {
        match panel {
            UrlPanel::Countries => beside_countries(self.before, snapshot).0,
            UrlPanel::Clicks => self.list,
        }
    }

    /// The cells of the map of the world inside `before`.
    pub(crate) fn map(&self) -> Rect {
        drawn_area(self.before)
    }
}

/// Rows for facts above the list, and rows for what is below it. On a low terminal, the list keeps four rows.
fn facts_parts(body: Rect, facts: u16, after: u16) -> ScreenParts {
    let facts = facts.min(body.height.saturating_sub(after + 4));
    let [before, list, after] =
        Layout::vertical([Constraint::Length(facts), Constraint::Fill(1), Constraint::Length(after)]).areas(body);
    ScreenParts { before, list, after }
}

/// The countries of a url, its newest clicks, and its trend.
fn url_parts(body: Rect) -> ScreenParts {
    if body.width >= 100 {
        let [before, right] = Layout::horizontal([Constraint::Length(46), Constraint::Fill(1)]).areas(body);
        let rows = if right.height >= 20 { 7 } else { 0 };
        let [after, list] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(right);
        return ScreenParts { before, list, after };
    }
    let rows = if body.height >= 16 { 4 } else { 0 };
    // Two countries at least.
    let countries = (body.height * 2 / 5).max(5);
    let [before, after, list] =
        Layout::vertical([Constraint::Length(countries), Constraint::Length(rows), Constraint::Fill(1)]).areas(body);
    ScreenParts { before, list, after }
}

/// The countries of a url, and below them its clicks by another dimension: empty if there is no room, or if a cluster would have to
/// read every click for it.
pub(crate) fn beside_countries(countries: Rect, snapshot: &Snapshot) -> (Rect, Rect) {
    let rows = if countries.height >= 18 && snapshot.remote.is_none() { countries.height * 2 / 5 } else { 0 };
    let [countries, beside] = Layout::vertical([Constraint::Fill(1), Constraint::Length(rows)]).areas(countries);
    (countries, beside)
}

/// The map, the list of its countries, and the urls of the picked country. Without room for a map, one line says so.
fn map_parts(body: Rect, nothing: Rect) -> ScreenParts {
    let below = |rows| Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(body);
    if body.width < MAP_MINIMUM.0 || body.height < MAP_MINIMUM.1 - ROWS_AROUND_BODY {
        let [note, list] = below(1);
        return ScreenParts { before: note, list, after: nothing };
    }
    let framed_rows = |columns: u16| true_rows(columns.saturating_sub(2)).saturating_add(2);
    if framed_rows(body.width.saturating_sub(MAP_LIST_COLUMNS)) >= body.height {
        // The terminal is so wide that the map fills the height even beside a list.
        let [map, list] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(MAP_LIST_COLUMNS)]).areas(body);
        return ScreenParts { before: map, list, after: nothing };
    }
    let [map, lower] = below(framed_rows(body.width).min(body.height.saturating_sub(MAP_LIST_ROWS)));
    if lower.width < 2 * MAP_LIST_COLUMNS {
        return ScreenParts { before: map, list: lower, after: nothing };
    }
    let [list, urls] = Layout::horizontal([Constraint::Length(MAP_LIST_COLUMNS), Constraint::Fill(1)]).areas(lower);
    ScreenParts { before: map, list, after: urls }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::state::layout::ScreenLayout;

    #[test]
    fn the_parts_of_a_body_do_not_overlap_and_the_list_holds_a_row() {
        for (width, height) in [(60, 16), (80, 24), (120, 40), (300, 100)] {
            for screen in
                Screen::WITH_KEY.into_iter().chain([Screen::Url, Screen::Breakdown, Screen::Alarms, Screen::Fleet])
            {
                let layout = ScreenLayout::of_screen(Rect::new(0, 0, width, height), 1, 9).expect("large enough");
                let body = layout.body.expect("a body");
                let ScreenParts { before, list, after } = ScreenParts::of(screen, body);
                assert!(list.height > 3, "{screen:?} at {width}×{height}");
                let parts = [before, list, after];
                for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                    assert_eq!(body.intersection(*part), *part, "{screen:?}");
                    assert!(parts.iter().skip(at + 1).all(|other| !other.intersects(*part)), "{screen:?}");
                }
            }
        }
    }
}
