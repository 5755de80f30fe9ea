//! The console from outside: events in, screens and commands out.

mod acknowledged;
mod alarmed;
mod asked;
mod broken_down;
mod browsed;
mod charted;
mod compared;
mod detailed;
mod drawn;
mod ended;
mod engines;
mod expanded;
mod fixture;
mod fleet;
mod followed;
mod found;
mod happened;
mod hinted;
mod map;
mod named;
mod noticed;
mod outlook;
mod pasted;
mod remote;
mod sampled;
mod sheets;
mod spoken;
mod steered;
mod themes;
mod trended;
mod troubled;
mod url_page;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tokio::sync::mpsc;

use super::keys::bindings::KeyBindings;
use super::state::app::App;
use super::state::settings::Settings;
use super::theme::Theme;
use super::update::event::Event;
use super::view;
use crate::engine::tables::TableOrder;
use crate::protocol::table::Table;
use crate::protocol::{Command, Question, Snapshot};

/// A console on a screen of its own, with both ends of its channel to the pipeline.
struct Console {
    app: App,
    terminal: Terminal<TestBackend>,
    commands: mpsc::Sender<Command>,
    received: mpsc::Receiver<Command>,
    tables: mpsc::Sender<TableOrder>,
    ordered: mpsc::Receiver<TableOrder>,
}

impl Console {
    fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, Theme::plain(true, false), false)
    }

    fn with(width: u16, height: u16, theme: Theme, read_only: bool) -> Self {
        let (commands, received) = mpsc::channel(16);
        let (tables, ordered) = mpsc::channel(4);
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
        let settings = Settings { read_only, ..Settings::default() };
        let app = App::new(settings, theme, KeyBindings::default(), fixture::now());
        let mut console = Self { app, terminal, commands, received, tables, ordered };
        console.draw();
        console
    }

    /// The pipeline publishes `snapshot`.
    fn show(&mut self, snapshot: Snapshot) -> &mut Self {
        self.app.apply(Event::Snapshot(Arc::new(snapshot)));
        self
    }

    /// Two minutes of history, then `snapshot`, as [`fixture::history`] tells.
    fn show_with_history(&mut self, snapshot: &Snapshot) -> &mut Self {
        for earlier in fixture::history(snapshot) {
            self.show(earlier);
        }
        self.show(snapshot.clone())
    }

    /// Presses keys named as in the help, apart by blanks: `Tab Space ^c X y`.
    fn press(&mut self, keys: &str) -> &mut Self {
        for name in keys.split(' ') {
            let (code, modifiers) = match name {
                "Space" => (KeyCode::Char(' '), KeyModifiers::NONE),
                "Tab" => (KeyCode::Tab, KeyModifiers::NONE),
                "Shift-Tab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
                "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
                "Backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
                "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
                "Up" => (KeyCode::Up, KeyModifiers::NONE),
                "Down" => (KeyCode::Down, KeyModifiers::NONE),
                "Left" => (KeyCode::Left, KeyModifiers::NONE),
                "Right" => (KeyCode::Right, KeyModifiers::NONE),
                "PgUp" => (KeyCode::PageUp, KeyModifiers::NONE),
                "PgDn" => (KeyCode::PageDown, KeyModifiers::NONE),
                "Home" => (KeyCode::Home, KeyModifiers::NONE),
                "End" => (KeyCode::End, KeyModifiers::NONE),
                _ if name.len() > 1 && name.starts_with('F') => {
                    (KeyCode::F(name[1..].parse().expect("a function key")), KeyModifiers::NONE)
                }
                _ => match name.strip_prefix('^').filter(|letter| !letter.is_empty()) {
                    Some(letter) => (KeyCode::Char(one(letter)), KeyModifiers::CONTROL),
                    None => (KeyCode::Char(one(name)), KeyModifiers::NONE),
                },
            };
            self.app.apply(Event::Key(KeyEvent::new(code, modifiers)));
            self.draw();
        }
        self
    }

    /// Pastes `text`, as a terminal tells it that marks what is pasted.
    fn paste(&mut self, text: &str) -> &mut Self {
        self.app.apply(Event::Paste(text.to_owned()));
        self.draw();
        self
    }

    /// Has the keys of `text` come in one read, as from a terminal that does not mark what is pasted.
    fn burst(&mut self, text: &str) -> &mut Self {
        let key = |c: char| match c {
            '\r' => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
            '\n' => KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL),
            c => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
        };
        self.app.apply(Event::Keys(text.chars().map(key).collect()));
        self.draw();
        self
    }

    fn point(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        self.app.apply(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        self.draw();
        self
    }

    fn click(&mut self, column: u16, row: u16) -> &mut Self {
        self.point(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    /// Lets `seconds` pass.
    fn pass(&mut self, seconds: u64) -> &mut Self {
        let now = self.app.now + Duration::from_secs(seconds);
        self.app.apply(Event::Tick(now));
        self
    }

    fn draw(&mut self) -> &Buffer {
        let app = &mut self.app;
        self.terminal
            .draw(|frame| {
                app.fit(frame.area());
                view::draw(frame, app);
            })
            .expect("drawing into memory");
        self.terminal.backend().buffer()
    }

    /// The screen as text.
    fn screen(&mut self) -> String {
        self.draw();
        self.terminal.backend().to_string()
    }

    /// The part of the screen inside `area`, as text.
    fn part(&mut self, area: impl Fn(&super::state::layout::ScreenLayout) -> Option<Rect>) -> String {
        self.draw();
        let layout = self.app.display.layout.clone().expect("large enough");
        let area = area(&layout).expect("visible");
        let buffer = self.terminal.backend().buffer();
        let mut part = Buffer::empty(Rect { x: 0, y: 0, ..area });
        for y in 0..area.height {
            for x in 0..area.width {
                part[(x, y)] = buffer[(area.x + x, area.y + y)].clone();
            }
        }
        let mut backend = TestBackend::new(area.width, area.height);
        let cells = (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y)));
        let cells: Vec<_> = cells.map(|(x, y)| (x, y, part[(x, y)].clone())).collect();
        ratatui::backend::Backend::draw(&mut backend, cells.iter().map(|(x, y, cell)| (*x, *y, cell)))
            .expect("drawing into memory");
        backend.to_string()
    }

    /// The styles of the cells in which `text` stands, at its first place on the screen.
    fn style_of(&mut self, text: &str) -> Style {
        let buffer = self.draw();
        let area = buffer.area;
        for y in 0..area.height {
            let row: Vec<&str> = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
            for x in 0..row.len() {
                if row[x..].concat().starts_with(text) {
                    let x = u16::try_from(x).expect("on the screen");
                    return buffer[(x, y)].style();
                }
            }
        }
        panic!("{text:?} is not on the screen:\n{}", self.screen());
    }

    /// The commands the pipeline got since the last call.
    fn sent(&mut self) -> Vec<Command> {
        let beside = [Command::Ask(Question::LastMinute), Command::Ask(Question::Trends)];
        self.sent_with_minutes().into_iter().filter(|command| !beside.contains(command)).collect()
    }

    /// The tables that were ordered since the last call.
    fn ordered(&mut self) -> Vec<Table> {
        self.app.deliver(&self.commands, &self.tables);
        std::iter::from_fn(|| self.ordered.try_recv().ok()).map(|order| order.table).collect()
    }

    /// With the questions for the last minute and for trends, which are asked again and again.
    fn sent_with_minutes(&mut self) -> Vec<Command> {
        self.app.deliver(&self.commands, &self.tables);
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

fn one(name: &str) -> char {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => c,
        _ => panic!("no such key: {name}"),
    }
}
