//! What the client tells the service of its stream: the view and questions, and the lines that it has taken. Each of the two goes in one
//! request at a time; what comes meanwhile goes with the next. So a key never waits for the answer to an acknowledgement, which takes a
//! while on a slow link.

use std::mem::{discriminant, take};
use std::time::Instant;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use super::api::{Api, ApiFailure};
use crate::protocol::{Question, View};

/// A question is sent again only after so long. The engine drops it after 30 s; consoles repeat it each second.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(10);

/// What waits to be sent.
#[derive(Debug, Default, Serialize)]
struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<View>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ask: Vec<Question>,
}

/// An acknowledgement.
#[derive(Debug, Serialize)]
struct Seen {
    seen: u64,
}

#[derive(Debug, Default)]
struct State {
    waiting: Change,
    /// The newest line that was taken, until the service knows.
    seen: Option<u64>,
    /// The newest question of each kind, and when it was sent.
    asked: Vec<(Question, Instant)>,
    view: View,
    /// The stream that is open.
    stream: Option<String>,
    /// Why the service does not show the view.
    refused: Option<String>,
}

/// The client's side of a stream.
#[derive(Debug, Default)]
pub(super) struct Uplink {
    state: Mutex<State>,
    /// A view or a question waits.
    changed: Notify,
    /// A line was taken.
    taken: Notify,
}

impl Uplink {
    /// Shows another view.
    pub(super) fn show(&self, view: View) {
        let mut state = self.state.lock();
        state.view = view.clone();
        state.refused = None;
        state.waiting.view = Some(view);
        self.changed.notify_one();
    }

    /// Asks a question, unless it was asked just now.
    pub(super) fn ask(&self, question: Question) {
        let mut state = self.state.lock();
        let stands = |(asked, at): &(Question, Instant)| *asked == question && at.elapsed() < ASK_AGAIN;
        if state.asked.iter().any(stands) {
            return;
        }
        let kind = discriminant(&question);
        state.asked.retain(|(asked, _)| discriminant(asked) != kind);
        state.asked.push((question.clone(), Instant::now()));
        state.waiting.ask.retain(|waiting| discriminant(waiting) != kind);
        state.waiting.ask.push(question);
        self.changed.notify_one();
    }

    /// A line was taken.
    pub(super) fn saw(&self, number: u64) {
        self.state.lock().seen = Some(number);
        self.taken.notify_one();
    }

    /// A stream begins, with the view of [`Uplink::view`]. Questions are asked anew.
    pub(super) fn opened(&self, stream: Option<String>, view: &View) {
        let mut state = self.state.lock();
        state.seen = None;
        state.waiting.view = (state.view != *view).then(|| state.view.clone());
        state.waiting.ask = take(&mut state.asked).into_iter().map(|(question, _)| question).collect();
        state.asked = state.waiting.ask.iter().map(|question| (question.clone(), Instant::now())).collect();
        state.stream = stream;
        self.changed.notify_one();
    }

    /// The stream is gone.
    pub(super) fn closed(&self) {
        self.state.lock().stream = None;
    }

    /// The view that the front wants.
    pub(super) fn view(&self) -> View {
        self.state.lock().view.clone()
    }

    /// The service does not show the view, for this reason.
    pub(super) fn refuse(&self, reason: String) {
        self.state.lock().refused = Some(reason);
    }

    /// Why the service does not show the view.
    pub(super) fn refused(&self) -> Option<String> {
        self.state.lock().refused.clone()
    }

    /// Sends what waits, for ever. `refused` is called when the service refuses a view or a question.
    pub(super) async fn run(&self, api: &Api, refused: impl Fn(String)) {
        tokio::join!(self.send_changes(api, refused), self.acknowledge(api));
    }

    async fn acknowledge(&self, api: &Api) {
        loop {
            self.taken.notified().await;
            while let Some((stream, seen)) = self.next_seen() {
                // Without the stream there is nothing to acknowledge.
                let _ = api.post(&format!("/v1/streams/{stream}"), &Seen { seen }).await;
            }
        }
    }

    async fn send_changes(&self, api: &Api, refused: impl Fn(String)) {
        loop {
            self.changed.notified().await;
            while let Some((stream, change)) = self.next() {
                let has_view = change.view.is_some();
                match api.post(&format!("/v1/streams/{stream}"), &change).await {
                    Ok(_) => {}
                    // The stream has ended; the next one begins with the view and the questions.
                    Err(ApiFailure::Refused { status: 404, .. } | ApiFailure::Unreachable(_)) => {}
                    Err(error) => {
                        if has_view {
                            self.refuse(error.to_string());
                        }
                        refused(error.to_string());
                    }
                }
            }
        }
    }

    fn next(&self) -> Option<(String, Change)> {
        let mut state = self.state.lock();
        let stream = state.stream.clone()?;
        let waiting = &state.waiting;
        let is_empty = waiting.view.is_none() && waiting.ask.is_empty();
        (!is_empty).then(|| (stream, take(&mut state.waiting)))
    }

    fn next_seen(&self) -> Option<(String, u64)> {
        let mut state = self.state.lock();
        let stream = state.stream.clone()?;
        Some((stream, state.seen.take()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_console_repeats_is_sent_once_and_again_on_a_new_stream() {
        let uplink = Uplink::default();
        uplink.show(View { limit: 7, ..View::default() });
        uplink.ask(Question::LastMinute);
        assert!(uplink.next().is_none(), "there is no stream yet");
        uplink.opened(Some("one".to_owned()), &uplink.view());
        let (stream, change) = uplink.next().expect("the question");
        assert_eq!(
            (stream.as_str(), change.ask.len(), change.view),
            ("one", 1, None),
            "the stream began with the view"
        );
        uplink.ask(Question::LastMinute);
        assert!(uplink.next().is_none());
        uplink.closed();
        uplink.show(View { limit: 8, ..View::default() });
        let view = uplink.view();
        uplink.show(View { limit: 9, ..View::default() });
        uplink.opened(Some("two".to_owned()), &view);
        let (_, change) = uplink.next().expect("both");
        assert_eq!(change.view.map(|view| view.limit), Some(9), "it changed while the stream was opened");
        assert_eq!(change.ask, [Question::LastMinute]);
    }
}
