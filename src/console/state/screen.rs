//! The screens of the console. Users, config file and docs call them views.

use crate::console::keys::bindings::Offered;
use crate::console::keys::{Action, Context};
use crate::protocol::Snapshot;

/// A screen of the console; its body fills the terminal between header and footer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Screen {
    #[default]
    Overview,
    Partitions,
    Store,
    Rejects,
    Search,
    Log,
    /// The countries on a map of the world.
    Map,
    /// Executors and tasks of the cluster that the engine works on.
    Cluster,
    /// The streaming query of that cluster.
    Query,
    /// The rounds of aggregation on that cluster.
    Rounds,
    /// Everything about one url. It has no key of its own: the user opens it on a url.
    Url,
    /// The clicks by one of their dimensions. It has a key of its own.
    Breakdown,
    /// The alarms that are on, and those that are over. It has a key of its own.
    Alarms,
    /// The pipelines of the console. It has a key of its own.
    Fleet,
}

impl Screen {
    /// The screens with a function key, in the order of the keys.
    pub(crate) const WITH_KEY: [Screen; 10] = [
        Screen::Overview,
        Screen::Partitions,
        Screen::Store,
        Screen::Rejects,
        Screen::Search,
        Screen::Log,
        Screen::Map,
        Screen::Cluster,
        Screen::Query,
        Screen::Rounds,
    ];

    /// The screens with a function key that the engine of `snapshot` has something for.
    pub(crate) fn offered(snapshot: &Snapshot) -> &'static [Screen] {
        // Those of a cluster come last.
        let local = Self::WITH_KEY.iter().position(|screen| screen.is_of_cluster());
        let offered = if snapshot.remote.is_some() { None } else { local };
        offered.and_then(|end| Self::WITH_KEY.get(..end)).unwrap_or(&Self::WITH_KEY)
    }

    /// Whether it shows the cluster that the engine works on.
    pub(crate) const fn is_of_cluster(self) -> bool {
        matches!(self, Screen::Cluster | Screen::Query | Screen::Rounds)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Screen::Overview => "overview",
            Screen::Partitions => "partitions",
            Screen::Store => "store",
            Screen::Rejects => "rejects",
            Screen::Search => "search",
            Screen::Log => "log",
            Screen::Map => "map",
            Screen::Cluster => "cluster",
            Screen::Query => "query",
            Screen::Rounds => "rounds",
            Screen::Url => "url",
            Screen::Breakdown => "breakdown",
            Screen::Alarms => "alarms",
            Screen::Fleet => "fleet",
        }
    }

    /// What opens it, if it has a key of its own beside the function keys.
    pub(crate) const fn key(self) -> Option<Action> {
        match self {
            Screen::Breakdown => Some(Action::Breakdown),
            Screen::Alarms => Some(Action::Alarms),
            Screen::Fleet => Some(Action::Fleet),
            _ => None,
        }
    }

    /// Where keys act on this screen; `None` for the overview, where the focused panel decides.
    pub(crate) const fn context(self) -> Option<Context> {
        match self {
            Screen::Overview => None,
            Screen::Search => Some(Context::Search),
            Screen::Log => Some(Context::Log),
            Screen::Map => Some(Context::Map),
            Screen::Rejects => Some(Context::Rejects),
            Screen::Fleet => Some(Context::Fleet),
            Screen::Url => Some(Context::Url),
            Screen::Breakdown => Some(Context::Breakdown),
            Screen::Alarms => Some(Context::Alarms),
            Screen::Partitions | Screen::Store | Screen::Cluster | Screen::Query | Screen::Rounds => {
                Some(Context::Views)
            }
        }
    }
}

/// How many stages and screens the engine of `snapshot` has for keys that each stand for one of them.
pub(crate) fn offered(snapshot: &Snapshot) -> Offered {
    Offered { stages: snapshot.stages.len(), screens: Screen::offered(snapshot).len() }
}
