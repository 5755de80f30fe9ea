//! Where a key acts.

use super::action::Action;

/// Where a key acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Everywhere.
    Anywhere,
    /// While the stages have the focus.
    Stages,
    /// While the countries have the focus.
    Countries,
    /// While the urls have the focus.
    Urls,
    /// While the activity has the focus.
    Activity,
    /// While the index has the focus.
    Index,
    /// In every view except the overview.
    Views,
    /// In the search.
    Search,
    /// In the rejects.
    Rejects,
    /// In the log.
    Log,
    /// On the map.
    Map,
    /// On the page of a url, while its newest clicks have the focus.
    Url,
    /// On the page of a url, while its countries have the focus.
    CountriesOfUrl,
    /// In the breakdown.
    Breakdown,
    /// In the alarms.
    Alarms,
    /// In the list of pipelines.
    Fleet,
    /// While the details are open.
    Details,
    /// While the user types a line.
    Line,
    /// While a question is open.
    Prompt,
    /// While the console is about to quit and asks whether the work in the cluster goes on.
    Quit,
    /// While the help is open.
    Help,
}

impl Context {
    /// Whether it is a view other than the overview.
    pub(crate) const fn is_view(self) -> bool {
        matches!(
            self,
            Context::Views
                | Context::Search
                | Context::Rejects
                | Context::Log
                | Context::Map
                | Context::Url
                | Context::CountriesOfUrl
                | Context::Breakdown
                | Context::Alarms
        )
    }

    /// Whether it hides the keys of everything below it.
    pub(crate) const fn is_modal(self) -> bool {
        matches!(self, Context::Prompt | Context::Quit | Context::Help | Context::Line | Context::Details)
    }

    /// Whether `action` acts here, if its key is bound everywhere.
    pub(crate) const fn lets_through(self, action: Action) -> bool {
        match self {
            // A question takes every key: any other key than yes is a no.
            Context::Prompt | Context::Quit => false,
            Context::Help => matches!(action, Action::Quit | Action::Suspend),
            // The key of a view closes them.
            Context::Details | Context::Line => matches!(action, Action::Quit | Action::Suspend | Action::OpenView),
            // The map shows the time window of the overview, and its comparison.
            Context::Map if matches!(action, Action::CycleWindow | Action::CycleComparison) => true,
            // The breakdown has the order and the time window of the overview.
            Context::Breakdown if matches!(action, Action::CycleWindow | Action::CycleSort) => true,
            Context::Rejects | Context::Log if matches!(action, Action::Filter) => true,
            // They have two panels.
            Context::Url | Context::CountriesOfUrl | Context::Search
                if matches!(action, Action::NextPanel | Action::PreviousPanel) =>
            {
                true
            }
            Context::Rejects | Context::Log | Context::Search
                if matches!(action, Action::FindNext | Action::FindPrevious) =>
            {
                true
            }
            Context::Fleet => !action.is_of_one_pipeline(),
            _ => !(self.is_view() && action.is_for_overview()),
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
            Context::Index => "index",
            Context::Views => "the other views",
            Context::Search => "search",
            Context::Rejects => "rejects",
            Context::Log => "log",
            Context::Map => "map",
            Context::Url => "url",
            Context::CountriesOfUrl => "countries of a url",
            Context::Breakdown => "breakdown",
            Context::Alarms => "alarms",
            Context::Fleet => "the fleet",
            Context::Details => "details",
            Context::Line => "typing",
            Context::Prompt => "question",
            Context::Quit => "quitting",
            Context::Help => "help",
        }
    }
}
