//! Answers to what a console asks, and the boards that the aggregation does not make: off the async threads and off the
//! stages, on a thread with a reading connection of its own.
//!
//! Searches go to the engine in a task beside it, so that a slow engine keeps nothing else waiting.

mod lookup;
mod minute;
mod standing;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{Notify, oneshot};

use super::board;
use super::board::{BoardSlot, Limits, Stamp, StoredBoards};
use crate::click::Timestamp;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::handle::StageHandle;
use crate::protocol::command::View;
use crate::protocol::question::{Answer, Answers, PageQuestion, Question, RejectsQuestion, SearchQuestion};
use crate::protocol::snapshot::{Board, PageRow};
use crate::protocol::stage::StageState;
use crate::protocol::table::{Table, TableOrder, TablePart};
use crate::search::{SearchError, SearchIndex};
use crate::storage::{Reader, Storage, StorageError};
use minute::MinuteKeeper;
use standing::{KEPT, REFRESH, SHARE, Standing};
use tables::Tables;

/// How often it is looked whether a board is out of date; a question and a new view are seen at once.
const POLL: Duration = Duration::from_millis(250);

/// A board that could not be made is tried again after this long.
const AFTER_PROBLEM: Duration = Duration::from_secs(10);

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
}

/// Takes questions in and holds the newest answers. Answering ends when it is dropped.
#[derive(Debug)]
pub(crate) struct AnswerDesk {
    shared: Arc<Shared>,
    index: Arc<dyn SearchIndex>,
    search: tokio::task::JoinHandle<()>,
    thread_ended: Option<oneshot::Receiver<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    questions: Mutex<Questions>,
    /// Wakes the thread.
    changed: Condvar,
    /// Wakes the search.
    search: Notify,
    answers: Mutex<Answers>,
    news: Notify,
    ended: AtomicBool,
    /// How often everything was forgotten: what was read before is no longer so.
    resets: AtomicU64,
}

#[derive(Debug, Default)]
struct Questions {
    search: Standing<SearchQuestion>,
    rejects: Standing<RejectsQuestion>,
    page: Standing<PageQuestion>,
    /// A table to hand over, once its rows are there.
    table: Option<TableOrder>,
    /// When somebody last asked for the clicks of the last minute.
    last_minute: Option<Instant>,
    /// There may be work for the thread that no question tells of.
    woken: bool,
}

impl AnswerDesk {
    /// Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(parts: &SharedParts, options: AnswerOptions) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let search = search(Arc::clone(&shared), Arc::clone(&options.index));
        let (ending, thread_ended) = oneshot::channel::<()>();
        let thread = Answering {
            shared: Arc::clone(&shared),
            reader: None,
            boards: StoredBoards::new(options.session_timeout_ms, options.limits),
            made: None,
            tables: Tables::default(),
            limits: options.limits,
            minute: None,
            resets: 0,
            board: parts.board.clone(),
            aggregate: options.aggregate,
            storage: Arc::clone(&parts.storage),
        };
        std::thread::Builder::new().name("answers".to_owned()).spawn(move || {
            thread.run();
            drop(ending);
        })?;
        let index = options.index;
        Ok(Self { shared, index, search: tokio::spawn(search), thread_ended: Some(thread_ended) })
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

    /// Takes a question in; a newer one of the same kind takes the place of the older.
    pub(crate) fn ask(&self, question: Question) {
        let now = Instant::now();
        let mut questions = self.shared.questions.lock();
        match question {
            Question::Search(question) => {
                if questions.search.ask(question, now) {
                    self.shared.search.notify_one();
                }
                return;
            }
            Question::Rejects(question) => questions.rejects.ask(question, now),
            Question::Page(question) => questions.page.ask(question, now),
            Question::LastMinute => {
                let wanted = wants_minute(questions.last_minute, now);
                questions.last_minute = Some(now);
                if wanted {
                    return;
                }
                questions.woken = true;
                true
            }
        };
        self.shared.changed.notify_one();
    }

    /// The view has changed.
    pub(crate) fn view_changed(&self) {
        self.shared.questions.lock().woken = true;
        self.shared.changed.notify_one();
    }

