//! The answering thread: reads the database for rejects, pages, the last minute, and for boards that the aggregation does
//! not make.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use super::lookup;
use super::minute::MinuteKeeper;
use super::questions::{Shared, wants_minute};
use super::standing::{REFRESH, SHARE};
use super::tables::Tables;
use crate::click::Timestamp;
use crate::engine::local::query::board;
use crate::engine::local::query::board::{BoardSlot, Limits, RowsMissing, Stamp, StoredBoards};
use crate::engine::local::shared::SharedParts;
use crate::engine::stages::handle::StageHandle;
use crate::protocol::answer::{Answer, Answers};
use crate::protocol::board::Board;
use crate::protocol::stage::StageState;
use crate::protocol::table::{Table, TablePart};
use crate::protocol::view::{View, Window};
use crate::storage::{Reader, Storage, StorageError};

/// How often it is looked whether a board is out of date; a question and a new view are seen at once.
const POLL: Duration = Duration::from_millis(250);

/// A board that could not be made is tried again after this long.
const AFTER_PROBLEM: Duration = Duration::from_secs(10);

/// The answering thread. The reader is declared, and so dropped, before the storage: whoever closes the database last
/// must be able to write, to tidy it up.
pub(super) struct Answering {
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
    pub(super) fn new(
        parts: &SharedParts,
        shared: Arc<Shared>,
        aggregate: StageHandle,
        boards: StoredBoards,
        limits: Limits,
    ) -> Self {
        Self {
            shared,
            reader: None,
            boards,
            made: None,
            tables: Tables::default(),
            limits,
            minute: None,
            resets: 0,
            board: parts.board.clone(),
            aggregate,
            storage: Arc::clone(&parts.storage),
        }
    }

    pub(super) fn run(mut self) {
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
            self.boards.drop_window();
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

    /// Begins to hand over the table asked for, if its rows are there.
    fn begin_table(&mut self) {
        let Some(order) = self.shared.questions.lock().table.take() else { return };
        let window = match &order.table {
            Table::View(view) => view.window,
            Table::Rejects { .. } | Table::Search(_) => Window::AllTime,
        };
        let refuse = |why: String| order.send_now(TablePart::Failed(why));
        let rows = match self.boards.rows_of(window) {
            Ok(rows) => rows,
            Err(RowsMissing::Counting) => {
                // Unless another was asked for meanwhile.
                self.shared.questions.lock().table.get_or_insert(order);
                return;
            }
            Err(RowsMissing::NotViewed) => return refuse("the window is not counted: look at it first".to_owned()),
            Err(RowsMissing::TooLarge) => return refuse("the window is too large to be counted".to_owned()),
        };
        match self.storage.reader() {
            Ok(reader) => self.tables.begin(order, rows, reader, Arc::clone(&self.shared)),
            Err(error) => refuse(error.to_string()),
        }
    }
}

/// Whether the aggregation in this state makes the boards of plain views itself.
fn publishes(state: &StageState) -> bool {
    match state {
        StageState::Running | StageState::BackingOff { .. } | StageState::Draining { .. } => true,
        StageState::Stopped | StageState::Starting { .. } | StageState::Failed { .. } => false,
    }
}
