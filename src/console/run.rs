//! Running a console on an engine.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::keys::bindings::KeyBindings;
use super::options::ConsoleOptions;
use super::state::app::App;
use super::state::command_history::CommandHistory;
use super::state::pipelines::Pipelines;
use super::terminal::event_loop::event_loop;
use super::terminal::history_file;
use super::terminal::panic_hook::{CONSOLE, PanicHook};
use super::terminal::session::{TerminalSession, is_terminal};
use super::theme::Theme;
use super::theme::colors::Depth;
use crate::engine::EngineHandle;

/// Why there is no console, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Standard input or output is a file or a pipe.
    #[error("the console needs a terminal; use --headless")]
    NotATerminal,
    /// The terminal could not be set up.
    #[error("the terminal cannot be used: {0}; use --headless")]
    Setup(#[source] io::Error),
    /// The terminal failed or went away while the console was running. The pipeline was asked to end. It has ended, or a signal
    /// cut the wait short.
    #[error("the terminal is gone: {0}")]
    Lost(#[source] io::Error),
}

/// Whether the console has the terminal that it needs. Ask before you start an engine: without a terminal there is no reason to.
///
/// # Errors
/// Standard input or output is a file or a pipe.
pub fn require_terminal() -> Result<(), ConsoleError> {
    if is_terminal() { Ok(()) } else { Err(ConsoleError::NotATerminal) }
}

/// Shows the engine until the user quits or the engine ends and closes its snapshots.
///
/// Quitting sends [`Command::Shutdown`](crate::protocol::Command::Shutdown). The console then shows what the engine waits for until
/// the snapshots close. If the user quits again, the console sends the command once more, so that the engine ends at once. The
/// third time, it returns without waiting. SIGINT, SIGTERM and SIGHUP quit without a question; they no longer end the process by
/// themselves.
///
/// # Errors
/// [`ConsoleError`]. The console gives the terminal back in every case.
pub async fn run(options: ConsoleOptions, engine: &EngineHandle) -> Result<(), ConsoleError> {
    if engine.link.is_none() {
        // A run without a console says nothing as long as all is well.
        tracing::info!(target: "pipeline", event = "start", "the pipeline starts");
    }
    show(options, &[engine], |_, app| Pipelines::one(app())).await
}

/// Shows several engines in other processes, one at a time, and a list of all of them, until the user leaves. Each has a name of its
/// own, by which the user knows it.
///
/// # Errors
/// [`ConsoleError`]. The console gives the terminal back in every case.
pub async fn run_fleet(options: ConsoleOptions, engines: &[(Arc<str>, &EngineHandle)]) -> Result<(), ConsoleError> {
    let (names, engines): (Vec<_>, Vec<_>) = engines.iter().cloned().unzip();
    show(options, &engines, |keys, app| Pipelines::fleet(&names, keys, app)).await
}

/// Shows the engines on the terminal, in the pipelines that `pipelines` makes of the keys and of new apps.
async fn show(
    options: ConsoleOptions,
    engines: &[&EngineHandle],
    pipelines: impl FnOnce(&KeyBindings, &mut dyn FnMut() -> App) -> Pipelines,
) -> Result<(), ConsoleError> {
    require_terminal()?;
    let variable = |name| std::env::var(name).ok();
    let (no_color, color_term, term) = (variable("NO_COLOR"), variable("COLORTERM"), variable("TERM"));
    let depth = options.color.depth(no_color.as_deref(), color_term.as_deref(), term.as_deref());
    // crossterm reads NO_COLOR, too; the options decide.
    crossterm::style::force_color_output(depth != Depth::None);
    let theme = Theme::of(&options.themes, depth, options.ascii);
    CONSOLE
        .scope((), async move {
            let _hook = PanicHook::install();
            let session = TerminalSession::open(options.mouse).map_err(ConsoleError::Setup)?;
            let frame_interval = options.frame_interval;
            let (mut settings, keys) = options.into_settings();
            settings.history_file = history_file::history_file(|name| std::env::var_os(name));
            let history = settings.history_file.as_deref().map(history_file::read).unwrap_or_default();
            let mut app = || {
                let mut app = App::new(settings.clone(), theme, keys.clone(), SystemTime::now());
                app.history = CommandHistory::of(history.clone());
                app
            };
            let mut pipelines = pipelines(&keys, &mut app);
            event_loop(&mut pipelines, session, frame_interval, engines).await.map_err(ConsoleError::Lost)
        })
        .await
}
