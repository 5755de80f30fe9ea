//! The views beside the overview: which one is open, where the reader is in its list, and what is asked for it.

use std::sync::Arc;

use super::app::App;
use super::layout::list_area;
use super::line_input::LinePurpose;
use super::selection::{CursorMove, keep_visible};
use crate::console::view::panels::log;
use crate::protocol::answer::{Answer, RejectRow};
use crate::protocol::board::PageRow;
use crate::protocol::question::{PageQuestion, Question, RejectsQuestion, SearchQuestion};
use crate::protocol::snapshot::{LogLevel, LogLine, Snapshot};
use crate::protocol::{Command, Pattern};

/// Rejects asked for; older ones are in the database.
const REJECTS: usize = 200;

/// Search results asked for.
pub(crate) const RESULTS: usize = 200;

/// Newest clicks of a url asked for.
const CLICKS: usize = 200;

/// A whole screen of the console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Screen {
    #[default]
    Overview,
    Partitions,
    Store,
    Rejects,
    Search,
    Log,
    /// The countries on a map of the world.
    Map,
    /// Everything about one url; it is reached from that url.
    Url,
}

impl Screen {
    /// Those with a key of their own, in its order.
    pub(crate) const ALL: [Screen; 7] = [
        Screen::Overview,
        Screen::Partitions,
        Screen::Store,
        Screen::Rejects,
        Screen::Search,
        Screen::Log,
        Screen::Map,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Screen::Overview => "overview",
            Screen::Partitions => "partitions",
            Screen::Store => "store",
            Screen::Rejects => "rejects",
            Screen::Search => "search",
            Screen::Log => "log",
            Screen::Map => "map",
            Screen::Url => "url",
        }
    }
}

/// Where the reader is in a list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List {
    /// The row under the cursor.
    pub(crate) at: usize,
    /// The first visible row.
    pub(crate) top: usize,
}

/// The state of all views but the overview.
#[derive(Clone, Debug)]
pub(crate) struct Screens {
    pub(crate) partitions: List,
    pub(crate) rejects: List,
    pub(crate) search: List,
    pub(crate) clicks: List,
    /// The countries beside the map; its cursor is the country asked for.
    pub(crate) map: List,
    /// Part of a url to look for in the index.
    pub(crate) search_text: String,
    /// The url that [`Screen::Url`] is about.
    pub(crate) url: Option<Arc<str>>,
    /// Where it was opened.
    pub(crate) from: Screen,
    /// The least severe level that the log shows.
    pub(crate) level: LogLevel,
    /// Lines of the log between the newest and the last visible one.
    pub(crate) log_back: usize,
    /// Only lines of the log that this keeps.
    pub(crate) log_filter: Pattern,
    /// Only rejects that this keeps.
    pub(crate) rejects_filter: Pattern,
    /// How many rejects there were when they were last asked for.
    rejects_asked_at: Option<u64>,
}

impl Default for Screens {
    fn default() -> Self {
        Self {
            partitions: List::default(),
            rejects: List::default(),
            search: List::default(),
            clicks: List::default(),
            map: List::default(),
            search_text: String::new(),
            url: None,
            from: Screen::Overview,
            level: LogLevel::Debug,
            log_back: 0,
            log_filter: Pattern::default(),
            rejects_filter: Pattern::default(),
            rejects_asked_at: None,
        }
    }
}

impl Screens {
    /// What the index is asked; nothing while there is nothing to look for.
    pub(crate) fn search_question(&self) -> Option<SearchQuestion> {
        let text = self.search_text.clone();
        (!text.is_empty()).then_some(SearchQuestion { text, country: None, limit: RESULTS })
    }

    pub(crate) fn page_question(&self) -> Option<PageQuestion> {
        self.url.as_ref().map(|url| PageQuestion { url: url.to_string(), clicks: CLICKS })
    }

    /// The lines of `log` that are severe enough and pass the filter.
    pub(crate) fn lines<'a>(&'a self, log: &'a [LogLine]) -> impl DoubleEndedIterator<Item = &'a LogLine> {
        log.iter().filter(|line| line.level <= self.level && self.log_filter.keeps_any([&*line.target, &*line.message]))
    }

    /// The rejects of `rows` that pass the filter.
    pub(crate) fn rejects_of<'a>(&'a self, rows: &'a [RejectRow]) -> impl DoubleEndedIterator<Item = &'a RejectRow> {
        rows.iter().filter(|row| self.rejects_filter.keeps_any([&*row.reason, &*row.payload]))
    }

    fn list_mut(&mut self, sheet: Screen) -> Option<&mut List> {
        match sheet {
            Screen::Partitions => Some(&mut self.partitions),
            Screen::Rejects => Some(&mut self.rejects),
            Screen::Search => Some(&mut self.search),
            Screen::Url => Some(&mut self.clicks),
            Screen::Overview | Screen::Store | Screen::Log | Screen::Map => None,
        }
    }

