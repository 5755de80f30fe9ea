//! The details: what is picked, in full, over the open screen.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding};

use crate::console::format::{fit, left};
use crate::console::state::app::App;
use crate::console::state::details::content::Tone;
use crate::console::state::details::open::OpenDetails;
use crate::console::state::details::sheet::{Hit, Sheet, SheetRow, area, columns};
use crate::console::state::layout::ScreenLayout;
use crate::console::state::line_input::LinePurpose;
use crate::console::theme::Theme;
use crate::console::view::rows::draw_lines;
use crate::console::view::typed_text::typed_text;

/// Columns of the text to look for that are visible.
const FIND_COLUMNS: usize = 24;

pub(in crate::console::view) fn render(frame: &mut Frame, layout: &ScreenLayout, open: &OpenDetails, app: &App) {
    let theme = &app.theme;
    let details = open.subject.details(&app.engine.live, app.now);
    let sheet = Sheet::of(&details, columns(layout));
    let hits = sheet.hits(&open.find);
    let area = area(layout, sheet.rows.len());
    frame.render_widget(Clear, area);
    let room = usize::from(area.width).saturating_sub(4);
    let title = Line::styled(format!(" {} ", fit(&details.title, room.saturating_sub(2))), theme.key());
    let mut block = theme.frame(title, true).padding(Padding::horizontal(1)).title_bottom(find_note(open, &hits, app));
    let visible = usize::from(area.height.saturating_sub(2));
    if sheet.rows.len() > visible {
        let last = (open.top + visible).min(sheet.rows.len());
        let place = format!(" rows {}–{last} of {} ", open.top + 1, sheet.rows.len());
        block = block.title_bottom(Line::styled(place, theme.key()).alignment(Alignment::Right));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rows = sheet.rows.iter().skip(open.top).take(visible);
    draw_lines(frame, inner, rows.map(|row| drawn(row, &sheet, &hits, open.hit, inner, theme)));
}

/// The text to look for, and which of its places is picked.
fn find_note(open: &OpenDetails, hits: &[Hit], app: &App) -> Line<'static> {
    let theme = &app.theme;
    let typed = app.overlays.line_for(LinePurpose::Find);
    if typed.is_none() && open.find.is_empty() {
        return Line::default();
    }
    let style = theme.accent().patch(theme.key());
    let mut spans = vec![Span::styled(" / ", theme.accent())];
    match typed {
        Some(line) => spans.extend(typed_text(&line.input, FIND_COLUMNS, style)),
        None => spans.push(Span::styled(fit(&open.find, FIND_COLUMNS), style)),
    }
    let (note, style) = match (hits.len(), open.find.is_empty()) {
        (_, true) => (" a text ".to_owned(), theme.dim()),
        (0, false) => (" not found ".to_owned(), theme.warn()),
        (many, false) => (format!(" {} of {many} ", open.hit + 1), theme.dim()),
    };
    spans.push(Span::styled(note, style));
    Line::from(spans)
}

/// A row: the label of its line if the line begins there, and its part of the text with what was found marked.
fn drawn(row: &SheetRow, sheet: &Sheet, hits: &[Hit], picked: usize, area: Rect, theme: &Theme) -> Line<'static> {
    let Some(line) = sheet.lines.get(row.line) else { return Line::default() };
    let hits = |in_label| {
        let marked = move |(_, hit): &(usize, &Hit)| hit.line == row.line && hit.in_label == in_label;
        hits.iter().enumerate().filter(marked).map(move |(number, hit)| (hit.part.clone(), number == picked))
    };
    let mut spans = Vec::new();
    let mut room = usize::from(area.width);
    if !line.label.is_empty() {
        let label = left(line.label, sheet.label_columns);
        if row.part.start == 0 {
            marked(&mut spans, &label, 0..label.len(), hits(true), sheet.label_columns, theme.dim());
        } else {
            spans.push(Span::raw(left("", sheet.label_columns)));
        }
        room = room.saturating_sub(sheet.label_columns);
    }
    let style = match line.tone {
        Tone::Plain => Style::new(),
        Tone::Dim => theme.dim(),
        Tone::Warn => theme.warn(),
        Tone::Bad => theme.bad(),
    };
    // The blank at the end of a row may be one column too much.
    let end = row.part.start + line.text.get(row.part.clone()).unwrap_or_default().trim_end().len();
    marked(&mut spans, &line.text, row.part.start..end, hits(false), room, style);
    Line::from(spans)
}

/// Adds the bytes `shown` of `text`. The parts of it that were found are marked, the picked one most.
fn marked(
    spans: &mut Vec<Span<'static>>,
    text: &str,
    shown: Range<usize>,
    hits: impl Iterator<Item = (Range<usize>, bool)>,
    room: usize,
    style: Style,
) {
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    let mut at = shown.start;
    for (hit, is_picked) in hits {
        let (start, end) = (hit.start.max(at), hit.end.min(shown.end));
        if start >= end {
            continue;
        }
        spans.push(Span::styled(fit(part(at..start), room), style));
        let mark = if is_picked { Modifier::REVERSED | Modifier::BOLD } else { Modifier::UNDERLINED };
        spans.push(Span::styled(fit(part(start..end), room), style.add_modifier(mark)));
        at = end;
    }
    spans.push(Span::styled(fit(part(at..shown.end.max(at)), room), style));
}
