//! Where everything is on the screen: a pure function of its size, so that drawing, scrolling and the mouse agree.

use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::country_map::true_rows;
use super::screens::Screen;

/// The smallest screen on which the console is drawn: columns, rows.
pub(crate) const MINIMUM: (u16, u16) = (60, 16);

/// Columns that a stage's box needs for its words. Where the boxes of all stages have no room side by side, the stages are rows.
const BOX_COLUMNS: u16 = 18;

/// Rows of a screen that are not the stages': header, banner, detail, footer, and the smallest board.
const BELOW_STAGES: u16 = 10;

/// Columns between two boxes.
const BOX_GAP: u16 = 2;

/// What can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    Stages,
    Countries,
    Urls,
    Activity,
    Index,
}

impl Panel {
    /// In the order of the Tab key.
    pub(crate) const ALL: [Panel; 5] = [Panel::Stages, Panel::Countries, Panel::Urls, Panel::Activity, Panel::Index];
}

/// The smallest screen on which the map of the world tells something: columns, rows.
pub(crate) const MAP_FROM: (u16, u16) = (80, 24);

/// Rows around a view's body, the banner among them, while nothing is in trouble.
const AROUND_SHEET: u16 = 6;

/// Rows that the list below the map keeps: its frame, its heads, three countries.
const MAP_LIST: u16 = 6;

/// Columns of the list beside a map.
const MAP_LIST_COLUMNS: u16 = 54;

/// The places of one screen.
///
/// Roomy (120×40 and more in either direction; the banner only while there is something to say):
/// ```text
/// header   source, topic, group                       marks, uptime   2 rows
/// header   clicks, delay, lag, rejects                     progress
/// banner   finished / draining / source failed                        0 or 1
/// ╭ 1 ingest ───╮   ╭ 2 store ────╮   ╭ 3 aggregate ╮   ╭ 4 index ──╮ 7
/// │             │──▶│             │──▶│             │──▶│           │
/// ╰─────────────╯   ╰─────────────╯   ╰─────────────╯   ╰───────────╯
/// detail   the picked stage, or what is in trouble, in full           1+
/// ╭ throughput ────────────────────────╮╭ index ────────────────────╮ 9+
/// ╰────────────────────────────────────╯╰───────────────────────────╯
/// ╭ countries ───────╮╭ urls ───────────────────────────────────────╮ rest
/// ╰──────────────────╯╰─────────────────────────────────────────────╯
/// ╭ activity: recent clicks | log ──────────────────────────────────╮ 6+
/// ╰─────────────────────────────────────────────────────────────────╯
/// footer   keys, or a notice                                          1
/// ```
/// Compact (under 32 rows): boxes of 6 rows; activity takes the place of throughput and index while it has the focus;
/// under 21 rows there is only one of the rows of panels: activity, throughput and index, or countries and urls.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScreenLayout {
    pub(crate) screen: Rect,
    pub(crate) header: Rect,
    pub(crate) banner: Option<Rect>,
    pub(crate) stages: Rect,
    /// One for each stage: a box, or a row where `boxed` is false.
    pub(crate) each_stage: Vec<Rect>,
    pub(crate) boxed: bool,
    pub(crate) detail: Rect,
    pub(crate) throughput: Option<Rect>,
    pub(crate) index: Option<Rect>,
    pub(crate) countries: Option<Rect>,
    pub(crate) urls: Option<Rect>,
    pub(crate) activity: Option<Rect>,
    /// The names of the views, while another than the overview is open.
    pub(crate) tabs: Option<Rect>,
    /// The body of that view.
    pub(crate) sheet: Option<Rect>,
    pub(crate) footer: Rect,
}

