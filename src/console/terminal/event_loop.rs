//! The event loop: keys, snapshots, clock and signals in, frames and commands out.

use std::future::pending;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::event_batch::EventBatch;
use super::keyboard::Keyboard;
use super::session::TerminalSession;
use crate::console::export::table_file::{TableFile, TableOutcome};
use crate::console::export::{Effect, Format, clipboard, write};
use crate::console::state::app::{App, Event};
use crate::console::view::picture::{ansi_of, svg_of, text_of};
use crate::engine::EngineHandle;
use crate::signals::{EndSignal, EndSignals};

/// Frames after a key or a resize come no closer than this; those for news keep to the configured interval.
const KEY_FRAME: Duration = Duration::from_millis(16);

/// When to draw next.
#[derive(Debug)]
struct Frames {
    interval: Duration,
    last: Option<Instant>,
    due: Option<Instant>,
}

impl Frames {
    fn new(interval: Duration) -> Self {
        Self { interval, last: None, due: Some(Instant::now()) }
    }

    /// Something changed; after a key the frame comes sooner.
    fn want(&mut self, soon: bool) {
        let gap = if soon { KEY_FRAME.min(self.interval) } else { self.interval };
        let at = self.last.map_or_else(Instant::now, |last| last + gap);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    fn drawn(&mut self) {
        self.last = Some(Instant::now());
        self.due = None;
    }
}

/// Drives `app` until it leaves. A terminal that goes away means quit without asking: the pipeline drains unseen.
pub(crate) async fn event_loop(
    app: &mut App,
    screen: TerminalSession,
    frame_interval: Duration,
    engine: &EngineHandle,
) -> io::Result<()> {
    let mut ends = EndSignals::listen();
    let mut resumed = signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?;
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminal = Some((screen, Keyboard::open()?));
    let mut lost = None;
    let mut frames = Frames::new(frame_interval);
    let mut files = Files::new();
    let mut snapshots = engine.snapshots.clone();
    let first = Arc::clone(&snapshots.borrow_and_update());
    app.apply(Event::Snapshot(first));

    loop {
        if app.deliver(&engine.commands, &engine.tables) {
            frames.want(true);
        }
        if app.is_leaving() {
            break;
        }
        if let Some((screen, _)) = &mut terminal {
            if let Err(error) = perform(app, screen, &mut frames, &mut files) {
                terminal = None;
                lost = lost.or(lose(app, error));
                continue;
            }
            let outcome = if std::mem::take(&mut app.suspend) {
                frames.want(true);
                screen.suspend()
            } else if frames.is_due() {
                frames.drawn();
                screen.draw(app).and_then(|()| screen.set_title(&app.title()))
            } else {
                Ok(())
            };
            if let Err(error) = outcome {
                terminal = None;
                lost = lost.or(lose(app, error));
                continue;
            }
        }
        let due = frames.due.filter(|_| terminal.is_some());
        tokio::select! {
            read = next_read(&mut terminal) => {
                if read.apply_to(app) {
                    frames.want(true);
                }
                if let Some(error) = read.end {
                    terminal = None;
                    lost = lost.or(lose(app, error));
                }
            }
            changed = snapshots.changed() => {
                let event = match changed {
                    Ok(()) => Event::Snapshot(Arc::clone(&snapshots.borrow_and_update())),
                    Err(_) => Event::Closed,
                };
                if app.apply(event) {
                    frames.want(false);
                }
            }
            Some(written) = files.said.recv() => {
                app.table_written(written);
                frames.want(true);
            }
            _ = clock.tick() => {
                if app.apply(Event::Tick(SystemTime::now())) {
                    frames.want(false);
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            signal = ends.next() => {
                if signal == EndSignal::HangUp {
                    // That the terminal is gone is then no failure of it.
                    lost = None;
                }
                if signal == EndSignal::Asked || !app.is_quitting() {
                    app.apply(Event::Terminate);
                }
                frames.want(true);
            }
            _ = resumed.recv() => {
                if let Some((screen, _)) = &mut terminal {
                    // An error here shows again, and is dealt with, at the frame that follows.
                    let _ = screen.resume();
                    frames.want(true);
                }
            }
        }
    }
    if let Some(writing) = &app.writing {
        writing.cancel();
    }
    files.end();
    lost.map_or(Ok(()), Err)
}

/// The tables that are being written.
struct Files {
    threads: Vec<JoinHandle<()>>,
    sayer: UnboundedSender<TableOutcome>,
    said: UnboundedReceiver<TableOutcome>,
}

impl Files {
    fn new() -> Self {
        let (sayer, said) = unbounded_channel();
        Self { threads: Vec::new(), sayer, said }
    }

    fn start(&mut self, table: TableFile) {
        self.threads.retain(|thread| !thread.is_finished());
        match table.start(self.sayer.clone()) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => {
                // Our own end of the channel is open.
                let _ =
                    self.sayer.send(TableOutcome { said: format!("no thread to write with: {error}"), done: false });
            }
        }
    }

    /// Waits until no half of a file is left; the tables must have been cancelled.
    fn end(self) {
        for thread in self.threads {
            // A panic has been said by its hook.
            let _ = thread.join();
        }
    }
}

/// Writes and copies what the app wants written and copied, and has it say so. The error is that of the terminal.
fn perform(app: &mut App, screen: &mut TerminalSession, frames: &mut Frames, files: &mut Files) -> io::Result<()> {
    for effect in std::mem::take(&mut app.effects) {
        let said = match effect {
            Effect::Mouse(on) => {
                screen.set_mouse(on)?;
                continue;
            }
            Effect::Table(table) => {
                files.start(table);
                frames.want(true);
                continue;
            }
            Effect::Write { name, content, said } => written(&name, &content, said),
            Effect::Picture { name, format } => {
                let buffer = screen.picture(app)?;
                let content = match format {
                    Format::Svg => svg_of(&buffer),
                    Format::Ansi => ansi_of(&buffer),
                    Format::Text | Format::Csv | Format::Json => text_of(&buffer),
                };
                written(&name, &content, format!("the screen is written to {name}"))
            }
            Effect::Copy(url) => {
                screen.send(&clipboard(&url))?;
                format!("copied, if the terminal lets it: {url}")
            }
        };
        app.say(said);
        frames.want(true);
    }
    Ok(())
}

fn written(name: &str, content: &str, said: String) -> String {
    match write(Path::new("."), name, content) {
        Ok(()) => said,
        Err(error) => error.to_string(),
    }
}

/// The terminal is gone: the pipeline is to end unseen. No error if it was about to end anyway, as after a hang-up.
fn lose(app: &mut App, error: io::Error) -> Option<io::Error> {
    if app.is_quitting() {
        return None;
    }
    app.apply(Event::Terminate);
    Some(error)
}

/// What there is to read of the terminal; never anything, once it is gone.
async fn next_read(terminal: &mut Option<(TerminalSession, Keyboard)>) -> EventBatch {
    match terminal {
        Some((_, keyboard)) => keyboard.next().await,
        None => pending().await,
    }
}
