//! The way to an engine in another process, as its front sees it.

use std::time::SystemTime;

/// How the connection to an engine elsewhere is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where the engine is: a path or a url.
    pub address: String,
    /// Whether the connection works.
    pub state: LinkState,
    /// Whether this front may start, stop and reset; `None` until the engine has told.
    pub may_steer: Option<bool>,
    /// What this program cannot show, because the other one is older or newer; one line.
    pub lacks: Option<String>,
    /// What the engine said last to something that this front asked, with a number that grows.
    pub said: Option<(u64, String)>,
}

/// Whether a connection works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The first connection is under way.
    Connecting,
    /// Snapshots come.
    Connected,
    /// No snapshots come; the front tries again by itself.
    Lost {
        /// Why, in one line.
        cause: String,
        /// When the last snapshot came; `None` if none has come yet.
        since: Option<SystemTime>,
        /// When the next try is.
        next_try: SystemTime,
    },
}

impl Link {
    /// A connection to `address` that is not there yet.
    pub fn to(address: String) -> Self {
        Self { address, state: LinkState::Connecting, may_steer: None, lacks: None, said: None }
    }
}
