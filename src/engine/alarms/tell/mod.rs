//! Tells others of alarms: a command is run, or a webhook called, once when an alarm begins and once when it ends.
//!
//! Each of the two has a lane of its own: a task that takes one message after the other, so that the end of an alarm never overtakes its
//! begin, and at most one run is under way. A lane is bounded in time, in runs a minute and in messages that wait. The engine only puts
//! messages into the lanes and never waits.

mod command;
mod lane;
mod message;
mod pace;
#[cfg(test)]
mod tests;
mod webhook;

use std::num::NonZeroUsize;
use std::time::Duration;

pub use command::CommandLine;
use lane::Lane;
pub(super) use message::Message;
use webhook::Webhook;
pub use webhook::WebhookOptions;

/// How long the end of the engine may wait for messages that were not told yet.
const FAREWELL: Duration = Duration::from_secs(3);

/// Who is told of alarms, and how.
#[derive(Clone, Debug)]
pub struct TellOptions {
    /// The program that is run.
    pub command: Option<CommandLine>,
    /// What gets a POST request.
    pub webhook: Option<WebhookOptions>,
    /// How long one run or request may take.
    pub timeout: Duration,
    /// The most runs a minute, and the most requests.
    pub a_minute: NonZeroUsize,
}

impl Default for TellOptions {
    fn default() -> Self {
        Self { command: None, webhook: None, timeout: Duration::from_secs(10), a_minute: NonZeroUsize::MIN }
    }
}

/// The lanes.
#[derive(Debug, Default)]
pub(super) struct Tellers(Vec<Lane>);

impl Tellers {
    /// Starts a lane for each that is told.
    pub(super) fn start(options: TellOptions) -> Self {
        let TellOptions { command, webhook, timeout, a_minute } = options;
        let command = command.map(|line| Lane::start("alarms.command", line, timeout, a_minute));
        let webhook = webhook.map(|webhook| Lane::start("alarms.webhook", Webhook::new(webhook), timeout, a_minute));
        Self(command.into_iter().chain(webhook).collect())
    }

    /// Puts a message into every lane.
    pub(super) fn tell(&self, message: impl FnOnce() -> Message) {
        if self.0.is_empty() {
            return;
        }
        let message = message();
        for lane in &self.0 {
            lane.put(message.clone());
        }
    }

    /// Waits until everything is told, but not for long.
    pub(super) async fn end(&mut self) {
        let lanes = std::mem::take(&mut self.0);
        let ends = futures::future::join_all(lanes.into_iter().map(Lane::end));
        if tokio::time::timeout(FAREWELL, ends).await.is_err() {
            tracing::warn!(target: "alarms", "clicktop ends before every alarm was told");
        }
    }
}