    /// Everything was forgotten: what is being answered is no longer so, and is answered anew.
    pub(crate) fn reset(&self) {
        self.shared.resets.fetch_add(1, SeqCst);
        *self.shared.answers.lock() = Answers::default();
        let mut questions = self.shared.questions.lock();
        questions.search.again();
        questions.rejects.again();
        questions.page.again();
        drop(questions);
        self.shared.search.notify_one();
        self.view_changed();
    }

    /// The newest answer of each kind.
    pub(crate) fn answers(&self) -> Answers {
        self.shared.answers.lock().clone()
    }

    /// Resolves once there is an answer or a board that was not there before.
    pub(crate) async fn news(&self) {
        self.shared.news.notified().await;
    }

    /// Ends the answering, and waits until it has let go of the database.
    pub(crate) async fn end(&mut self) {
        self.tell_end();
        if let Some(ended) = self.thread_ended.take() {
            // Whether it ends in time or not, there is nothing more to do about it.
            let _ = tokio::time::timeout(END, ended).await;
        }
    }

    fn tell_end(&self) {
        self.shared.ended.store(true, Relaxed);
        self.view_changed();
        self.search.abort();
    }
}

impl Drop for AnswerDesk {
    fn drop(&mut self) {
        self.tell_end();
    }
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
        if shared.questions.lock().search.answered(&question, Instant::now(), begin.elapsed()) {
            shared.answers.lock().search = Some(Arc::new(Answer { asked: question, found }));
            shared.news.notify_one();
        }
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

/// The answering thread. The reader is declared, and so dropped, before the storage: whoever closes the database last
/// must be able to write, to tidy it up.
struct Answering {
    shared: Arc<Shared>,
    reader: Option<Reader>,
    boards: StoredBoards,
    /// The board made last, unless the aggregation makes it.
    made: Option<Made>,
    tables: Tables,
    limits: Limits,
    /// The clicks of the last minute, while somebody wants to know.
    minute: Option<MinuteKeeper>,
    /// How often everything had been forgotten when this round began.
    resets: u64,
    board: BoardSlot,
    aggregate: StageHandle,
    storage: Arc<Storage>,
}

/// A board that was made here.
struct Made {
    view: View,
    /// What it depended on; `None` if it has no rows.
    stamp: Option<Stamp>,
    /// When to look at it again.
    due: Instant,
}

impl Answering {
    fn run(mut self) {
        while self.wait() {
            self.begin_round();
            self.answer_rejects();
            self.answer_page();
            self.keep_board();
            self.begin_table();
            self.keep_minute();
        }
        self.tables.end();
    }

    /// Lets go of what was read of a database whose clicks have been forgotten since: its numbers mean others now.
    fn begin_round(&mut self) {
        let resets = self.shared.resets.load(SeqCst);
        if resets != self.resets {
            self.resets = resets;
            self.reader = None;
            self.made = None;
            self.minute = None;
            self.boards = self.boards.anew();
        }
    }

    /// Puts an answer where it is seen, unless it is about what has been forgotten since.
    fn answer(&self, put: impl FnOnce(&mut Answers)) {
        let mut answers = self.shared.answers.lock();
        if self.shared.resets.load(SeqCst) == self.resets {
            put(&mut answers);
            self.shared.news.notify_one();
        }
    }

    /// Waits until there may be something to do; `false` at the end.
    fn wait(&self) -> bool {
        let mut questions = self.shared.questions.lock();
        let minute = self.minute.as_ref().map(MinuteKeeper::due);
        let due = [questions.rejects.due(), questions.page.due(), minute].into_iter().flatten().min();
        let until = Instant::now() + POLL;
        if !std::mem::take(&mut questions.woken) {
            self.shared.changed.wait_until(&mut questions, due.map_or(until, |due| due.min(until)));
            questions.woken = false;
        }
        !self.shared.ended.load(Relaxed)
    }

    fn answer_rejects(&mut self) {
        let begin = Instant::now();
        let Some(question) = self.shared.questions.lock().rejects.take(begin) else { return };
        let found = self.read(|reader, _| lookup::rejects(reader, &question)).map_err(|error| error.to_string());
        if self.shared.questions.lock().rejects.answered(&question, Instant::now(), begin.elapsed()) {
            self.answer(|answers| answers.rejects = Some(Arc::new(Answer { asked: question, found })));
        }
    }

