//! The terminal: the whole pipeline on one screen, live, steered by key.
//!
//! ```text
//! keys, mouse ─▶ update ─▶ state ─▶ view ─▶ terminal
//! snapshots   ─▶      │
//! clock       ─▶      └─▶ commands ─▶ pipeline
//! ```
//!
//! It knows of the pipeline what [`Snapshot`] tells and asks what [`Command`] can say, nothing else.

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
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};

use crate::protocol::{Command, Snapshot};
use state::app::App;
use terminal::screen::{CONSOLE, PanicHook, Screen};
use theme::Theme;
use theme::colors::Depth;

pub use state::app::Undone;
pub use state::bindings::{KeyError, Keys};
pub use state::keys::{Action, Chord, Context, KeyBinding, key_table};
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
    pub keys: Keys,
    /// What becomes of what is not done when clicktop is left at once.
    pub undone: Undone,
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
            keys: Keys::default(),
            undone: Undone::default(),
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

/// Shows the pipeline until the user has quit or the pipeline is gone (`snapshots` closes).
///
/// Quitting sends [`Command::Shutdown`] and goes on showing what the pipeline waits for until `snapshots` closes; quitting
/// again sends it once more, so that the pipeline ends at once, and a third time returns before it has. SIGINT, SIGTERM and SIGHUP quit without asking. From here on those signals do not end the
/// process by themselves any more.
///
/// # Errors
/// [`ConsoleError`]; the terminal is given back in every case.
pub async fn run(
    options: ConsoleOptions,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    commands: mpsc::Sender<Command>,
) -> Result<(), ConsoleError> {
    if !terminal::screen::is_terminal() {
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
            let screen = Screen::open(options.mouse).map_err(ConsoleError::Setup)?;
            let mut app = App::new(theme, options.read_only, SystemTime::now());
            app.keys = options.keys;
            app.mouse = options.mouse;
            app.unverified = options.unverified;
            app.undone = options.undone;
            app.themes = options.themes;
            terminal::run::event_loop(&mut app, screen, options.frame_interval, snapshots, commands)
                .await
                .map_err(ConsoleError::Lost)
        })
        .await
}
