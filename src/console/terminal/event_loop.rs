//! The event loop: keys, snapshots, clock and signals come in, frames and commands go out.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::effects::perform;
use super::event_batch::EventBatch;
use super::frames::Frames;
use super::keyboard::Keyboard;
use super::session::TerminalSession;
use super::table_threads::TableThreads;
use crate::console::state::app::App;
use crate::console::state::window_title::window_title;
use crate::console::update::event::Event;
use crate::engine::EngineHandle;
use crate::engine::link::Link;
use crate::signals::{EndSignal, EndSignals};

/// Drives `app` until it leaves. If the terminal goes away, the app quits without a question, and the pipeline drains unseen.
pub(crate) async fn event_loop(
    app: &mut App,
    session: TerminalSession,
    frame_interval: Duration,
    engine: &EngineHandle,
) -> io::Result<()> {
    let mut ends = EndSignals::listen();
    let mut resumed = signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?;
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminal = Some((session, Keyboard::open()?));
    let mut lost = None;
    let mut frames = Frames::new(frame_interval);
    let mut tables = TableThreads::new();
    let mut snapshots = engine.snapshots.clone();
    let mut link = engine.link.clone();
    if let Some(link) = &mut link {
        let first = link.borrow_and_update().clone();
        app.apply(Event::Link(first));
    }
    let first = Arc::clone(&snapshots.borrow_and_update());
    app.apply(Event::Snapshot(first));

    loop {
        if app.deliver(&engine.commands, &engine.tables) {
            frames.want(true);
        }
        if app.ending.is_leaving() {
            break;
        }
        if let Some((session, _)) = &mut terminal {
            let outcome =
                perform(app, session, &mut frames, &mut tables).and_then(|()| show(app, session, &mut frames));
            if let Err(error) = outcome {
                terminal = None;
                lost = lost.or(lose(app, error));
                continue;
            }
        }
        let due = frames.due().filter(|_| terminal.is_some());
        tokio::select! {
            batch = next_batch(&mut terminal) => {
                if batch.apply_to(app) {
                    frames.want(true);
                }
                if let Some(error) = batch.end {
                    terminal = None;
                    lost = lost.or(lose(app, error));
                }
            }
            changed = snapshots.changed() => {
                let event = match changed {
                    Ok(()) => Event::Snapshot(Arc::clone(&snapshots.borrow_and_update())),
                    Err(_) => Event::EngineEnded,
                };
                if app.apply(event) {
                    frames.want(false);
                }
            }
            Some(news) = next_link(&mut link) => {
                if app.apply(Event::Link(news)) {
                    frames.want(false);
                }
            }
            Some(outcome) = tables.next_outcome() => {
                app.end_table_export(outcome);
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
                    // After a hang-up, a terminal that is gone is no failure.
                    lost = None;
                }
                if signal == EndSignal::Asked || !app.ending.is_quitting() {
                    app.apply(Event::Terminate);
                }
                frames.want(true);
            }
            _ = resumed.recv() => {
                if let Some((session, _)) = &mut terminal {
                    // If the terminal is gone, the next frame fails as well and handles it.
                    let _ = session.resume();
                    frames.want(true);
                }
            }
        }
    }
    if let Some(progress) = &app.table_export {
        progress.stop();
    }
    tables.join();
    lost.map_or(Ok(()), Err)
}

/// Suspends the process if the user asked for it; else draws the frame that is due.
fn show(app: &mut App, session: &mut TerminalSession, frames: &mut Frames) -> io::Result<()> {
    if std::mem::take(&mut app.suspend) {
        frames.want(true);
        session.suspend()
    } else if frames.is_due() {
        frames.drawn();
        session.draw(app)?;
        session.set_title(&window_title(app.engine.snapshot(), app.picked_stage))
    } else {
        Ok(())
    }
}

/// Ends the pipeline after the terminal has gone. If the pipeline was about to end anyway, as after a hang-up, there is no error.
fn lose(app: &mut App, error: io::Error) -> Option<io::Error> {
    if app.ending.is_quitting() {
        return None;
    }
    app.apply(Event::Terminate);
    Some(error)
}

/// Waits until the connection has changed; for ever if the engine is in this process, or has ended.
async fn next_link(link: &mut Option<watch::Receiver<Link>>) -> Option<Link> {
    if let Some(link) = link
        && link.changed().await.is_ok()
    {
        return Some(link.borrow_and_update().clone());
    }
    pending().await
}

/// Waits for the next events of the terminal; forever once it is gone.
async fn next_batch(terminal: &mut Option<(TerminalSession, Keyboard)>) -> EventBatch {
    match terminal {
        Some((_, keyboard)) => keyboard.next().await,
        None => pending().await,
    }
}
