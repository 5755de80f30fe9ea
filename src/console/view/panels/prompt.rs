//! A question over everything else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use crate::console::format::{width, wrap};
use crate::console::keys::{Action, Context};
use crate::console::state::app::App;
use crate::console::state::prompt::{Answer, Prompt, RESET_WORD};
use crate::console::state::text_input::TextInput;
use crate::console::view::typed_text::typed_text;

/// The most columns of a line of the question.
const WIDEST: usize = 76;

pub(in crate::console::view) fn render(frame: &mut Frame, screen: Rect, prompt: &Prompt, app: &App) {
    let theme = &app.theme;
    let room = usize::from(screen.width).saturating_sub(4).clamp(1, WIDEST);
    let answers = match &prompt.answer {
        Answer::Word(typed) => word(typed, app),
        Answer::Key => keys(Context::Prompt, app),
        Answer::Work => keys(Context::Quit, app),
    };
    let mut lines = wrap(&prompt.question, room);
    // The answers must be visible on every terminal.
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

/// `y yes   n no`, or the keys of another question.
fn keys(context: Context, app: &App) -> Line<'_> {
    let mut answers = Vec::new();
    let is_refused = |action| app.settings.read_only && action == Action::StopWork;
    let answering = app.keys.table().iter().filter(|binding| binding.context == context);
    for binding in answering.filter(|binding| !is_refused(binding.action)) {
        answers.push(Span::styled(format!("  {}", binding.label), app.theme.accent().patch(app.theme.key())));
        answers.push(Span::styled(format!(" {}  ", binding.short), app.theme.dim()));
    }
    Line::from(answers)
}

/// `Type reset, then Enter: res▏   Esc cancel`.
fn word(typed: &TextInput, app: &App) -> Line<'static> {
    let theme = &app.theme;
    let accent = theme.accent().patch(theme.key());
    let mut spans = vec![
        Span::styled("Type ", theme.dim()),
        Span::styled(RESET_WORD, accent),
        Span::styled(", then Enter: ", theme.dim()),
    ];
    spans.extend(typed_text(typed, 13, Style::new()));
    spans.extend([Span::styled("   Esc", accent), Span::styled(" cancel", theme.dim())]);
    Line::from(spans)
}
