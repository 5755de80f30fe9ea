//! Where everything is on the terminal: a pure function of its size, so that drawing, scrolling and the mouse agree.

use ratatui::layout::{Constraint, Layout, Margin, Position, Rect};

use super::panel::Panel;

/// The smallest terminal on which the console is drawn: columns, rows.
pub(crate) const MINIMUM: (u16, u16) = (60, 16);

/// Columns that a stage's box needs for its words. If the boxes of all stages do not fit side by side, each stage is a row.
const BOX_COLUMNS: u16 = 18;

/// Columns that the short row of a stage needs where several stages share a row.
const HALF_ROW_COLUMNS: u16 = 28;

/// Rows of header, tabs, footer, and the smallest board.
const AROUND_STAGES: u16 = 8;

/// More rows of the board that are worth more than a frame around the stages.
const MORE_BOARD: u16 = 3;

/// Columns of throughput and work side by side, and rows of one above the other.
const WORK_COLUMNS: u16 = 76;
const WORK_ROWS: u16 = 22;

/// Columns between two boxes.
const BOX_GAP: u16 = 2;

/// The areas of header, panels and footer.
///
/// The overview on a tall terminal (33 rows and more); the banner is there only while it has something to say:
/// ```text
/// header   source, topic, group                       marks, uptime   2 rows
/// header   clicks, delay, lag, rejects                     progress
/// banner   finished / draining / source failed                        0 or 1
/// tabs     F1 overview  F2 partitions  …                              1
/// ╭ 1 ingest ───╮   ╭ 2 store ────╮   ╭ 3 aggregate ╮   ╭ 4 index ──╮ 7
/// │             │──▶│             │──▶│             │──▶│           │
/// ╰─────────────╯   ╰─────────────╯   ╰─────────────╯   ╰───────────╯
/// details  the picked stage, or the stages in trouble, in full        1+
/// ╭ throughput ────────────────────────╮╭ index ────────────────────╮ 9+
/// ╰────────────────────────────────────╯╰───────────────────────────╯
/// ╭ countries ───────╮╭ urls ───────────────────────────────────────╮ rest
/// ╰──────────────────╯╰─────────────────────────────────────────────╯
/// ╭ activity: recent clicks | log ──────────────────────────────────╮ 6+
/// ╰─────────────────────────────────────────────────────────────────╯
/// footer   keys, or a message                                         1
/// ```
/// With fewer than 33 rows, the boxes have 6 rows, and the activity replaces throughput and index while it has the focus. With
/// fewer than 21 rows, there is one row of panels: the activity, throughput and index, or countries and urls.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScreenLayout {
    /// The whole terminal.
    pub(crate) area: Rect,
    /// The names of the pipelines, above everything else, if the console shows several.
    pub(crate) pipelines: Option<Rect>,
    pub(crate) header: Rect,
    pub(crate) banner: Option<Rect>,
    pub(crate) stages: Rect,
    /// One for each stage: a box, or a row where `boxed` is false.
    pub(crate) each_stage: Vec<Rect>,
    pub(crate) boxed: bool,
    pub(crate) details: Rect,
    pub(crate) throughput: Option<Rect>,
    pub(crate) index: Option<Rect>,
    /// Commits and batches over time, beside the throughput on the whole screen.
    pub(crate) work: Option<Rect>,
    pub(crate) countries: Option<Rect>,
    pub(crate) urls: Option<Rect>,
    pub(crate) activity: Option<Rect>,
    /// The names of the screens.
    pub(crate) tabs: Option<Rect>,
    /// The body of another screen than the overview.
    pub(crate) body: Option<Rect>,
    pub(crate) footer: Rect,
}

