//! The keys, declared once: what is bound, the footer, the help, the palette and `clicktop keys` are all this table.

use std::borrow::Cow;

use crossterm::event::KeyCode;

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
    /// Open everything about the url under the cursor.
    OpenUrl,
    /// Type what the urls of the overview must hold.
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
            Action::PickStage => &["pick-ingest", "pick-store", "pick-aggregate", "pick-index"],
            Action::ToggleStage => &["start-stop"],
            Action::RestartStage => &["restart"],
            Action::StartAll => &["start-all"],
            Action::StopAll => &["stop-all"],
            Action::Up => &["up"],
            Action::Down => &["down"],
            Action::Left => &["left"],
            Action::Right => &["right"],
            Action::PageUp => &["page-up"],
            Action::PageDown => &["page-down"],
            Action::First => &["first"],
            Action::Last => &["last"],
            Action::Show => {
                &["view-overview", "view-partitions", "view-store", "view-rejects", "view-search", "view-log"]
            }
            Action::NextView => &["next-view"],
            Action::PreviousView => &["previous-view"],
            Action::Expand => &["expand"],
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
            Action::Help => &["help"],
            Action::Suspend => &["suspend"],
            Action::Quit => &["quit"],
            Action::Export => &["export"],
            Action::CopyUrl => &["copy-url"],
            Action::Palette => &["palette"],
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
        )
    }

    /// Whether it steers the pipeline, which a read-only console must not.
    pub const fn steers(self) -> bool {
        matches!(self, Action::ToggleStage | Action::RestartStage | Action::StartAll | Action::StopAll)
    }
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// In every panel.
    Anywhere,
    /// While the stages have the focus.
    Stages,
    /// While the countries have the focus.
    Countries,
    /// While the urls have the focus.
    Urls,
    /// While clicks and log have the focus.
    Activity,
    /// In every view but the overview.
    Views,
    /// In the search of the index.
    Search,
    /// In the log.
    Log,
    /// While a line is typed.
    Line,
    /// While a question is open.
    Prompt,
    /// While the help is open.
    Help,
}

impl Context {
    /// Whether it is one of the views beside the overview.
    pub(crate) const fn is_view(self) -> bool {
        matches!(self, Context::Views | Context::Search | Context::Log)
    }

    /// Whether it takes every key but its own away.
    pub(crate) const fn is_modal(self) -> bool {
        matches!(self, Context::Prompt | Context::Help | Context::Line)
    }

    /// Whether an action that is bound everywhere holds here.
    pub(crate) const fn lets_through(self, action: Action) -> bool {
        match self {
            Context::Prompt | Context::Help => matches!(action, Action::Quit | Action::Suspend),
            Context::Line => matches!(action, Action::Quit | Action::Suspend | Action::Show),
            _ => !(self.is_view() && action.of_overview()),
        }
    }

    /// Its name in the help.
    pub const fn name(self) -> &'static str {
        match self {
            Context::Anywhere => "everywhere",
            Context::Stages => "stages",
            Context::Countries => "countries",
            Context::Urls => "urls",
            Context::Activity => "activity",
            Context::Views => "the other views",
            Context::Search => "search",
            Context::Log => "log",
            Context::Line => "typing",
            Context::Prompt => "question",
            Context::Help => "help",
        }
    }
}

/// One key, with Ctrl or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// The key; a letter in upper case means with Shift.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct KeyBinding {
    /// The keys that do it.
    pub chords: Cow<'static, [Chord]>,
    /// The keys in words: `Tab`, `↑ k`.
    pub label: Cow<'static, str>,
    /// What it does, in one or two words, for the footer; empty if the footer has no place for it.
    pub short: &'static str,
    /// What it does, for the help.
    pub description: &'static str,
    /// What it does.
    pub action: Action,
    /// Where it holds.
    pub context: Context,
    /// Asks before it does it.
    pub dangerous: bool,
}

const fn key(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

const fn char(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true }
}

const fn bind(
    context: Context,
    chords: &'static [Chord],
    label: &'static str,
    short: &'static str,
    action: Action,
    description: &'static str,
) -> KeyBinding {
    KeyBinding {
        chords: Cow::Borrowed(chords),
        label: Cow::Borrowed(label),
        short,
        description,
        action,
        context,
        dangerous: false,
    }
}

const fn dangerous(mut binding: KeyBinding) -> KeyBinding {
    binding.dangerous = true;
    binding
}

