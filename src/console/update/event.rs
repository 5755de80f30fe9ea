//! What can happen to a console.

use std::sync::Arc;
use std::time::SystemTime;

use crossterm::event::{KeyEvent, MouseEvent};

use crate::engine::link::Link;
use crate::protocol::Snapshot;

/// What can happen to a console.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The engine published a snapshot.
    Snapshot(Arc<Snapshot>),
    /// The connection to an engine in another process has changed.
    Link(Link),
    /// The engine has ended.
    EngineEnded,
    Key(KeyEvent),
    /// Several keys that arrived in one read. Nobody types like that.
    Keys(Vec<KeyEvent>),
    /// Text that the terminal marks as pasted.
    Paste(String),
    Mouse(MouseEvent),
    /// The time of day, about once a second.
    Tick(SystemTime),
    /// SIGTERM, SIGINT, SIGHUP, or the terminal is gone: quit without a question.
    Terminate,
}
