//! What each thing on the screen looks like: its role among the colours, and its symbols.

pub(crate) mod colors;
pub(crate) mod themes;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{bar, border};
use ratatui::text::Line;
use ratatui::widgets::Block;

use super::theme::colors::Depth;
use super::theme::themes::{Palette, Themes};
use crate::protocol::alarm::Severity;
use crate::protocol::event::EventKind;
use crate::protocol::snapshot::{Health, LogLevel};
use crate::protocol::{Snapshot, StageState, StageStatus};
use crate::theme::Role;

/// The least shares of all clicks from which a country has the first, second and third colour of the map.
pub(crate) const HEAT: [f64; 3] = [0.0, 0.01, 0.05];

/// How everything looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    palette: Palette,
    depth: Depth,
    pub(crate) ascii: bool,
}

impl Theme {
    /// The one in use among `themes`.
    pub(crate) fn of(themes: &Themes, depth: Depth, ascii: bool) -> Self {
        Self { palette: themes.palette(depth), depth, ascii }
    }

    /// In the terminal's own colours, or none.
    #[cfg(test)]
    pub(crate) fn plain(color: bool, ascii: bool) -> Self {
        Self::of(&Themes::default(), if color { Depth::Sixteen } else { Depth::None }, ascii)
    }

    /// With the colours of the one in use among `themes`.
    pub(crate) fn repaint(&mut self, themes: &Themes) {
        self.palette = themes.palette(self.depth);
    }

    /// Whether there is any colour.
    pub(crate) fn has_color(&self) -> bool {
        self.depth != Depth::None
    }

    fn paint(&self, role: Role) -> Style {
        self.palette.color(role).map_or_else(Style::new, |color| Style::new().fg(color))
    }

    /// Gives what has no colour of its own the theme's text and ground.
    pub(crate) fn ground(&self, buffer: &mut Buffer) {
        let (text, ground) = (self.palette.color(Role::Text), self.palette.color(Role::Background));
        if text.is_none() && ground.is_none() {
            return;
        }
        for cell in &mut buffer.content {
            if cell.fg == Color::Reset {
                cell.fg = text.unwrap_or(Color::Reset);
            }
            if cell.bg == Color::Reset {
                cell.bg = ground.unwrap_or(Color::Reset);
            }
        }
    }

    /// Figures people look for.
    pub(crate) fn key(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Labels and whatever is secondary.
    pub(crate) fn dim(&self) -> Style {
        // Dimming is up to the terminal; a theme with a faint colour knows that it can be read.
        match self.palette.color(Role::Faint) {
            Some(faint) => Style::new().fg(faint),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// A country with this share (0–1) of all clicks.
    pub(crate) fn heat(&self, share: f64) -> Style {
        let [_, middle, high] = HEAT;
        let role = match share {
            share if share >= high => Role::Warn,
            share if share >= middle => Role::Other,
            _ => Role::Calm,
        };
        self.paint(role).add_modifier(Modifier::BOLD)
    }

    /// What has the focus.
    pub(crate) fn accent(&self) -> Style {
        self.paint(Role::Accent)
    }

    pub(crate) fn good(&self) -> Style {
        self.paint(Role::Good)
    }

    pub(crate) fn warn(&self) -> Style {
        self.paint(Role::Warn)
    }

    pub(crate) fn bad(&self) -> Style {
        self.paint(Role::Bad).add_modifier(Modifier::BOLD)
    }

    /// A short mark in the header.
    pub(crate) fn chip(&self, style: Style) -> Style {
        style.add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The row under the cursor; fainter where its panel has no focus.
    pub(crate) fn cursor(&self, focused: bool) -> Style {
        if focused { self.accent().add_modifier(Modifier::REVERSED) } else { Style::new().add_modifier(Modifier::BOLD) }
    }

    /// `line` as the row under the cursor: in one colour, whatever its parts had. Their weight stays.
    pub(crate) fn under_cursor<'a>(&self, mut line: Line<'a>, focused: bool) -> Line<'a> {
        for span in &mut line.spans {
            (span.style.fg, span.style.bg) = (None, None);
            span.style = span.style.remove_modifier(Modifier::DIM);
        }
        line.style(self.cursor(focused))
    }

    /// A count that should be zero.
    pub(crate) fn alarm(&self, n: u64) -> Style {
        if n == 0 { self.dim() } else { self.warn() }
    }

    /// What an alarm of this urgency stands out with.
    pub(crate) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Critical => self.bad(),
            Severity::Warning => self.warn(),
        }
    }

    /// Symbol and style of a stage's state; the word stands beside them.
    pub(crate) fn state(&self, state: &StageState) -> (&'static str, Style) {
        let (unicode, ascii, style) = match state {
            StageState::Stopped => ("○", "-", self.warn()),
            StageState::Starting { .. } => ("◔", "~", self.accent()),
            StageState::Running => ("●", "*", self.good()),
            StageState::BackingOff { .. } => ("◐", "!", self.warn().add_modifier(Modifier::BOLD)),
            StageState::Draining { .. } => ("◒", "v", self.paint(Role::Calm)),
            StageState::Failed { .. } => ("✖", "X", self.bad()),
        };
        (self.symbol(unicode, ascii), style)
    }