    /// The results of the search asked for, once they are there.
    pub(crate) fn results<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Result<Vec<PageRow>, String>> {
        current(snapshot.answers.search.as_deref(), self.search_question().as_ref())
    }
}

/// What was found, if it was found for `question` and not for one before.
pub(crate) fn current<'a, Q: PartialEq, A>(
    answer: Option<&'a Answer<Q, A>>,
    question: Option<&Q>,
) -> Option<&'a Result<A, String>> {
    answer.filter(|answer| Some(&answer.asked) == question).map(|answer| &answer.found)
}

impl App {
    /// Opens `sheet` and asks for what it shows.
    pub(crate) fn open(&mut self, sheet: Screen) {
        self.sheet = sheet;
        self.ask(true);
    }

    /// Opens `sheet` as its key does: what has a line to type in begins with it.
    pub(crate) fn enter(&mut self, sheet: Screen) {
        self.typing = None;
        self.open(sheet);
        if sheet == Screen::Search {
            self.start_typing(LinePurpose::Search);
        }
    }

    /// Opens the view after this one, or the one before.
    pub(crate) fn turn_sheet(&mut self, forward: bool) {
        let here = if self.sheet == Screen::Url { self.sheets.from } else { self.sheet };
        let len = Screen::ALL.len();
        let at = Screen::ALL.iter().position(|sheet| *sheet == here).unwrap_or(0);
        let next = (at + if forward { 1 } else { len - 1 }) % len;
        self.enter(Screen::ALL.get(next).copied().unwrap_or_default());
    }

    /// Opens everything about `url`.
    pub(crate) fn open_url(&mut self, url: Arc<str>) {
        if self.sheet != Screen::Url {
            self.sheets.from = self.sheet;
        }
        self.sheets.url = Some(url);
        self.sheets.clicks = List::default();
        self.open(Screen::Url);
    }

    /// Opens the url under the cursor of the overview or of the search results.
    pub(crate) fn open_picked(&mut self) {
        match self.picked_url() {
            Some(url) => self.open_url(url),
            None => self.say("no url is picked: move to one with ↑ ↓"),
        }
    }

    /// The url under the cursor.
    pub(crate) fn picked_url(&self) -> Option<Arc<str>> {
        match self.sheet {
            Screen::Search => {
                let rows = self.sheets.results(&self.shown().snapshot)?.as_ref().ok()?;
                rows.get(self.sheets.search.at).map(|row| Arc::clone(&row.url))
            }
            Screen::Url => self.sheets.url.clone(),
            _ => self.browse.page.as_ref().map(|(url, _)| Arc::clone(url)),
        }
    }

    /// Asks for what the open view shows; unless `anew`, only if the answer may have changed.
    pub(crate) fn ask(&mut self, anew: bool) {
        let rejected = self.live().totals.rejected;
        let question = match self.sheet {
            Screen::Rejects if anew || self.sheets.rejects_asked_at != Some(rejected) => {
                self.sheets.rejects_asked_at = Some(rejected);
                Some(Question::Rejects(RejectsQuestion { limit: REJECTS }))
            }
            Screen::Search if anew => self.sheets.search_question().map(Question::Search),
            Screen::Url => self.sheets.page_question().map(Question::Page),
            _ => None,
        };
        if let Some(question) = question {
            self.request(Command::Ask(question), None);
        }
    }

    /// Asks for the clicks of the last minute, where they are shown.
    pub(crate) fn ask_last_minute(&mut self) {
        if matches!(self.sheet, Screen::Overview | Screen::Map) {
            self.request(Command::Ask(Question::LastMinute), None);
        }
    }

    /// Shows the next level of the log, from all lines to errors only.
    pub(crate) fn cycle_level(&mut self) {
        self.sheets.level = match self.sheets.level {
            LogLevel::Debug => LogLevel::Info,
            LogLevel::Info => LogLevel::Warn,
            LogLevel::Warn => LogLevel::Error,
            LogLevel::Error => LogLevel::Debug,
        };
        self.sheets.log_back = 0;
    }

    /// Rows of the open view's list.
    pub(crate) fn sheet_len(&self) -> usize {
        let snapshot = &self.shown().snapshot;
        match self.sheet {
            Screen::Overview | Screen::Store => 0,
            Screen::Partitions => snapshot.partitions.len(),
            Screen::Rejects => snapshot
                .answers
                .rejects
                .as_ref()
                .and_then(|answer| answer.found.as_ref().ok())
                .map_or(0, |found| self.sheets.rejects_of(&found.rows).count()),
            Screen::Search => match self.sheets.results(snapshot) {
                Some(Ok(rows)) => rows.len(),
                _ => 0,
            },
            Screen::Log => self.sheets.lines(&snapshot.log).count(),
            // All of them together come first.
            Screen::Map => snapshot.board.countries.len() + 1,
            Screen::Url => match current(snapshot.answers.page.as_deref(), self.sheets.page_question().as_ref()) {
                Some(Ok(page)) => page.clicks.len(),
                _ => 0,
            },
        }
    }

