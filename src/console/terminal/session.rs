//! The real terminal: the console takes it over, and gives it back after quit, error and panic.

use std::io::{self, IsTerminal, Stdout, Write as _, stdin, stdout};
use std::mem::ManuallyDrop;
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

/// The terminal remembers its title (XTWINOPS 22), and takes it back (23). A terminal that does not know them ignores both.
const KEEP_TITLE: &str = "\x1b[22;0t";
const TITLE_BACK: &str = "\x1b[23;0t";

/// Whether the console has the terminal and must give it back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether somebody can see the console and type.
pub(crate) fn is_terminal() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// The terminal while the console has it.
pub(crate) struct TerminalSession {
    /// Never dropped: its destructor prints an error if the cursor cannot be shown, and panics if standard error is gone as well.
    /// [`give_back`] shows the cursor.
    terminal: ManuallyDrop<Terminal<FallbackSizeBackend<Stdout>>>,
    mouse: bool,
    title: String,
}

impl TerminalSession {
    /// Takes the terminal over.
    pub(crate) fn open(mouse: bool) -> io::Result<Self> {
        take(mouse)?;
        // From here on, an error gives the terminal back.
        let guard = GiveBack;
        let terminal = ManuallyDrop::new(Terminal::new(FallbackSizeBackend::new(stdout()))?);
        std::mem::forget(guard);
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

    /// Draws one frame and returns the screen.
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

    /// Sets the title of the terminal's window, unless it has that title. `title` must be printable.
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
        // The signal goes to this thread, so that the call returns after the stop and nothing is drawn before it.
        signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        self.resume()
    }

    /// Takes the terminal over again after somebody else had it.
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

/// Gives the terminal back when it is dropped.
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    let guard = GiveBack;
    enable_raw_mode()?;
    // The terminal marks pasted text, so that the text does not act as keys.
    execute!(stdout(), Print(KEEP_TITLE), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    std::mem::forget(guard);
    Ok(())
}

/// Whether the console has the terminal now.
pub(super) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Undoes [`take`] once. Nobody is left to hear of an error.
pub(super) fn give_back() {
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