use Context::{Activity, Anywhere, Countries, Help, Line, Log, Prompt, Search, Stages, Urls, Views};

/// In the order of the footer: what comes first stays visible on a narrow screen.
static TABLE: &[KeyBinding] = &[
    bind(Anywhere, &[char('?')], "?", "help", Action::Help, "show or hide this help"),
    dangerous(bind(Anywhere, &[char('q'), ctrl('c')], "q", "quit", Action::Quit, "drain and quit (or Ctrl-C)")),
    bind(Anywhere, &[char(' ')], "Space", "start/stop", Action::ToggleStage, "start or stop the stage"),
    bind(Anywhere, &[char('1'), char('2'), char('3'), char('4')], "1–4", "stage", Action::PickStage, "pick a stage"),
    bind(Anywhere, &[key(KeyCode::Tab)], "Tab", "panel", Action::NextPanel, "focus the next panel"),
    bind(Anywhere, &[char('s')], "s", "sort", Action::CycleSort, "sort: clicks, users, time"),
    bind(
        Anywhere,
        &[
            key(KeyCode::F(1)),
            key(KeyCode::F(2)),
            key(KeyCode::F(3)),
            key(KeyCode::F(4)),
            key(KeyCode::F(5)),
            key(KeyCode::F(6)),
        ],
        "F1–F6",
        "views",
        Action::Show,
        "views: overview … log",
    ),
    bind(Anywhere, &[char('/')], "/", "filter", Action::Filter, "only urls that hold …"),
    bind(Anywhere, &[char('w')], "w", "window", Action::CycleWindow, "all time, hour, 5 min"),
    bind(Anywhere, &[char(':')], ":", "do", Action::Palette, "do something by its name"),
    bind(Anywhere, &[char('v')], "v", "", Action::NextView, "the next view"),
    bind(Anywhere, &[char('z')], "z", "expand", Action::Expand, "expand the panel, or back"),
    bind(Anywhere, &[char('r')], "r", "restart", Action::RestartStage, "restart the stage"),
    bind(Anywhere, &[char('l')], "l", "log", Action::ToggleLog, "log or recent clicks"),
    bind(Anywhere, &[char('p')], "p", "freeze", Action::Freeze, "hold the screen, or go on"),
    bind(Anywhere, &[char('e')], "e", "export", Action::Export, "write table or screen"),
    bind(Anywhere, &[char('y')], "y", "copy", Action::CopyUrl, "copy the picked url"),
    bind(Anywhere, &[char('S')], "S", "start all", Action::StartAll, "start every stage"),
    dangerous(bind(Anywhere, &[char('X')], "X", "stop all", Action::StopAll, "stop every stage (asks)")),
    bind(Anywhere, &[key(KeyCode::BackTab)], "Shift-Tab", "", Action::PreviousPanel, "focus the panel before"),
    bind(Anywhere, &[key(KeyCode::Up), char('k')], "↑ k", "", Action::Up, "move up"),
    bind(Anywhere, &[key(KeyCode::Down), char('j')], "↓ j", "", Action::Down, "move down"),
    bind(Anywhere, &[key(KeyCode::PageUp), ctrl('b')], "PgUp", "", Action::PageUp, "move up by a screenful"),
    bind(Anywhere, &[key(KeyCode::PageDown), ctrl('f')], "PgDn", "", Action::PageDown, "move down by a screenful"),
    bind(Anywhere, &[key(KeyCode::Home), char('g')], "Home g", "", Action::First, "move to the first row"),
    bind(Anywhere, &[key(KeyCode::End), char('G')], "End G", "", Action::Last, "move to the last row"),
    bind(Anywhere, &[key(KeyCode::Esc)], "Esc", "", Action::Back, "go back, close"),
    bind(Anywhere, &[ctrl('z')], "Ctrl-Z", "", Action::Suspend, "suspend; fg comes back"),
    bind(Stages, &[key(KeyCode::Left), char('h')], "← h", "", Action::Left, "pick the stage before"),
    bind(Stages, &[key(KeyCode::Right), char('l')], "→ l", "", Action::Right, "pick the next stage"),
    bind(Stages, &[key(KeyCode::Enter)], "Enter", "", Action::ToggleStage, "start or stop the stage"),
    bind(Countries, &[key(KeyCode::Enter), key(KeyCode::Right)], "Enter →", "urls", Action::Enter, "go to its urls"),
    bind(Urls, &[key(KeyCode::Left), char('h')], "← h", "countries", Action::Back, "go back to the countries"),
    bind(Urls, &[key(KeyCode::Enter), key(KeyCode::Right)], "Enter →", "open", Action::OpenUrl, "all about the url"),
    bind(
        Activity,
        &[key(KeyCode::Left), key(KeyCode::Right), char('h'), key(KeyCode::Enter)],
        "← →",
        "",
        Action::ToggleLog,
        "log or recent clicks",
    ),
    bind(Search, &[char('/')], "/", "type", Action::Search, "type what to look for"),
    bind(Search, &[key(KeyCode::Enter)], "Enter", "open", Action::OpenUrl, "all about the url"),
    bind(Log, &[char('f')], "f", "level", Action::CycleLevel, "levels: all to errors only"),
    bind(Views, &[key(KeyCode::Tab), key(KeyCode::Right)], "Tab →", "next", Action::NextView, "the next view"),
    bind(Views, &[key(KeyCode::BackTab), key(KeyCode::Left)], "Shift-Tab", "", Action::PreviousView, "the view before"),
    bind(Line, &[key(KeyCode::Enter)], "Enter", "take it", Action::Accept, "take the line"),
    bind(Line, &[key(KeyCode::Tab)], "Tab", "complete", Action::Complete, "complete; the next format"),
    bind(Line, &[key(KeyCode::Up), ctrl('p')], "↑", "", Action::Up, "the one above"),
    bind(Line, &[key(KeyCode::Down), ctrl('n')], "↓", "", Action::Down, "the one below"),
    bind(Line, &[key(KeyCode::Esc)], "Esc", "leave", Action::Cancel, "leave the line"),
    bind(Prompt, &[char('y'), char('Y')], "y", "yes", Action::Confirm, "yes"),
    bind(Prompt, &[char('n'), char('N'), key(KeyCode::Esc)], "n", "no", Action::Deny, "no"),
    bind(
        Help,
        &[key(KeyCode::Esc), key(KeyCode::Enter), char('?'), char('q')],
        "Esc",
        "close",
        Action::Help,
        "close the help",
    ),
];

