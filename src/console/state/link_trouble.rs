//! What is wrong with the connection to a pipeline in another process, in one line.

use std::time::SystemTime;

use crate::console::format::{duration, next_try as words_of};
use crate::engine::link::{Link, LinkState};
use crate::text::printable;

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkTrouble {
    /// There is none yet.
    Connecting(String),
    /// There is none any more, or there never was one.
    Lost(String),
    /// It works, but the other program is older or newer.
    Lacks(String),
}

impl LinkTrouble {
    /// The trouble of `link` at `now`: why there is no connection and how old the picture is, or what this console cannot show.
    pub(crate) fn of(link: &Link, now: SystemTime) -> Option<Self> {
        Some(match (&link.state, &link.lacks) {
            (LinkState::Connecting, _) => Self::Connecting(format!("connecting to {}", printable(&link.address))),
            (LinkState::Lost { cause, since, next_try }, _) => {
                let next = words_of(next_try.duration_since(now).unwrap_or_default());
                let age = since.and_then(|since| now.duration_since(since).ok());
                let age = age.map_or(String::new(), |age| format!("the picture is {} old; ", duration(age)));
                Self::Lost(format!("no connection: {age}{next}: {}", printable(cause)))
            }
            (LinkState::Connected, Some(lacks)) => Self::Lacks(printable(lacks).into_owned()),
            (LinkState::Connected, None) => return None,
        })
    }
}
