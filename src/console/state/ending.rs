//! How far the console is on its way out.

use crate::protocol::Snapshot;

/// How far the console is on its way out. Each step includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// Nobody asked to quit.
    #[default]
    No,
    /// The pipeline was asked to drain and end.
    Draining,
    /// The pipeline was asked to end at once.
    AtOnce,
    /// The console gives the terminal back now.
    Leaving,
}

impl Ending {
    /// Whether the pipeline was asked to end.
    pub(crate) fn is_quitting(self) -> bool {
        self >= Ending::Draining
    }

    /// Whether the pipeline was asked to end at once.
    pub(crate) fn is_at_once(self) -> bool {
        self >= Ending::AtOnce
    }

    /// Whether the console ends now.
    pub(crate) fn is_leaving(self) -> bool {
        self == Ending::Leaving
    }

    /// Whether the banner tells of an end: of the pipeline, of the source, or of all data by a reset.
    pub(crate) fn has_banner(self, snapshot: &Snapshot) -> bool {
        self.is_quitting()
            || snapshot.finished
            || snapshot.shutting_down.is_some()
            || snapshot.resetting.is_some()
            || snapshot.source.progress.as_ref().is_some_and(|progress| progress.error.is_some())
    }
}