impl ScreenLayout {
    /// Lays out `screen` for `stages` stages, with as many of the `detail` rows as it has room for; `None` if it is smaller than
    /// [`MINIMUM`].
    pub(crate) fn arrange(screen: Rect, stages: usize, banner: bool, detail: u16, focus: Panel) -> Option<Self> {
        if screen.width < MINIMUM.0 || screen.height < MINIMUM.1 {
            return None;
        }
        let count = u16::try_from(stages).unwrap_or(u16::MAX);
        let boxed = screen.width >= count.saturating_mul(BOX_COLUMNS + BOX_GAP).saturating_sub(BOX_GAP);
        // Many stages in rows take more than the boxes of a roomy screen.
        let more_rows = if boxed { 0 } else { count.saturating_sub(5) };
        let roomy = screen.height >= more_rows.saturating_add(32);
        let stage_rows = match (boxed, roomy) {
            (true, true) => 7,
            (true, false) => 6,
            // With a frame if the board below keeps its rows.
            (false, _) => count.saturating_add(2).min(screen.height.saturating_sub(BELOW_STAGES)),
        };
        let [header, banner_row, stages, detail, body, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(u16::from(banner)),
            Constraint::Length(stage_rows),
            Constraint::Length(detail_rows(detail, screen)),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(screen);
        let mut places = Self {
            screen,
            header,
            banner: banner.then_some(banner_row),
            stages,
            each_stage: each_stage(stages, count, boxed),
            boxed,
            detail,
            footer,
            ..Self::default()
        };
        places.fill(body, roomy, focus);
        Some(places)
    }

    /// Lays out `screen` for a view beside the overview:
    /// ```text
    /// header   as in the overview                                         2 rows
    /// banner                                                              0 or 1
    /// tabs     F1 overview  F2 partitions  …                              1
    /// detail   the picked stage, or what is in trouble, in full           1+
    /// sheet                                                               rest
    /// footer                                                              1
    /// ```
    pub(crate) fn arrange_sheet(screen: Rect, banner: bool, detail: u16) -> Option<Self> {
        if screen.width < MINIMUM.0 || screen.height < MINIMUM.1 {
            return None;
        }
        let [header, banner_row, tabs, detail, sheet, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(u16::from(banner)),
            Constraint::Length(1),
            // The map needs the rows of a usual screen.
            Constraint::Length(detail_rows(detail, screen).min(if screen.height < 32 { 2 } else { 6 })),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(screen);
        let banner = banner.then_some(banner_row);
        let (tabs, sheet) = (Some(tabs), Some(sheet));
        Some(Self { screen, header, banner, tabs, detail, sheet, footer, ..Self::default() })
    }

    /// Lays out `screen` with nothing but `panel`, and for the stages their throughput in all that is left below them.
    pub(crate) fn arrange_expanded(
        screen: Rect,
        stages: usize,
        banner: bool,
        detail: u16,
        panel: Panel,
    ) -> Option<Self> {
        let mut places = Self::arrange(screen, stages, banner, detail, panel)?;
        let body = Rect {
            y: places.detail.bottom(),
            height: places.footer.y.saturating_sub(places.detail.bottom()),
            ..screen
        };
        let whole = Rect { y: places.stages.y, height: places.footer.y.saturating_sub(places.stages.y), ..screen };
        (places.throughput, places.index) = (None, None);
        (places.countries, places.urls, places.activity) = (None, None, None);
        if panel == Panel::Stages {
            places.throughput = Some(body);
            return Some(places);
        }
        places.stages = Rect::default();
        places.each_stage = Vec::new();
        places.detail = Rect::default();
        match panel {
            Panel::Stages => {}
            Panel::Countries => places.countries = Some(whole),
            Panel::Urls => places.urls = Some(whole),
            Panel::Activity => places.activity = Some(whole),
            Panel::Index => places.index = Some(whole),
        }
        Some(places)
    }

    fn fill(&mut self, body: Rect, roomy: bool, focus: Panel) {
        if roomy {
            // The board gets what the rest does not need; on a tall screen all three grow.
            let middle = (body.height / 3).clamp(8, 16);
            let activity = (body.height / 4).clamp(5, 14);
            let [middle, board, activity] =
                Layout::vertical([Constraint::Length(middle), Constraint::Fill(1), Constraint::Length(activity)])
                    .areas(body);
            self.split_middle(middle);
            self.split_board(board);
            self.activity = Some(activity);
        } else if body.height >= 11 {
            let upper = (body.height * 3 / 7).max(5);
            let [upper, board] = Layout::vertical([Constraint::Length(upper), Constraint::Fill(1)]).areas(body);
            if focus == Panel::Activity {
                self.activity = Some(upper);
            } else {
                self.split_middle(upper);
            }
            self.split_board(board);
        } else if focus == Panel::Activity {
            self.activity = Some(body);
        } else if focus == Panel::Index {
            self.split_middle(body);
        } else {
            self.split_board(body);
        }
    }

    fn split_middle(&mut self, area: Rect) {
        let index = (area.width * 3 / 10).clamp(28, 46);
        let [throughput, index] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(index)]).areas(area);
        self.throughput = Some(throughput);
        self.index = Some(index);
    }

    fn split_board(&mut self, area: Rect) {
        let countries = (area.width * 3 / 10).clamp(24, 48);
        let [countries, urls] = Layout::horizontal([Constraint::Length(countries), Constraint::Fill(1)]).areas(area);
        self.countries = Some(countries);
        self.urls = Some(urls);
    }

