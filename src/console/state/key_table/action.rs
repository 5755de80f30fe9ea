//! What a key can do.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Focus the next panel.
    NextPanel,
    /// Focus the panel before.
    PreviousPanel,
    /// Pick the stage at the key's place in its binding.
    PickStage,
    /// Start the picked stage, or stop it if it is active.
    ToggleStage,
    /// Restart the picked stage.
    RestartStage,
    /// Start every stage.
    StartAll,
    /// Stop every stage.
    StopAll,
    /// Forget every click and figure.
    Reset,
    /// Move up.
    Up,
    /// Move down.
    Down,
    /// Move left.
    Left,
    /// Move right.
    Right,
    /// Move up by a screenful.
    PageUp,
    /// Move down by a screenful.
    PageDown,
    /// Move to the beginning.
    First,
    /// Move to the end.
    Last,
    /// Open the view at the key's place in its binding.
    Show,
    /// Open the next view.
    NextView,
    /// Open the view before.
    PreviousView,
    /// Give the focused panel the whole screen, or give it back.
    Expand,
    /// Let the throughput chart show a shorter time.
    ZoomIn,
    /// Let the throughput chart show a longer time.
    ZoomOut,
    /// Let the throughput chart show as much as suits what there is.
    ZoomAuto,
    /// Open everything about the url under the cursor.
    OpenUrl,
    /// Type what the urls of the overview, the log or the rejects are narrowed to.
    Filter,
    /// Show the figures over the next window of time.
    CycleWindow,
    /// Type the part of a url to look for in the index.
    Search,
    /// Show the next level of the log.
    CycleLevel,
    /// Type the name of a file for the table or the screen.
    Export,
    /// Copy the url under the cursor.
    CopyUrl,
    /// Draw with the next theme.
    CycleTheme,
    /// Type the name of something to do.
    Palette,
    /// Complete the name that is typed.
    Complete,
    /// Take the line as it is typed.
    Accept,
    /// Leave the line.
    Cancel,
    /// Sort by the next figure.
    CycleSort,
    /// Go into what is under the cursor.
    Enter,
    /// Go back, or close what is open.
    Back,
    /// Show the log instead of the recent clicks, or the other way round.
    ToggleLog,
    /// Hold what is drawn, or let it go on.
    Freeze,
    /// React to the mouse, or leave it to the terminal for selecting text.
    ToggleMouse,
    /// Open or close the help.
    Help,
    /// Hand the terminal back to the shell for a while.
    Suspend,
    /// Drain, then end.
    Quit,
    /// Yes to the question asked.
    Confirm,
    /// No to the question asked.
    Deny,
}

impl Action {
    /// Its name, in the palette and in the config; one for each place of its binding where they do different things; none
    /// for the answers in a dialog.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Action::NextPanel => &["next-panel"],
            Action::PreviousPanel => &["previous-panel"],
            Action::PickStage => &[
                "pick-stage-1",
                "pick-stage-2",
                "pick-stage-3",
                "pick-stage-4",
                "pick-stage-5",
                "pick-stage-6",
                "pick-stage-7",
                "pick-stage-8",
                "pick-stage-9",
            ],
            Action::ToggleStage => &["start-stop"],
            Action::RestartStage => &["restart"],
            Action::StartAll => &["start-all"],
            Action::StopAll => &["stop-all"],
            Action::Reset => &["reset"],
            Action::Up => &["up"],
            Action::Down => &["down"],
            Action::Left => &["left"],
            Action::Right => &["right"],
            Action::PageUp => &["page-up"],
            Action::PageDown => &["page-down"],
            Action::First => &["first"],
            Action::Last => &["last"],
            Action::Show => &[
                "view-overview",
                "view-partitions",
                "view-store",
                "view-rejects",
                "view-search",
                "view-log",
                "view-map",
            ],
            Action::NextView => &["next-view"],
            Action::PreviousView => &["previous-view"],
            Action::Expand => &["expand"],
            Action::ZoomIn => &["zoom-in"],
            Action::ZoomOut => &["zoom-out"],
            Action::ZoomAuto => &["zoom-auto"],
            Action::OpenUrl => &["open-url"],
            Action::Filter => &["filter"],
            Action::CycleWindow => &["window"],
            Action::Search => &["search-text"],
            Action::CycleLevel => &["log-level"],
            Action::CycleSort => &["sort"],
            Action::Enter => &["country-urls"],
            Action::Back => &["back"],
            Action::ToggleLog => &["log"],
            Action::Freeze => &["freeze"],
            Action::ToggleMouse => &["mouse"],
            Action::Help => &["help"],
            Action::Suspend => &["suspend"],
            Action::Quit => &["quit"],
            Action::Export => &["export"],
            Action::CopyUrl => &["copy-url"],
            Action::Palette => &["palette"],
            Action::CycleTheme => &["theme"],
            Action::Complete | Action::Accept | Action::Cancel | Action::Confirm | Action::Deny => &[],
        }
    }

    /// Whether it only moves: nothing anyone would do by name.
    pub(crate) const fn is_movement(self) -> bool {
        matches!(
            self,
            Action::Up
                | Action::Down
                | Action::Left
                | Action::Right
                | Action::PageUp
                | Action::PageDown
                | Action::First
                | Action::Last
                | Action::Palette
        )
    }

    /// Whether it only means something in the overview.
    pub(crate) const fn of_overview(self) -> bool {
        matches!(
            self,
            Action::NextPanel
                | Action::PreviousPanel
                | Action::CycleSort
                | Action::CycleWindow
                | Action::Filter
                | Action::ToggleLog
                | Action::Expand
                | Action::ZoomIn
                | Action::ZoomOut
                | Action::ZoomAuto
        )
    }

    /// Whether it steers the pipeline, which a read-only console must not.
    pub const fn steers(self) -> bool {
        matches!(self, Action::ToggleStage | Action::RestartStage | Action::StartAll | Action::StopAll | Action::Reset)
    }
}
