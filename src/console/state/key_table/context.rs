//! Where a key holds.

use super::Action;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// In every panel.
    Anywhere,
    /// While the stages have the focus.
    Stages,
    /// While the countries have the focus.
    Countries,
    /// While the urls have the focus.
    Urls,
    /// While clicks and log have the focus.
    Activity,
    /// In every view but the overview.
    Views,
    /// In the search of the index.
    Search,
    /// In the rejects.
    Rejects,
    /// In the log.
    Log,
    /// On the map.
    Map,
    /// While a line is typed.
    Line,
    /// While a question is open.
    Prompt,
    /// While the help is open.
    Help,
}

impl Context {
    /// Whether it is one of the views beside the overview.
    pub(crate) const fn is_view(self) -> bool {
        matches!(self, Context::Views | Context::Search | Context::Rejects | Context::Log | Context::Map)
    }

    /// Whether it takes every key but its own away.
    pub(crate) const fn is_modal(self) -> bool {
        matches!(self, Context::Prompt | Context::Help | Context::Line)
    }

    /// Whether an action that is bound everywhere holds here.
    pub(crate) const fn lets_through(self, action: Action) -> bool {
        match self {
            // A question takes every key: what is no answer is a no.
            Context::Prompt => false,
            Context::Help => matches!(action, Action::Quit | Action::Suspend),
            Context::Line => matches!(action, Action::Quit | Action::Suspend | Action::Show),
            // The map shows the window that the overview shows.
            Context::Map if matches!(action, Action::CycleWindow) => true,
            Context::Rejects | Context::Log if matches!(action, Action::Filter) => true,
            _ => !(self.is_view() && action.of_overview()),
        }
    }

    /// Its name in the help.
    pub const fn name(self) -> &'static str {
        match self {
            Context::Anywhere => "everywhere",
            Context::Stages => "stages",
            Context::Countries => "countries",
            Context::Urls => "urls",
            Context::Activity => "activity",
            Context::Views => "the other views",
            Context::Search => "search",
            Context::Rejects => "rejects",
            Context::Log => "log",
            Context::Map => "map",
            Context::Line => "typing",
            Context::Prompt => "question",
            Context::Help => "help",
        }
    }
}
