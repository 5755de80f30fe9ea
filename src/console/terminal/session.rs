//! The real terminal: taken over, given back after quit, error and panic.

use std::io::{self, IsTerminal, Stdout, Write as _, stdin, stdout};
use std::mem::ManuallyDrop;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::buffer::Buffer;

use super::fallback_size::FallbackSizeBackend;
use crate::console::state::app::App;
use crate::console::view;

/// Has the terminal remember its title (XTWINOPS 22), and take it back (23); ignored where it is not known.
const KEEP_TITLE: &str = "\x1b[22;0t";
const TITLE_BACK: &str = "\x1b[23;0t";

/// Whether the terminal is ours and must be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    /// Set while the console's own code runs, on whatever thread: it tells its panics from those of a stage.
    pub(crate) static CONSOLE: ();
}

/// Whether the console can run: somebody can see it and type.
pub(crate) fn is_terminal() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// The terminal while the console has it.
pub(crate) struct TerminalSession {
    /// Never dropped: it would print that the cursor cannot be shown, and panic where standard error is gone as well.
    /// [`give_back`] shows the cursor.
    terminal: ManuallyDrop<Terminal<FallbackSizeBackend<Stdout>>>,
    mouse: bool,
    title: String,
}

impl TerminalSession {
    /// Takes the terminal over.
    pub(crate) fn open(mouse: bool) -> io::Result<Self> {
        take(mouse)?;
        // Made at once after `take`, so that any error from here on gives the terminal back.
        let giving_back = GiveBack;
        let terminal = ManuallyDrop::new(Terminal::new(FallbackSizeBackend::new(stdout()))?);
        std::mem::forget(giving_back);
        Ok(Self { terminal, mouse, title: String::new() })
    }

    /// Draws one frame, shown as a whole by terminals that know synchronized updates.
    pub(crate) fn draw(&mut self, app: &mut App) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            app.fit(frame.area());
            view::draw(frame, app);
        })?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// What is on the screen once `app` is drawn.
    pub(crate) fn picture(&mut self, app: &mut App) -> io::Result<Buffer> {
        let frame = self.terminal.draw(|frame| {
            app.fit(frame.area());
            view::draw(frame, app);
        })?;
        Ok(frame.buffer.clone())
    }

    /// Sends `sequence`, which draws nothing, to the terminal.
    pub(crate) fn send(&mut self, sequence: &str) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        backend.write_all(sequence.as_bytes())?;
        io::Write::flush(backend)
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(crate) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        let backend = self.terminal.backend_mut();
        if on { execute!(backend, EnableMouseCapture) } else { execute!(backend, DisableMouseCapture) }
    }

    /// Gives the terminal's window a title, if it has another. `title` must be printable.
    pub(crate) fn set_title(&mut self, title: &str) -> io::Result<()> {
        if self.title != title {
            title.clone_into(&mut self.title);
            execute!(self.terminal.backend_mut(), SetTitle(title))?;
        }
        Ok(())
    }

    /// Gives the terminal to the shell until this process is continued.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // To this thread, not the process: the call returns only after the stop, so that nothing is drawn before it.
        signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        self.resume()
    }

    /// Takes the terminal over anew: somebody else had it.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        give_back();
        take(self.mouse)?;
        self.title.clear();
        self.terminal.clear()
    }
}

impl Drop for TerminalSession {
    fn drop(&mut self) {
        give_back();
    }
}

struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    let giving_back = GiveBack;
    enable_raw_mode()?;
    // Pasted text comes as such, so that it does not act as keys.
    execute!(stdout(), Print(KEEP_TITLE), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    std::mem::forget(giving_back);
    Ok(())
}

/// Undoes [`take`] once; errors have nowhere to go.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            stdout(),
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show,
            Print(TITLE_BACK)
        );
        let _ = disable_raw_mode();
    }
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The panic hook of a live console; the one before it comes back when this is dropped.
pub(crate) struct PanicHook {
    before: Arc<Hook>,
}

impl PanicHook {
    /// A panic of the console gives the terminal back and goes on to the hook before. One of a stage is for its supervisor
    /// to catch and must not print over the live screen: it goes to the log.
    pub(crate) fn install() -> Self {
        let before: Arc<Hook> = panic::take_hook().into();
        let inner = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            if !TAKEN.load(Ordering::SeqCst) {
                inner(info);
            } else if is_console() {
                give_back();
                inner(info);
            } else {
                tracing::error!(target: "panic", "{}", info.to_string().replace('\n', " "));
            }
        }));
        Self { before }
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // Hooks cannot be changed while a panic unwinds; ours then lets everything through, the terminal being given back.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

fn is_console() -> bool {
    CONSOLE.try_with(|()| ()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_consoles_own_code_counts_as_the_console() {
        let (own, spawned, thread) = CONSOLE
            .scope((), async {
                let spawned = tokio::spawn(async { is_console() }).await.expect("joins");
                let thread = std::thread::spawn(is_console).join().expect("joins");
                tokio::task::yield_now().await;
                (is_console(), spawned, thread)
            })
            .await;
        assert_eq!((own, spawned, thread, is_console()), (true, false, false, false));
    }
}
