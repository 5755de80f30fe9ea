//! A question over everything else: answered by a key, or by a word to be typed.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::console::format::{fit_end, width};
use crate::console::state::app::App;
use crate::console::state::key_table::Context;
use crate::console::update::commands::Prompt;
use crate::console::update::prompt::RESET_WORD;
use crate::text::printable;

/// Columns of the question at most: longer ones take several lines.
const WIDEST: usize = 76;

pub(crate) fn render(frame: &mut Frame, screen: Rect, prompt: &Prompt, app: &App) {
    let theme = &app.theme;
    let room = usize::from(screen.width).saturating_sub(4).clamp(1, WIDEST);
    let answers = match &prompt.typed {
        Some(typed) => word(typed, app),
        None => keys(app),
    };
    let mut lines = wrapped(&prompt.question, room);
    // However low the screen, the answers are on it.
    lines.truncate(usize::from(screen.height).saturating_sub(4).max(1));
    let widest = lines.iter().map(|line| width(line)).chain([answers.width()]).max().unwrap_or(0);
    let columns = u16::try_from((widest + 4).max(30)).unwrap_or(screen.width).min(screen.width);
    let rows = u16::try_from(lines.len() + 4).unwrap_or(screen.height).min(screen.height);
    let area = screen.centered(Constraint::Length(columns), Constraint::Length(rows));
    let mut lines: Vec<Line<'_>> = lines.into_iter().map(|line| Line::styled(line, theme.key()).centered()).collect();
    lines.extend([Line::default(), answers.centered()]);
    frame.render_widget(Clear, area);
    let block = theme.frame("", true).border_style(theme.warn());
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// `y yes   n no`.
fn keys(app: &App) -> Line<'_> {
    let mut answers = Vec::new();
    for binding in app.keys.table().iter().filter(|binding| binding.context == Context::Prompt) {
        answers.push(Span::styled(format!("  {}", binding.label), app.theme.accent().patch(app.theme.key())));
        answers.push(Span::styled(format!(" {}  ", binding.short), app.theme.dim()));
    }
    Line::from(answers)
}

/// `Type reset: res▏   Esc no`.
fn word<'a>(typed: &str, app: &'a App) -> Line<'a> {
    let theme = &app.theme;
    let accent = theme.accent().patch(theme.key());
    Line::from(vec![
        Span::styled("Type ", theme.dim()),
        Span::styled(RESET_WORD, accent),
        Span::styled(" and Enter: ", theme.dim()),
        Span::raw(fit_end(typed, 12)),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
        Span::styled("   Esc", accent),
        Span::styled(" no", theme.dim()),
    ])
}

/// `text` in lines of at most so many columns, broken at blanks; a word that is longer than a line goes over several.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in printable(text).split(' ') {
        let Some(line) = lines.last_mut() else { continue };
        let begun = !line.is_empty();
        if width(line) + usize::from(begun) + width(word) <= columns {
            line.push_str(if begun { " " } else { "" });
            line.push_str(word);
            continue;
        }
        let mut piece = String::new();
        for c in word.chars() {
            piece.push(c);
            if width(&piece) > columns {
                piece.pop();
                lines.push(std::mem::take(&mut piece));
                piece.push(c);
            }
        }
        lines.push(piece);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_broken_at_blanks_and_a_long_word_anywhere() {
        assert_eq!(wrapped("Delete 5 clicks?", 20), ["Delete 5 clicks?"]);
        assert_eq!(wrapped("Delete 5 clicks?", 9), ["Delete 5", "clicks?"]);
        assert_eq!(wrapped("at https://search:9200 now", 8), ["at", "https://", "search:9", "200 now"]);
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
        assert_eq!(wrapped("a\u{1b}b", 20), ["a\\u{1b}b"]);
    }
}
