//! What the console knows and how events change it. Draws nothing, and reads neither terminal nor clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Rect;

use super::chart_span::ChartSpan;
use super::key_bindings::KeyBindings;
use super::layout::{Panel, ScreenLayout};
use super::line_input::LineInput;
use super::observed::Observed;
use super::screens::{Screen, Screens};
use super::selection::Selection;
use super::trouble::in_trouble;
use crate::console::export::Effect;
use crate::console::export::table_file::TableProgress;
use crate::console::theme::Theme;
use crate::console::theme::themes::Themes;
use crate::console::update::commands::Prompt;
use crate::engine::tables::TableOrder;
use crate::protocol::snapshot::{LogLine, Notice, Snapshot};
use crate::protocol::{Command, Question, StageState, StageStatus};
use crate::text::printable;

/// How long a notice stays.
const NOTICE_TIME: Duration = Duration::from_secs(5);

/// How long something odd about the events stands above the stages.
const ODDITY_TIME: Duration = Duration::from_secs(120);

/// A snapshot older than this is said to be old.
const STALE_AFTER: Duration = Duration::from_secs(3);

/// What can happen to a console.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The pipeline published.
    Snapshot(Arc<Snapshot>),
    /// The pipeline is gone.
    Closed,
    Key(KeyEvent),
    /// Keys that came in one read, if it was more than one: nobody types like that.
    Keys(Vec<KeyEvent>),
    /// Text that the terminal says was pasted.
    Paste(String),
    Mouse(MouseEvent),
    /// About once a second.
    Tick(SystemTime),
    /// SIGTERM, SIGINT, SIGHUP, or the terminal is gone: quit without asking.
    Terminate,
}

/// What becomes of what is not done when clicktop is left at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnfinishedWork {
    /// The next start does it: what was not stored is still in Kafka.
    #[default]
    NextStart,
    /// The next start does it, but for messages that were not stored: they are gone with the embedded broker.
    SentAgain,
    /// Everything is gone with the end.
    Gone,
}

/// Tables and chart as they are held.
#[derive(Debug)]
pub(crate) struct Frozen {
    shown: Observed,
    since: SystemTime,
}

/// Which of the two the activity panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Recent,
    Log,
}

/// The activity panel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activity {
    pub(crate) tab: Tab,
    /// Rows between the newest and the last visible one.
    pub(crate) back: usize,
}

/// The whole state of the console.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) theme: Theme,
    /// Themes the user can choose.
    pub(crate) themes: Themes,
    pub(crate) read_only: bool,
    /// Somebody may be between clicktop and what it speaks to: certificates are not looked at.
    pub(crate) unverified: bool,
    /// Whether the mouse is ours; off, the terminal selects text with it.
    pub(crate) mouse: bool,
    pub(crate) keys: KeyBindings,
    /// What becomes of what is not done at the end.
    pub(crate) undone: UnfinishedWork,
    pub(crate) live: Observed,
    pub(crate) frozen: Option<Frozen>,
    /// The clock, as the last tick or snapshot told it.
    pub(crate) now: SystemTime,
    pub(crate) places: Option<ScreenLayout>,
    pub(crate) screen: Rect,
    pub(crate) focus: Panel,
    /// The place of the picked stage in the list.
    pub(crate) stage: usize,
    pub(crate) browse: Selection,
    pub(crate) activity: Activity,
    pub(crate) sheet: Screen,
    pub(crate) sheets: Screens,
    /// Whether the focused panel of the overview has the whole screen.
    pub(crate) expanded: bool,
    /// What the throughput chart is to span; `None` leaves it to what there is.
    pub(crate) zoom: Option<ChartSpan>,
    /// The line being typed, if one is.
    pub(crate) typing: Option<LineInput>,
    pub(crate) prompt: Option<Prompt>,
    pub(crate) help: bool,
    /// Rows of the help above the first visible one.
    pub(crate) help_top: usize,
    notice: Option<(String, SystemTime)>,
    /// Commands that the pipeline has not taken yet.
    pub(crate) outbox: Vec<Command>,
    /// Orders of tables that the engine has not taken yet.
    pub(crate) orders: Vec<TableOrder>,
    /// What the terminal's side is to do next.
    pub(crate) effects: Vec<Effect>,
    /// The table that is being written to a file.
    pub(crate) writing: Option<TableProgress>,
    pub(crate) quitting: bool,
    /// The pipeline was asked to end at once.
    pub(crate) hurrying: bool,
    pub(crate) leaving: bool,
    pub(crate) suspend: bool,
}

