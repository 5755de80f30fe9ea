//! What the user chose for this console.

use std::path::PathBuf;

use crate::console::theme::themes::Themes;

/// What the user chose for this console. A key can change some of it while the console runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Themes the user can choose, one of them in use.
    pub(crate) themes: Themes,
    /// Whether the console takes the mouse. If it does not, the terminal selects text with it.
    pub(crate) mouse: bool,
    /// Whether the terminal's bell rings when an alarm begins.
    pub(crate) bell: bool,
    /// Whether the console refuses keys that steer the pipeline.
    pub(crate) read_only: bool,
    /// Whether the engine accepts any certificate, so that somebody may listen in.
    pub(crate) unverified: bool,
    /// Whether the pipeline runs in another process: leaving the console leaves it alone.
    pub(crate) attached: bool,
    /// What happens to unfinished work if the user leaves at once.
    pub(crate) unfinished_work: UnfinishedWork,
    /// The file that keeps the typed commands for the next run, if there is a place for it.
    pub(crate) history_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            themes: Themes::default(),
            mouse: true,
            bell: false,
            read_only: false,
            unverified: false,
            attached: false,
            unfinished_work: UnfinishedWork::default(),
            history_file: None,
        }
    }
}

/// What happens to unfinished work if the user leaves at once, without a drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnfinishedWork {
    /// The next start does it: messages that are not stored yet are still in Kafka.
    #[default]
    Resumed,
    /// The next start does it, except for messages that are not stored yet: the embedded broker ends with this process.
    ResumedWithoutUnstored,
    /// The data directory is deleted at the end.
    Deleted,
}