impl ScreenLayout {
    /// Lays out the overview on `area` for `stages` stages. It gives the details as many of the rows that they want as there is
    /// room for. `None` if `area` is smaller than [`MINIMUM`].
    pub(crate) fn of_overview(area: Rect, stages: usize, banner: bool, details: u16, focus: Panel) -> Option<Self> {
        if area.width < MINIMUM.0 || area.height < MINIMUM.1 {
            return None;
        }
        let count = u16::try_from(stages).unwrap_or(u16::MAX);
        let boxed = area.width >= count.saturating_mul(BOX_COLUMNS + BOX_GAP).saturating_sub(BOX_GAP);
        // Many stages in rows take more height than the boxes of a tall terminal.
        let more_rows = if boxed { 0 } else { count.saturating_sub(5) };
        let tall = area.height >= more_rows.saturating_add(33);
        let stage_rows = match (boxed, tall) {
            (true, true) => 7,
            // On the lowest terminal, the board needs the row more.
            (true, false) => 6 - u16::from(area.height <= MINIMUM.1),
            (false, _) => {
                let around = AROUND_STAGES + u16::from(banner) + details_rows(details, area);
                match area.height.saturating_sub(around) {
                    // Two more rows for a frame, if the board below keeps enough.
                    room if room >= count.saturating_add(2 + MORE_BOARD) => count.saturating_add(2),
                    room => room.min(count),
                }
            }
        };
        let [header, banner_row, tabs, stages, details, body, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(u16::from(banner)),
            Constraint::Length(1),
            Constraint::Length(stage_rows),
            Constraint::Length(details_rows(details, area)),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        let mut layout = Self {
            area,
            header,
            banner: banner.then_some(banner_row),
            tabs: Some(tabs),
            stages,
            each_stage: each_stage(stages, count, boxed),
            boxed,
            details,
            footer,
            ..Self::default()
        };
        layout.fill(body, tall, focus);
        Some(layout)
    }

    /// Lays out `area` for another screen than the overview:
    /// ```text
    /// header   as in the overview                                         2 rows
    /// banner                                                              0 or 1
    /// tabs     F1 overview  F2 partitions  …                              1
    /// details  the picked stage, or the stages in trouble, in full        1+
    /// body                                                                rest
    /// footer                                                              1
    /// ```
    pub(crate) fn of_screen(area: Rect, banner: bool, details: u16) -> Option<Self> {
        if area.width < MINIMUM.0 || area.height < MINIMUM.1 {
            return None;
        }
        let [header, banner_row, tabs, details, body, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(u16::from(banner)),
            Constraint::Length(1),
            // On a terminal of usual height, the map needs the rows.
            Constraint::Length(details_rows(details, area).min(if area.height < 32 { 2 } else { 6 })),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        let banner = banner.then_some(banner_row);
        let (tabs, body) = (Some(tabs), Some(body));
        Some(Self { area, header, banner, tabs, details, body, footer, ..Self::default() })
    }

    /// Lays out `area` for the list of pipelines: two rows of header, the body, the footer.
    pub(crate) fn of_fleet(area: Rect) -> Option<Self> {
        if area.width < MINIMUM.0 || area.height < MINIMUM.1 {
            return None;
        }
        let [header, body, footer] =
            Layout::vertical([Constraint::Length(2), Constraint::Fill(1), Constraint::Length(1)]).areas(area);
        Some(Self { area, header, body: Some(body), footer, ..Self::default() })
    }

    /// Lays out the overview on `area` with `panel` alone. The stages come with the throughput below them. The details of the stages
    /// stay above any other panel only while a stage is `in_trouble`.
    pub(crate) fn of_expanded(
        area: Rect,
        stages: usize,
        banner: bool,
        details: u16,
        in_trouble: bool,
        panel: Panel,
    ) -> Option<Self> {
        let mut layout = Self::of_overview(area, stages, banner, details, panel)?;
        let body = Rect {
            y: layout.details.bottom(),
            height: layout.footer.y.saturating_sub(layout.details.bottom()),
            ..area
        };
        let whole = Rect { y: layout.stages.y, height: layout.footer.y.saturating_sub(layout.stages.y), ..area };
        (layout.throughput, layout.index) = (None, None);
        (layout.countries, layout.urls, layout.activity) = (None, None, None);
        if panel == Panel::Stages {
            layout.split_expanded(body);
            return Some(layout);
        }
        let details = if in_trouble { layout.details.height } else { 0 };
        let [details, whole] = Layout::vertical([Constraint::Length(details), Constraint::Fill(1)]).areas(whole);
        layout.stages = Rect::default();
        layout.each_stage = Vec::new();
        layout.details = details;
        match panel {
            Panel::Stages => {}
            Panel::Countries => layout.countries = Some(whole),
            Panel::Urls => layout.urls = Some(whole),
            Panel::Activity => layout.activity = Some(whole),
            Panel::Index => layout.index = Some(whole),
        }
        Some(layout)
    }

    fn fill(&mut self, body: Rect, tall: bool, focus: Panel) {
        if tall {
            // The board gets the rows that the others do not need. On a taller terminal all three grow.
            let middle = (body.height / 3).clamp(8, 16);
            let activity = (body.height / 4).clamp(5, 14);
            let [middle, board, activity] =
                Layout::vertical([Constraint::Length(middle), Constraint::Fill(1), Constraint::Length(activity)])
                    .areas(body);
            self.split_middle(middle);
            self.split_board(board);
            self.activity = Some(activity);
        } else if body.height >= 10 {
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

    /// Throughput and work share the screen. Where there is no room for both, the throughput has it.
    fn split_expanded(&mut self, body: Rect) {
        let halves = [Constraint::Fill(3), Constraint::Fill(2)];
        // One above the other, both keep the whole width for the time.
        let split = if body.height >= WORK_ROWS {
            Some(Layout::vertical(halves))
        } else if body.width >= WORK_COLUMNS {
            Some(Layout::horizontal(halves))
        } else {
            None
        };
        let Some(split) = split else {
            self.throughput = Some(body);
            return;
        };
        let [throughput, work] = split.areas(body);
        (self.throughput, self.work) = (Some(throughput), Some(work));
    }

    fn split_board(&mut self, area: Rect) {
        let countries = (area.width * 3 / 10).clamp(24, 48);
        let [countries, urls] = Layout::horizontal([Constraint::Length(countries), Constraint::Fill(1)]).areas(area);
        self.countries = Some(countries);
        self.urls = Some(urls);
    }

    /// The panel under `point`.
    pub(crate) fn panel_at(&self, point: Position) -> Option<Panel> {
        Panel::ALL.into_iter().find(|panel| self.of(*panel).is_some_and(|area| area.contains(point)))
    }

    /// The position of the stage under `point`.
    pub(crate) fn stage_at(&self, point: Position) -> Option<usize> {
        self.each_stage.iter().position(|area| area.contains(point))
    }

    /// The area of `panel`, if it is visible.
    pub(crate) fn of(&self, panel: Panel) -> Option<Rect> {
        match panel {
            Panel::Stages => Some(self.stages),
            Panel::Countries => self.countries,
            Panel::Urls => self.urls,
            Panel::Activity => self.activity,
            Panel::Index => self.index,
        }
    }

    /// Rows of data in `panel`: without its frame, and without the row of column titles if it has one.
    pub(crate) fn rows(&self, panel: Panel) -> usize {
        let around = if panel == Panel::Urls { 3 } else { 2 };
        self.of(panel).map_or(0, |area| usize::from(area.height.saturating_sub(around)))
    }

    /// The row of the terminal with the first row of data of `panel`.
    pub(crate) fn first_row(&self, panel: Panel) -> u16 {
        let above = if panel == Panel::Urls { 2 } else { 1 };
        self.of(panel).map_or(0, |area| area.y.saturating_add(above))
    }
}

/// Rows of the details. A low terminal has other things to show, too.
fn details_rows(wanted: u16, area: Rect) -> u16 {
    let most = match area.height {
        ..21 => 2,
        21..32 => 3,
        32..40 => 4,
        _ => 6,
    };
    wanted.clamp(1, most)
}

fn each_stage(area: Rect, stages: u16, boxed: bool) -> Vec<Rect> {
    if boxed {
        let gap = if area.width >= stages.saturating_mul(27).saturating_add(2) { 3 } else { BOX_GAP };
        Layout::horizontal((0..stages).map(|_| Constraint::Fill(1))).spacing(gap).split(area).to_vec()
    } else {
        // As many stages side by side as it takes for all of them to have a place, as long as the words have room.
        let most = (area.width.saturating_sub(2) / HALF_ROW_COLUMNS).max(1);
        let columns = stages.div_ceil(area.height.max(1)).clamp(1, most);
        let rows = stages.div_ceil(columns);
        let inner = if area.height < rows.saturating_add(2) { area } else { area.inner(Margin::new(1, 1)) };
        let across = |row: Rect| {
            Layout::horizontal((0..columns).map(|_| Constraint::Fill(1)))
                .spacing(u16::from(columns > 1))
                .split(row)
                .to_vec()
        };
        inner.rows().take(rows.into()).flat_map(across).take(stages.into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_no_panels_overlap_and_the_focused_one_holds_a_row() {
        for width in (60..=300).step_by(7) {
            for height in 16..=100 {
                let few = [(4, false, 1), (4, true, 1), (4, false, 9), (6, true, 9), (3, true, 1)];
                for (stages, banner, detail) in
                    few.into_iter().chain([(1, false, 1), (2, false, 9), (7, true, 1), (8, true, 9)])
                {
                    for focus in Panel::ALL {
                        let whole = Rect::new(0, 0, width, height);
                        let layout =
                            ScreenLayout::of_overview(whole, stages, banner, detail, focus).expect("large enough");
                        let all: Vec<Rect> = [
                            Some(layout.header),
                            layout.banner,
                            layout.tabs,
                            Some(layout.stages),
                            Some(layout.details),
                            layout.throughput,
                            layout.index,
                            layout.countries,
                            layout.urls,
                            layout.activity,
                            Some(layout.footer),
                        ]
                        .into_iter()
                        .flatten()
                        .collect();
                        let each = &layout.each_stage;
                        assert_eq!(each.len(), stages, "{width}×{height}");
                        for (at, area) in each.iter().enumerate() {
                            assert!(
                                !area.is_empty() && layout.stages.intersection(*area) == *area,
                                "{width}×{height} {at}"
                            );
                            assert!(
                                each.iter().skip(at + 1).all(|other| !area.intersects(*other)),
                                "{width}×{height} {at}"
                            );
                        }
                        for (at, area) in all.iter().enumerate() {
                            assert_eq!(whole.intersection(*area), *area, "{width}×{height}");
                            assert!(!area.is_empty(), "{width}×{height} {at}");
                            for other in all.iter().skip(at + 1) {
                                assert!(!area.intersects(*other), "{width}×{height}: {area} over {other}");
                            }
                        }
                        assert!(layout.of(focus).is_none() || layout.rows(focus) >= 1, "{width}×{height} {focus:?}");
                        assert!(layout.of(focus).is_some(), "{width}×{height}: {focus:?} is not visible");
                    }
                }
            }
        }
        assert!(ScreenLayout::of_screen(Rect::new(0, 0, 59, 16), false, 1).is_none());
        assert!(ScreenLayout::of_expanded(Rect::new(0, 0, 59, 16), 4, false, 1, false, Panel::Urls).is_none());
        assert!(ScreenLayout::of_overview(Rect::new(0, 0, 59, 16), 4, false, 1, Panel::Urls).is_none());
        assert!(ScreenLayout::of_overview(Rect::new(0, 0, 60, 15), 4, false, 1, Panel::Urls).is_none());
    }

    #[test]
    fn an_expanded_panel_fills_the_terminal_between_header_and_footer() {
        for (width, height) in [(60, 16), (80, 24), (120, 40), (300, 100)] {
            let whole = Rect::new(0, 0, width, height);
            for panel in [Panel::Countries, Panel::Urls, Panel::Activity] {
                let layout = ScreenLayout::of_expanded(whole, 4, true, 1, false, panel).expect("large enough");
                let area = layout.of(panel).expect("visible");
                assert_eq!((area.y, area.bottom(), area.width), (4, height - 1, width), "{panel:?}");
                let others = Panel::ALL.into_iter().filter(|other| *other != panel);
                assert!(others.filter_map(|other| layout.of(other)).all(|area| area.is_empty()), "{panel:?}");
            }
            let stages = ScreenLayout::of_expanded(whole, 4, true, 9, false, Panel::Stages).expect("large enough");
            let chart = stages.throughput.expect("visible");
            let work = stages.work.unwrap_or_default();
            assert_eq!((chart.union(work).bottom(), chart.union(work).width), (height - 1, width));
            assert_eq!((work.is_empty(), stages.index), (width == 60, None), "{width}");

            let index = ScreenLayout::of_expanded(whole, 4, true, 9, true, Panel::Index).expect("large enough");
            let panel = index.index.expect("visible");
            assert!(index.details.y == 4 && index.details.height > 0, "what is wrong with a stage stays");
            assert_eq!((panel.y, panel.bottom()), (index.details.bottom(), height - 1));
        }
    }
}
