//! The keys that matter where the reader is, or a notice in their place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::room;
use crate::console::format::{fit, fit_end, width};
use crate::console::state::app::App;
use crate::console::state::key_table::{Action, Context, KeyBinding};
use crate::console::state::line_input::LinePurpose;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let line = match app.notice() {
        Some(notice) => {
            let text = fit(notice, usize::from(area.width).saturating_sub(1));
            Line::from(vec![Span::raw(" "), Span::styled(text, app.theme.warn().patch(app.theme.key()))])
        }
        None if app.prompt.as_ref().is_some_and(|prompt| prompt.typed.is_some()) => word(app),
        None => match (app.export_typed(), &app.writing) {
            (Some(name), _) => export(name, area.width, app),
            (None, Some(writing)) => progress(&writing.progress(), area.width, app),
            (None, None) => keys(area.width, app),
        },
    };
    frame.render_widget(Paragraph::new(line), area);
}

/// How far a table is that is being written.
fn progress(text: &str, columns: u16, app: &App) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(2);
    let text = fit(text, room);
    let hint = fit("   Esc stops it", room.saturating_sub(width(&text)));
    Line::from(vec![Span::raw(format!(" {text}")), Span::styled(hint, app.theme.dim())])
}

fn export(name: &str, columns: u16, app: &App) -> Line<'static> {
    let label = " write to ";
    let room = usize::from(columns).saturating_sub(width(label) + 2);
    let name = fit_end(name, room);
    let rest = room.saturating_sub(width(&name));
    let hints = ["  Tab: .csv .json of the table, .txt .ansi .svg of the screen", "  Tab: another format"];
    let hint = hints.into_iter().find(|hint| width(hint) <= rest).unwrap_or_default();
    Line::from(vec![
        Span::styled(label, app.theme.accent().patch(app.theme.key())),
        Span::raw(name),
        Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
        Span::styled(hint, app.theme.dim()),
    ])
}

/// The answers to a question that wants a word.
fn word(app: &App) -> Line<'static> {
    let (accent, dim) = (app.theme.accent().patch(app.theme.key()), app.theme.dim());
    let answers = [(" Enter", " take it "), (" Esc", " no ")];
    let spans = answers.into_iter().flat_map(|(key, does)| [Span::styled(key, accent), Span::styled(does, dim)]);
    Line::from_iter(spans)
}

fn keys(columns: u16, app: &App) -> Line<'static> {
    let context = app.context();
    let mut spans = Vec::new();
    // What holds everywhere begins with help and quit, which must never fall off; what is special here comes next.
    let everywhere = app.keys.table().iter().filter(|binding| {
        !context.is_modal() && binding.context == Context::Anywhere && context.lets_through(binding.action)
    });
    let here = app.keys.table().iter().filter(|binding| binding.context == context && context != Context::Anywhere);
    let views = app
        .keys
        .table()
        .iter()
        .filter(|binding| context.is_view() && binding.context == Context::Views && context != Context::Views);
    let order = everywhere.clone().take(2).chain(here).chain(views).chain(everywhere.skip(2));
    for binding in order.filter(|binding| shows(binding, app)) {
        let short = short(binding, app);
        let label = app.keys.label(binding, app.newest().snapshot.stages.len());
        let columns_needed = width(&label) + width(short) + 4;
        if columns_needed > room(columns, &spans) {
            break;
        }
        spans.push(Span::styled(format!(" {label}"), app.theme.accent().patch(app.theme.key())));
        spans.push(Span::styled(format!(" {short} "), app.theme.dim()));
    }
    Line::from(spans)
}

/// What the key does now, in one or two words.
fn short(binding: &KeyBinding, app: &App) -> &'static str {
    let line = app.typing.as_ref().filter(|_| binding.context == Context::Line).map(|typing| typing.line);
    match (line, binding.action) {
        (Some(LinePurpose::Filter), Action::Accept) => "keep it",
        (Some(LinePurpose::Filter), Action::Cancel) => "show all",
        (Some(LinePurpose::Search), Action::Accept) => "to what is found",
        (Some(LinePurpose::Palette), Action::Accept) => "do it",
        (_, Action::Quit) if app.is_hurrying() => "leave",
        (_, Action::Quit) if app.is_quitting() => "leave at once",
        _ => binding.short,
    }
}

fn shows(binding: &KeyBinding, app: &App) -> bool {
    let forbidden = (app.read_only || app.is_quitting()) && binding.action.steers();
    let completes =
        app.typing.as_ref().is_some_and(|typing| matches!(typing.line, LinePurpose::Palette | LinePurpose::Export));
    let no_stage = binding.action == Action::PickStage && app.newest().snapshot.stages.is_empty();
    !binding.short.is_empty() && !forbidden && !no_stage && (completes || binding.action != Action::Complete)
}
