//! The terminal's keys, read on a thread of their own.

use std::io;
use std::thread;

use crossterm::event::{Event, EventStream};
use futures::Stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::event_batch::EventBatch;

/// Reads that wait for the console; the rest waits in the terminal.
const WAITING: usize = 16;

/// What the terminal sends.
///
/// The library that reads it never returns if the terminal goes away while a key is under way: it reads the end of the
/// terminal again and again. The thread on which that happens must not be the one that listens for signals and has the
/// pipeline drain.
pub(crate) struct Keyboard {
    reads: Receiver<EventBatch>,
}

impl Keyboard {
    /// Begins to read. Only a runtime's thread may call it.
    pub(crate) fn open() -> io::Result<Self> {
        Self::of(EventStream::new)
    }

    /// Reads what `open` opens.
    fn of<S>(open: impl FnOnce() -> S + Send + 'static) -> io::Result<Self>
    where
        S: Stream<Item = io::Result<Event>> + Unpin,
    {
        let (sender, reads) = channel(WAITING);
        let runtime = Handle::current();
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || runtime.block_on(forward(open(), sender)))?;
        Ok(Self { reads })
    }

    /// Waits for something to come, and takes with it what has come since.
    pub(crate) async fn next(&mut self) -> EventBatch {
        let Some(mut read) = self.reads.recv().await else { return EventBatch::nothing_more() };
        while read.takes_more()
            && let Ok(more) = self.reads.try_recv()
        {
            read.append(more);
        }
        read
    }
}

/// Until the terminal is at its end, or nobody wants its keys any more.
async fn forward(mut events: impl Stream<Item = io::Result<Event>> + Unpin, sender: Sender<EventBatch>) {
    loop {
        let read = tokio::select! {
            read = EventBatch::next(&mut events) => read,
            () = sender.closed() => return,
        };
        let ended = read.end.is_some();
        if sender.send(read).await.is_err() || ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use futures::stream;

    use super::*;
    use crate::console::state::app::App;
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
        let mut keyboard = Keyboard { reads: channel(1).1 };
        assert!(keyboard.next().await.end.is_some(), "whoever read it has ended");

        let (sender, reads) = channel(WAITING);
        keyboard.reads = reads;
        for code in ['X', 'y'] {
            sender.send(EventBatch::next(stream::iter([key(code)])).await.without_end()).await.expect("room");
        }
        sender.send(EventBatch::next(stream::empty()).await).await.expect("room");
        let read = keyboard.next().await;
        assert!(read.end.is_some());
        let mut app = App::new(Theme::plain(false, false), false, std::time::SystemTime::UNIX_EPOCH);
        read.apply_to(&mut app);
        assert!(app.prompt.is_none() && app.outbox.iter().all(|sent| *sent != crate::protocol::Command::StopAll));
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
