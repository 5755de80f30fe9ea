//! The countries on a map of the world, with their list and the urls of the picked one.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Map, MapResolution, Painter, Shape};

use super::table::{self, Column, figure, words};
use super::{held, placeholder};
use crate::console::format::{NONE, count, count_in, fit, percent};
use crate::console::state::app::App;
use crate::console::state::country_map::{CountryMap, CountrySpot, LATITUDES, LONGITUDES, cell, labels, true_rows};
use crate::console::state::layout::{MAP_FROM, parts};
use crate::console::state::screens::{List, Screen};
use crate::console::theme::{HEAT, Theme};
use crate::protocol::answer::LastMinute;
use crate::protocol::board::Board;
use crate::protocol::view::Window;
use crate::world::locate;

/// With fewer rows than this there is no map, only the word that it needs more room.
const MAP_ROWS: u16 = 6;

/// Cells of the map for each label that it may hold at most.
const CELLS_A_LABEL: usize = 100;

const URLS: [Column; 4] =
    [words("url", 0, 0), words("country", 10, 2), figure("clicks", 11, 0), figure("users ", 11, 1)];

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let [map, list, urls] = parts(Screen::Map, area);
    let board = &app.engine.frozen_or_live().snapshot.board;
    let atlas = CountryMap::of(board, app.selection.country.as_deref());
    if map.height < MAP_ROWS {
        let (columns, rows) = MAP_FROM;
        placeholder(frame, map, &format!("the map needs {columns}×{rows}; its countries:"), app);
    } else {
        world(frame, map, &atlas, app);
    }
    countries(frame, list, &atlas, app);
    if !urls.is_empty() {
        pages(frame, urls, app);
    }
}

/// The part of the map's body that is drawn: with room to spare in height, degrees keep their shape.
pub(crate) fn drawn(map: Rect) -> Rect {
    let inner =
        Rect { x: map.x + 1, y: map.y + 1, width: map.width.saturating_sub(2), height: map.height.saturating_sub(2) };
    let rows = true_rows(inner.width).clamp(1, inner.height.max(1));
    Rect { y: inner.y + (inner.height.saturating_sub(rows)) / 2, height: rows.min(inner.height), ..inner }
}

fn world(frame: &mut Frame, area: Rect, atlas: &CountryMap, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let title = title(board, atlas, app);
    let legend = legend(theme);
    let mut block = theme.frame(title.clone(), false);
    if title.width() + legend.width() + 4 <= usize::from(area.width) {
        block = block.title_top(legend.alignment(Alignment::Right));
    }
    if let Some(note) = elsewhere(atlas, usize::from(area.width).saturating_sub(4)) {
        block = block.title_bottom(Line::styled(note, theme.warn()));
    }
    frame.render_widget(block, area);
    let area = drawn(area);
    coast(area, frame.buffer_mut(), theme);
    if atlas.spots.is_empty() {
        placeholder(frame, area, &format!(" {} ", app.nothing().words()), app);
        return;
    }
    let extents = spots(area, frame.buffer_mut(), atlas, theme);
    let most = usize::from(area.width) * usize::from(area.height) / CELLS_A_LABEL;
    for label in labels(atlas, area, &extents, most.max(1)) {
        let style = if label.picked { theme.cursor(true) } else { theme.key() };
        let columns = u16::try_from(label.text.len()).unwrap_or(0);
        let place = Rect { x: label.at.x, y: label.at.y, width: columns, height: 1 };
        put(frame.buffer_mut(), place, ' ', style);
        frame.buffer_mut().set_string(place.x, place.y, &label.text, style);
    }
}

fn coast(area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let color = theme.dim().fg.unwrap_or(Color::Reset);
    let (marker, resolution) =
        if theme.ascii { (Marker::Custom('.'), MapResolution::Low) } else { (Marker::Braille, MapResolution::High) };
    Canvas::default()
        .marker(marker)
        .x_bounds(LONGITUDES)
        .y_bounds(LATITUDES)
        .paint(|context| context.draw(&Map { resolution, color }))
        .render(area, buffer);
    buffer.set_style(area, theme.dim());
}

