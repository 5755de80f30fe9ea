//! The lines of the help, and how many of them fit on the terminal.

use std::borrow::Cow;

use ratatui::layout::Rect;

use super::screen::Screen;
use crate::console::keys::bindings::{KeyBindings, Offered};
use crate::console::keys::{Action, Context, KeyBinding};

/// Columns of one column of the help.
pub(crate) const HELP_COLUMNS: usize = 56;

/// A line of the help.
#[derive(Clone, Debug)]
pub(crate) enum HelpLine<'a> {
    /// Where the keys below it act.
    Heading(&'static str),
    /// Keys in words, and what they do.
    Keys { label: Cow<'a, str>, binding: &'a KeyBinding },
    /// The key of a view, and its name.
    View { label: String, name: &'static str },
}

/// The keys that act on `screen`, for what the engine offers. Unless the console is `attached` to an engine elsewhere, quitting ends the
/// engine, and no other key need do so.
pub(crate) fn help_lines(keys: &KeyBindings, screen: Screen, offered: Offered, attached: bool) -> Vec<HelpLine<'_>> {
    let contexts = match screen {
        Screen::Overview => {
            vec![
                Context::Anywhere,
                Context::Stages,
                Context::Countries,
                Context::Urls,
                Context::Activity,
                Context::Index,
            ]
        }
        Screen::Search => vec![Context::Anywhere, Context::Views, Context::Search],
        Screen::Log => vec![Context::Anywhere, Context::Views, Context::Log],
        Screen::Fleet => vec![Context::Anywhere, Context::Fleet],
        Screen::Map => vec![Context::Anywhere, Context::Views, Context::Map],
        Screen::Rejects => vec![Context::Anywhere, Context::Views, Context::Rejects],
        Screen::Partitions | Screen::Store | Screen::Cluster | Screen::Query | Screen::Rounds => {
            vec![Context::Anywhere, Context::Views]
        }
        Screen::Url => vec![Context::Anywhere, Context::Views, Context::Url, Context::CountriesOfUrl],
        Screen::Breakdown => vec![Context::Anywhere, Context::Views, Context::Breakdown],
        Screen::Alarms => vec![Context::Anywhere, Context::Views, Context::Alarms],
    };
    let acts = |binding: &&KeyBinding| screen.context().is_none_or(|context| context.lets_through(binding.action));
    let is_own = |binding: &&KeyBinding| attached || binding.action != Action::ShutDown;
    let mut lines = Vec::new();
    for context in contexts {
        if context != Context::Anywhere {
            lines.push(HelpLine::Heading(context.name()));
        }
        let here = keys.table().iter().filter(|binding| binding.context == context).filter(acts).filter(is_own);
        for binding in here {
            if binding.action == Action::OpenView {
                let views = Screen::WITH_KEY.iter().enumerate().take(offered.screens);
                lines.extend(views.map(|(slot, screen)| HelpLine::View {
                    label: keys.label_at(Action::OpenView, slot),
                    name: screen.name(),
                }));
            } else {
                lines.push(HelpLine::Keys { label: keys.label(binding, offered), binding });
            }
        }
    }
    lines
}

/// The columns of the help and their rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HelpShape {
    pub(crate) columns: usize,
    /// Rows of each column.
    pub(crate) rows: usize,
    /// The rows of them that fit on the terminal.
    pub(crate) visible: usize,
}

impl HelpShape {
    /// How so many `lines` fit on a terminal of the size `area`.
    pub(crate) fn of(lines: usize, area: Rect) -> Self {
        let fits = usize::from(area.height.saturating_sub(2)).max(1);
        let wide = usize::from(area.width) >= 2 * HELP_COLUMNS + 6;
        // Half of a narrow screen has no room for a sentence.
        let halves = area.width >= 80 && lines > fits;
        let columns = if wide || halves { 2 } else { 1 };
        let rows = lines.div_ceil(columns).max(1);
        Self { columns, rows, visible: rows.min(fits) }
    }

    /// Rows that do not fit.
    pub(crate) fn hidden(self) -> usize {
        self.rows - self.visible
    }
}
