//! The screens of the console. Users, config file and docs call them views.

use crate::console::keys::Context;

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
    /// Everything about one url. It has no key of its own: the user opens it on a url.
    Url,
}

impl Screen {
    /// The screens with a function key, in the order of the keys.
    pub(crate) const WITH_KEY: [Screen; 7] = [
        Screen::Overview,
        Screen::Partitions,
        Screen::Store,
        Screen::Rejects,
        Screen::Search,
        Screen::Log,
        Screen::Map,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Screen::Overview => "overview",
            Screen::Partitions => "partitions",
            Screen::Store => "store",
            Screen::Rejects => "rejects",
            Screen::Search => "search",
            Screen::Log => "log",
            Screen::Map => "map",
            Screen::Url => "url",
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
            Screen::Partitions | Screen::Store | Screen::Url => Some(Context::Views),
        }
    }
}
