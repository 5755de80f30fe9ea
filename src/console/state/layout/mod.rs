//! Where everything is on the terminal: a pure function of its size, so that drawing, scrolling and the mouse agree.

mod panels;
mod places;

use ratatui::layout::{Constraint, Layout, Margin, Rect};

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

/// Columns between two boxes.
const BOX_GAP: u16 = 2;

/// The areas of header, panels and footer.
///
/// The overview on a tall terminal (33 rows and more); the banner is there only while it has something to say:
/// ```text
/// header   source, topic, group                       marks, uptime   2 rows
/// header   clicks, delay, lag, rejects                     progress
/// banner   finished / draining / source failed / an alarm             0 to 2
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
    /// room for, and the banner `banner` rows. `None` if `area` is smaller than [`MINIMUM`].
    pub(crate) fn of_overview(area: Rect, stages: usize, banner: u16, details: u16, focus: Panel) -> Option<Self> {
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
                let around = AROUND_STAGES + banner + details_rows(details, area);
                match area.height.saturating_sub(around) {
                    // Two more rows for a frame, if the board below keeps enough.
                    room if room >= count.saturating_add(2 + MORE_BOARD) => count.saturating_add(2),
                    room => room.min(count),
                }
            }
        };
        let [header, banner_row, tabs, stages, details, body, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(banner),
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
            banner: (banner > 0).then_some(banner_row),
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
    /// banner                                                              0 to 2
    /// tabs     F1 overview  F2 partitions  …                              1
    /// details  the picked stage, or the stages in trouble, in full        1+
    /// body                                                                rest
    /// footer                                                              1
    /// ```
    pub(crate) fn of_screen(area: Rect, banner: u16, details: u16) -> Option<Self> {
        if area.width < MINIMUM.0 || area.height < MINIMUM.1 {
            return None;
        }
        let [header, banner_row, tabs, details, body, footer] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Length(banner),
            Constraint::Length(1),
            // On a terminal of usual height, the map needs the rows.
            Constraint::Length(details_rows(details, area).min(if area.height < 32 { 2 } else { 6 })),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        let banner = (banner > 0).then_some(banner_row);
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
        banner: u16,
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
mod tests;
