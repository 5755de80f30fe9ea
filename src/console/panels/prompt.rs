//! A question over everything else: yes or no.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::console::app::App;
use crate::console::format::{fit, width};
use crate::console::keys::Context;
use crate::console::steer::Prompt;

pub(crate) fn render(frame: &mut Frame, screen: Rect, prompt: &Prompt, app: &App) {
    let theme = &app.theme;
    let columns = (width(&prompt.question) + 8).max(30).min(usize::from(screen.width));
    let area =
        screen.centered(Constraint::Length(u16::try_from(columns).unwrap_or(screen.width)), Constraint::Length(5));
    let mut answers = Vec::new();
    for binding in app.keys.table().iter().filter(|binding| binding.context == Context::Prompt) {
        answers.push(Span::styled(format!("  {}", binding.label), theme.accent().patch(theme.key())));
        answers.push(Span::styled(format!(" {}  ", binding.short), theme.dim()));
    }
    let question = fit(&prompt.question, columns.saturating_sub(4));
    let lines = vec![Line::styled(question, theme.key()).centered(), Line::default(), Line::from(answers).centered()];
    frame.render_widget(Clear, area);
    let block = theme.frame("", true).border_style(theme.warn());
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
