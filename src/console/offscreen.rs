//! The console without a terminal, for measurements: the same state, updates and drawing, into memory.

use std::sync::Arc;
use std::time::SystemTime;

use crossterm::event::KeyEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::options::ConsoleOptions;
use super::state::app::App;
use super::theme::Theme;
use super::update::event::Event;
use super::view;
use crate::protocol::Snapshot;

/// A console that draws into memory. Nobody gets its commands.
#[derive(Debug)]
pub struct Offscreen {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Offscreen {
    /// A console of `columns` and `rows`. It draws in full colour unless the options forbid it.
    pub fn new(options: ConsoleOptions, columns: u16, rows: u16) -> Self {
        let depth = options.color.depth(None, Some("truecolor"), None);
        let theme = Theme::of(&options.themes, depth, options.ascii);
        let Ok(terminal) = Terminal::new(TestBackend::new(columns, rows));
        let (settings, keys) = options.into_settings();
        Self { app: App::new(settings, theme, keys, SystemTime::UNIX_EPOCH), terminal }
    }

    /// The engine publishes `snapshot`.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.app.apply(Event::Snapshot(snapshot));
    }

    /// The user presses a key.
    pub fn press(&mut self, key: KeyEvent) {
        self.app.apply(Event::Key(key));
    }

    /// Draws a frame and returns the screen.
    pub fn frame(&mut self) -> &Buffer {
        let app = &mut self.app;
        let Ok(_) = self.terminal.draw(|frame| {
            app.fit(frame.area());
            view::draw(frame, app);
        });
        self.terminal.backend().buffer()
    }
}
