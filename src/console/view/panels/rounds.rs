//! The screen of the rounds of aggregation: the newest ones, and the steps of the picked one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::facts::phases;
use crate::console::format::{UNKNOWN, count, fit};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::state::screens::rounds as newest;
use crate::console::tables::{TableContext, rounds};
use crate::console::view::placeholder::{placeholder, prose, waiting_placeholder};
use crate::console::view::table::{Cursor, Table};
use crate::protocol::remote::Round;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let parts = ScreenParts::of(Screen::Rounds, area);
    let picked = list(frame, parts.list, app);
    steps(frame, parts.after, picked, app);
}

/// Draws the list, and returns the picked round.
fn list<'a>(frame: &mut Frame, area: Rect, app: &'a App) -> Option<&'a Round> {
    let theme = &app.theme;
    let snapshot = &app.engine.frozen_or_live().snapshot;
    let known = newest(snapshot).and_then(|rounds| rounds.as_ref().ok());
    let extent = match known {
        Some(rounds) if !rounds.is_empty() => format!("newest {} ", count(rounds.len() as u64)),
        _ => String::new(),
    };
    let title = Line::from(vec![Span::styled(" rounds ", theme.key()), Span::styled(extent, theme.dim())]);
    let block = theme.frame(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    match newest(snapshot) {
        None => waiting_placeholder(frame, inner, "asking the cluster…", app),
        Some(Err(problem)) => prose(frame, inner, problem, theme.warn()),
        Some(Ok(rows)) if rows.is_empty() => placeholder(frame, inner, "no round yet", app),
        Some(Ok(rows)) => {
            let table = Table::new(rounds::DRAWN, TableContext::new(theme), Cursor::of(app.screens.rounds));
            table.render(frame, inner, rows.iter());
        }
    }
    known?.get(app.screens.rounds.at)
}

fn steps(frame: &mut Frame, area: Rect, round: Option<&Round>, app: &App) {
    if area.is_empty() {
        return;
    }
    let theme = &app.theme;
    let mut title = vec![Span::styled(" steps ", theme.key())];
    if let Some(round) = round {
        let who = round.who.as_deref().map_or_else(String::new, |who| format!(" by {who}"));
        let text = format!("of round {}{who}", round.number);
        title.push(Span::styled(format!("{} ", fit(&text, usize::from(area.width).saturating_sub(12))), theme.dim()));
    }
    let block = theme.frame(Line::from(title), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    match round {
        Some(round) if !round.steps.is_empty() => phases(frame, inner, &round.steps, app),
        _ => placeholder(frame, inner, UNKNOWN, app),
    }
}
