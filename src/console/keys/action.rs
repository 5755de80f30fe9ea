//! The actions of keys.

/// An action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Focus the next panel.
    NextPanel,
    /// Focus the previous panel.
    PreviousPanel,
    /// Pick a stage: the first key of the binding picks the first stage.
    PickStage,
    /// Start the picked stage, or stop it if it is active.
    ToggleStage,
    /// Restart the picked stage.
    RestartStage,
    /// Start every stage.
    StartAll,
    /// Stop every stage.
    StopAll,
    /// Delete every click and figure.
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
    /// Move up by half a screenful.
    HalfPageUp,
    /// Move down by half a screenful.
    HalfPageDown,
    /// Move to the first row.
    First,
    /// Move to the last row.
    Last,
    /// Open a view: the first key of the binding opens the first view.
    OpenView,
    /// Open the next view.
    NextView,
    /// Open the previous view.
    PreviousView,
    /// Open the list of pipelines, or close it.
    Fleet,
    /// Show the next pipeline.
    NextPipeline,
    /// Show the previous pipeline.
    PreviousPipeline,
    /// Show the pipeline under the cursor.
    OpenPickedPipeline,
    /// Show a pipeline: the first key of the binding shows the first pipeline.
    OpenPipeline,
    /// Expand the focused panel to the whole screen, or shrink it.
    Expand,
    /// Let the throughput chart span a shorter time.
    ZoomIn,
    /// Let the throughput chart span a longer time.
    ZoomOut,
    /// Let the span of the throughput chart follow the length of the history.
    ZoomAuto,
    /// Pick the event before on the throughput chart.
    PreviousEvent,
    /// Pick the next event on the throughput chart.
    NextEvent,
    /// Open everything about the url under the cursor.
    OpenUrl,
    /// Open the clicks by one of their dimensions, or close them.
    Breakdown,
    /// Open the alarms, or close them.
    Alarms,
    /// Acknowledge the alarm under the cursor.
    Acknowledge,
    /// Acknowledge every alarm.
    AcknowledgeAll,
    /// Group by the next dimension.
    NextDimension,
    /// Group by the dimension before.
    PreviousDimension,
    /// Go to what the row of the breakdown under the cursor stands for.
    OpenGroup,
    /// Type a filter for the urls of the overview, the log or the rejects.
    Filter,
    /// Show the figures over the next time window.
    CycleWindow,
    /// Compare the time window with the next earlier span.
    CycleComparison,
    /// Type the part of a url to look for in the index.
    Search,
    /// Show the next level of the log.
    CycleLevel,
    /// Type the name of a file for the table or the screen.
    Export,
    /// Copy what is picked: a url, a line of the log, a reject.
    CopyUrl,
    /// Show what is picked in full, or close it.
    Details,
    /// Type a text to look for in the details.
    Find,
    /// Go to the next place where the text is found.
    FindNext,
    /// Go to the place before.
    FindPrevious,
    /// Draw with the next theme.
    CycleTheme,
    /// Type the name of an action to run.
    Palette,
    /// Complete the typed name.
    Complete,
    /// Accept the typed line.
    Accept,
    /// Cancel the typed line.
    Cancel,
    /// Sort by the next figure.
    CycleSort,
    /// Go to the urls of the country under the cursor.
    Enter,
    /// Go back, or close an overlay.
    Back,
    /// Switch between recent clicks and log.
    ToggleLog,
    /// Freeze tables and chart, or unfreeze them.
    Freeze,
    /// Take the mouse, or leave it to the terminal, which selects text with it.
    ToggleMouse,
    /// Open or close the help.
    Help,
    /// Suspend the process, so that the shell has the terminal.
    Suspend,
    /// Drain the pipeline and quit.
    Quit,
    /// Ask, then end the pipeline, also if it runs in another process.
    ShutDown,
    /// Quit, and leave the work in the cluster running.
    LeaveWork,
    /// Quit, and stop the work in the cluster.
    StopWork,
    /// Answer the question with yes.
    Confirm,
    /// Answer the question with no.
    Deny,
}

