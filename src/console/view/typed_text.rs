//! A text that the user types, with its cursor.

use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::console::format::{fit, fit_end, width};
use crate::console::state::text_input::TextInput;

/// `input` in at most `columns`, the cursor among them. If the text is longer, the part around the cursor is shown.
pub(super) fn typed_text(input: &TextInput, columns: usize, style: Style) -> Vec<Span<'static>> {
    let (before, under, after) = input.parts();
    // At the end, the cursor stands on a blank.
    let under = if under.is_empty() { " ".to_owned() } else { fit(under, columns) };
    let room = columns.saturating_sub(width(&under));
    let after_room = if width(before) + width(after) <= room { width(after) } else { width(after).min(room / 3) };
    let before = fit_end(before, room.saturating_sub(after_room));
    let after = fit(after, room.saturating_sub(width(&before)));
    let mut spans = vec![Span::styled(before, style), Span::styled(under, style.add_modifier(Modifier::REVERSED))];
    if !after.is_empty() {
        spans.push(Span::styled(after, style));
    }
    spans
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;

    /// The text on the screen, with the cursor's cell in brackets, after so many presses of the left arrow.
    fn shown(text: &str, left: usize, columns: usize) -> String {
        let mut input = TextInput::new(text.to_owned(), 500);
        for _ in 0..left {
            input.press(&KeyEvent::new(KeyCode::Left, KeyModifiers::NONE));
        }
        let spans = typed_text(&input, columns, Style::new());
        let all: usize = spans.iter().map(|span| width(&span.content)).sum();
        assert!(all <= columns, "{text} in {columns}: {spans:?}");
        let cell = |span: &Span<'_>| match span.style.add_modifier.contains(Modifier::REVERSED) {
            true => format!("[{}]", span.content),
            false => span.content.to_string(),
        };
        spans.iter().map(cell).collect()
    }

    #[test]
    fn the_cursor_is_always_visible() {
        assert_eq!(shown("/cart", 0, 10), "/cart[ ]");
        assert_eq!(shown("/cart", 2, 10), "/ca[r]t");
        assert_eq!(shown("/products/espresso", 0, 10), "…espresso[ ]");
        assert_eq!(shown("/products/espresso", 18, 10), "[/]products…");
        assert_eq!(shown("/products/espresso", 9, 10), "…ducts[/]es…");
        for left in 0..20 {
            for columns in 1..25 {
                assert!(shown("/日本語/👩‍👩‍👧/e\u{301}", left, columns).contains('['), "{left} in {columns}");
            }
        }
    }
}
