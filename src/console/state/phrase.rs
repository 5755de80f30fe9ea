//! Commands with an object: `stop ingest`, `country us`, `window 5 min`.

use std::sync::Arc;

use super::screen::Screen;
use crate::console::theme::themes::Themes;
use crate::protocol::compare::Ago;
use crate::protocol::snapshot::LogLevel;
use crate::protocol::view::Window;
use crate::protocol::{Snapshot, SortBy, StageAction, StageId};
use crate::text::{excerpt, printable};

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// Control one stage.
    Stage(StageAction, StageId),
    StartAll,
    StopAll,
    /// Show the urls of a country; `None` for all countries.
    Country(Option<String>),
    /// Open the page of a url.
    Url(Arc<str>),
    Sort(SortBy),
    /// The order by time of the urls with at least so many known times.
    Sample(u64),
    Window(Window),
    /// Compare the window with the same span so long ago; `None` for no comparison.
    Compare(Option<Ago>),
    View(Screen),
    /// Open the log from this level on.
    Log(LogLevel),
    Theme(String),
}

impl Phrase {
    /// Whether it starts or stops stages.
    pub(crate) const fn controls_stages(&self) -> bool {
        matches!(self, Phrase::Stage(..) | Phrase::StartAll | Phrase::StopAll)
    }
}

/// A word that a command begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    takes: Takes,
}

/// What a verb takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Stage(StageAction),
    Country,
    Url,
    Order,
    /// A number of known times, also one that is not offered.
    Sample,
    Window,
    Comparison,
    View,
    Level,
    Theme,
    /// No object: it opens a view.
    Nothing(Screen),
}

const fn verb(name: &'static str, takes: Takes, description: &'static str) -> Verb {
    Verb { name, description, takes }
}

/// Every verb.
pub(crate) static VERBS: [Verb; 15] = [
    verb("start", Takes::Stage(StageAction::Start), "start a stage, or all"),
    verb("stop", Takes::Stage(StageAction::Stop), "stop a stage, or all"),
    verb("restart", Takes::Stage(StageAction::Restart), "restart a stage"),
    verb("country", Takes::Country, "the urls of a country, or of all"),
    verb("url", Takes::Url, "open the page of a url"),
    verb("goto", Takes::Url, "open the page of a url"),
    verb("sort", Takes::Order, "the order of the urls"),
    verb("sample", Takes::Sample, "by time, from how many known times on"),
    verb("window", Takes::Window, "the time that the figures cover"),
    verb("compare", Takes::Comparison, "the window against an earlier one"),
    verb("view", Takes::View, "open a view"),
    verb("log", Takes::Level, "open the log, from a level on"),
    verb("theme", Takes::Theme, "use a theme"),
    verb("lag", Takes::Nothing(Screen::Partitions), "the lag of each partition"),
    verb("errors", Takes::Nothing(Screen::Log), "the errors in the log"),
];

/// The name of the order that takes every mean for what it is.
const NO_SAMPLE: &str = "any";

/// Numbers of known times from which a mean may count.
const SAMPLES: [&str; 4] = ["10", "50", "200", NO_SAMPLE];

/// The time windows by name.
const WINDOWS: [(&str, Window); 3] =
    [("all time", Window::AllTime), ("1 h", Window::LastHour), ("5 min", Window::LastFiveMinutes)];

/// The name of no comparison.
const NO_COMPARISON: &str = "off";

/// The levels of the log by name.
const LEVELS: [(&str, LogLevel); 4] =
    [("all", LogLevel::Debug), ("info", LogLevel::Info), ("warn", LogLevel::Warn), ("error", LogLevel::Error)];

/// The orders of the urls. Nobody counts trends on a cluster.
fn orders(snapshot: &Snapshot) -> impl Iterator<Item = SortBy> {
    SortBy::ALL.into_iter().chain(snapshot.remote.is_none().then_some(SortBy::Rising))
}

/// What the words of a command can stand for now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) themes: &'a Themes,
}

impl Verb {
    /// Whether it can have an object.
    pub(crate) const fn takes_object(&self) -> bool {
        !matches!(self.takes, Takes::Nothing(_))
    }

    /// Whether it needs an object. The log opens without one, too.
    pub(crate) const fn needs_object(&self) -> bool {
        !matches!(self.takes, Takes::Nothing(_) | Takes::Level)
    }

    /// The objects that it can have, most likely first.
    pub(crate) fn objects(&self, known: Vocabulary<'_>) -> Vec<String> {
        let Vocabulary { snapshot, themes } = known;
        let all = || std::iter::once("all".to_owned());
        let name = |text: &str| printable(text).into_owned();
        match self.takes {
            Takes::Stage(action) => {
                let able = snapshot.stages.iter().filter(|stage| stage.info.actions.contains(&action));
                let all = all().filter(|_| action != StageAction::Restart);
                able.map(|stage| name(stage.id().as_str())).chain(all).collect()
            }
            Takes::Country => snapshot.board.countries.iter().map(|row| name(&row.country)).chain(all()).collect(),
            Takes::Url => {
                let mut urls: Vec<String> = Vec::new();
                for page in &snapshot.board.pages {
                    let url = name(&page.url);
                    if !urls.contains(&url) {
                        urls.push(url);
                    }
                }
                urls
            }
            Takes::Order => orders(snapshot).map(|sort| sort.name().to_owned()).collect(),
            Takes::Sample => SAMPLES.map(str::to_owned).into(),
            Takes::Window => WINDOWS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Takes::Comparison => {
                Ago::ALL.map(Ago::name).into_iter().chain([NO_COMPARISON]).map(str::to_owned).collect()
            }
            Takes::View => views(snapshot).map(|screen| screen.name().to_owned()).collect(),
            Takes::Level => LEVELS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Takes::Theme => themes.names().map(str::to_owned).collect(),
            Takes::Nothing(_) => Vec::new(),
        }
    }

