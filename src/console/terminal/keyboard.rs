//! The terminal's keys, read on a thread of their own.

use std::io;
use std::thread;

use crossterm::event::{Event, EventStream};
use futures::Stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::event_batch::EventBatch;

/// Batches that wait for the console. Further events wait in the terminal.
const WAITING: usize = 16;

/// The events of the terminal.
///
/// If the terminal goes away in the middle of a key, crossterm never returns: it reads the end of the terminal again and again. So
/// it runs on a thread of its own, and the thread that listens for signals and drains the pipeline goes on.
pub(crate) struct Keyboard {
    batches: Receiver<EventBatch>,
}

impl Keyboard {
    /// Begins to read. Only a thread of a runtime may call it.
    pub(crate) fn open() -> io::Result<Self> {
        Self::of(EventStream::new)
    }

    /// Reads the stream that `open` opens.
    fn of<S>(open: impl FnOnce() -> S + Send + 'static) -> io::Result<Self>
    where
        S: Stream<Item = io::Result<Event>> + Unpin,
    {
        let (sender, batches) = channel(WAITING);
        let runtime = Handle::current();
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || runtime.block_on(forward(open(), sender)))?;
        Ok(Self { batches })
    }

    /// Waits for the next batch, and adds the batches that are there by then.
    pub(crate) async fn next(&mut self) -> EventBatch {
        let Some(mut batch) = self.batches.recv().await else { return EventBatch::nothing_more() };
        while batch.takes_more()
            && let Ok(more) = self.batches.try_recv()
        {
            batch.append(more);
        }
        batch
    }
}

/// Sends every batch to `sender`, until the terminal or the console ends.
async fn forward(mut events: impl Stream<Item = io::Result<Event>> + Unpin, sender: Sender<EventBatch>) {
    loop {
        let batch = tokio::select! {
            batch = EventBatch::next(&mut events) => batch,
            () = sender.closed() => return,
        };
        let ended = batch.end.is_some();
        if sender.send(batch).await.is_err() || ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;
    use std::time::UNIX_EPOCH;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use futures::stream;

    use super::*;
    use crate::console::keys::bindings::KeyBindings;
    use crate::console::state::app::App;
    use crate::console::state::pipelines::Pipelines;
    use crate::console::state::settings::Settings;
    use crate::console::theme::Theme;

    fn key(code: char) -> io::Result<Event> {
        Ok(Event::Key(KeyEvent::new(KeyCode::Char(code), KeyModifiers::NONE)))
    }

    #[tokio::test]
    async fn a_terminal_that_never_answers_again_keeps_nothing_else_from_going_on() {
        // As the library does with a terminal that goes away behind a key: it does not come back.
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let mut first = Some(key('j'));
        let mut keyboard = Keyboard::of(move || {
            stream::poll_fn(move |_| match first.take() {
                Some(key) => Poll::Ready(Some(key)),
                None => {
                    let _ = held.recv();
                    Poll::Ready(None)
                }
            })
        })
        .expect("a thread");
        // The one thread of this runtime polls the keys first; the other branch stands for a signal.
        tokio::select! {
            biased;
            read = keyboard.next() => panic!("{read:?}"),
            () = tokio::task::yield_now() => {}
        }
        drop(let_go);
        assert!(keyboard.next().await.end.is_some(), "the end is told once it is known");
    }

    #[tokio::test]
    async fn keys_that_wait_come_together_and_the_end_after_them() {
        let mut keyboard = Keyboard { batches: channel(1).1 };
        assert!(keyboard.next().await.end.is_some(), "whoever read it has ended");

        let (sender, batches) = channel(WAITING);
        keyboard.batches = batches;
        for code in ['X', 'y'] {
            sender.send(EventBatch::next(stream::iter([key(code)])).await.without_end()).await.expect("room");
        }
        sender.send(EventBatch::next(stream::empty()).await).await.expect("room");
        let read = keyboard.next().await;
        assert!(read.end.is_some());
        let app = App::new(Settings::default(), Theme::plain(false, false), KeyBindings::default(), UNIX_EPOCH);
        let mut pipelines = Pipelines::one(app);
        read.apply_to(&mut pipelines);
        let app = pipelines.shown();
        assert!(
            app.overlays.prompt.is_none()
                && app.outgoing.commands.iter().all(|sent| sent.command != crate::protocol::Command::StopAll)
        );
    }

    #[tokio::test]
    async fn nobody_who_listens_ends_the_thread() {
        let (alive, ended) = std::sync::mpsc::channel::<()>();
        let keyboard = Keyboard::of(move || {
            let alive = alive;
            stream::poll_fn(move |_| {
                let _ = &alive;
                Poll::Pending
            })
        });
        drop(keyboard);
        assert!(ended.recv().is_err(), "the stream is dropped with its thread");
    }
}
