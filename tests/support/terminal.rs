//! A terminal of our own: a pseudo-terminal with the program in it, and an emulator that reads its screen.

use std::io::{Read as _, Write};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::HANG;
use super::program::{Home, clicktop, signal};

/// Of a screen, in characters.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

impl From<Size> for PtySize {
    fn from(size: Size) -> Self {
        Self { rows: size.rows, cols: size.columns, pixel_width: 0, pixel_height: 0 }
    }
}

/// What the program has written.
struct Output {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
    /// Nobody is to read any more.
    vanishing: bool,
}

#[derive(Clone)]
struct Shared(Arc<(Mutex<Output>, Condvar)>);

/// The program in its terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    program: Program,
    shared: Shared,
    /// How the line was set before the program had it.
    modes: String,
}

/// Killed if it is dropped.
struct Program(Box<dyn Child + Send + Sync>);

impl Terminal {
    /// Starts `clicktop` with `arguments`.
    pub fn start(home: &Home, arguments: &[&str], size: Size) -> Self {
        Self::start_in(home, &[], arguments, size, size)
    }

    /// Has another program start it: `sh -c '… "$0" "$@"'`.
    pub fn start_by(home: &Home, before: &[&str], arguments: &[&str], size: Size) -> Self {
        Self::start_in(home, before, arguments, size, size)
    }

    /// Starts it in a terminal that tells another size than it shows.
    pub fn start_shown(home: &Home, arguments: &[&str], size: Size, shown: Size) -> Self {
        Self::start_in(home, &[], arguments, size, shown)
    }