    /// The panel under a point of the screen.
    pub(crate) fn panel_at(&self, point: Position) -> Option<Panel> {
        Panel::ALL.into_iter().find(|panel| self.of(*panel).is_some_and(|area| area.contains(point)))
    }

    /// The place of the stage under a point of the screen.
    pub(crate) fn stage_at(&self, point: Position) -> Option<usize> {
        self.each_stage.iter().position(|area| area.contains(point))
    }

    /// Where `panel` is, if it is visible.
    pub(crate) fn of(&self, panel: Panel) -> Option<Rect> {
        match panel {
            Panel::Stages => Some(self.stages),
            Panel::Countries => self.countries,
            Panel::Urls => self.urls,
            Panel::Activity => self.activity,
            Panel::Index => self.index,
        }
    }

    /// Rows of data in `panel`: without its frame, and without the line of column names where it has one.
    pub(crate) fn rows(&self, panel: Panel) -> usize {
        let around = if panel == Panel::Urls { 3 } else { 2 };
        self.of(panel).map_or(0, |area| usize::from(area.height.saturating_sub(around)))
    }

    /// First row of data of `panel` on the screen.
    pub(crate) fn first_row(&self, panel: Panel) -> u16 {
        let above = if panel == Panel::Urls { 2 } else { 1 };
        self.of(panel).map_or(0, |area| area.y.saturating_add(above))
    }
}

/// Rows of the detail: a low screen has other things to show, too.
fn detail_rows(wanted: u16, screen: Rect) -> u16 {
    let most = match screen.height {
        ..21 => 2,
        21..32 => 3,
        32..40 => 4,
        _ => 6,
    };
    wanted.clamp(1, most)
}

/// The part of the body of `sheet` that its list takes, frame included.
pub(crate) fn list_area(sheet: Screen, body: Rect) -> Rect {
    parts(sheet, body)[1]
}

/// What stands before the list of `sheet` (the line to type in, a url's countries, the map), the list, and what stands after
/// it (the picked reject, the picked country's urls); empty where there is nothing.
pub(crate) fn parts(sheet: Screen, body: Rect) -> [Rect; 3] {
    let nothing = Rect { width: 0, height: 0, ..body };
    match sheet {
        Screen::Search => {
            let [input, list] = Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]).areas(body);
            [input, list, nothing]
        }
        Screen::Rejects => {
            let [list, picked] = Layout::vertical([Constraint::Fill(1), Constraint::Percentage(45)]).areas(body);
            [nothing, list, picked]
        }
        Screen::Url if body.width >= 100 => {
            let [countries, right] = Layout::horizontal([Constraint::Length(46), Constraint::Fill(1)]).areas(body);
            let rows = if right.height >= 20 { 7 } else { 0 };
            let [trend, list] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(right);
            [countries, list, trend]
        }
        Screen::Url => {
            let rows = if body.height >= 16 { 4 } else { 0 };
            let [countries, trend, list] =
                Layout::vertical([Constraint::Percentage(40), Constraint::Length(rows), Constraint::Fill(1)])
                    .areas(body);
            [countries, list, trend]
        }
        Screen::Map => map_parts(body, nothing),
        Screen::Overview | Screen::Partitions | Screen::Store | Screen::Log => [nothing, body, nothing],
    }
}

/// The map (or, where there is no room for one, a line that says so), the list of its countries and the picked one's urls.
fn map_parts(body: Rect, nothing: Rect) -> [Rect; 3] {
    let below = |rows| Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(body);
    if body.width < MAP_FROM.0 || body.height < MAP_FROM.1 - AROUND_SHEET {
        let [note, list] = below(1);
        return [note, list, nothing];
    }
    let framed_rows = |columns: u16| true_rows(columns.saturating_sub(2)).saturating_add(2);
    if framed_rows(body.width.saturating_sub(MAP_LIST_COLUMNS)) >= body.height {
        // So wide that even beside a list the map fills the height.
        let [map, list] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(MAP_LIST_COLUMNS)]).areas(body);
        return [map, list, nothing];
    }
    let [map, lower] = below(framed_rows(body.width).min(body.height.saturating_sub(MAP_LIST)));
    if lower.width < 2 * MAP_LIST_COLUMNS {
        return [map, lower, nothing];
    }
    let [list, urls] = Layout::horizontal([Constraint::Length(MAP_LIST_COLUMNS), Constraint::Fill(1)]).areas(lower);
    [map, list, urls]
}

