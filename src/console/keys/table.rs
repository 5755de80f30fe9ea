//! The rows of the key table.

use std::borrow::Cow;

use crossterm::event::KeyCode;

use super::action::Action;
use super::binding::{Chord, KeyBinding};
use super::context::Context;

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

use Context::{
    Activity, Alarms, Anywhere, Breakdown, Countries, CountriesOfUrl, Details, Fleet, Help, Index, Line, Log, Map,
    Prompt, Quit, Rejects, Search, Stages, Url, Urls, Views,
};

/// Every key of the console, in the order of the footer.
pub fn key_table() -> &'static [KeyBinding] {
    TABLE
}

/// In the order of the footer: on a narrow screen, the first keys stay visible.
pub(super) static TABLE: &[KeyBinding] = &[
    bind(Anywhere, &[char('?')], "?", "help", Action::Help, "show or hide this help"),
    dangerous(bind(Anywhere, &[char('q'), ctrl('c')], "q", "quit", Action::Quit, "drain and quit (or Ctrl-C)")),
    bind(
        Anywhere,
        &[char('1'), char('2'), char('3'), char('4'), char('5'), char('6'), char('7'), char('8'), char('9')],
        "1–9",
        "stage",
        Action::PickStage,
        "go to a stage",
    ),
    bind(Anywhere, &[char('a')], "a", "fleet", Action::Fleet, "all pipelines of this console"),
    bind(Anywhere, &[char(']')], "]", "next pipeline", Action::NextPipeline, "show the next pipeline"),
    bind(Anywhere, &[char('[')], "[", "", Action::PreviousPipeline, "show the previous pipeline"),
    bind(Anywhere, &[key(KeyCode::Tab)], "Tab", "panel", Action::NextPanel, "focus the next panel"),
    bind(Anywhere, &[char('s')], "s", "sort", Action::CycleSort, "sort by the next figure"),
    bind(
        Anywhere,
        &[
            key(KeyCode::F(1)),
            key(KeyCode::F(2)),
            key(KeyCode::F(3)),
            key(KeyCode::F(4)),
            key(KeyCode::F(5)),
            key(KeyCode::F(6)),
            key(KeyCode::F(7)),
            key(KeyCode::F(8)),
            key(KeyCode::F(9)),
            key(KeyCode::F(10)),
        ],
        "F1–F10",
        "views",
        Action::OpenView,
        "open a view",
    ),
    bind(Anywhere, &[char('/')], "/", "filter", Action::Filter, "filter: text, ~regex, !not"),
    bind(Anywhere, &[char('n')], "n", "", Action::FindNext, "the next match of a filter"),
    bind(Anywhere, &[char('N')], "N", "", Action::FindPrevious, "the previous match"),
    bind(Anywhere, &[char('w')], "w", "window", Action::CycleWindow, "all time, hour, 5 min"),
    bind(Anywhere, &[char('c')], "c", "compare", Action::CycleComparison, "with hour, day, week ago"),
    bind(Anywhere, &[char(':')], ":", "command", Action::Palette, "type a command"),
    bind(Anywhere, &[char('b')], "b", "breakdown", Action::Breakdown, "clicks by one dimension"),
    bind(Anywhere, &[char('A')], "A", "alarms", Action::Alarms, "alarms, and those before"),
    bind(Anywhere, &[char('v')], "v", "", Action::NextView, "the next view"),
    bind(Anywhere, &[char('z')], "z", "expand", Action::Expand, "expand or restore panel"),
    bind(Anywhere, &[char('l')], "l", "log", Action::ToggleLog, "log or recent clicks"),
    bind(Anywhere, &[char('p')], "p", "freeze", Action::Freeze, "freeze tables and chart"),
    bind(Anywhere, &[char('+'), char('=')], "+", "zoom in", Action::ZoomIn, "chart: a shorter time"),
    bind(Anywhere, &[char('-')], "-", "zoom out", Action::ZoomOut, "chart: a longer time"),
    bind(Anywhere, &[char('0')], "0", "", Action::ZoomAuto, "chart: all recorded time, and back"),
    bind(Anywhere, &[char('<')], "<", "events", Action::PreviousEvent, "chart: the event before"),
    bind(Anywhere, &[char('>')], ">", "", Action::NextEvent, "chart: the next event"),
    bind(Anywhere, &[char('e')], "e", "export", Action::Export, "write table or screen"),
    bind(Anywhere, &[char('m')], "m", "", Action::ToggleMouse, "mouse on or off"),
    bind(Anywhere, &[char('y')], "y", "copy", Action::CopyUrl, "copy what is picked"),
    bind(Anywhere, &[char('i')], "i", "details", Action::Details, "what is picked in full"),
    dangerous(bind(Anywhere, &[char('X')], "X", "stop all", Action::StopAll, "stop every stage (asks)")),
    bind(Anywhere, &[char('t')], "t", "theme", Action::CycleTheme, "the next theme"),
    dangerous(bind(Anywhere, &[char('R')], "R", "reset", Action::Reset, "delete everything (asks)")),
    dangerous(bind(Anywhere, &[ctrl('q')], "Ctrl-q", "", Action::ShutDown, "end the pipeline (asks)")),
    bind(Anywhere, &[key(KeyCode::BackTab)], "Shift-Tab", "", Action::PreviousPanel, "focus the previous panel"),
    bind(Anywhere, &[key(KeyCode::Up), char('k')], "↑ k", "", Action::Up, "move up"),
    bind(Anywhere, &[key(KeyCode::Down), char('j')], "↓ j", "", Action::Down, "move down"),
    bind(Anywhere, &[key(KeyCode::PageUp), ctrl('b')], "PgUp", "", Action::PageUp, "move up by a screenful"),
    bind(Anywhere, &[key(KeyCode::PageDown), ctrl('f')], "PgDn", "", Action::PageDown, "move down by a screenful"),
    bind(Anywhere, &[ctrl('u')], "Ctrl-u", "", Action::HalfPageUp, "move up by half of that"),
    bind(Anywhere, &[ctrl('d')], "Ctrl-d", "", Action::HalfPageDown, "move down by half of that"),
    bind(Anywhere, &[key(KeyCode::Home), char('g')], "Home g", "", Action::First, "move to the first row"),
    bind(Anywhere, &[key(KeyCode::End), char('G')], "End G", "", Action::Last, "move to the last row"),
    bind(Anywhere, &[key(KeyCode::Esc)], "Esc", "", Action::Back, "go back, close"),
    bind(Anywhere, &[ctrl('z')], "Ctrl-Z", "", Action::Suspend, "suspend; fg comes back"),
    bind(Stages, &[char(' ')], "Space", "start/stop", Action::ToggleStage, "start or stop the stage"),
    bind(Stages, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "the stage in full"),
    bind(Stages, &[char('r')], "r", "restart", Action::RestartStage, "restart the stage"),
    bind(Stages, &[char('S')], "S", "start all", Action::StartAll, "start every stage"),
    bind(Stages, &[key(KeyCode::Left), char('h')], "← h", "", Action::Left, "select the previous stage"),
    bind(Stages, &[key(KeyCode::Right), char('l')], "→ l", "", Action::Right, "select the next stage"),
    bind(Countries, &[key(KeyCode::Enter), key(KeyCode::Right)], "Enter →", "urls", Action::Enter, "go to its urls"),
    bind(Urls, &[key(KeyCode::Left), char('h')], "← h", "countries", Action::Back, "go back to the countries"),
    bind(
        Urls,
        &[key(KeyCode::Enter), key(KeyCode::Right)],
        "Enter →",
        "open",
        Action::OpenUrl,
        "open the page of the url",
    ),
    bind(
        Activity,
        &[key(KeyCode::Left), key(KeyCode::Right), char('h')],
        "← →",
        "",
        Action::ToggleLog,
        "log or recent clicks",
    ),
    bind(Activity, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "the click or line in full"),
    bind(Index, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "everything about the index"),
    bind(
        Fleet,
        &[key(KeyCode::Enter), key(KeyCode::Right)],
        "Enter →",
        "open",
        Action::OpenPickedPipeline,
        "show the pipeline under the cursor",
    ),
    bind(
        Fleet,
        &[char('1'), char('2'), char('3'), char('4'), char('5'), char('6'), char('7'), char('8'), char('9')],
        "1–9",
        "pipeline",
        Action::OpenPipeline,
        "show a pipeline",
    ),
    bind(Search, &[char('/')], "/", "type", Action::Search, "type what to look for"),
    bind(Search, &[key(KeyCode::Enter)], "Enter", "open", Action::OpenUrl, "open the page of the url"),
    bind(Breakdown, &[char('d')], "d", "dimension", Action::NextDimension, "by the next dimension"),
    bind(Breakdown, &[char('D')], "D", "", Action::PreviousDimension, "by the previous dimension"),
    bind(Breakdown, &[key(KeyCode::Enter)], "Enter", "open", Action::OpenGroup, "go to the url or the country"),
    bind(
        Alarms,
        &[key(KeyCode::Enter), char(' ')],
        "Enter",
        "acknowledge",
        Action::Acknowledge,
        "acknowledge the alarm",
    ),
    bind(Alarms, &[char('a')], "a", "acknowledge all", Action::AcknowledgeAll, "acknowledge every alarm"),
    bind(Rejects, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "the reject in full"),
    bind(Url, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "the click in full"),
    bind(Url, &[char('d')], "d", "dimension", Action::NextDimension, "by the next dimension"),
    bind(Url, &[char('D')], "D", "", Action::PreviousDimension, "by the previous dimension"),
    bind(CountriesOfUrl, &[key(KeyCode::Enter)], "Enter", "urls of it", Action::OpenGroup, "all urls of the country"),
    bind(CountriesOfUrl, &[char('d')], "d", "dimension", Action::NextDimension, "by the next dimension"),
    bind(CountriesOfUrl, &[char('D')], "D", "", Action::PreviousDimension, "by the previous dimension"),
    bind(Log, &[key(KeyCode::Enter)], "Enter", "details", Action::Details, "the line in full"),
    bind(Log, &[char('f')], "f", "level", Action::CycleLevel, "levels: all to errors only"),
    bind(Map, &[key(KeyCode::Enter)], "Enter", "urls", Action::Enter, "go to its urls"),
    bind(Views, &[key(KeyCode::Right)], "→", "next view", Action::NextView, "the next view"),
    bind(Views, &[key(KeyCode::Left)], "←", "", Action::PreviousView, "the previous view"),
    bind(Line, &[key(KeyCode::Enter)], "Enter", "apply", Action::Accept, "apply the line"),
    bind(Line, &[key(KeyCode::Tab)], "Tab", "complete", Action::Complete, "complete, next format, or results"),
    bind(Line, &[key(KeyCode::BackTab)], "Shift-Tab", "", Action::PreviousPanel, "from the search to its results"),
    bind(Line, &[key(KeyCode::Up), ctrl('p')], "↑", "", Action::Up, "the previous suggestion"),
    bind(Line, &[key(KeyCode::Down), ctrl('n')], "↓", "", Action::Down, "the next suggestion"),
    bind(Line, &[key(KeyCode::Esc)], "Esc", "cancel", Action::Cancel, "cancel the line"),
    bind(Details, &[key(KeyCode::Esc)], "Esc", "close", Action::Back, "end the search, then close the details"),
    bind(Details, &[key(KeyCode::Enter), char('i'), char('q')], "Enter i q", "", Action::Details, "close the details"),
    bind(Details, &[char('/')], "/", "find", Action::Find, "look for a text"),
    bind(Details, &[char('n')], "n", "next", Action::FindNext, "the next match"),
    bind(Details, &[char('N')], "N", "previous", Action::FindPrevious, "the previous match"),
    bind(Details, &[char('y')], "y", "copy", Action::CopyUrl, "copy everything in one line"),
    bind(Details, &[key(KeyCode::Up), char('k')], "↑ k", "up", Action::Up, "move up"),
    bind(Details, &[key(KeyCode::Down), char('j')], "↓ j", "down", Action::Down, "move down"),
    bind(Details, &[key(KeyCode::PageUp), ctrl('b')], "PgUp", "", Action::PageUp, "move up by a screenful"),
    bind(
        Details,
        &[key(KeyCode::PageDown), ctrl('f'), char(' ')],
        "PgDn",
        "",
        Action::PageDown,
        "move down by a screenful",
    ),
    bind(Details, &[ctrl('u')], "Ctrl-u", "", Action::HalfPageUp, "move up by half of that"),
    bind(Details, &[ctrl('d')], "Ctrl-d", "", Action::HalfPageDown, "move down by half of that"),
    bind(Details, &[key(KeyCode::Home), char('g')], "Home g", "", Action::First, "move to the first row"),
    bind(Details, &[key(KeyCode::End), char('G')], "End G", "", Action::Last, "move to the last row"),
    bind(Prompt, &[char('y'), char('Y')], "y", "yes", Action::Confirm, "yes (a reset asks for a word)"),
    bind(Prompt, &[char('n'), char('N'), key(KeyCode::Esc)], "n", "no", Action::Deny, "no (as is any other key)"),
    bind(Quit, &[char('l'), char('L')], "l", "leave it running", Action::LeaveWork, "quit; the cluster works on"),
    bind(Quit, &[char('s'), char('S')], "s", "stop it", Action::StopWork, "quit, and stop the work of the cluster"),
    bind(Quit, &[char('n'), char('N'), key(KeyCode::Esc)], "n", "stay", Action::Deny, "stay (as does any other key)"),
    bind(Help, &[key(KeyCode::Up), char('k')], "↑", "", Action::Up, "move up"),
    bind(Help, &[key(KeyCode::Down), char('j')], "↓", "", Action::Down, "move down"),
    bind(Help, &[key(KeyCode::PageUp), ctrl('b')], "PgUp", "", Action::PageUp, "move up by a screenful"),
    bind(
        Help,
        &[key(KeyCode::PageDown), ctrl('f'), char(' ')],
        "PgDn",
        "",
        Action::PageDown,
        "move down by a screenful",
    ),
    bind(Help, &[ctrl('u')], "Ctrl-u", "", Action::HalfPageUp, "move up by half of that"),
    bind(Help, &[ctrl('d')], "Ctrl-d", "", Action::HalfPageDown, "move down by half of that"),
    bind(Help, &[key(KeyCode::Home), char('g')], "Home g", "", Action::First, "move to the first row"),
    bind(Help, &[key(KeyCode::End), char('G')], "End G", "", Action::Last, "move to the last row"),
    bind(
        Help,
        &[key(KeyCode::Esc), key(KeyCode::Enter), char('?'), char('q')],
        "Esc",
        "close",
        Action::Help,
        "close the help",
    ),
];
