//! The screen as an SVG picture that looks the same in every browser.
//!
//! Lines, blocks and braille are drawn as shapes, and every word is placed at its own column. A picture of text alone falls apart
//! with any font whose line characters or braille have another width or height than its letters.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text::{rows, text_of};
use crate::console::format::width;
use crate::console::theme::colors::rgb_of_256;

/// The font size in pixels, and the size of a cell. Common monospace fonts advance by 0.602 em.
const SIZE: f64 = 14.0;
const WIDTH: f64 = 8.43;
const HEIGHT: f64 = 18.0;
/// From the top of a row to the baseline of its letters.
const BASE: f64 = 13.2;
/// The margin around the screen.
const PAD: f64 = 10.0;

const FONTS: &str = "DejaVu Sans Mono,Menlo,Consolas,Liberation Mono,monospace";
/// The colours of text and background for a terminal with default colours.
const TEXT: &str = "#c9cdd4";
const GROUND: &str = "#16181d";
/// The sixteen colours that a terminal chooses.
const SIXTEEN: [&str; 16] = [
    "#31343d", "#e06c75", "#8bc374", "#deb869", "#61a5ec", "#be82de", "#56bec7", "#c9cdd4", "#6e7482", "#ef868e",
    "#a0d68a", "#eccb82", "#7db8f7", "#cf9beb", "#70d3db", "#f2f4f8",
];

/// The picture of a screen. It loads nothing from elsewhere. Its description holds the screen as text, for people who do not see
/// pictures and for a check of the columns.
pub(crate) fn svg_of(buffer: &Buffer) -> String {
    // A theme with a background paints every cell.
    let around = buffer.content.last().and_then(|cell| hex(cell.bg)).unwrap_or_else(|| GROUND.to_owned());
    let mut picture = Picture { text: text_of(buffer), ..Picture::default() };
    let mut count = 0;
    for (row, cells) in rows(buffer).enumerate() {
        picture.row(row as f64 * HEIGHT + PAD, &cells);
        count = row + 1;
    }
    picture.finish(&around, f64::from(buffer.area.width) * WIDTH + 2.0 * PAD, count as f64 * HEIGHT + 2.0 * PAD)
}

/// The look of a cell's text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    fill: String,
    dim: bool,
    bold: bool,
    underlined: bool,
}

/// How a character is drawn as a shape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pen {
    Filled,
    Thin,
    Thick,
}

#[derive(Default)]
struct Picture {
    /// The screen as text.
    text: String,
    grounds: Vec<Ground>,
    shapes: BTreeMap<(Pen, Look), String>,
    texts: String,
}

/// Cells of one row with a background.
struct Ground {
    x: f64,
    y: f64,
    width: f64,
    fill: String,
}

/// A word and where it begins.
struct Word {
    x: f64,
    columns: usize,
    text: String,
    look: Look,
}

impl Picture {
    fn row(&mut self, y: f64, cells: &[&Cell]) {
        let mut x = PAD;
        let mut word: Option<Word> = None;
        for cell in cells {
            let symbol = cell.symbol();
            let columns = width(symbol).max(1);
            let (look, ground) = look(cell);
            if let Some(fill) = ground {
                self.ground(x, y, columns as f64 * WIDTH, fill);
            }
            let drawn = shape(symbol, x, y);
            let continues = word.as_ref().is_some_and(|word| word.look == look) && drawn.is_none() && symbol != " ";
            if !continues && let Some(word) = word.take() {
                self.word(y, &word);
            }
            match (drawn, &mut word) {
                (Some((pen, path)), _) => self.shapes.entry((pen, look)).or_default().push_str(&path),
                (None, _) if symbol == " " => {}
                (None, Some(word)) => {
                    word.text.push_str(symbol);
                    word.columns += columns;
                }
                (None, none) => *none = Some(Word { x, columns, text: symbol.to_owned(), look }),
            }
            x += columns as f64 * WIDTH;
        }
        if let Some(word) = word {
            self.word(y, &word);
        }
    }

    fn ground(&mut self, x: f64, y: f64, width: f64, fill: String) {
        match self.grounds.last_mut() {
            Some(last) if last.y == y && last.fill == fill && (last.x + last.width - x).abs() < 0.01 => {
                last.width += width
            }
            _ => self.grounds.push(Ground { x, y, width, fill }),
        }
    }