/// Draws the spots, the smaller over the larger and the picked one over all; the cells that each takes.
fn spots(area: Rect, buffer: &mut Buffer, atlas: &CountryMap, theme: &Theme) -> Vec<Rect> {
    let discs: Vec<Disc> = atlas.spots.iter().map(|spot| Disc::of(area, spot, atlas, theme)).collect();
    let style = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    let (picked, others): (Vec<&Disc>, Vec<&Disc>) = discs.iter().partition(|disc| disc.picked);
    if theme.ascii {
        // One character each: where two share a cell, the larger shows.
        for disc in others.iter().rev() {
            put(buffer, disc.cells(area), disc.letter, style(disc.color));
        }
        for disc in picked {
            put(buffer, disc.cells(area), disc.letter, theme.cursor(true));
        }
    } else {
        stamp(buffer, area, &others, style);
        stamp(buffer, area, &picked, |_| theme.cursor(true));
    }
    discs.iter().map(|disc| disc.cells(area)).collect()
}

fn put(buffer: &mut Buffer, area: Rect, letter: char, style: Style) {
    for position in area.positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
            cell.set_char(letter).set_style(style);
        }
    }
}

/// Puts `discs` over what is there, in the style of their colour: the coast in their cells goes.
fn stamp(buffer: &mut Buffer, area: Rect, discs: &[&Disc], style: impl Fn(Color) -> Style) {
    if discs.is_empty() {
        return;
    }
    let mut stamps = Buffer::empty(area);
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds(LONGITUDES)
        .y_bounds(LATITUDES)
        .paint(|context| discs.iter().for_each(|disc| context.draw(*disc)))
        .render(area, &mut stamps);
    for (at, from) in area.positions().zip(&stamps.content) {
        if from.symbol() != " "
            && let Some(cell) = buffer.cell_mut(at)
        {
            cell.reset();
            cell.set_symbol(from.symbol()).set_style(style(from.fg));
        }
    }
}

/// A spot in dots, two across and four down in a cell; in ASCII, a cell is its dot.
struct Disc {
    x: u16,
    y: u16,
    radius: f64,
    /// Dots on the map, across and down.
    map: (u16, u16),
    dots: (u16, u16),
    color: Color,
    letter: char,
    picked: bool,
}

impl Disc {
    fn of(area: Rect, spot: &CountrySpot, atlas: &CountryMap, theme: &Theme) -> Self {
        let dots = if theme.ascii { (1, 1) } else { (2, 4) };
        let map = (area.width.saturating_mul(dots.0), area.height.saturating_mul(dots.1));
        let at = cell(Rect::new(0, 0, map.0, map.1), spot.country);
        let size = atlas.size(spot);
        let largest = if theme.ascii { 0.0 } else { (f64::from(map.0) / 50.0).clamp(2.0, 7.0) };
        let radius = if theme.ascii { 0.0 } else { (size * largest).max(1.0) };
        let letter = match size {
            size if size > 0.6 => '@',
            size if size > 0.25 => 'O',
            _ => 'o',
        };
        let color = theme.heat(atlas.share(spot)).fg.unwrap_or(Color::Reset);
        Self { x: at.x, y: at.y, radius, map, dots, color, letter, picked: spot.picked }
    }

    /// The dots from the first to the last of its columns or rows around `middle`, of `len` on the map.
    fn span(&self, middle: u16, len: u16) -> std::ops::RangeInclusive<u16> {
        let radius = self.radius as u16;
        middle.saturating_sub(radius)..=middle.saturating_add(radius).min(len.saturating_sub(1))
    }

    /// The cells of the screen that it takes, where the map fills `area`.
    fn cells(&self, area: Rect) -> Rect {
        let (columns, rows) = (self.span(self.x, self.map.0), self.span(self.y, self.map.1));
        let (left, top) = (columns.start() / self.dots.0, rows.start() / self.dots.1);
        let (right, bottom) = (columns.end() / self.dots.0, rows.end() / self.dots.1);
        Rect::new(area.x + left, area.y + top, right + 1 - left, bottom + 1 - top)
    }
}

impl Shape for Disc {
    fn draw(&self, painter: &mut Painter<'_, '_>) {
        for y in self.span(self.y, self.map.1) {
            for x in self.span(self.x, self.map.0) {
                let (across, down) = (f64::from(x.abs_diff(self.x)), f64::from(y.abs_diff(self.y)));
                if across.hypot(down) <= self.radius {
                    painter.paint(usize::from(x), usize::from(y), self.color);
                }
            }
        }
    }
}

