//! One frame: every panel in its place, and what lies over them.

pub(crate) mod offscreen;
pub(crate) mod panels;
pub(crate) mod picture;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::state::app::App;
use super::state::layout::MINIMUM;
use super::state::line_input::LinePurpose;
use super::state::screens::Screen;
use super::theme::ascii_of;
use super::update::commands::Prompt;
use super::update::prompt::RESET_WORD;
use super::view::panels::{
    activity, countries, footer, header, help, index, log, map, notice, palette, partitions, prompt, rejects, search,
    stages, store, tabs, throughput, url, urls,
};

/// Draws `app`, laid out before by [`App::fit`].
pub(crate) fn draw(frame: &mut Frame, app: &App) {
    match &app.places {
        None => too_small(frame, app),
        Some(places) => {
            header::render(frame, places.header, app);
            match places.banner {
                Some(area) if app.is_ending() => header::render_banner(frame, area, app),
                Some(area) => notice::render(frame, area, app),
                None => {}
            }
            stages::render(frame, places, app);
            if let Some(area) = places.tabs {
                tabs::render(frame, area, app);
            }
            if let Some(area) = places.sheet {
                sheet(frame, area, app);
            }
            if let Some(area) = places.throughput {
                throughput::render(frame, area, app);
            }
            if let Some(area) = places.index {
                index::render(frame, area, app);
            }
            if let Some(area) = places.countries {
                countries::render(frame, area, app);
            }
            if let Some(area) = places.urls {
                urls::render(frame, area, app);
            }
            if let Some(area) = places.activity {
                activity::render(frame, area, app);
            }
            footer::render(frame, places.footer, app);
            if app.help {
                help::render(frame, places.screen, app);
            }
            if let Some(typing) = app.typing.as_ref().filter(|typing| typing.line == LinePurpose::Palette) {
                palette::render(frame, places.screen, typing, app);
            }
            if let Some(question) = &app.prompt {
                prompt::render(frame, places.screen, question, app);
            }
        }
    }
    app.theme.ground(frame.buffer_mut());
    if app.theme.ascii {
        to_ascii(frame);
    }
}

fn sheet(frame: &mut Frame, area: Rect, app: &App) {
    match app.sheet {
        Screen::Overview => {}
        Screen::Partitions => partitions::render(frame, area, app),
        Screen::Store => store::render(frame, area, app),
        Screen::Rejects => rejects::render(frame, area, app),
        Screen::Search => search::render(frame, area, app),
        Screen::Log => log::render(frame, area, app),
        Screen::Map => map::render(frame, area, app),
        Screen::Url => url::render(frame, area, app),
    }
}

fn too_small(frame: &mut Frame, app: &App) {
    let area = frame.area();
    let (columns, rows) = MINIMUM;
    let lines = match &app.prompt {
        // A key that asks must show its question, however small the screen.
        Some(Prompt { question, typed: None, .. }) => vec![Line::raw(question.clone()), Line::raw("y / n")],
        Some(Prompt { question, typed: Some(typed), .. }) => {
            vec![Line::raw(question.clone()), Line::raw(format!("type {RESET_WORD}: {typed}"))]
        }
        None => vec![Line::raw("terminal too small:"), Line::raw(format!("need {columns}×{rows}"))],
    };
    let middle = Rect { y: area.y + area.height.saturating_sub(2) / 2, height: area.height.min(2), ..area };
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), middle.intersection(area));
}

/// NoClicks outside ASCII reaches a terminal that cannot show it, whichever widget or event brought it.
fn to_ascii(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        let symbol = cell.symbol();
        if !symbol.is_ascii() {
            let replacement = ascii_of(symbol);
            let wide = symbol.width() > 1;
            cell.set_symbol(if wide && replacement == "?" { "??" } else { replacement });
        }
    }
}
