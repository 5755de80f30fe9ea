//! The screen as text, and as the sequences with which a terminal draws it.

use crossterm::style::{Attribute, Color as TerminalColor, Colors, ResetColor, SetAttribute, SetColors};
use ratatui::backend::IntoCrossterm as _;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::console::format::width;

/// The screen as lines of text, without the blanks at their ends.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The screen as the sequences with which a terminal draws it.
pub(crate) fn ansi_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let mut before: Option<&Cell> = None;
        for cell in row {
            let same = |other: &&Cell| (other.fg, other.bg, other.modifier) == (cell.fg, cell.bg, cell.modifier);
            if before.as_ref().is_none_or(|other| !same(other)) {
                text.push_str(&style(cell));
            }
            text.push_str(cell.symbol());
            before = Some(cell);
        }
        text.push_str(&ResetColor.to_string());
        text.push_str(&SetAttribute(Attribute::Reset).to_string());
        text.push('\n');
    }
    text
}

fn style(cell: &Cell) -> String {
    let known = [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::UNDERLINED, Attribute::Underlined),
        (Modifier::REVERSED, Attribute::Reverse),
    ];
    let mut sequence = SetAttribute(Attribute::Reset).to_string();
    for (_, attribute) in known.into_iter().filter(|(modifier, _)| cell.modifier.contains(*modifier)) {
        sequence.push_str(&SetAttribute(attribute).to_string());
    }
    sequence.push_str(&SetColors(Colors { foreground: color(cell.fg), background: color(cell.bg) }).to_string());
    sequence
}

fn color(color: Color) -> Option<TerminalColor> {
    (color != Color::Reset).then(|| color.into_crossterm())
}

/// The cells of each row, without those that a wide character before them covers.
pub(super) fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<&Cell>> {
    let columns = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(columns).map(|row| {
        let mut shown = Vec::with_capacity(row.len());
        let mut covered = 0;
        for cell in row {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = width(cell.symbol()).saturating_sub(1);
            shown.push(cell);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn each_character_is_written_once_with_its_colours() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        buffer.set_string(0, 0, "日本x", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        assert_eq!(text_of(&buffer), "日本x\n\n");
        let mut emulator = vt100::Parser::new(2.try_into().expect("rows"), 6.try_into().expect("columns"), 0);
        emulator.process(ansi_of(&buffer).replace('\n', "\r\n").trim_end_matches("\r\n").as_bytes());
        let cell = emulator.screen().cell(0, 0).expect("a cell");
        assert_eq!((cell.contents(), cell.fgcolor(), cell.bold()), ("日", vt100::Color::Idx(1), true));
        assert_eq!(emulator.screen().contents().trim_end(), "日本x");
    }
}