    fn answer_page(&mut self) {
        let begin = Instant::now();
        let Some(question) = self.shared.questions.lock().page.take(begin) else { return };
        let found = self
            .read(|reader, boards| lookup::page(reader, boards.names(), &question, Timestamp::now()))
            .map_err(|error| error.to_string());
        if self.shared.questions.lock().page.answered(&question, Instant::now(), begin.elapsed()) {
            self.answer(|answers| answers.page = Some(Arc::new(Answer { asked: question, found })));
        }
    }

    /// Makes the board of the view, if it is this thread's turn and the one shown is out of date.
    fn keep_board(&mut self) {
        let view = self.board.view();
        let aggregate = self.aggregate.clone();
        let is_ours = || !(view.is_plain() && publishes(&aggregate.state()));
        if !is_ours() {
            self.made = None;
            self.boards.rest();
            return;
        }
        let begin = Instant::now();
        // Other views may have come and gone meanwhile, and their boards with them.
        let made = self.made.take().filter(|made| made.view == view && self.board.shown().view == view);
        if made.as_ref().is_some_and(|made| begin < made.due) {
            self.made = made;
            return;
        }
        let (shared, resets) = (Arc::clone(&self.shared), self.resets);
        let ended = || shared.ended.load(Relaxed) || shared.resets.load(SeqCst) != resets;
        let known = made.and_then(|made| made.stamp);
        let made = self.read(|reader, boards| boards.make(&view, known, Timestamp::now(), reader, &ended));
        let made = made.unwrap_or_else(|error| {
            let board = Board { view: view.clone(), problem: Some(error.to_string()), ..Board::default() };
            board::Made { stamp: None, board: Some(board), goes_on: false }
        });
        // What was given up because of the end is no news for anybody.
        if let Some(board) = made.board
            && !ended()
            && self.board.publish(board, || is_ours() && !ended())
        {
            self.shared.news.notify_one();
        }
        let pause = match (made.goes_on, made.stamp) {
            (true, _) => Duration::ZERO,
            (false, None) => AFTER_PROBLEM,
            (false, Some(_)) => REFRESH.max(begin.elapsed().saturating_mul(SHARE)),
        };
        if made.goes_on {
            // Questions are looked at in between.
            self.shared.questions.lock().woken = true;
        }
        self.made = Some(Made { view, stamp: made.stamp, due: Instant::now() + pause });
    }

    /// Counts the clicks of the last minute on, if somebody wants to know.
    fn keep_minute(&mut self) {
        let asked = self.shared.questions.lock().last_minute;
        if !wants_minute(asked, Instant::now()) {
            self.forget_minute();
            return;
        }
        let mut keeper = self.minute.take().unwrap_or_else(|| MinuteKeeper::new(self.limits));
        let board = self.board.shown();
        let went = self.read(|reader, boards| keeper.go_on(&board, boards.names(), reader, Timestamp::now()));
        let known = match went {
            Ok(known) => known,
            Err(error) => {
                tracing::debug!(target: "pipeline", "the clicks of the last minute: {error}");
                self.forget_minute();
                return;
            }
        };
        if keeper.is_behind() {
            keeper.untold();
            self.forget_minute();
        } else if let Some(known) = known {
            self.answer(|answers| answers.last_minute = Some(known));
        }
        self.minute = Some(keeper);
    }

    fn forget_minute(&mut self) {
        self.minute = None;
        let mut answers = self.shared.answers.lock();
        if answers.last_minute.take().is_some() {
            self.shared.news.notify_one();
        }
    }

    /// Runs `work` on the reading connection; after an error the next use opens another.
    fn read<T>(
        &mut self,
        work: impl FnOnce(&mut Reader, &mut StoredBoards) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.storage.reader()?,
        };
        let result = work(&mut reader, &mut self.boards)?;
        self.reader = Some(reader);
        Ok(result)
    }
}

/// Whether somebody who `asked` for the clicks of the last minute still wants to know.
fn wants_minute(asked: Option<Instant>, now: Instant) -> bool {
    asked.is_some_and(|asked| now.saturating_duration_since(asked) <= KEPT)
}

/// Whether the aggregation in this state makes the boards of plain views itself.
fn publishes(state: &StageState) -> bool {
    match state {
        StageState::Running | StageState::BackingOff { .. } | StageState::Draining { .. } => true,
        StageState::Stopped | StageState::Starting { .. } | StageState::Failed { .. } => false,
    }
}
