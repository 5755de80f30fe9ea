//! Several pipelines in one console: the list of them, and going from one to another.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::fixture;
use crate::console::keys::bindings::KeyBindings;
use crate::console::state::app::App;
use crate::console::state::effect::Effect;
use crate::console::state::pipelines::Pipelines;
use crate::console::state::screen::Screen;
use crate::console::state::settings::Settings;
use crate::console::theme::Theme;
use crate::console::update::event::Event;
use crate::console::view;
use crate::engine::link::{Link, LinkState};
use crate::protocol::alarm::{Alarm, Alarms, Severity};
use crate::protocol::{Command, Snapshot};

/// A console on several pipelines.
struct FleetConsole {
    pipelines: Pipelines,
    terminal: Terminal<TestBackend>,
}

impl FleetConsole {
    fn new(names: &[&str], width: u16, height: u16) -> Self {
        let names: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
        let keys = KeyBindings::default();
        let pipelines = Pipelines::fleet(&names, &keys, || {
            let settings = Settings { attached: true, bell: true, ..Settings::default() };
            App::new(settings, Theme::plain(true, false), KeyBindings::default(), fixture::now())
        });
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
        let mut console = Self { pipelines, terminal };
        console.draw();
        console
    }

    /// A fleet of four: one runs, one has failed, one has an alarm, one is away.
    fn of_four(width: u16, height: u16) -> Self {
        let mut console = Self::new(&["shop-eu", "shop-us", "blog", "box:7070"], width, height);
        console.show(0, fixture::running());
        console.show(1, fixture::failed());
        console.show(2, alarmed());
        console.lose(3);
        console
    }

    fn show(&mut self, position: usize, snapshot: Snapshot) {
        self.link(position, LinkState::Connected);
        self.pipelines.take(position, Event::Snapshot(Arc::new(snapshot)));
        self.draw();
    }

    fn link(&mut self, position: usize, state: LinkState) {
        let link = Link { state, may_steer: Some(true), ..Link::to(format!("/run/{position}.sock")) };
        self.pipelines.take(position, Event::Link(link));
        self.draw();
    }

    fn lose(&mut self, position: usize) {
        let since = Some(fixture::now() - Duration::from_secs(75));
        let next_try = fixture::now() + Duration::from_secs(8);
        self.link(position, LinkState::Lost { cause: "connection refused".into(), since, next_try });
    }

    fn key(&mut self, code: KeyCode) -> &mut Self {
        self.pipelines.apply(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.draw();
        self
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.key(KeyCode::Char(key));
        }
        self
    }

    fn draw(&mut self) {
        let app = self.pipelines.shown_mut();
        self.terminal
            .draw(|frame| {
                app.fit(frame.area());
                view::draw(frame, app);
            })
            .expect("a frame");
    }

    fn screen(&self) -> String {
        self.terminal.backend().to_string()
    }

    fn open(&self) -> (usize, Screen) {
        let app = self.pipelines.shown();
        (app.fleet.as_ref().expect("a fleet").own, app.screens.open)
    }
}

fn alarmed() -> Snapshot {
    let alarm = Alarm {
        name: "lag".into(),
        stage: None,
        severity: Severity::Warning,
        since: fixture::now() - Duration::from_secs(90),
        text: "lag of 1,200,000 messages".into(),
        value: Some(1_200_000.0),
        limit: Some(1_000_000.0),
        right_since: None,
        concerns: Some("ingest".into()),
        acknowledged: None,
    };
    let alarms = Alarms { active: vec![alarm], ..Alarms::default() };
    Snapshot { alarms: Arc::new(alarms), ..fixture::running() }
}

#[test]
fn the_console_begins_with_the_list_of_the_pipelines() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let console = FleetConsole::of_four(width, height);
        insta::assert_snapshot!(format!("fleet_{width}x{height}"), console.screen());
    }
}

#[test]
fn a_pipeline_of_the_fleet_is_drawn_below_the_row_of_all() {
    for (width, height) in [(120, 40), (60, 17), (60, 16)] {
        let mut console = FleetConsole::of_four(width, height);
        console.press("1");
        insta::assert_snapshot!(format!("fleet_one_{width}x{height}"), console.screen());
    }
}

#[test]
fn keys_go_from_one_pipeline_to_another_and_back_to_the_list() {
    let mut console = FleetConsole::of_four(120, 40);
    assert_eq!(console.open(), (0, Screen::Fleet));
    console.key(KeyCode::Down).key(KeyCode::Down).key(KeyCode::Enter);
    assert_eq!(console.open(), (2, Screen::Overview));
    console.press("]");
    assert_eq!(console.open(), (3, Screen::Overview));
    console.press("]");
    assert_eq!(console.open(), (0, Screen::Overview), "after the last comes the first");
    console.press("[");
    assert_eq!(console.open(), (3, Screen::Overview));
    console.press("a");
    assert_eq!(console.open(), (3, Screen::Fleet));
    console.press("a");
    assert_eq!(console.open(), (3, Screen::Overview), "the key that opens the list closes it");
    console.press("a2");
    assert_eq!(console.open(), (1, Screen::Overview));
    console.press("a9");
    assert!(console.screen().contains("there are 4 pipelines"), "{}", console.screen());
}