    fn word(&mut self, y: f64, word: &Word) {
        let Look { fill, dim, bold, underlined } = &word.look;
        let length = word.columns as f64 * WIDTH;
        // TableProgress to a String cannot fail, here and below.
        let _ =
            write!(self.texts, r#"<text x="{:.2}" y="{:.2}" textLength="{length:.2}" fill="{fill}""#, word.x, y + BASE);
        for (_, attribute) in [
            (bold, r#" font-weight="bold""#),
            (dim, r#" opacity="0.62""#),
            (underlined, r#" text-decoration="underline""#),
        ]
        .into_iter()
        .filter(|(has, _)| **has)
        {
            self.texts.push_str(attribute);
        }
        let _ = writeln!(self.texts, ">{}</text>", escape(&word.text));
    }

    fn finish(self, around: &str, width: f64, height: f64) -> String {
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}">"#
        );
        let _ = writeln!(svg, r#"<desc xml:space="preserve">{}</desc>"#, escape(&self.text));
        let _ = writeln!(svg, r#"<rect width="100%" height="100%" rx="6" fill="{around}"/>"#);
        let _ = writeln!(svg, r#"<g font-family="{FONTS}" font-size="{SIZE}">"#);
        for Ground { x, y, width, fill } in self.grounds.iter().filter(|ground| ground.fill != around) {
            let _ =
                writeln!(svg, r#"<rect x="{x:.2}" y="{y:.0}" width="{width:.2}" height="{HEIGHT}" fill="{fill}"/>"#);
        }
        for ((pen, look), path) in &self.shapes {
            let opacity = if look.dim { r#" opacity="0.62""# } else { "" };
            let fill = &look.fill;
            let paint = match pen {
                Pen::Filled => format!(r#"fill="{fill}""#),
                Pen::Thin => format!(r#"fill="none" stroke="{fill}" stroke-width="1.2""#),
                Pen::Thick => format!(r#"fill="none" stroke="{fill}" stroke-width="2.4""#),
            };
            let _ = writeln!(svg, r#"<path {paint}{opacity} d="{path}"/>"#);
        }
        svg.push_str(&self.texts);
        svg.push_str("</g></svg>\n");
        svg
    }
}

/// The look of a cell's text, and the colour of its background if it has one.
fn look(cell: &Cell) -> (Look, Option<String>) {
    let has = |modifier| cell.modifier.contains(modifier);
    let (mut fill, mut ground) = (hex(cell.fg), hex(cell.bg));
    if has(Modifier::REVERSED) {
        let (text, behind) = (fill.take(), ground.take());
        fill = Some(behind.unwrap_or_else(|| GROUND.to_owned()));
        ground = Some(text.unwrap_or_else(|| TEXT.to_owned()));
    }
    let fill = fill.unwrap_or_else(|| TEXT.to_owned());
    let look = Look { fill, dim: has(Modifier::DIM), bold: has(Modifier::BOLD), underlined: has(Modifier::UNDERLINED) };
    (look, ground)
}

/// A colour for SVG; `None` for the default of the terminal.
fn hex(color: Color) -> Option<String> {
    let of_sixteen = |index: usize| SIXTEEN.get(index).map(|hex| (*hex).to_owned());
    let of_rgb = |(r, g, b): (u8, u8, u8)| Some(format!("#{r:02x}{g:02x}{b:02x}"));
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => of_rgb((r, g, b)),
        Color::Indexed(index @ 16..) => of_rgb(rgb_of_256(index)),
        Color::Indexed(index) => of_sixteen(index.into()),
        Color::Black => of_sixteen(0),
        Color::Red => of_sixteen(1),
        Color::Green => of_sixteen(2),
        Color::Yellow => of_sixteen(3),
        Color::Blue => of_sixteen(4),
        Color::Magenta => of_sixteen(5),
        Color::Cyan => of_sixteen(6),
        Color::Gray => of_sixteen(7),
        Color::DarkGray => of_sixteen(8),
        Color::LightRed => of_sixteen(9),
        Color::LightGreen => of_sixteen(10),
        Color::LightYellow => of_sixteen(11),
        Color::LightBlue => of_sixteen(12),
        Color::LightMagenta => of_sixteen(13),
        Color::LightCyan => of_sixteen(14),
        Color::White => of_sixteen(15),
    }
}

/// The arms of a line character, from the middle of its cell: left, right, up, down.
fn arms(symbol: char) -> Option<(Pen, &'static str)> {
    Some(match symbol {
        '─' => (Pen::Thin, "lr"),
        '│' => (Pen::Thin, "ud"),
        '╭' | '┌' => (Pen::Thin, "rd"),
        '╮' | '┐' => (Pen::Thin, "ld"),
        '╰' | '└' => (Pen::Thin, "ru"),
        '╯' | '┘' => (Pen::Thin, "lu"),
        '├' => (Pen::Thin, "rud"),
        '┤' => (Pen::Thin, "lud"),
        '┬' => (Pen::Thin, "lrd"),
        '┴' => (Pen::Thin, "lru"),
        '┼' => (Pen::Thin, "lrud"),
        '━' => (Pen::Thick, "lr"),
        '┃' => (Pen::Thick, "ud"),
        '┏' => (Pen::Thick, "rd"),
        '┓' => (Pen::Thick, "ld"),
        '┗' => (Pen::Thick, "ru"),
        '┛' => (Pen::Thick, "lu"),
        _ => return None,
    })
}

/// The path of a character that is drawn as a shape, with the upper left corner of its cell at (x, y).
fn shape(symbol: &str, x: f64, y: f64) -> Option<(Pen, String)> {
    let symbol = symbol.chars().next()?;
    let mut path = String::new();
    if let Some((pen, arms)) = arms(symbol) {
        let (cx, cy) = (x + WIDTH / 2.0, y + HEIGHT / 2.0);
        for arm in arms.chars() {
            let (to_x, to_y) = match arm {
                'l' => (x, cy),
                'r' => (x + WIDTH, cy),
                'u' => (cx, y),
                _ => (cx, y + HEIGHT),
            };
            let _ = write!(path, "M{to_x:.1} {to_y:.1}L{cx:.1} {cy:.1}");
        }
        return Some((pen, path));
    }
    if let Some(eighths) = "▏▎▍▌▋▊▉█".chars().position(|block| block == symbol) {
        let columns = WIDTH * (eighths + 1) as f64 / 8.0;
        let _ = write!(path, "M{x:.1} {:.0}h{columns:.1}v{:.0}H{x:.1}z", y + 2.0, HEIGHT - 4.0);
        return Some((Pen::Filled, path));
    }
    let dots = u32::from(symbol).checked_sub(0x2800).filter(|dots| *dots < 0x100)?;
    // The columns and rows of the dots of a braille character, in the order of its bits.
    for (bit, (column, row)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)].into_iter().enumerate()
    {
        if dots >> bit & 1 == 1 {
            let (at_x, at_y) = (x + 1.2 + f64::from(column) * WIDTH / 2.0, y + 1.4 + f64::from(row) * HEIGHT / 4.0);
            let _ = write!(path, "M{at_x:.1} {at_y:.1}h2v2h-2z");
        }
    }
    Some((Pen::Filled, path))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn the_picture_holds_the_text_with_its_colours_and_no_markup_from_an_event() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 2));
        buffer.set_string(0, 0, "<script>&\" 日本x", Style::new().fg(Color::Rgb(1, 2, 3)));
        buffer.set_string(0, 1, "ab", Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED | Modifier::BOLD));
        let svg = svg_of(&buffer);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains(">&lt;script&gt;&amp;\"</text>") && !svg.contains("<script"), "{svg}");
        assert!(svg.contains(r##"fill="#010203">日本x</text>"##), "{svg}");
        let word = format!(r#"textLength="{:.2}""#, 5.0 * WIDTH);
        assert!(svg.contains(&word), "two wide characters and a narrow one take five columns: {svg}");
        assert!(svg.contains(r##"fill="#16181d" font-weight="bold">ab</text>"##), "{svg}");
        assert!(
            svg.contains(r##"height="18" fill="#e06c75"/>"##),
            "reversed text has a background of its colour: {svg}"
        );
    }

    #[test]
    fn lines_and_dots_are_shapes_and_not_text() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "─┃⠁█", Style::new());
        let svg = svg_of(&buffer);
        assert!(!svg.contains("<text"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 3, "thin, thick and filled: {svg}");
    }
}