    /// The symbol and the style of the state of `stage`.
    pub(crate) fn stage(&self, stage: &StageStatus, snapshot: &Snapshot) -> (&'static str, Style) {
        if snapshot.is_done(stage) { (self.symbol("✔", "="), self.good()) } else { self.state(&stage.state) }
    }

    pub(crate) fn health(&self, health: Health) -> (&'static str, Style) {
        match health {
            Health::Unknown => ("unknown", self.dim()),
            Health::Green => ("green", self.good()),
            Health::Yellow => ("yellow", self.warn()),
            Health::Red => ("red", self.bad()),
        }
    }

    /// The style of an event on the chart.
    pub(crate) fn event(&self, kind: EventKind) -> Style {
        match kind {
            EventKind::Failure => self.bad(),
            EventKind::Alarm | EventKind::Stop | EventKind::Reset => self.warn(),
            EventKind::Recovery => self.good(),
            EventKind::Start | EventKind::Rebalance | EventKind::Reload | EventKind::Other => self.accent(),
        }
    }

    pub(crate) fn level(&self, level: LogLevel) -> (&'static str, Style) {
        match level {
            LogLevel::Error => ("error", self.bad()),
            LogLevel::Warn => ("warn ", self.warn()),
            LogLevel::Info => ("info ", Style::new()),
            LogLevel::Debug => ("debug", self.dim()),
        }
    }

    /// The line in the chart of the stage at this place.
    pub(crate) fn line(&self, place: usize) -> Style {
        const LINES: [Role; 6] = [Role::Calm, Role::Good, Role::Other, Role::Warn, Role::Accent, Role::Text];
        self.paint(LINES.into_iter().cycle().nth(place % LINES.len()).unwrap_or(Role::Text))
    }

    /// `unicode`, or what stands for it in ASCII.
    pub(crate) fn symbol(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// A panel's frame. The focused one differs by its lines too, for eyes and terminals without colour.
    pub(crate) fn frame<'a>(&self, title: impl Into<Line<'a>>, focused: bool) -> Block<'a> {
        let set = match (self.ascii, focused) {
            (true, true) => ASCII_FOCUSED,
            (true, false) => ASCII,
            (false, true) => border::THICK,
            (false, false) => border::ROUNDED,
        };
        let style = if focused { self.accent() } else { self.dim() };
        Block::bordered().border_set(set).border_style(style).title(title)
    }

    /// What upright bars are made of.
    pub(crate) fn bars(&self) -> bar::Set<'static> {
        if self.ascii { ASCII_BARS } else { bar::NINE_LEVELS }
    }

    /// An upright bar in one column of the screen: as high as the row for `highest`, blank for 0 alone.
    pub(crate) fn upright_bar(&self, value: u64, highest: u64) -> &'static str {
        let set = self.bars();
        let eighths = (value as f64 / highest.max(1) as f64 * 8.0).ceil();
        match eighths as u8 {
            0 => set.empty,
            1 => set.one_eighth,
            2 => set.one_quarter,
            3 => set.three_eighths,
            4 => set.half,
            5 => set.five_eighths,
            6 => set.three_quarters,
            7 => set.seven_eighths,
            _ => set.full,
        }
    }

    /// A bar of `share` (0–1) of `columns`, in eighths of a column.
    pub(crate) fn bar(&self, share: f64, columns: usize) -> String {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let eighths = (share * columns as f64 * 8.0).round() as usize;
        let (full, rest) = (eighths / 8, eighths % 8);
        if self.ascii {
            return "#".repeat(full + usize::from(rest >= 4));
        }
        let mut bar = "█".repeat(full);
        bar.extend("▏▎▍▌▋▊▉".chars().nth(rest.wrapping_sub(1)));
        bar
    }
}

/// Heights in eighths, in plain ASCII.
const ASCII_BARS: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "+",
    five_eighths: "+",
    half: "=",
    three_eighths: "-",
    one_quarter: ":",
    one_eighth: ".",
    empty: " ",
};

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_FOCUSED: border::Set<'static> = border::Set {
    top_left: "#",
    top_right: "#",
    bottom_left: "#",
    bottom_right: "#",
    horizontal_top: "=",
    horizontal_bottom: "=",
    ..ASCII
};

/// Plain ASCII for one cell of the screen that is not: the last resort where a widget or an event's text brought it.
pub(crate) fn ascii_of(symbol: &str) -> &'static str {
    match symbol {
        "─" | "━" | "—" | "–" => "-",
        "│" | "┃" => "|",
        "…" => "~",
        "·" => ".",
        "•" => "*",
        "┌" | "┐" | "└" | "┘" | "╭" | "╮" | "╰" | "╯" | "┼" | "├" | "┤" | "┬" | "┴" => "+",
        "←" => "<",
        "→" => ">",
        "↑" => "^",
        "↓" => "v",
        "µ" => "u",
        "×" => "x",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_never_pass_their_columns() {
        for ascii in [false, true] {
            let theme = Theme::plain(true, ascii);
            for eighth in 0..=80 {
                let bar = theme.bar(f64::from(eighth) / 80.0, 10);
                assert!(bar.chars().count() <= 10, "{bar}");
            }
            assert_eq!(theme.bar(0.0, 10), "");
            assert_eq!(theme.bar(1.0, 10).chars().count(), 10);
            assert_eq!(theme.bar(f64::NAN, 10), "");
        }
    }
}
