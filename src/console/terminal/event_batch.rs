//! The events that the terminal has at one time. Several keys at once are pasted text, not typed keys.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind};
use futures::Stream;

use crate::console::state::pipelines::Pipelines;
use crate::console::update::event::Event;

/// The most events of a batch. The screen is drawn before the next batch.
const MOST: usize = 1024;

/// The events that could be read without waiting, in their order.
#[derive(Debug, Default)]
pub(crate) struct EventBatch {
    events: Vec<TerminalEvent>,
    /// Why the terminal sends nothing more.
    pub(crate) end: Option<io::Error>,
}

impl EventBatch {
    /// Waits for the next event, and takes every other event that is there by then.
    pub(crate) async fn next(mut events: impl Stream<Item = io::Result<TerminalEvent>> + Unpin) -> Self {
        let mut batch = Self::default();
        poll_fn(|context| {
            while batch.events.len() < MOST {
                match Pin::new(&mut events).poll_next(context) {
                    Poll::Ready(Some(Ok(event))) => batch.events.push(event),
                    Poll::Ready(ended) => {
                        batch.end = Some(ended.and_then(Result::err).unwrap_or(io::ErrorKind::UnexpectedEof.into()));
                        return Poll::Ready(());
                    }
                    Poll::Pending if batch.events.is_empty() => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(()),
                }
            }
            Poll::Ready(())
        })
        .await;
        batch
    }

    /// The batch after the last one.
    pub(crate) fn nothing_more() -> Self {
        Self { events: Vec::new(), end: Some(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Whether more events may be added.
    pub(crate) fn takes_more(&self) -> bool {
        self.end.is_none() && self.events.len() < MOST
    }

    /// Adds a later batch.
    pub(crate) fn append(&mut self, mut later: Self) {
        self.events.append(&mut later.events);
        self.end = later.end;
    }

    /// Gives every event to `pipelines`. True if the screen may look different after it.
    pub(crate) fn apply_to(&self, pipelines: &mut Pipelines) -> bool {
        let mut changed = false;
        let mut keys: Vec<KeyEvent> = Vec::new();
        for event in &self.events {
            if let TerminalEvent::Key(key) = event {
                // Some terminals also send the release of a key.
                if key.kind == KeyEventKind::Press {
                    keys.push(*key);
                }
                continue;
            }
            changed |= press(pipelines, std::mem::take(&mut keys));
            changed |= match event {
                TerminalEvent::Mouse(mouse) => pipelines.apply(Event::Mouse(*mouse)),
                TerminalEvent::Paste(text) => pipelines.apply(Event::Paste(text.clone())),
                // The next frame takes the new size.
                TerminalEvent::Resize(..) => true,
                TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Key(_) => false,
            };
        }
        changed | press(pipelines, keys)
    }
}

fn press(pipelines: &mut Pipelines, keys: Vec<KeyEvent>) -> bool {
    match keys.as_slice() {
        [] => false,
        [key] => pipelines.apply(Event::Key(*key)),
        _ => pipelines.apply(Event::Keys(keys)),
    }
}

#[cfg(test)]
impl EventBatch {
    /// As from a terminal that sends more later.
    pub(crate) fn without_end(self) -> Self {
        Self { end: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use crossterm::event::{KeyCode, KeyModifiers};
    use futures::{StreamExt as _, stream};

    use super::*;
    use crate::console::keys::bindings::KeyBindings;
    use crate::console::state::app::App;
    use crate::console::state::settings::Settings;
    use crate::console::theme::Theme;
    use crate::protocol::Command;

    fn key(code: char, kind: KeyEventKind) -> io::Result<TerminalEvent> {
        Ok(TerminalEvent::Key(KeyEvent::new_with_kind(KeyCode::Char(code), KeyModifiers::NONE, kind)))
    }

    /// Takes `events` as one batch. Returns whether the pipeline was asked to stop all, and whether a question is open.
    async fn read(pipelines: &mut Pipelines, events: Vec<io::Result<TerminalEvent>>) -> (bool, bool) {
        // The stream does not end after them.
        let read = EventBatch::next(stream::iter(events).chain(stream::pending())).await;
        assert!(read.end.is_none());
        read.apply_to(pipelines);
        let app = pipelines.shown();
        (app.outgoing.commands.iter().any(|sent| sent.command == Command::StopAll), app.overlays.prompt.is_some())
    }

    #[tokio::test]
    async fn a_key_with_its_release_is_one_key_and_two_keys_of_one_read_are_many() {
        use KeyEventKind::{Press, Release, Repeat};
        let app = || {
            Pipelines::one(App::new(
                Settings::default(),
                Theme::plain(false, false),
                KeyBindings::default(),
                SystemTime::UNIX_EPOCH,
            ))
        };
        let mut typed = app();
        assert_eq!(read(&mut typed, vec![key('X', Press), key('X', Release)]).await, (false, true));
        assert_eq!(read(&mut typed, vec![key('y', Press), key('y', Repeat), key('y', Release)]).await, (true, false));

        let mut pasted = app();
        let keys = vec![key('X', Press), key('X', Release), key('y', Press), key('y', Release)];
        assert_eq!(read(&mut pasted, keys).await, (false, false));
        let mut marked = app();
        let events = vec![key('X', Press), Ok(TerminalEvent::Paste("y".into()))];
        assert_eq!(read(&mut marked, events).await, (false, false), "in the order in which they came");
    }

    #[tokio::test]
    async fn the_end_of_the_terminal_comes_after_what_it_sent() {
        let events = vec![key('X', KeyEventKind::Press), Err(io::ErrorKind::BrokenPipe.into())];
        let read = EventBatch::next(stream::iter(events)).await;
        assert_eq!((read.events.len(), read.end.map(|error| error.kind())), (1, Some(io::ErrorKind::BrokenPipe)));
        let read = EventBatch::next(stream::empty()).await;
        assert_eq!(read.end.map(|error| error.kind()), Some(io::ErrorKind::UnexpectedEof));
    }
}