impl App {
    /// A console that has seen nothing yet; it asks for the figures at once.
    pub(crate) fn new(theme: Theme, read_only: bool, now: SystemTime) -> Self {
        let browse = Selection::default();
        Self {
            theme,
            themes: Themes::default(),
            read_only,
            unverified: false,
            mouse: true,
            keys: KeyBindings::default(),
            undone: UnfinishedWork::default(),
            live: Observed::default(),
            frozen: None,
            now,
            places: None,
            screen: Rect::default(),
            focus: Panel::Countries,
            stage: 0,
            outbox: vec![Command::View(browse.view()), Command::Ask(Question::LastMinute)],
            orders: Vec::new(),
            effects: Vec::new(),
            browse,
            activity: Activity::default(),
            sheet: Screen::default(),
            sheets: Screens::default(),
            expanded: false,
            zoom: None,
            typing: None,
            prompt: None,
            help: false,
            help_top: 0,
            notice: None,
            writing: None,
            quitting: false,
            hurrying: false,
            leaving: false,
            suspend: false,
        }
    }

    /// Takes one event; true if the screen may look different after it.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let changed = match event {
            Event::Snapshot(snapshot) => self.take(snapshot),
            Event::Closed => {
                self.leaving = true;
                false
            }
            Event::Key(key) => self.key(&key),
            Event::Keys(keys) => self.burst(&keys),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(mouse) => self.mouse(&mouse),
            Event::Tick(now) => self.tick(now),
            Event::Terminate => {
                self.terminate();
                true
            }
        };
        if changed {
            self.settle();
        }
        changed
    }

    /// Lays the screen out for `area` if anything that decides the layout has changed.
    pub(crate) fn fit(&mut self, area: Rect) {
        self.screen = area;
        self.settle();
    }

    fn settle(&mut self) {
        let banner = self.wants_banner();
        let stages = self.live.snapshot.stages.len();
        self.stage = self.stage.min(stages.saturating_sub(1));
        let detail = crate::console::view::panels::detail::rows(self.screen.width, self);
        self.places = match self.sheet {
            Screen::Overview if self.expanded => {
                ScreenLayout::arrange_expanded(self.screen, stages, banner, detail, self.focus)
            }
            Screen::Overview => ScreenLayout::arrange(self.screen, stages, banner, detail, self.focus),
            _ => ScreenLayout::arrange_sheet(self.screen, banner, detail),
        };
        let rows = |panel| self.places.as_ref().map_or(0, |places| places.rows(panel));
        let (countries, urls, lines) = (rows(Panel::Countries), rows(Panel::Urls), rows(Panel::Activity));
        let snapshot = Arc::clone(&self.shown().snapshot);
        self.browse.settle(&snapshot.board, countries, urls);
        self.activity.back = self.activity.back.min(self.activity_len().saturating_sub(lines.max(1)));
        self.settle_sheet();
    }

    /// The picked stage, as it is now; `None` while no stage is known.
    pub(crate) fn picked(&self) -> Option<&StageStatus> {
        self.live.snapshot.stages.get(self.stage)
    }

    /// What tables and chart show: the newest, or what was held. States, errors and totals are always [`App::newest`].
    pub(crate) fn shown(&self) -> &Observed {
        self.frozen.as_ref().map_or(&self.live, |frozen| &frozen.shown)
    }

    /// The newest, also while tables and chart are held.
    pub(crate) fn newest(&self) -> &Observed {
        &self.live
    }

    /// Whether tables and chart are held.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Since when tables and chart are held, if they are.
    pub(crate) fn frozen_since(&self) -> Option<SystemTime> {
        self.frozen.as_ref().map(|frozen| frozen.since)
    }

    /// Whether the pipeline was asked to end.
    pub(crate) fn is_quitting(&self) -> bool {
        self.quitting
    }

    /// Whether the pipeline was asked to end at once.
    pub(crate) fn is_hurrying(&self) -> bool {
        self.hurrying
    }

    /// Whether the console is to end.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether there is something to say above the stages.
    pub(crate) fn wants_banner(&self) -> bool {
        self.is_ending() || self.newest_notice().is_some()
    }

    /// What was last found odd about the events, while that is new. The log keeps it.
    pub(crate) fn newest_notice(&self) -> Option<&Notice> {
        let now = self.now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let newest = self.live.snapshot.notices.last()?;
        let age = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(newest.at.as_millis());
        (u128::try_from(age).unwrap_or(0) <= ODDITY_TIME.as_millis()).then_some(newest)
    }

    /// Whether that is about an end: the pipeline's, the source's, or that of everything there is.
    pub(crate) fn is_ending(&self) -> bool {
        let snapshot = &self.live.snapshot;
        self.quitting
            || snapshot.finished
            || snapshot.shutting_down.is_some()
            || snapshot.resetting.is_some()
            || snapshot.source.progress.as_ref().is_some_and(|progress| progress.error.is_some())
    }

    /// The newest snapshot, also while the drawn one is held.
    pub(crate) fn live(&self) -> &Snapshot {
        &self.live.snapshot
    }

    /// How old the newest snapshot is, if that is worth saying.
    pub(crate) fn stale(&self) -> Option<Duration> {
        let age = self.now.duration_since(self.live.snapshot.at?).ok()?;
        (age >= STALE_AFTER).then_some(age)
    }

    /// The line that takes the place of the footer's keys for a while.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_ref().map(|(text, _)| text.as_str())
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some((text.into(), self.now));
    }

    pub(crate) fn hush(&mut self) -> bool {
        self.notice.take().is_some()
    }

    fn take(&mut self, snapshot: Arc<Snapshot>) -> bool {
        if let Some(at) = snapshot.at {
            self.now = self.now.max(at);
        }
        if self.frozen.is_none() && self.activity.tab == Tab::Log && self.activity.back > 0 {
            self.activity.back += newer_lines(&self.live.snapshot.log, &snapshot.log);
        }
        if self.frozen.is_none() {
            self.follow_sheet(&snapshot);
        }
        let reset = snapshot.last_reset.clone().filter(|end| self.live.snapshot.last_reset.as_ref() != Some(end));
        self.live.push(snapshot);
        if let Some(end) = reset {
            self.say(self.told(&end));
        }
        true
    }

    fn tick(&mut self, now: SystemTime) -> bool {
        self.now = now;
        let expired = self
            .notice
            .as_ref()
            .is_some_and(|(_, since)| now.duration_since(*since).map_or(true, |shown| shown >= NOTICE_TIME));
        if expired {
            self.notice = None;
        }
        if self.frozen.is_none() {
            // Rejects, and a url's clicks and figures, go on; once a second is as often as anyone reads them.
            self.ask(false);
            self.ask_last_minute();
        }
        let counting =
            self.live.snapshot.stages.iter().any(|stage| matches!(stage.state, StageState::BackingOff { .. }));
        expired || counting || self.stale().is_some()
    }

    pub(crate) fn toggle_frozen(&mut self) {
        self.frozen = match self.frozen.take() {
            None => Some(Frozen { shown: self.live.clone(), since: self.now }),
            Some(_) => None,
        };
    }

    pub(crate) fn toggle_mouse(&mut self) {
        self.mouse = !self.mouse;
        self.effects.push(Effect::Mouse(self.mouse));
        self.say(if self.mouse { "the mouse is on" } else { "the mouse is the terminal's: select text with it" });
    }

    /// What the terminal's title says: the topic and how the pipeline is, so that a tab in the background tells.
    pub(crate) fn title(&self) -> String {
        let snapshot = &self.live.snapshot;
        let stages = snapshot.stages.len();
        let ailing = in_trouble(&snapshot.stages, self.stage).into_iter().find_map(|place| snapshot.stages.get(place));
        let active = snapshot.stages.iter().filter(|stage| stage.state.is_active()).count();
        let health = match ailing {
            _ if snapshot.shutting_down.is_some() => "draining".to_owned(),
            _ if snapshot.finished => "finished".to_owned(),
            Some(stage) => format!("{} {}", printable(&stage.info.title), stage.state.name()),
            None if active == stages => "running".to_owned(),
            None if active == 0 => "stopped".to_owned(),
            None => format!("{active} of {stages} stages run"),
        };
        let topic = printable(&snapshot.source.topic);
        if topic.is_empty() { format!("clicktop: {health}") } else { format!("clicktop {topic}: {health}") }
    }

    /// Draws with the next theme from now on.
    pub(crate) fn turn_theme(&mut self) {
        let name = self.themes.turn().to_owned();
        self.theme.repaint(&self.themes);
        let unseen = if self.theme.has_color() { "" } else { "; colours are off" };
        self.say(format!("theme {name}{unseen}"));
    }

    /// Rows that the activity panel could show.
    pub(crate) fn activity_len(&self) -> usize {
        let snapshot = &self.shown().snapshot;
        match self.activity.tab {
            Tab::Recent => snapshot.recent.len(),
            Tab::Log => snapshot.log.len(),
        }
    }
}

/// How many lines of `after` came after the newest of `before`.
pub(crate) fn newer_lines(before: &[LogLine], after: &[LogLine]) -> usize {
    before.last().and_then(|newest| after.iter().rev().position(|line| line == newest)).unwrap_or(after.len())
}
