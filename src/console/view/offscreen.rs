//! The console without a terminal: the same state and the same drawing, into memory.

use std::sync::Arc;
use std::time::SystemTime;

use crossterm::event::KeyEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::picture::svg_of;
use crate::console::state::app::{App, Event};
use crate::console::theme::Theme;
use crate::console::{ConsoleOptions, view};
use crate::protocol::Snapshot;

/// A console that draws into memory, for measurements and pictures. What it would ask of a pipeline goes nowhere.
#[derive(Debug)]
pub struct Offscreen {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Offscreen {
    /// A screen of `columns` and `rows`, in full colour unless the options forbid any.
    pub fn new(options: &ConsoleOptions, columns: u16, rows: u16) -> Self {
        let depth = options.color.depth(None, Some("truecolor"), None);
        let theme = Theme::of(&options.themes, depth, options.ascii);
        let Ok(terminal) = Terminal::new(TestBackend::new(columns, rows));
        let mut app = App::new(theme, options.read_only, SystemTime::UNIX_EPOCH);
        app.themes = options.themes.clone();
        app.keys = options.keys.clone();
        app.unverified = options.unverified;
        Self { app, terminal }
    }

    /// The pipeline published `snapshot`.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.app.apply(Event::Snapshot(snapshot));
    }

    /// The reader pressed a key.
    pub fn press(&mut self, key: KeyEvent) {
        self.app.apply(Event::Key(key));
    }

    /// Draws what there is to see; the screen as it then is.
    pub fn frame(&mut self) -> &Buffer {
        let app = &mut self.app;
        let Ok(_) = self.terminal.draw(|frame| {
            app.fit(frame.area());
            view::draw(frame, app);
        });
        self.terminal.backend().buffer()
    }

    /// The same as an SVG picture.
    pub fn svg(&mut self) -> String {
        svg_of(self.frame())
    }
}