impl Action {
    /// Its name in the palette and in the config file. If each key of its binding does another thing, a name for each key. None
    /// for keys in a line or a question.
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
            Action::HalfPageUp => &["half-page-up"],
            Action::HalfPageDown => &["half-page-down"],
            Action::First => &["first"],
            Action::Last => &["last"],
            Action::OpenView => &[
                "view-overview",
                "view-partitions",
                "view-store",
                "view-rejects",
                "view-search",
                "view-log",
                "view-map",
                "view-cluster",
                "view-query",
                "view-rounds",
            ],
            Action::NextView => &["next-view"],
            Action::PreviousView => &["previous-view"],
            Action::Fleet => &["fleet"],
            Action::NextPipeline => &["next-pipeline"],
            Action::PreviousPipeline => &["previous-pipeline"],
            Action::OpenPickedPipeline => &["open-pipeline"],
            Action::OpenPipeline => &[
                "pipeline-1",
                "pipeline-2",
                "pipeline-3",
                "pipeline-4",
                "pipeline-5",
                "pipeline-6",
                "pipeline-7",
                "pipeline-8",
                "pipeline-9",
            ],
            Action::Expand => &["expand"],
            Action::ZoomIn => &["zoom-in"],
            Action::ZoomOut => &["zoom-out"],
            Action::ZoomAuto => &["zoom-auto"],
            Action::PreviousEvent => &["previous-event"],
            Action::NextEvent => &["next-event"],
            Action::OpenUrl => &["open-url"],
            Action::Breakdown => &["breakdown"],
            Action::Alarms => &["alarms"],
            Action::Acknowledge => &["acknowledge"],
            Action::AcknowledgeAll => &["acknowledge-all"],
            Action::NextDimension => &["next-dimension"],
            Action::PreviousDimension => &["previous-dimension"],
            Action::OpenGroup => &["open-group"],
            Action::Filter => &["filter"],
            Action::CycleWindow => &["window"],
            Action::CycleComparison => &["compare"],
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
            Action::ShutDown => &["shut-down"],
            Action::Export => &["export"],
            Action::CopyUrl => &["copy-url"],
            Action::Palette => &["palette"],
            Action::CycleTheme => &["theme"],
            Action::Details => &["details"],
            Action::FindNext => &["next-match"],
            Action::FindPrevious => &["previous-match"],
            Action::Complete
            | Action::Accept
            | Action::Cancel
            | Action::LeaveWork
            | Action::StopWork
            | Action::Confirm
            | Action::Deny
            | Action::Find => &[],
        }
    }

    /// Whether it only moves a cursor, which nobody does by name.
    pub(crate) const fn is_movement(self) -> bool {
        matches!(
            self,
            Action::Up
                | Action::Down
                | Action::Left
                | Action::Right
                | Action::PageUp
                | Action::PageDown
                | Action::HalfPageUp
                | Action::HalfPageDown
                | Action::First
                | Action::Last
                | Action::Palette
        )
    }

    /// Whether it acts on the overview only.
    pub(crate) const fn is_for_overview(self) -> bool {
        matches!(
            self,
            Action::NextPanel
                | Action::PreviousPanel
                | Action::CycleSort
                | Action::CycleWindow
                | Action::CycleComparison
                | Action::Filter
                | Action::FindNext
                | Action::FindPrevious
                | Action::ToggleLog
                | Action::Expand
                | Action::ZoomIn
                | Action::ZoomOut
                | Action::ZoomAuto
                | Action::PreviousEvent
                | Action::NextEvent
        )
    }

    /// Whether it is about several pipelines in one console.
    pub const fn is_of_fleet(self) -> bool {
        matches!(
            self,
            Action::Fleet
                | Action::NextPipeline
                | Action::PreviousPipeline
                | Action::OpenPickedPipeline
                | Action::OpenPipeline
        )
    }

    /// Whether it is about the pipeline on the screen, so that the list of pipelines has no use for it.
    pub(crate) const fn is_of_one_pipeline(self) -> bool {
        self.is_for_overview()
            || self.controls_stages()
            || matches!(
                self,
                Action::PickStage
                    | Action::Freeze
                    | Action::CopyUrl
                    | Action::Details
                    | Action::OpenView
                    | Action::NextView
                    | Action::Breakdown
                    | Action::Alarms
            )
    }

    /// Whether it controls the stages, which a read-only console refuses.
    pub const fn controls_stages(self) -> bool {
        matches!(
            self,
            Action::ToggleStage
                | Action::RestartStage
                | Action::StartAll
                | Action::StopAll
                | Action::Reset
                | Action::ShutDown
        )
    }
}