fn each_stage(area: Rect, stages: u16, boxed: bool) -> Vec<Rect> {
    if boxed {
        let gap = if area.width >= stages.saturating_mul(27).saturating_add(2) { 3 } else { BOX_GAP };
        Layout::horizontal((0..stages).map(|_| Constraint::Fill(1))).spacing(gap).split(area).to_vec()
    } else {
        if area.height < stages.saturating_add(2) {
            return area.rows().take(stages.into()).collect();
        }
        let inner = Rect {
            x: area.x.saturating_add(1),
            y: area.y.saturating_add(1),
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        };
        inner.rows().take(stages.into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_panels_lie_apart_on_the_screen_and_hold_at_least_a_row() {
        for width in (60..=300).step_by(7) {
            for height in 16..=100 {
                for (stages, banner, detail) in [(4, false, 1), (4, true, 1), (4, false, 9), (6, true, 9), (3, true, 1)]
                {
                    for focus in Panel::ALL {
                        let screen = Rect::new(0, 0, width, height);
                        let places =
                            ScreenLayout::arrange(screen, stages, banner, detail, focus).expect("large enough");
                        let all: Vec<Rect> = [
                            Some(places.header),
                            places.banner,
                            Some(places.stages),
                            Some(places.detail),
                            places.throughput,
                            places.index,
                            places.countries,
                            places.urls,
                            places.activity,
                            Some(places.footer),
                        ]
                        .into_iter()
                        .flatten()
                        .collect();
                        for (at, area) in all.iter().enumerate() {
                            assert_eq!(screen.intersection(*area), *area, "{width}×{height}");
                            assert!(!area.is_empty(), "{width}×{height} {at}");
                            for other in all.iter().skip(at + 1) {
                                assert!(!area.intersects(*other), "{width}×{height}: {area} over {other}");
                            }
                        }
                        assert!(places.of(focus).is_none() || places.rows(focus) >= 1, "{width}×{height} {focus:?}");
                        assert!(places.of(focus).is_some(), "{width}×{height}: {focus:?} is not visible");
                    }
                }
            }
        }
        assert!(ScreenLayout::arrange_sheet(Rect::new(0, 0, 59, 16), false, 1).is_none());
        assert!(ScreenLayout::arrange_expanded(Rect::new(0, 0, 59, 16), 4, false, 1, Panel::Urls).is_none());
        assert!(ScreenLayout::arrange(Rect::new(0, 0, 59, 16), 4, false, 1, Panel::Urls).is_none());
        assert!(ScreenLayout::arrange(Rect::new(0, 0, 60, 15), 4, false, 1, Panel::Urls).is_none());
    }
    #[test]
    fn an_expanded_panel_takes_the_screen_between_header_and_footer() {
        for (width, height) in [(60, 16), (80, 24), (120, 40), (300, 100)] {
            let screen = Rect::new(0, 0, width, height);
            for panel in [Panel::Countries, Panel::Urls, Panel::Activity] {
                let places = ScreenLayout::arrange_expanded(screen, 4, true, 1, panel).expect("large enough");
                let area = places.of(panel).expect("visible");
                assert_eq!((area.y, area.bottom(), area.width), (3, height - 1, width), "{panel:?}");
                let others = Panel::ALL.into_iter().filter(|other| *other != panel);
                assert!(others.filter_map(|other| places.of(other)).all(|area| area.is_empty()), "{panel:?}");
            }
            let stages = ScreenLayout::arrange_expanded(screen, 4, true, 9, Panel::Stages).expect("large enough");
            let chart = stages.throughput.expect("visible");
            assert_eq!((chart.bottom(), chart.width, stages.index), (height - 1, width, None));
        }
    }

    #[test]
    fn the_parts_of_a_view_lie_apart_in_its_body_and_its_list_holds_a_row() {
        for (width, height) in [(60, 16), (80, 24), (120, 40), (300, 100)] {
            for sheet in Screen::ALL.into_iter().chain([Screen::Url]) {
                let places =
                    ScreenLayout::arrange_sheet(Rect::new(0, 0, width, height), true, 9).expect("large enough");
                let body = places.sheet.expect("a body");
                let parts = parts(sheet, body);
                assert!(list_area(sheet, body).height > 3, "{sheet:?} at {width}×{height}");
                for (at, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                    assert_eq!(body.intersection(*part), *part, "{sheet:?}");
                    assert!(parts.iter().skip(at + 1).all(|other| !other.intersects(*part)), "{sheet:?}");
                }
            }
        }
    }
}
