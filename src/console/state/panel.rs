//! The overview: its panels, and which of them has the focus.

use super::activity::Activity;
use super::chart_span::ChartSpan;
use crate::console::keys::Context;
use crate::protocol::event::Event;

/// A panel of the overview that can have the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    Stages,
    #[default]
    Countries,
    Urls,
    Activity,
    Index,
}

impl Panel {
    /// Every panel, in the order of the Tab key.
    pub(crate) const ALL: [Panel; 5] = [Panel::Stages, Panel::Countries, Panel::Urls, Panel::Activity, Panel::Index];

    /// The panel that is `by` steps further in the order of the Tab key.
    pub(crate) fn further(self, by: usize) -> Self {
        let at = Panel::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        Panel::ALL.into_iter().cycle().nth(at + by).unwrap_or(self)
    }

    /// Where keys act while this panel has the focus.
    pub(crate) fn context(self) -> Context {
        match self {
            Panel::Stages => Context::Stages,
            Panel::Countries => Context::Countries,
            Panel::Urls => Context::Urls,
            Panel::Activity => Context::Activity,
            Panel::Index => Context::Index,
        }
    }
}

/// The overview.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overview {
    pub(crate) focus: Panel,
    /// Whether the focused panel fills the whole screen.
    pub(crate) expanded: bool,
    pub(crate) activity: Activity,
    /// The time that the throughput chart spans; `None` lets it follow the length of the history.
    pub(crate) chart_span: Option<ChartSpan>,
    /// The event on the chart that is picked.
    pub(crate) event: Option<Event>,
}
