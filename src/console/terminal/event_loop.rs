//! The event loop: keys, snapshots, clock and signals come in, frames and commands go out.

use std::future::pending;
use std::io;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::effects::perform;
use super::event_batch::EventBatch;
use super::feed::{Feed, News, next_news};
use super::frames::Frames;
use super::keyboard::Keyboard;
use super::session::TerminalSession;
use crate::console::state::app::App;
use crate::console::state::pipelines::Pipelines;
use crate::console::state::window_title::window_title;
use crate::console::update::event::Event;
use crate::engine::EngineHandle;
use crate::signals::{EndSignal, EndSignals};

/// Drives `pipelines`, one for each of `engines`, until the user leaves. If the terminal goes away, they quit without a question, and
/// the pipelines drain unseen.
pub(crate) async fn event_loop(
    pipelines: &mut Pipelines,
    session: TerminalSession,
    frame_interval: Duration,
    engines: &[&EngineHandle],
) -> io::Result<()> {
    let mut ends = EndSignals::listen();
    let mut resumed = signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?;
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminal = Some((session, Keyboard::open()?));
    let mut lost = None;
    let mut frames = Frames::new(frame_interval);
    let mut feeds: Vec<_> = engines.iter().map(|engine| Feed::of(engine)).collect();
    for (position, feed) in feeds.iter_mut().enumerate() {
        for event in feed.first() {
            pipelines.take(position, event);
        }
    }

    loop {
        for (app, feed) in pipelines.iter_mut().zip(&feeds) {
            if feed.deliver(app) {
                frames.want(true);
            }
        }
        if pipelines.shown().ending.is_leaving() {
            break;
        }
        if let Some((session, _)) = &mut terminal {
            let outcome = perform_all(pipelines, session, &mut frames, &mut feeds)
                .and_then(|()| show(pipelines.shown_mut(), session, &mut frames));
            if let Err(error) = outcome {
                terminal = None;
                lost = lost.or(lose(pipelines, error));
                continue;
            }
        }
        let due = frames.due().filter(|_| terminal.is_some());
        tokio::select! {
            batch = next_batch(&mut terminal) => {
                if batch.apply_to(pipelines) {
                    frames.want(true);
                }
                if let Some(error) = batch.end {
                    terminal = None;
                    lost = lost.or(lose(pipelines, error));
                }
            }
            (position, news) = next_news(&mut feeds) => match news {
                News::Event(event) => {
                    if pipelines.take(position, event) {
                        frames.want(false);
                    }
                }
                News::Table(outcome) => {
                    if let Some(app) = pipelines.get_mut(position) {
                        app.end_table_export(outcome);
                        frames.want(true);
                    }
                }
            },
            _ = clock.tick() => {
                if pipelines.apply(Event::Tick(SystemTime::now())) {
                    frames.want(false);
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            signal = ends.next() => {
                if signal == EndSignal::HangUp {
                    // After a hang-up, a terminal that is gone is no failure.
                    lost = None;
                }
                if signal == EndSignal::Asked || !pipelines.shown().ending.is_quitting() {
                    pipelines.apply(Event::Terminate);
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
    for app in pipelines.iter_mut() {
        app.stop_table_export();
    }
    for feed in feeds {
        feed.tables.join();
    }
    lost.map_or(Ok(()), Err)
}

/// Does what every pipeline asks for. One that is not on the terminal may ring.
fn perform_all(
    pipelines: &mut Pipelines,
    session: &mut TerminalSession,
    frames: &mut Frames,
    feeds: &mut [Feed<'_>],
) -> io::Result<()> {
    pipelines.iter_mut().zip(feeds).try_for_each(|(app, feed)| perform(app, session, frames, &mut feed.tables))
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
fn lose(pipelines: &mut Pipelines, error: io::Error) -> Option<io::Error> {
    if pipelines.shown().ending.is_quitting() {
        return None;
    }
    pipelines.apply(Event::Terminate);
    Some(error)
}

/// Waits for the next events of the terminal; forever once it is gone.
async fn next_batch(terminal: &mut Option<(TerminalSession, Keyboard)>) -> EventBatch {
    match terminal {
        Some((_, keyboard)) => keyboard.next().await,
        None => pending().await,
    }
}
