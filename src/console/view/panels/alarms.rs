//! The screen of alarms: those that are on, those that are over, and the picked one in full.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph, Wrap};

use crate::console::format::{count, day_and_time};
use crate::console::keys::Action;
use crate::console::state::alarm_list::{AlarmCondition, AlarmRow, alarm_rows_at};
use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::console::tables::{TableContext, alarms};
use crate::console::view::placeholder::prose;
use crate::console::view::table::{Cursor, Table};
use crate::protocol::alarm::Alarms;
use crate::text::printable;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let parts = ScreenParts::of(Screen::Alarms, area);
    let alarms = &app.engine.frozen_or_live().snapshot.alarms;
    let title = vec![Span::styled(" alarms ", theme.key()), Span::styled(extent(alarms), theme.dim())];
    let block = theme.frame(Line::from(title), true);
    let inner = block.inner(parts.list);
    frame.render_widget(block, parts.list);
    let rows: Vec<AlarmRow> = alarm_rows_at(alarms, app.now).collect();
    if rows.is_empty() {
        prose(frame, inner, &watched(alarms), theme.dim());
    } else {
        let table = Table::new(alarms::DRAWN, TableContext::new(theme), Cursor::of(app.screens.alarms.list));
        table.render(frame, inner, rows.iter());
    }
    picked(frame, parts.after, rows.get(app.screens.alarms.list.at), app);
}

/// `3 on (2 acknowledged), 4 over `
fn extent(alarms: &Alarms) -> String {
    let acknowledged = alarms.active.iter().filter(|alarm| alarm.acknowledged.is_some()).count();
    let mut text = format!("{} on", count(alarms.active.len() as u64));
    if acknowledged > 0 {
        text.push_str(&format!(" ({} acknowledged)", count(acknowledged as u64)));
    }
    if !alarms.past.is_empty() {
        text.push_str(&format!(", {} over", count(alarms.past.len() as u64)));
    }
    text + " "
}

/// What is said while no alarm is on and none was.
fn watched(alarms: &Alarms) -> String {
    let names: Vec<_> = alarms.watched.iter().map(|watched| printable(&watched.name)).collect();
    match names.as_slice() {
        [] => "no alarm is set: the section [alarms] of the settings sets them".to_owned(),
        names => format!("no alarm in this run; clicktop watches for {}", names.join(", ")),
    }
}

/// The picked alarm in full.
fn picked(frame: &mut Frame, area: Rect, row: Option<&AlarmRow>, app: &App) {
    let theme = &app.theme;
    let block = theme.frame(Line::styled(" what is wrong ", theme.key()), false).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(row) = row else { return };
    let alarm = &row.alarm;
    let known = match (alarm.acknowledged, row.condition) {
        (Some(at), _) => format!("acknowledged {}", day_and_time(at)),
        (None, AlarmCondition::Over) => "nobody acknowledged it".to_owned(),
        (None, _) => {
            let [acknowledge, open] = [Action::Acknowledge, Action::Details].map(|action| app.keys.label_of(action));
            format!("{acknowledge} acknowledges it, {open} opens it")
        }
    };
    let style = if row.condition == AlarmCondition::Over { theme.dim() } else { theme.severity(alarm.severity) };
    let lines = vec![
        Line::styled(printable(&alarm.text).into_owned(), style),
        Line::from(vec![
            Span::raw(format!("{known}  ")),
            Span::styled(
                format!(
                    "{} ({}) since {}",
                    printable(&alarm.id().to_string()),
                    alarm.severity.name(),
                    day_and_time(alarm.since)
                ),
                theme.dim(),
            ),
        ]),
    ];
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
