//! The screen of the map: the countries on a map of the world, their list, and the urls of the selected one.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Map, MapResolution, Painter, Shape};
use ratatui::widgets::{Padding, Widget};

use crate::console::format::{count, counted, fit};
use crate::console::state::app::App;
use crate::console::state::country_map::{CountryMap, CountrySpot, LATITUDES, LONGITUDES, cell, labels};
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::{MAP_MINIMUM, ScreenParts};
use crate::console::tables::{TableContext, countries, pages};
use crate::console::theme::{HEAT, Theme};
use crate::console::view::placeholder::{no_clicks, placeholder, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::board::Board;
use crate::protocol::view::Window;

/// With fewer rows than this, a line says that the map needs more room.
const MAP_ROWS: u16 = 6;

/// The map has at most one label for so many of its cells.
const CELLS_A_LABEL: usize = 100;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Map, area);
    let board = &app.engine.frozen_or_live().snapshot.board;
    let map = CountryMap::of(board, app.selection.country.as_deref());
    if parts.before.height < MAP_ROWS {
        let (columns, rows) = MAP_MINIMUM;
        let note = match app.selection.uncompared(board) {
            Some(why) => why.to_owned(),
            None => format!("the map needs {columns}×{rows}; its countries:"),
        };
        placeholder(frame, parts.before, &note, app);
    } else {
        world(frame, parts.map(), parts.before, &map, app);
    }
    country_list(frame, parts.list, &map, app);
    if !parts.after.is_empty() {
        urls(frame, parts.after, app);
    }
}