    /// `stop what? ingest, store, aggregate or index`; with an object that it cannot have, that is said first.
    pub(crate) fn question(&self, object: &str, known: Vocabulary<'_>) -> String {
        /// More would fill the line.
        const NAMED: usize = 8;
        let objects = self.objects(known);
        let mut named: Vec<&str> = objects.iter().take(NAMED).map(String::as_str).collect();
        let last = if objects.len() > NAMED { Some("…") } else { named.pop() };
        let choice = match (named.as_slice(), last) {
            ([], None) => "nothing is there yet".to_owned(),
            ([], Some(only)) => only.to_owned(),
            (some, Some("…")) => format!("{}…", some.join(", ")),
            (some, last) => format!("{} or {}", some.join(", "), last.unwrap_or_default()),
        };
        match object {
            "" => format!("{} what? {choice}", self.name),
            object => format!("{} what? not {}; {choice}", self.name, printable(object)),
        }
    }

    /// What it means with `object`, as the user typed it: a name, whatever the case of its letters, or the beginning of only one.
    pub(crate) fn with(&self, object: &str, known: Vocabulary<'_>) -> Result<Phrase, String> {
        let object = object.trim();
        if let Takes::Nothing(screen) = self.takes {
            return match (object, screen) {
                ("", Screen::Log) => Ok(Phrase::Log(LogLevel::Error)),
                ("", screen) => Ok(Phrase::View(screen)),
                _ => Err(format!("{} stands alone", self.name)),
            };
        }
        if let (Takes::Level, true) = (self.takes, object.is_empty()) {
            return Ok(Phrase::View(Screen::Log));
        }
        if let (Takes::Url, false) = (self.takes, object.is_empty()) {
            return Ok(Phrase::Url(object.into()));
        }
        if self.takes == Takes::Sample
            && let Ok(known_times) = object.parse()
        {
            return Ok(Phrase::Sample(known_times));
        }
        let object = if self.takes == Takes::Window { window_name(object) } else { object };
        let objects = self.objects(known);
        let lower = object.to_lowercase();
        let exact = objects.iter().find(|name| name.to_lowercase() == lower && !lower.is_empty());
        let mut begun = objects.iter().filter(|name| name.to_lowercase().starts_with(&lower) && !lower.is_empty());
        let chosen = exact.or_else(|| begun.next().filter(|_| begun.next().is_none()));
        let Some(chosen) = chosen else { return Err(self.question(object, known)) };
        self.meaning(chosen, known).ok_or_else(|| self.question(object, known))
    }

    fn meaning(&self, object: &str, known: Vocabulary<'_>) -> Option<Phrase> {
        let snapshot = known.snapshot;
        Some(match self.takes {
            Takes::Stage(StageAction::Start) if object == "all" => Phrase::StartAll,
            Takes::Stage(StageAction::Stop) if object == "all" => Phrase::StopAll,
            Takes::Stage(action) => {
                let stage = snapshot.stages.iter().find(|stage| printable(stage.id().as_str()) == object)?;
                Phrase::Stage(action, stage.id().clone())
            }
            Takes::Country if object == "all" => Phrase::Country(None),
            Takes::Country => {
                let row = snapshot.board.countries.iter().find(|row| printable(&row.country) == object)?;
                Phrase::Country(Some(row.country.to_string()))
            }
            Takes::Url => Phrase::Url(object.into()),
            Takes::Order => Phrase::Sort(orders(snapshot).find(|sort| sort.name() == object)?),
            Takes::Sample => Phrase::Sample(if object == NO_SAMPLE { 0 } else { object.parse().ok()? }),
            Takes::Window => Phrase::Window(WINDOWS.into_iter().find(|(name, _)| *name == object)?.1),
            Takes::Comparison if object == NO_COMPARISON => Phrase::Compare(None),
            Takes::Comparison => Phrase::Compare(Some(Ago::ALL.into_iter().find(|ago| ago.name() == object)?)),
            Takes::View => Phrase::View(views(snapshot).find(|screen| screen.name() == object)?),
            Takes::Level => Phrase::Log(LEVELS.into_iter().find(|(name, _)| *name == object)?.1),
            Takes::Theme => Phrase::Theme(object.to_owned()),
            Takes::Nothing(_) => return None,
        })
    }
}

/// Said of a line that is no command.
pub(crate) fn unknown_command(line: &str) -> String {
    format!("there is no command {}", excerpt(line.trim(), 40))
}

/// The verb at the begin of `text`, and the rest.
pub(crate) fn split(text: &str) -> Option<(&'static Verb, &str)> {
    let text = text.trim_start();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let word = word.to_lowercase();
    VERBS.iter().find(|verb| verb.name == word).map(|verb| (verb, rest.trim_start()))
}

/// The views that a name opens.
fn views(snapshot: &Snapshot) -> impl Iterator<Item = Screen> {
    Screen::offered(snapshot).iter().copied().chain([Screen::Alarms, Screen::Breakdown])
}

/// The name of the time window that people mean by `typed`.
fn window_name(typed: &str) -> &str {
    match typed {
        "all" => "all time",
        "hour" | "1h" | "60 min" | "last hour" => "1 h",
        "5" | "5m" | "5min" | "five minutes" => "5 min",
        typed => typed,
    }
}