    fn start_in(home: &Home, before: &[&str], arguments: &[&str], size: Size, shown: Size) -> Self {
        let pair = native_pty_system().openpty(size.into()).expect("a terminal");
        let modes = modes(&*pair.master);
        let program = clicktop();
        let mut words = before.iter().copied().chain([program.as_str()]).chain(arguments.iter().copied());
        let mut command = CommandBuilder::new(words.next().expect("a program"));
        command.args(words);
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        command.cwd(home.path(""));
        let child = pair.slave.spawn_command(command).expect("the program starts");
        // The program's own end is the last one: the terminal closes with it.
        drop(pair.slave);
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let mut reader = pair.master.try_clone_reader().expect("a screen");
        let emulator = vt100::Parser::new(rows(shown), columns(shown), 0);
        let output = Output { emulator, bytes: Vec::new(), closed: false, vanishing: false };
        let shared = Shared(Arc::new((Mutex::new(output), Condvar::new())));
        let writer = shared.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            loop {
                // A terminal that nobody has any more answers with an error.
                let read = reader.read(&mut chunk).unwrap_or(0);
                let (output, changed) = &*writer.0;
                let mut output = output.lock();
                output.emulator.process(&chunk[..read]);
                output.bytes.extend_from_slice(&chunk[..read]);
                output.closed = read == 0 || output.vanishing;
                changed.notify_all();
                if output.closed {
                    return;
                }
            }
        });
        Self { master: pair.master, keyboard, program: Program(child), shared, modes }
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.until(what, |output| wanted(&contents(&output.emulator)));
    }

    /// Waits until the program has sent `bytes`: what a terminal does not show comes before or after the frame beside it.
    #[track_caller]
    pub fn wait_for_sent(&self, bytes: &[u8]) {
        self.until(&String::from_utf8_lossy(bytes).escape_debug().to_string(), |output| {
            last(&output.bytes, bytes).is_some()
        });
    }

    /// Waits until a row of the screen has `text`, and looks at that row as it first is.
    #[track_caller]
    pub fn wait_first(&self, what: &str, text: &str, look: impl Fn(&str)) {
        let row = std::cell::RefCell::new(None);
        self.until(what, |output| {
            let screen = contents(&output.emulator);
            let found = screen.lines().find(|line| line.contains(text)).map(str::to_owned);
            *row.borrow_mut() = found;
            row.borrow().is_some()
        });
        look(&row.into_inner().unwrap_or_default());
    }

    #[track_caller]
    fn until(&self, what: &str, wanted: impl Fn(&Output) -> bool) {
        let deadline = Instant::now() + HANG;
        let (output, changed) = &*self.shared.0;
        let mut output = output.lock();
        while !wanted(&output) {
            assert!(!output.closed, "the program ended before {what}:\n{}", contents(&output.emulator));
            let late = changed.wait_until(&mut output, deadline).timed_out();
            assert!(!late, "no {what} in {HANG:?}:\n{}", contents(&output.emulator));
        }
    }

    /// The screen as it is, a line a row.
    pub fn screen(&self) -> String {
        contents(&self.shared.0.0.lock().emulator)
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("typed");
    }

    pub fn resize(&mut self, size: Size) {
        self.shared.0.0.lock().emulator.screen_mut().set_size(rows(size), columns(size));
        self.master.resize(size.into()).expect("resized");
    }

    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Of the program's process.
    pub fn id(&self) -> u32 {
        self.program.0.process_id().expect("a process")
    }

    /// Waits for the program's end; its exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let deadline = Instant::now() + HANG;
        let (output, changed) = &*self.shared.0;
        let mut output = output.lock();
        while !output.closed {
            let late = changed.wait_until(&mut output, deadline).timed_out();
            assert!(!late, "no end in {HANG:?}:\n{}", contents(&output.emulator));
        }
        drop(output);
        let status = self.program.0.wait().expect("ended");
        assert_eq!(status.signal(), None, "it ends by itself:\n{}", self.screen());
        status.exit_code()
    }

    /// Goes away with everything that has it open, as when a connection drops or a window is closed: the program is hung up.
    /// What it writes from then on, to standard error as well, is refused. Its exit code; `None` if a signal has ended it.
    #[track_caller]
    pub fn vanish(self) -> Option<u32> {
        {
            let (output, changed) = &*self.shared.0;
            let mut output = output.lock();
            output.vanishing = true;
            // The reader lets go of it after the next thing that is drawn.
            let deadline = Instant::now() + HANG;
            while !output.closed {
                assert!(!changed.wait_until(&mut output, deadline).timed_out(), "nothing is drawn in {HANG:?}");
            }
        }
        let id = self.id();
        let Self { master, keyboard, mut program, .. } = self;
        drop((master, keyboard));
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(program.0.wait().expect("ended")));
        let status = receiver.recv_timeout(HANG).unwrap_or_else(|_| {
            signal(id, "KILL");
            panic!("no end in {HANG:?}")
        });
        status.signal().is_none().then(|| status.exit_code())
    }

    /// Quits as its user does, and checks the end.
    #[track_caller]
    pub fn quit(&mut self) {
        self.keys("q");
        self.wait("a question", |screen| screen.contains("Drain and quit clicktop?"));
        self.keys("y");
        assert_eq!(self.end(), 0, "{}", self.screen());
        self.assert_given_back();
    }

    /// Whether the program has the alternate screen.
    pub fn is_taken(&self) -> bool {
        self.shared.0.0.lock().emulator.screen().alternate_screen()
    }

    /// Whether the terminal marks what is pasted.
    pub fn is_pasting_marked(&self) -> bool {
        self.shared.0.0.lock().emulator.screen().bracketed_paste()
    }

    pub fn has_sent(&self, bytes: &[u8]) -> bool {
        last(&self.shared.0.0.lock().bytes, bytes).is_some()
    }

    /// The terminal is as it was before: screen, cursor, mouse and line.
    #[track_caller]
    pub fn assert_given_back(&self) {
        {
            let output = self.shared.0.0.lock();
            for (what, on, off) in [
                ("alternate screen", "\x1b[?1049h", "\x1b[?1049l"),
                ("hidden cursor", "\x1b[?25l", "\x1b[?25h"),
                ("mouse", "\x1b[?1000h", "\x1b[?1000l"),
                ("marked paste", "\x1b[?2004h", "\x1b[?2004l"),
                ("synchronized update", "\x1b[?2026h", "\x1b[?2026l"),
            ] {
                let (on, off) = (last(&output.bytes, on.as_bytes()), last(&output.bytes, off.as_bytes()));
                assert!(on.is_some() && on < off, "{what}: last set at {on:?}, undone at {off:?}");
            }
            let screen = output.emulator.screen();
            assert!(!screen.alternate_screen() && !screen.hide_cursor());
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        }
        assert_eq!(modes(&*self.master), self.modes, "the line is set as before");
    }

    /// The program has not taken the terminal at all.
    #[track_caller]
    pub fn assert_untouched(&self) {
        assert!(!self.has_sent(b"\x1b[?"), "{:?}", String::from_utf8_lossy(&self.shared.0.0.lock().bytes));
        assert_eq!(modes(&*self.master), self.modes, "the line is set as before");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every row, also the blank ones.
fn contents(emulator: &vt100::Parser) -> String {
    let screen = emulator.screen();
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).collect::<Vec<_>>().join("\n")
}

/// Echo, line editing and what else the line discipline does, in words for comparing.
fn modes(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().expect("a terminal"))
}

fn last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(bytes, wanted)
}

fn rows(size: Size) -> std::num::NonZeroU16 {
    size.rows.try_into().expect("a row")
}

fn columns(size: Size) -> std::num::NonZeroU16 {
    size.columns.try_into().expect("a column")
}