    /// Rows of the open view's list that are visible.
    pub(crate) fn sheet_rows(&self) -> usize {
        let body = self.places.as_ref().and_then(|places| places.sheet);
        if self.sheet == Screen::Log {
            let (columns, rows) = self.log_size();
            let log = &self.shown().snapshot.log;
            let shown = self.sheets.lines(log).rev().skip(self.sheets.log_back);
            return log::fitting(shown, columns, rows);
        }
        body.map_or(0, |body| usize::from(list_area(self.sheet, body).height.saturating_sub(3)))
    }

    /// Columns and rows inside the frame of the log.
    fn log_size(&self) -> (usize, usize) {
        let body = self.places.as_ref().and_then(|places| places.sheet).unwrap_or_default();
        (usize::from(body.width.saturating_sub(4)), usize::from(body.height.saturating_sub(2)))
    }

    pub(crate) fn step_sheet(&mut self, step: CursorMove) {
        let len = self.sheet_len();
        if self.sheet == Screen::Log {
            // The newest line is at the bottom.
            self.sheets.log_back = match step {
                CursorMove::By(rows) => CursorMove::By(-rows).apply(self.sheets.log_back, len),
                CursorMove::First => CursorMove::Last.apply(0, len),
                CursorMove::Last => Some(0),
            }
            .unwrap_or(0);
        } else if self.sheet == Screen::Map {
            let board = Arc::clone(&self.shown().snapshot.board);
            if self.browse.step_country(&board, step) {
                self.request_view();
            }
        } else if let Some(list) = self.sheets.list_mut(self.sheet) {
            list.at = step.apply(list.at, len).unwrap_or(0);
        }
    }

    /// Puts the cursor on the visible row `row` of the open view's list.
    pub(crate) fn pick_row(&mut self, row: usize) {
        if self.sheet == Screen::Map {
            let board = Arc::clone(&self.shown().snapshot.board);
            if self.browse.ask_row(&board, self.sheets.map.top + row) {
                self.request_view();
            }
            return;
        }
        let len = self.sheet_len();
        if let Some(list) = self.sheets.list_mut(self.sheet)
            && list.top + row < len
        {
            list.at = list.top + row;
        }
    }

    /// Keeps the cursor of the open view on its list and in sight.
    pub(crate) fn settle_sheet(&mut self) {
        if self.sheet == Screen::Log {
            if self.sheets.log_back > 0 {
                let (columns, rows) = self.log_size();
                let log = &self.shown().snapshot.log;
                let oldest = log::fitting(self.sheets.lines(log), columns, rows);
                let most = self.sheets.lines(log).count().saturating_sub(oldest);
                self.sheets.log_back = self.sheets.log_back.min(most);
            }
            return;
        }
        let (len, rows) = (self.sheet_len(), self.sheet_rows());
        if self.sheet == Screen::Map {
            let at = self.browse.country_row(&self.shown().snapshot.board);
            self.sheets.map.top = keep_visible(self.sheets.map.top, at, rows, len);
        } else if let Some(list) = self.sheets.list_mut(self.sheet) {
            list.at = list.at.min(len.saturating_sub(1));
            list.top = keep_visible(list.top, Some(list.at), rows, len);
        }
    }

    /// Keeps the rejects' cursor on its message and the log in its place while `after` brings newer ones.
    pub(crate) fn follow_sheet(&mut self, after: &Snapshot) {
        let before = Arc::clone(&self.live.snapshot);
        if self.sheets.log_back > 0 {
            let newer = super::app::newer_lines(&before.log, &after.log);
            let tail = after.log.get(after.log.len().saturating_sub(newer)..).unwrap_or_default();
            let newer = self.sheets.lines(tail).count();
            self.sheets.log_back += newer;
        }
        let rejects = |snapshot: &Snapshot| snapshot.answers.rejects.clone();
        let at = self.sheets.rejects.at;
        let moved = if at > 0
            && let (Some(before), Some(after)) = (rejects(&before), rejects(after))
            && !Arc::ptr_eq(&before, &after)
            && let (Ok(before), Ok(after)) = (&before.found, &after.found)
            && let Some(picked) = self.sheets.rejects_of(&before.rows).nth(at)
        {
            self.sheets.rejects_of(&after.rows).position(|row| row == picked)
        } else {
            None
        };
        self.sheets.rejects.at = moved.unwrap_or(at);
    }
}
