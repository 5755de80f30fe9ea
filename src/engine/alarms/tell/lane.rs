//! A lane: tells one message after the other.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::message::Message;
use super::pace::Pace;
use crate::text::excerpt;

/// The most messages that wait in a lane.
const WAITING: usize = 256;

/// Maximum number of characters of a failure in the log.
const SHOWN: usize = 300;

/// What tells a message to somebody.
pub(super) trait Teller: Send + Sync + 'static {
    /// Tells `message`. An error is one line without secrets.
    fn tell(&self, message: &Message) -> impl Future<Output = Result<(), String>> + Send;
}

/// A lane. Its task ends once this is dropped and everything that waits is told.
#[derive(Debug)]
pub(super) struct Lane {
    name: &'static str,
    messages: mpsc::Sender<Message>,
    task: JoinHandle<()>,
}

impl Lane {
    /// Starts a lane; `name` is the setting that asks for it.
    pub(super) fn start(name: &'static str, teller: impl Teller, timeout: Duration, a_minute: NonZeroUsize) -> Self {
        let (messages, received) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(name, teller, received, timeout, Pace::new(a_minute)));
        Self { name, messages, task }
    }

    /// Puts `message` at the end of the lane. If the lane is full, nobody hears of it but the log.
    pub(super) fn put(&self, message: Message) {
        if let Err(error) = self.messages.try_send(message) {
            let message = error.into_inner();
            tracing::warn!(
                target: "alarms",
                "{}: {WAITING} messages wait already, so it is not told: {} of {}",
                self.name, message.event.name(), message.alarm
            );
        }
    }

    /// Waits until everything is told.
    pub(super) async fn end(self) {
        let Self { messages, task, .. } = self;
        drop(messages);
        let mut task = AbortOnDrop(task);
        // A panic in the lane is told by the hook of panics.
        let _ = (&mut task.0).await;
    }
}

/// Ends the task, and with it the run that is under way.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(
    name: &'static str,
    teller: impl Teller,
    mut messages: mpsc::Receiver<Message>,
    timeout: Duration,
    mut pace: Pace,
) {
    let started = Instant::now();
    while let Some(message) = messages.recv().await {
        tokio::time::sleep(pace.wait(started.elapsed())).await;
        pace.note(started.elapsed());
        let told = tokio::time::timeout(timeout, teller.tell(&message)).await;
        let (event, alarm) = (message.event.name(), &message.alarm);
        match told {
            Ok(Ok(())) => tracing::debug!(target: "alarms", "{name}: told the {event} of {alarm}"),
            Ok(Err(cause)) => {
                tracing::warn!(target: "alarms", "{name}: the {event} of {alarm} is not told: {}", excerpt(&cause, SHOWN));
            }
            Err(_) => tracing::warn!(
                target: "alarms",
                "{name}: the {event} of {alarm} may not be told: not done within alarms.timeout, {timeout:?}"
            ),
        }
    }
}