/// `map  61 countries, last hour  /cart`.
fn title(board: &Board, atlas: &CountryMap, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let placed = count(atlas.spots.len() as u64);
    let mut spans = vec![Span::styled(" map ", theme.key()), Span::styled(format!("{placed} countries"), theme.dim())];
    let window = match board.view.window {
        Window::AllTime => "",
        Window::LastHour => ", last hour",
        Window::LastFiveMinutes => ", last 5 min",
    };
    spans.push(Span::styled(window, theme.warn()));
    if !board.view.filter.is_empty() {
        spans.push(Span::styled(format!("  / {}", fit(&board.view.filter, 24)), theme.accent()));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

/// What the colours mean: shares of all clicks.
fn legend(theme: &Theme) -> Line<'static> {
    let mark = theme.symbol("●", "o");
    let mut spans = vec![Span::raw(" ")];
    for (least, words) in HEAT.into_iter().zip(["under 1% ", "1–5% ", "5% and more "]) {
        spans.push(Span::styled(format!("{mark} "), theme.heat(least)));
        spans.push(Span::styled(words, theme.dim()));
    }
    Line::from(spans)
}

/// `not on the map: 4,120 clicks (unknown)`.
fn elsewhere(atlas: &CountryMap, columns: usize) -> Option<String> {
    if atlas.elsewhere.is_empty() {
        return None;
    }
    let names: Vec<&str> = atlas.elsewhere.iter().take(20).map(|(name, _)| &**name).collect();
    let note = format!("not on the map: {} clicks ({})", count(atlas.lost()), names.join(", "));
    Some(format!(" {} ", fit(&note, columns)))
}

fn countries(frame: &mut Frame, area: Rect, atlas: &CountryMap, app: &App) {
    let theme = &app.theme;
    let shown = app.engine.frozen_or_live();
    let board = &shown.snapshot.board;
    let title = Line::from(vec![
        Span::styled(" countries ", theme.key()),
        Span::styled(format!("{} ", count(board.countries.len() as u64)), theme.dim()),
    ]);
    let block = theme.frame(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let last_minute = shown.snapshot.answers.last_minute.as_deref();
    let columns = [words("country", 0, 0), figure("clicks", 12, 0), figure("share", 8, 1), figure("last min ", 10, 2)];
    let all = atlas.all;
    let cells = |name: String, style: Style, clicks: u64, last_minute: Option<u64>| {
        // Of the clicks beside it, as in the table of urls.
        let last_minute = last_minute.map(|recent| recent.min(clicks));
        vec![
            (name, style),
            (count_in(clicks, 11), theme.key()),
            (percent(clicks, all), theme.dim()),
            (last_minute.map_or_else(|| format!("{NONE} "), |clicks| format!("{} ", count_in(clicks, 8))), theme.dim()),
        ]
    };
    let each = board.countries.iter().map(|row| {
        let recent = last_minute.map(|known| known.of_country(&row.country));
        let name = match locate(&row.country) {
            Some(country) if row.country.len() <= 3 => format!("{}  {}", row.country, country.name),
            Some(_) => row.country.to_string(),
            None => format!("{}  (not on the map)", row.country),
        };
        let style = if locate(&row.country).is_some() { Style::new() } else { theme.dim() };
        cells(name, style, row.clicks, recent)
    });
    let rows = std::iter::once(cells("All".into(), Style::new(), all, last_minute.map(LastMinute::of_all))).chain(each);
    let at = app.selection.country_row(board).unwrap_or(usize::MAX);
    table::render(frame, inner, &columns, rows, Some(List { at, ..app.screens.opens.map }), app);
}

/// The urls of the picked country, as many as there is room for.
fn pages(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let country = app.selection.country.as_deref().unwrap_or("all countries");
    let title = Line::from(vec![
        Span::styled(" urls ", theme.key()),
        Span::styled("of ", theme.dim()),
        Span::styled(fit(country, usize::from(area.width / 3)), theme.accent().patch(theme.key())),
        Span::raw(" "),
    ]);
    let block = theme.frame(title, false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if !app.selection.is_about(board) {
        let text = if app.engine.is_frozen() { held(app) } else { "loading…".to_owned() };
        return placeholder(frame, inner, &text, app);
    }
    if board.pages.is_empty() {
        return placeholder(frame, inner, "no clicks", app);
    }
    let rows = board.pages.iter().map(|page| {
        vec![
            (page.url.to_string(), Style::new()),
            (page.country.to_string(), theme.dim()),
            (count_in(page.clicks, 10), theme.key()),
            (format!("{} ", count_in(page.unique_users, 9)), Style::new()),
        ]
    });
    table::render(frame, inner, &URLS, rows, None, app);
}
