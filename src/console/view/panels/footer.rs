//! The last row: the keys that act now, or a message, a file name, or the progress of an export in their place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::format::{fit, width};
use crate::console::keys::{Action, Context, KeyBinding};
use crate::console::state::app::App;
use crate::console::state::line_input::{LineInput, LinePurpose};
use crate::console::state::prompt::Answer;
use crate::console::state::screen::offered;
use crate::console::view::rows::room;
use crate::console::view::typed_text::typed_text;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let columns = area.width;
    let line = if let Some(message) = &app.message {
        let text = fit(&message.text, usize::from(columns).saturating_sub(1));
        Line::from(vec![Span::raw(" "), Span::styled(text, app.theme.warn().patch(app.theme.key()))])
    } else if app.overlays.prompt.as_ref().is_some_and(|prompt| matches!(prompt.answer, Answer::Word(_))) {
        word_keys(app)
    } else if let Some(line) = app.overlays.line_for(LinePurpose::Export) {
        file_name(line, columns, app)
    } else if let Some(export) = &app.table_export {
        progress(&export.words(), columns, app)
    } else {
        keys(columns, app)
    };
    frame.render_widget(Paragraph::new(line), area);
}

/// The progress of an export.
fn progress(text: &str, columns: u16, app: &App) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(2);
    let text = fit(text, room);
    let hint = fit("   Esc cancels it", room.saturating_sub(width(&text)));
    Line::from(vec![Span::raw(format!(" {text}")), Span::styled(hint, app.theme.dim())])
}

/// The name of the file that the user types.
fn file_name(line: &LineInput, columns: u16, app: &App) -> Line<'static> {
    let label = " write to ";
    let room = usize::from(columns).saturating_sub(width(label) + 1);
    let mut spans = vec![Span::styled(label, app.theme.accent().patch(app.theme.key()))];
    let name = typed_text(&line.input, room, Style::new());
    let rest = room.saturating_sub(name.iter().map(|span| width(&span.content)).sum());
    spans.extend(name);
    let hints = ["  Tab: .csv .json of the table, .txt .ansi .svg of the screen", "  Tab: another format"];
    let hint = hints.into_iter().find(|hint| width(hint) <= rest).unwrap_or_default();
    spans.push(Span::styled(hint, app.theme.dim()));
    Line::from(spans)
}

/// The keys while a question waits for a word.
fn word_keys(app: &App) -> Line<'static> {
    let (accent, dim) = (app.theme.accent().patch(app.theme.key()), app.theme.dim());
    let answers = [(" Enter", " apply "), (" Esc", " cancel ")];
    let spans = answers.into_iter().flat_map(|(key, short)| [Span::styled(key, accent), Span::styled(short, dim)]);
    Line::from_iter(spans)
}

fn keys(columns: u16, app: &App) -> Line<'static> {
    let context = app.overlays.context(app.screens.context(app.overview.focus));
    let offered = offered(app.engine.snapshot());
    let table = || app.keys.table().iter();
    let everywhere = || {
        table().filter(|binding| {
            !context.is_modal() && binding.context == Context::Anywhere && context.lets_through(binding.action)
        })
    };
    let here = table().filter(|binding| binding.context == context && context != Context::Anywhere);
    let views =
        table().filter(|binding| context.is_view() && binding.context == Context::Views && context != Context::Views);
    let turns_panel = |binding: &&KeyBinding| context.is_view() && binding.action == Action::NextPanel;
    let rest = || everywhere().skip(2);
    // Help and quit come first, since they must be visible on every terminal; then the keys of this context.
    let order = everywhere()
        .take(2)
        .chain(here)
        .chain(rest().filter(turns_panel))
        .chain(views)
        .chain(rest().filter(|binding| !turns_panel(binding)));
    let mut spans = Vec::new();
    for binding in order.filter(|binding| is_shown(binding, app)) {
        let short = short(binding, app);
        let label = app.keys.label(binding, offered);
        let needed = width(&label) + width(short) + 4;
        if needed > room(columns, &spans) {
            break;
        }
        spans.push(Span::styled(format!(" {label}"), app.theme.accent().patch(app.theme.key())));
        spans.push(Span::styled(format!(" {short} "), app.theme.dim()));
    }
    Line::from(spans)
}

/// What the key does now, in a few words.
fn short(binding: &KeyBinding, app: &App) -> &'static str {
    let line = app.overlays.line.as_ref().filter(|_| binding.context == Context::Line).map(|line| line.purpose);
    match (line, binding.action) {
        (Some(LinePurpose::Filter), Action::Accept) => "apply",
        (Some(LinePurpose::Search), Action::Accept) => "go to the results",
        (Some(LinePurpose::Palette), Action::Accept) => "run",
        (_, Action::Quit) if app.settings.attached || app.ending.is_at_once() => "leave",
        (_, Action::Quit) if app.ending.is_quitting() => "leave at once",
        _ => binding.short,
    }
}

fn is_shown(binding: &KeyBinding, app: &App) -> bool {
    let is_refused = (app.settings.read_only || app.ending.is_quitting()) && binding.action.controls_stages();
    let completes = app
        .overlays
        .line
        .as_ref()
        .is_some_and(|line| matches!(line.purpose, LinePurpose::Palette | LinePurpose::Export));
    let has_no_stage = binding.action == Action::PickStage && app.engine.snapshot().stages.is_empty();
    let acknowledges = matches!(binding.action, Action::Acknowledge | Action::AcknowledgeAll);
    let has_no_alarm = acknowledges && app.engine.snapshot().alarms.active.is_empty();
    let is_refused = is_refused || (app.settings.read_only && binding.action == Action::StopWork);
    !binding.short.is_empty()
        && !is_refused
        && !has_no_stage
        && !has_no_alarm
        && (completes || binding.action != Action::Complete)
}
