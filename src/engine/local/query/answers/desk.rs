//! The desk receives questions, holds the newest answers, and runs searches in a task of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::breakdowns::Breakdowns;
use super::follow::Follower;
use super::questions::Shared;
use super::thread::Answering;
use super::{lookup, tables};
use crate::engine::front::FrontId;
use crate::engine::local::query::board::{Limits, StoredBoards};
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::MessageReader;
use crate::engine::stages::handle::StageHandle;
use crate::engine::tables::TableOrder;
use crate::protocol::answer::{Answer, Answers};
use crate::protocol::board::PageRow;
use crate::protocol::question::{Question, SearchQuestion};
use crate::protocol::table::{Table, TablePart};
use crate::search::{SearchError, SearchIndex};

/// How long the end waits for what is being answered; it stops within some thousand rows.
const END: Duration = Duration::from_secs(2);

/// What the answering works with besides the shared parts.
pub(crate) struct AnswerOptions {
    pub index: Arc<dyn SearchIndex>,
    /// The stage that makes the board while it runs and the view is plain.
    pub aggregate: StageHandle,
    /// A gap beyond this is no time spent. Milliseconds.
    pub session_timeout_ms: i64,
    pub limits: Limits,
    /// Reads single messages of Kafka; `None` if the clicks come from files.
    pub messages: Option<MessageReader>,
}

/// Takes questions in and holds the newest answers. Answering ends when it is dropped.
#[derive(Debug)]
pub(crate) struct AnswerDesk {
    shared: Arc<Shared>,
    index: Arc<dyn SearchIndex>,
    search: tokio::task::JoinHandle<()>,
    follow: Option<tokio::task::JoinHandle<()>>,
    thread_ended: Option<oneshot::Receiver<()>>,
}

impl AnswerDesk {
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(parts: &SharedParts, options: AnswerOptions) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        // Its receiver hears of it once both threads have dropped it.
        let (ending, thread_ended) = oneshot::channel::<()>();
        let ending = Arc::new(ending);
        let AnswerOptions { index, aggregate, session_timeout_ms, limits, messages } = options;
        let boards = StoredBoards::new(session_timeout_ms, limits);
        let thread = Answering::new(parts, Arc::clone(&shared), aggregate, boards, limits);
        let answers_ending = Arc::clone(&ending);
        std::thread::Builder::new().name("answers".to_owned()).spawn(move || {
            thread.run();
            drop(answers_ending);
        })?;
        let breakdowns = Breakdowns::new(Arc::clone(&shared), Arc::clone(&parts.storage), session_timeout_ms, limits);
        let counting = std::thread::Builder::new().name("breakdowns".to_owned()).spawn(move || {
            breakdowns.run();
            drop(ending);
        });
        if let Err(error) = counting {
            tell_end(&shared);
            return Err(error);
        }
        let search = tokio::spawn(search(Arc::clone(&shared), Arc::clone(&index)));
        let follower = Follower {
            shared: Arc::clone(&shared),
            storage: Arc::clone(&parts.storage),
            metrics: Arc::clone(&parts.metrics),
            index: Arc::clone(&index),
            messages,
            session_timeout_ms,
        };
        Ok(Self { shared, index, search, follow: Some(tokio::spawn(follower.run())), thread_ended: Some(thread_ended) })
    }

    /// Begins to hand over a table. Must be called in a tokio runtime.
    pub(crate) fn hand_over(&self, order: TableOrder) {
        if let Table::Search(question) = &order.table {
            let question = question.clone();
            tokio::spawn(tables::of_search(order, question, Arc::clone(&self.index)));
            return;
        }
        let before = self.shared.questions.lock().table.replace(order);
        if let Some(before) = before {
            before.send_now(TablePart::Failed("another table was asked for".to_owned()));
        }
        self.view_changed();
    }

    /// Takes a question of a front in; a newer one of the same kind takes the place of the older.
    pub(crate) fn ask(&self, front: FrontId, question: Question) {
        let now = Instant::now();
        let mut questions = self.shared.questions.lock();
        match question {
            Question::Search(question) => {
                let known = known(&self.shared, |answers| answers.search.as_ref(), &question);
                if questions.search.ask(front, question, now) {
                    self.shared.search.notify_one();
                }
                if let Some(known) = known {
                    self.tell(front, |answers| answers.search = Some(known));
                }
                return;
            }
            Question::Rejects(question) => {
                let known = known(&self.shared, |answers| answers.rejects.as_ref(), &question);
                questions.rejects.ask(front, question, now);
                if let Some(known) = known {
                    self.tell(front, |answers| answers.rejects = Some(known));
                }
            }
            Question::Page(question) => {
                let known = known(&self.shared, |answers| answers.page.as_ref(), &question);
                questions.page.ask(front, question, now);
                if let Some(known) = known {
                    self.tell(front, |answers| answers.page = Some(known));
                }
            }
            Question::Click(question) => {
                let known = known(&self.shared, |answers| answers.click.as_ref(), &question);
                questions.click.ask(front, question, now);
                if let Some(known) = known {
                    self.tell(front, |answers| answers.click = Some(known));
                }
                self.shared.click_asked.notify_one();
                return;
            }
            Question::Breakdown(question) => {
                let known = known(&self.shared, |answers| answers.breakdown.as_ref(), &question);
                questions.breakdown.ask(front, question, now);
                if let Some(known) = known {
                    self.tell(front, |answers| answers.breakdown = Some(known));
                }
                self.shared.breakdown_asked.notify_one();
                return;
            }
            Question::LastMinute => {
                if !questions.last_minute.ask(front, now) {
                    return;
                }
                questions.woken = true;
            }
            Question::Trends => {
                if !questions.trends.ask(front, now) {
                    return;
                }
                questions.woken = true;
            }
            // Of engines on a cluster.
            Question::Cluster | Question::Rounds => return,
        }
        self.shared.changed.notify_one();
    }

    /// Shows a front what another one has been told already.
    fn tell(&self, front: FrontId, put: impl FnOnce(&mut Answers)) {
        put(self.shared.answers.lock().entry(front).or_default());
        self.shared.news.notify_one();
    }

    /// A front has gone.
    pub(crate) fn leave(&self, front: FrontId) {
        let mut questions = self.shared.questions.lock();
        questions.search.leave(front);
        questions.rejects.leave(front);
        questions.page.leave(front);
        questions.breakdown.leave(front);
        questions.click.leave(front);
        questions.last_minute.leave(front);
        questions.trends.leave(front);
        // Under the lock of the questions: whoever answers looks who wants to know under the same lock.
        self.shared.answers.lock().remove(&front);
        drop(questions);
        self.shared.search.notify_one();
        self.view_changed();
    }

    /// The view has changed.
    pub(crate) fn view_changed(&self) {
        self.shared.questions.lock().woken = true;
        self.shared.changed.notify_one();
    }

    /// Everything was forgotten: what is being answered is no longer so, and is answered anew.
    pub(crate) fn reset(&self) {
        self.shared.resets.fetch_add(1, SeqCst);
        self.shared.answers.lock().clear();
        let mut questions = self.shared.questions.lock();
        questions.search.again();
        questions.rejects.again();
        questions.page.again();
        questions.breakdown.again();
        questions.click.again();
        drop(questions);
        self.shared.breakdown_asked.notify_one();
        self.shared.click_asked.notify_one();
        self.shared.search.notify_one();
        self.view_changed();
    }

    /// The newest answer of each kind that a front has asked for.
    pub(crate) fn answers(&self, front: FrontId) -> Answers {
        self.shared.answers.lock().get(&front).cloned().unwrap_or_default()
    }

    /// Resolves once there is an answer or a board that was not there before.
    pub(crate) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.news.notified().await }
    }

    /// Ends the answering, and waits until it has let go of the database.
    pub(crate) async fn end(&mut self) {
        self.tell_end();
        if let Some(follow) = self.follow.take() {
            // It has been told to end, so there is nothing to learn from how it does.
            let _ = tokio::time::timeout(END, follow).await;
        }
        if let Some(ended) = self.thread_ended.take() {
            // Whether it ends in time or not, there is nothing more to do about it.
            let _ = tokio::time::timeout(END, ended).await;
        }
    }

    fn tell_end(&self) {
        tell_end(&self.shared);
        self.search.abort();
        if let Some(follow) = &self.follow {
            follow.abort();
        }
    }
}