/// Every key of the console, in the order of the footer.
pub fn key_table() -> &'static [KeyBinding] {
    TABLE
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyEvent, KeyModifiers};

    use super::super::bindings::Keys;
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_one_context() {
        for (at, one) in TABLE.iter().enumerate() {
            for other in TABLE.iter().skip(at + 1).filter(|other| other.context == one.context) {
                for chord in one.chords.iter() {
                    assert!(!other.chords.contains(chord), "{} and {} share {chord:?}", one.label, other.label);
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_name_of_its_own_for_each_place() {
        let mut names: Vec<(Action, &str)> = Vec::new();
        for binding in key_table() {
            let of = binding.action.names();
            let modal = binding.context.is_modal();
            assert!(modal || of.len() == 1 || of.len() == binding.chords.len(), "{}", binding.label);
            for name in of {
                assert!(names.iter().all(|(action, known)| *action == binding.action || known != name), "{name}");
                names.push((binding.action, name));
            }
        }
    }

    #[test]
    fn every_binding_explains_itself() {
        for binding in key_table() {
            assert!(!binding.label.is_empty() && !binding.description.is_empty() && !binding.chords.is_empty());
        }
    }

    #[test]
    fn a_context_wins_over_everywhere_and_a_question_lets_only_the_way_out_through() {
        let keys = Keys::default();
        let action = |code, modifiers, context| {
            keys.lookup(&KeyEvent::new(code, modifiers), context).map(|(binding, _)| binding.action)
        };
        let none = KeyModifiers::NONE;
        assert_eq!(action(KeyCode::Char('l'), none, Context::Stages), Some(Action::Right));
        assert_eq!(action(KeyCode::Char('l'), none, Context::Countries), Some(Action::ToggleLog));
        assert_eq!(action(KeyCode::Char('X'), KeyModifiers::SHIFT, Context::Urls), Some(Action::StopAll));
        assert_eq!(action(KeyCode::Char('X'), none, Context::Prompt), None);
        assert_eq!(action(KeyCode::Char('c'), KeyModifiers::CONTROL, Context::Prompt), Some(Action::Quit));
        assert_eq!(action(KeyCode::Char('c'), none, Context::Urls), None);
        assert_eq!(action(KeyCode::Char('q'), KeyModifiers::ALT, Context::Urls), None);
        assert_eq!(action(KeyCode::Char('q'), none, Context::Help), Some(Action::Help));
    }
}