#[test]
fn each_pipeline_keeps_the_screen_and_the_filter_that_the_user_left() {
    let mut console = FleetConsole::of_four(120, 40);
    console.press("1").key(KeyCode::F(6));
    console.press("]w");
    assert_eq!(console.open(), (1, Screen::Overview));
    console.press("[");
    assert_eq!(console.open(), (0, Screen::Log));
    console.press("a").key(KeyCode::Enter);
    assert_eq!(console.open(), (0, Screen::Log), "the list is no place to come back to");
    let views: Vec<_> = console
        .pipelines
        .iter_mut()
        .map(|app| app.outgoing.commands.iter().filter(|sent| matches!(sent.command, Command::View(_))).count())
        .collect();
    assert_eq!(views, [1, 1, 1, 1], "each asks its own pipeline for figures");
    assert_ne!(console.pipelines.apps[1].selection.window, console.pipelines.apps[0].selection.window);
}

#[test]
fn the_list_steers_no_pipeline() {
    let mut console = FleetConsole::of_four(120, 40);
    let commands = |console: &mut FleetConsole| -> Vec<Command> {
        let all = console.pipelines.iter_mut().flat_map(|app| std::mem::take(&mut app.outgoing.commands));
        all.map(|sent| sent.command).filter(|command| !matches!(command, Command::View(_) | Command::Ask(_))).collect()
    };
    console.press("XSRr ");
    console.pipelines.apply(Event::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL)));
    assert!(console.pipelines.shown().overlays.prompt.is_none());
    assert_eq!(commands(&mut console), []);
    console.press("2X");
    assert!(console.pipelines.shown().overlays.prompt.is_some(), "the pipeline itself asks");
    console.press("y");
    assert_eq!(commands(&mut console), [Command::StopAll]);
}

#[test]
fn q_leaves_all_of_them() {
    let mut console = FleetConsole::of_four(120, 40);
    console.press("q");
    assert!(console.pipelines.shown().ending.is_leaving());
    let mut console = FleetConsole::of_four(120, 40);
    console.press("3q");
    assert!(console.pipelines.shown().ending.is_leaving());
}

#[test]
fn the_help_says_that_q_leaves_and_which_keys_the_fleet_has() {
    let mut console = FleetConsole::of_four(120, 40);
    console.press("?");
    let screen = console.screen();
    assert!(screen.contains("leave; the pipeline goes on") && !screen.contains("drain and quit"), "{screen}");
    assert!(screen.contains("show the pipeline under the cursor"), "{screen}");
    assert!(!screen.contains("stop every stage"), "{screen}");
}

#[test]
fn an_alarm_of_a_pipeline_that_is_not_shown_rings_and_is_in_the_row() {
    let mut console = FleetConsole::of_four(200, 60);
    console.press("2");
    for app in console.pipelines.iter_mut() {
        app.outgoing.effects.clear();
    }
    console.show(0, alarmed());
    let rings = |app: &mut App| app.outgoing.effects.iter().any(|effect| matches!(effect, Effect::Ring));
    assert!(console.pipelines.iter_mut().any(rings));
    console.press("a");
    let screen = console.screen();
    let line = screen.lines().find(|line| line.contains("alarm since") && line.contains("shop-eu"));
    assert!(line.is_some_and(|line| line.contains("lag of 1,200,000")), "{}", console.screen());
}

#[test]
fn the_age_of_a_lost_picture_goes_on_while_another_pipeline_is_shown() {
    let mut console = FleetConsole::of_four(200, 60);
    console.press("1");
    console.pipelines.apply(Event::Tick(fixture::now() + Duration::from_secs(60)));
    console.press("a");
    let screen = console.screen();
    assert!(screen.contains("the picture is 2m15s old"), "{screen}");
}

#[test]
fn a_click_opens_a_pipeline_of_the_row() {
    let mut console = FleetConsole::of_four(120, 40);
    let screen = console.screen();
    let row = screen.lines().next().expect("a row").trim_start_matches('"');
    let column = row.split("blog").next().expect("a name").chars().count();
    let event = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: u16::try_from(column).expect("a column"),
        row: 0,
        modifiers: KeyModifiers::NONE,
    };
    console.pipelines.apply(Event::Mouse(event));
    assert_eq!(console.open(), (2, Screen::Overview));
}

#[test]
fn a_theme_is_of_the_whole_console() {
    let mut console = FleetConsole::of_four(120, 40);
    console.press("1t");
    let chosen = console.pipelines.shown().settings.themes.clone();
    console.press("]");
    assert_eq!(format!("{:?}", console.pipelines.shown().settings.themes), format!("{chosen:?}"));
}

#[test]
fn a_row_too_narrow_for_all_shows_those_around_this_one() {
    let names: Vec<String> = (0..30).map(|at| format!("pipeline-number-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut console = FleetConsole::new(&names, 80, 24);
    for (at, _) in names.iter().enumerate() {
        console.show(at, fixture::running());
    }
    for own in 0..names.len() {
        let tabs = console.pipelines.shown().fleet.as_ref().expect("a fleet").tabs(80);
        assert!(tabs.iter().any(|tab| tab.position == own || own == 0), "{own}");
        console.press("]");
    }
}