impl Drop for AnswerDesk {
    fn drop(&mut self) {
        self.tell_end();
    }
}

/// Tells the threads that the end has come.
fn tell_end(shared: &Shared) {
    shared.ended.store(true, Relaxed);
    // Under the lock, so that no thread is between its look and its wait.
    shared.questions.lock().woken = true;
    shared.changed.notify_one();
    shared.breakdown_asked.notify_one();
}

/// The answer that some front has to `question` already.
fn known<Q: PartialEq, A>(
    shared: &Shared,
    of: impl Fn(&Answers) -> Option<&Arc<Answer<Q, A>>>,
    question: &Q,
) -> Option<Arc<Answer<Q, A>>> {
    let answers = shared.answers.lock();
    let known = answers.values().filter_map(of).find(|answer| answer.asked == *question);
    known.cloned()
}

/// Answers searches until it is aborted.
async fn search(shared: Arc<Shared>, index: Arc<dyn SearchIndex>) {
    loop {
        let begin = Instant::now();
        let (question, due) = {
            let mut questions = shared.questions.lock();
            (questions.search.take(begin), questions.search.due())
        };
        let Some(question) = question else {
            // An elapsed time-out means that the question is due.
            let pause = due.map_or(Duration::MAX, |due| due.saturating_duration_since(begin));
            let _ = tokio::time::timeout(pause, shared.search.notified()).await;
            continue;
        };
        let Some(found) = unless_superseded(&shared, &question, &*index).await else { continue };
        let found = found.map_err(|error| error.to_string());
        let mut questions = shared.questions.lock();
        let askers = questions.search.answered(&question, Instant::now(), begin.elapsed());
        let answer = Arc::new(Answer { asked: question, found });
        for front in askers {
            shared.answers.lock().entry(front).or_default().search = Some(Arc::clone(&answer));
            shared.news.notify_one();
        }
        drop(questions);
    }
}

/// What is found for `question`; `None` once there is a newer one and nobody wants to know any more.
async fn unless_superseded(
    shared: &Shared,
    question: &SearchQuestion,
    index: &dyn SearchIndex,
) -> Option<Result<Vec<PageRow>, SearchError>> {
    let mut work = std::pin::pin!(lookup::search(index, question, lookup::MOST_ROWS));
    loop {
        tokio::select! {
            found = &mut work => return Some(found),
            () = shared.search.notified() => {
                if !shared.questions.lock().search.wants(question) {
                    return None;
                }
            }
        }
    }
}
