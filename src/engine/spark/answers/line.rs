//! A question that the cluster answers again and again, as long as a front asks it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::asking::{NoAnswer, Tell, pause_after};
use crate::protocol::answer::Answer;

/// How long a question stands unless a front asks it again.
pub(super) const KEPT: Duration = Duration::from_secs(30);

/// The newest question of one kind, and the newest answer.
pub(super) struct Line<Q, A> {
    state: Mutex<State<Q, A>>,
    changed: Notify,
    /// Wakes the engine once there is something to show.
    news: Arc<Notify>,
}

struct State<Q, A> {
    asked: Option<(Q, Instant)>,
    answer: Option<Arc<Answer<Q, A>>>,
    waiting: Option<String>,
    /// How often everything was deleted.
    resets: u64,
}

impl<Q: Clone + PartialEq + Send + Sync + 'static, A: Send + Sync + 'static> Line<Q, A> {
    pub(super) fn new(news: Arc<Notify>) -> Self {
        let state = State { asked: None, answer: None, waiting: None, resets: 0 };
        Self { state: Mutex::new(state), changed: Notify::new(), news }
    }

    /// Takes a question. The same question again only stands longer.
    pub(super) fn ask(&self, question: Q) {
        let mut state = self.state.lock();
        let stands = state.asked.as_ref().is_some_and(|(asked, at)| *asked == question && at.elapsed() <= KEPT);
        state.asked = Some((question, Instant::now()));
        if !stands {
            self.changed.notify_one();
        }
    }

    /// Whether it is this question that it answers.
    pub(super) fn is_of(&self, question: &Q) -> bool {
        self.state.lock().asked.as_ref().is_some_and(|(asked, _)| asked == question)
    }

    /// The newest answer.
    pub(super) fn answer(&self) -> Option<Arc<Answer<Q, A>>> {
        self.state.lock().answer.clone()
    }

    /// How far a question is that has no answer yet, or whose newest answer is an error.
    pub(super) fn waiting(&self) -> Option<String> {
        let state = self.state.lock();
        let is_answered = match (&state.asked, &state.answer) {
            (Some((asked, _)), Some(answer)) => *asked == answer.asked && answer.found.is_ok(),
            _ => false,
        };
        state.waiting.clone().filter(|_| !is_answered)
    }

    /// Everything was deleted: what was answered is no longer so.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock();
        state.answer = None;
        state.resets += 1;
        self.changed.notify_one();
    }

    /// A line, and the task that answers its questions until it is aborted. Must be called in a tokio runtime.
    pub(super) fn start<F>(
        news: Arc<Notify>,
        answer: impl Fn(Q, Tell) -> F + Send + Sync + 'static,
    ) -> (Arc<Self>, JoinHandle<()>)
    where
        F: Future<Output = Result<A, NoAnswer>> + Send + 'static,
    {
        let line = Arc::new(Self::new(news));
        let task = tokio::spawn(Arc::clone(&line).run(answer));
        (line, task)
    }

    /// Answers until it is aborted.
    pub(super) async fn run<F>(self: Arc<Self>, answer: impl Fn(Q, Tell) -> F + Send)
    where
        F: Future<Output = Result<A, NoAnswer>> + Send,
    {
        loop {
            let Some((question, resets)) = self.wanted() else {
                self.changed.notified().await;
                continue;
            };
            let line = Arc::clone(&self);
            let tell = Tell::new(move |text| {
                line.state.lock().waiting = Some(text);
                line.news.notify_one();
            });
            let begin = Instant::now();
            let found = tokio::select! {
                found = answer(question.clone(), tell) => Some(found),
                // This drops the answering, and so Spark interrupts it.
                () = self.moved_on(&question, resets) => None,
            };
            self.state.lock().waiting = None;
            let Some(found) = found else { continue };
            let pause = pause_after(begin.elapsed(), found.is_ok());
            self.put(&question, resets, found);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.moved_on(&question, resets) => {}
            }
        }
    }

    fn put(&self, question: &Q, resets: u64, found: Result<A, NoAnswer>) {
        let mut state = self.state.lock();
        if state.resets == resets {
            let found = found.map_err(|error| error.to_string());
            state.answer = Some(Arc::new(Answer { asked: question.clone(), found }));
            self.news.notify_one();
        }
    }

    /// The question that stands.
    fn wanted(&self) -> Option<(Q, u64)> {
        let state = self.state.lock();
        let (question, at) = state.asked.as_ref()?;
        (at.elapsed() <= KEPT).then(|| (question.clone(), state.resets))
    }

    /// Resolves once nobody wants the answer to `question` any more.
    async fn moved_on(&self, question: &Q, resets: u64) {
        loop {
            let left = {
                let state = self.state.lock();
                let Some((asked, at)) = &state.asked else { return };
                let left = KEPT.saturating_sub(at.elapsed());
                if asked != question || state.resets != resets || left.is_zero() {
                    return;
                }
                left
            };
            // An elapsed time-out means that nobody may have asked for long.
            let _ = tokio::time::timeout(left, self.changed.notified()).await;
        }
    }
}
