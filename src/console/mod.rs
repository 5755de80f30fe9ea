//! The terminal: the whole pipeline on one screen, live, steered by key.
//!
//! ```text
//! keys, mouse ─▶ update ─▶ state ─▶ view ─▶ terminal
//! snapshots   ─▶      │
//! clock       ─▶      └─▶ commands ─▶ pipeline
//! ```
//!
//! It knows an engine by its [`Snapshot`](crate::protocol::Snapshot)s and its stages as these list them, and nothing else of it.

mod export;
mod format;
mod state;
mod terminal;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod tests;

use std::io;
use std::time::{Duration, SystemTime};

use crate::engine::EngineHandle;
use state::app::App;
use terminal::session::{CONSOLE, PanicHook, TerminalSession};
use theme::Theme;
use theme::colors::Depth;

pub use state::app::UnfinishedWork;
pub use state::key_bindings::{KeyBindings, KeyError};
pub use state::key_table::{Action, Chord, Context, KeyBinding, key_table};
pub use theme::colors::{ColorMode, Role, ThemeName};
pub use theme::themes::{Ink, ThemeColors, Themes};
pub use view::offscreen::Offscreen;

/// How the console looks and what it may do.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// Least time between two frames that show news; keys are answered sooner.
    pub frame_interval: Duration,
    /// Whether to colour, and how finely.
    pub color: ColorMode,
    /// Which colours, and which others there are to choose from.
    pub themes: Themes,
    /// Plain ASCII in place of lines, symbols and braille.
    pub ascii: bool,
    /// Wheel and clicks; off, the terminal's own text selection works.
    pub mouse: bool,
    /// Only look: no command but the view and quitting.
    pub read_only: bool,
    /// Certificates are not looked at, which the header says as long as it is so.
    pub unverified: bool,
    /// What each key does.
    pub keys: KeyBindings,
    /// What becomes of what is not done when clicktop is left at once.
    pub undone: UnfinishedWork,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            frame_interval: Duration::from_millis(100),
            color: ColorMode::Auto,
            themes: Themes::default(),
            ascii: false,
            mouse: true,
            read_only: false,
            unverified: false,
            keys: KeyBindings::default(),
            undone: UnfinishedWork::default(),
        }
    }
}

/// Why there is no console, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input or output is a file or a pipe.
    #[error("the console needs a terminal; use --headless")]
    NotATerminal,
    /// The terminal could not be set up.
    #[error("the terminal cannot be used: {0}; use --headless")]
    Setup(#[source] io::Error),
    /// The terminal failed or went away while the console was up. The pipeline was asked to end, and had ended or a signal
    /// cut the wait short, when this is returned.
    #[error("the terminal is gone: {0}")]
    Lost(#[source] io::Error),
}

/// Shows the engine until the user quits or the engine ends (its snapshots close).
///
/// Quitting sends [`Command::Shutdown`](crate::protocol::Command::Shutdown), and the console shows what the engine waits for until
/// the snapshots close. Quitting again sends it once more, so that the engine ends at once; a third time returns before that.
/// SIGINT, SIGTERM and SIGHUP quit without asking, and no longer end the process by themselves.
///
/// # Errors
/// [`ConsoleError`]; the terminal is given back in every case.
pub async fn run(options: ConsoleOptions, engine: &EngineHandle) -> Result<(), ConsoleError> {
    if !terminal::session::is_terminal() {
        return Err(ConsoleError::NotATerminal);
    }
    let variable = |name| std::env::var(name).ok();
    let (no_color, color_term, term) = (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM"));
    let depth = options.color.depth(no_color.as_deref(), color_term.as_deref(), term.as_deref());
    // The terminal library reads NO_COLOR too; what was decided here holds.
    crossterm::style::force_color_output(depth != Depth::None);
    let theme = Theme::of(&options.themes, depth, options.ascii);
    CONSOLE
        .scope((), async move {
            let _hook = PanicHook::install();
            let screen = TerminalSession::open(options.mouse).map_err(ConsoleError::Setup)?;
            let mut app = App::new(theme, options.read_only, SystemTime::now());
            app.keys = options.keys;
            app.mouse = options.mouse;
            app.unverified = options.unverified;
            app.undone = options.undone;
            app.themes = options.themes;
            terminal::event_loop::event_loop(&mut app, screen, options.frame_interval, engine)
                .await
                .map_err(ConsoleError::Lost)
        })
        .await
}