/// The map in `area`, inside the frame of `around`.
fn world(frame: &mut Frame, area: Rect, around: Rect, map: &CountryMap, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let title = title(board, map, app);
    let legend = legend(theme);
    let mut block = theme.frame(title.clone(), false);
    if title.width() + legend.width() + 4 <= usize::from(around.width) {
        block = block.title_top(legend.alignment(Alignment::Right));
    }
    let columns = usize::from(around.width).saturating_sub(4);
    if let Some(why) = app.selection.uncompared(board) {
        block = block.title_bottom(Line::styled(format!(" {} ", fit(why, columns)), theme.warn()));
    } else if let Some(note) = unplaced(map, columns) {
        block = block.title_bottom(Line::styled(note, theme.warn()));
    }
    frame.render_widget(block, around);
    coast(area, frame.buffer_mut(), theme);
    if map.spots.is_empty() {
        placeholder(frame, area, &format!(" {} ", no_clicks(app).words()), app);
        return;
    }
    let extents = spots(area, frame.buffer_mut(), map, theme);
    let most = usize::from(area.width) * usize::from(area.height) / CELLS_A_LABEL;
    for label in labels(map, area, &extents, most.max(1)) {
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

/// Draws the spots, the smaller ones over the larger ones, and the picked one over all others. Returns the cells of each.
fn spots(area: Rect, buffer: &mut Buffer, map: &CountryMap, theme: &Theme) -> Vec<Rect> {
    let discs: Vec<Disc> = map.spots.iter().map(|spot| Disc::of(area, spot, map, theme)).collect();
    let style = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    let (picked, others): (Vec<&Disc>, Vec<&Disc>) = discs.iter().partition(|disc| disc.picked);
    if theme.ascii {
        // A spot is one character. If two share a cell, the larger one is visible.
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

/// Puts `discs` over everything in their cells, each in the style of its colour.
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

/// A spot in dots. A cell has two dots across and four down; in ASCII, it is one dot.
struct Disc {
    x: u16,
    y: u16,
    radius: f64,
    /// The dots of the map, across and down.
    all_dots: (u16, u16),
    /// The dots of a cell, across and down.
    dots: (u16, u16),
    color: Color,
    letter: char,
    picked: bool,
}

impl Disc {
    fn of(area: Rect, spot: &CountrySpot, map: &CountryMap, theme: &Theme) -> Self {
        let dots = if theme.ascii { (1, 1) } else { (2, 4) };
        let all_dots = (area.width.saturating_mul(dots.0), area.height.saturating_mul(dots.1));
        let at = cell(Rect::new(0, 0, all_dots.0, all_dots.1), spot.country);
        let size = map.size(spot);
        let largest = if theme.ascii { 0.0 } else { (f64::from(all_dots.0) / 50.0).clamp(2.0, 7.0) };
        let radius = if theme.ascii { 0.0 } else { (size * largest).max(1.0) };
        let letter = letter(map.share(spot));
        let color = theme.heat(map.share(spot)).fg.unwrap_or(Color::Reset);
        Self { x: at.x, y: at.y, radius, all_dots, dots, color, letter, picked: spot.picked }
    }

    /// The columns or rows of dots that it takes around `middle`, if the map has `len` of them.
    fn span(&self, middle: u16, len: u16) -> std::ops::RangeInclusive<u16> {
        let radius = self.radius as u16;
        middle.saturating_sub(radius)..=middle.saturating_add(radius).min(len.saturating_sub(1))
    }

    /// The cells that it takes on a map that fills `area`.
    fn cells(&self, area: Rect) -> Rect {
        let (columns, rows) = (self.span(self.x, self.all_dots.0), self.span(self.y, self.all_dots.1));
        let (left, top) = (columns.start() / self.dots.0, rows.start() / self.dots.1);
        let (right, bottom) = (columns.end() / self.dots.0, rows.end() / self.dots.1);
        Rect::new(area.x + left, area.y + top, right + 1 - left, bottom + 1 - top)
    }
}

impl Shape for Disc {
    fn draw(&self, painter: &mut Painter<'_, '_>) {
        for y in self.span(self.y, self.all_dots.1) {
            for x in self.span(self.x, self.all_dots.0) {
                let (across, down) = (f64::from(x.abs_diff(self.x)), f64::from(y.abs_diff(self.y)));
                if across.hypot(down) <= self.radius {
                    painter.paint(usize::from(x), usize::from(y), self.color);
                }
            }
        }
    }
}

/// `map  61 countries, last hour  /cart`.
fn title(board: &Board, map: &CountryMap, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let placed = counted(map.spots.len() as u64, "country", "countries");
    let mut spans = vec![Span::styled(" map ", theme.key()), Span::styled(placed, theme.dim())];
    let window = match board.view.window {
        Window::AllTime => "",
        Window::LastHour => ", last hour",
        Window::LastFiveMinutes => ", last 5 min",
    };
    spans.push(Span::styled(window, theme.warn()));
    if let Some(compared) = board.view.compare {
        spans.push(Span::styled(format!(" against {}", compared.words()), theme.warn()));
    }
    if !board.view.filter.is_empty() {
        spans.push(Span::styled(format!("  / {}", fit(&board.view.filter, 24)), theme.accent()));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

/// The meaning of the colours, and of the letters in ASCII: shares of all clicks.
fn legend(theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (least, words) in HEAT.into_iter().zip(["under 1% ", "1–5% ", "5% and more "]) {
        let mark = if theme.ascii { letter(least) } else { '●' };
        spans.push(Span::styled(format!("{mark} "), theme.heat(least)));
        spans.push(Span::styled(words, theme.dim()));
    }
    Line::from(spans)
}

/// The spot of a country with this share of all clicks, where a spot is a letter: it says the share also without colours.
fn letter(share: f64) -> char {
    let grades = HEAT.iter().filter(|least| share >= **least).count();
    match grades {
        0 | 1 => 'o',
        2 => 'O',
        _ => '@',
    }
}

/// `not on the map: 4,120 clicks (unknown)`.
fn unplaced(map: &CountryMap, columns: usize) -> Option<String> {
    if map.unplaced.is_empty() {
        return None;
    }
    let names: Vec<&str> = map.unplaced.iter().take(20).map(|(name, _)| &**name).collect();
    let note = format!("not on the map: {} ({})", counted(map.unplaced_clicks(), "click", "clicks"), names.join(", "));
    Some(format!(" {} ", fit(&note, columns)))
}

/// The list of the countries.
fn country_list(frame: &mut Frame, area: Rect, map: &CountryMap, app: &App) {
    let theme = &app.theme;
    let observed = app.engine.frozen_or_live();
    let board = &observed.snapshot.board;
    let title = Line::from(vec![
        Span::styled(" countries ", theme.key()),
        Span::styled(format!("{} ", count(board.countries.len() as u64)), theme.dim()),
    ]);
    let block = theme.frame(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let context = TableContext {
        all_clicks: map.all,
        last_minute: observed.snapshot.answers.last_minute.as_deref(),
        trends: observed.snapshot.answers.trends.as_deref(),
        ..TableContext::new(theme)
    };
    let cursor = Cursor::Mark { row: app.selection.country_row(board), top: app.screens.map_top, has_focus: true };
    let columns = if board.view.compare.is_some() { countries::COMPARED_BESIDE_MAP } else { countries::BESIDE_MAP };
    Table::new(columns, context, cursor).render(frame, inner, countries::lines(board));
}

/// The urls of the selected country, as many as there is room for.
fn urls(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.engine.frozen_or_live().snapshot.board;
    let country = app.selection.country.as_deref().unwrap_or("all countries");
    let title = Line::from(vec![
        Span::styled(" urls ", theme.key()),
        Span::styled("of ", theme.dim()),
        Span::styled(fit(country, usize::from(area.width / 3)), theme.accent().patch(theme.key())),
        Span::styled(format!(" by {} ", app.selection.sort.name()), theme.dim()),
    ]);
    let block = theme.frame(title, false).padding(Padding::right(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if !app.selection.is_about(board) {
        return waiting_placeholder(frame, inner, "loading…", app);
    }
    if board.pages.is_empty() {
        return placeholder(frame, inner, "no clicks", app);
    }
    let context = TableContext {
        sort: Some(board.view.sort),
        min_timed: board.view.min_timed,
        comparison: board.comparison.as_deref(),
        ..TableContext::new(theme)
    };
    Table::new(&pages::beside_map(&board.view), context, Cursor::nowhere()).render(frame, inner, board.pages.iter());
}
