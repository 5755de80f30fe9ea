//! The answering thread. It reads the database for rejects, pages, the last minute, and the boards that the
//! aggregation does not make.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::{Duration, Instant};

use super::keeper::{Keeper, Told};
use super::lookup;
use super::questions::Shared;
use super::standing::{REFRESH, SHARE};
use super::tables::Tables;
use crate::click::Timestamp;
use crate::engine::front::FrontId;
use crate::engine::local::query::board;
use crate::engine::local::query::board::{BoardSlots, Limits, RowsMissing, Stamp, StoredBoards};
use crate::engine::local::shared::SharedParts;
use crate::engine::stages::handle::StageHandle;
use crate::protocol::answer::{Answer, Answers, LastMinute};
use crate::protocol::board::Board;
use crate::protocol::stage::StageState;
use crate::protocol::table::{Table, TablePart};
use crate::protocol::trends::Trends;
use crate::protocol::view::{View, Window};
use crate::storage::{Reader, Storage, StorageError};

/// How often it is looked whether a board is out of date; a question and a new view are seen at once.
const POLL: Duration = Duration::from_millis(250);

/// A board that could not be made is tried again after this long.
const AFTER_PROBLEM: Duration = Duration::from_secs(10);

/// What this thread reads most are clicks, each of them once, in order: SQLite needs to remember little of the database.
const CACHE_BYTES: u32 = 512 << 10;

/// The answering thread. The reader is declared, and so dropped, before the storage: whoever closes the database last
/// must be able to write, to tidy it up.
pub(super) struct Answering {
    shared: Arc<Shared>,
    reader: Option<Reader>,
    boards: StoredBoards,
    /// The newest boards that were made here, one for each view.
    made: Vec<KeptBoard>,
    tables: Tables,
    limits: Limits,
    /// The clicks of the last minute, while somebody wants to know.
    minute: Option<Keeper<LastMinute>>,
    /// The trends, while somebody wants to know or to have rows in their order.
    trends: Option<Keeper<Trends>>,
    /// How often everything had been forgotten when this round began.
    resets: u64,
    slots: BoardSlots,
    aggregate: StageHandle,
    storage: Arc<Storage>,
}

/// A board that was made here.
struct KeptBoard {
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
            made: Vec::new(),
            tables: Tables::default(),
            limits,
            minute: None,
            trends: None,
            resets: 0,
            slots: parts.boards.clone(),
            aggregate,
            storage: Arc::clone(&parts.storage),
        }
    }

    pub(super) fn run(mut self) {
        while self.wait() {
            self.begin_round();
            self.answer_rejects();
            self.answer_page();
            self.keep_boards();
            self.begin_table();
            let minute = self.minute.take();
            self.minute = self.keep(minute, false);
            let trends = self.trends.take();
            let orders_rows = self.slots.views().iter().any(View::is_by_trend);
            self.trends = self.keep(trends, orders_rows);
        }
        self.tables.end();
    }

    /// Lets go of what was read of a database whose clicks have been forgotten since: its numbers mean others now.
    fn begin_round(&mut self) {
        let resets = self.shared.resets.load(SeqCst);
        if resets != self.resets {
            self.resets = resets;
            self.reader = None;
            self.made.clear();
            self.minute = None;
            self.trends = None;
            self.boards = self.boards.anew();
        }
    }

    /// Puts an answer where these fronts see it, unless it is about what has been forgotten since. The caller holds the questions, so
    /// that no front leaves meanwhile.
    fn answer(&self, fronts: &[FrontId], put: impl Fn(&mut Answers)) {
        let mut answers = self.shared.answers.lock();
        if self.shared.resets.load(SeqCst) == self.resets {
            for front in fronts {
                put(answers.entry(*front).or_default());
                self.shared.news.notify_one();
            }
        }
    }

    /// Waits until there may be something to do; `false` at the end.
    fn wait(&self) -> bool {
        let mut questions = self.shared.questions.lock();
        let (minute, trends) = (self.minute.as_ref().map(Keeper::due), self.trends.as_ref().map(Keeper::due));
        let due = [questions.rejects.due(), questions.page.due(), minute, trends].into_iter().flatten().min();
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
        let mut questions = self.shared.questions.lock();
        let askers = questions.rejects.answered(&question, Instant::now(), begin.elapsed());
        let answer = Arc::new(Answer { asked: question, found });
        self.answer(&askers, |answers| answers.rejects = Some(Arc::clone(&answer)));
    }

    fn answer_page(&mut self) {
        let begin = Instant::now();
        let Some(question) = self.shared.questions.lock().page.take(begin) else { return };
        let trends = self.trends.take();
        let counts = trends.as_ref().filter(|trends| !trends.is_behind()).and_then(|trends| trends.count().trends());
        let found = self.read(|reader, boards| {
            let mut details = lookup::page(reader, boards.names(), &question, Timestamp::now())?;
            if let Some(counts) = counts {
                lookup::lengthen_trend(&mut details, &question.url, counts, reader)?;
            }
            Ok(details)
        });
        self.trends = trends;
        let found = found.map_err(|error| error.to_string());
        let mut questions = self.shared.questions.lock();
        let askers = questions.page.answered(&question, Instant::now(), begin.elapsed());
        let answer = Arc::new(Answer { asked: question, found });
        self.answer(&askers, |answers| answers.page = Some(Arc::clone(&answer)));
    }

    /// Makes the boards of the views that are this thread's turn, where the one shown is out of date.
    fn keep_boards(&mut self) {
        let views = self.slots.views();
        let ours: Vec<&View> = views.iter().filter(|view| is_ours(view, &self.aggregate)).collect();
        self.boards.keep_only(&ours);
        // Other boards may have come and gone meanwhile.
        self.made.retain(|made| ours.contains(&&made.view) && self.slots.has_board_of(&made.view));
        let share = SHARE.saturating_mul(u32::try_from(ours.len()).unwrap_or(u32::MAX));
        for view in ours {
            self.keep_board(view, share);
        }
    }

    /// Makes the board of `view` if it is due. It takes one part in `share` of the time.
    fn keep_board(&mut self, view: &View, share: u32) {
        let begin = Instant::now();
        let kept = self.made.iter().position(|made| made.view == *view);
        if kept.and_then(|at| self.made.get(at)).is_some_and(|made| begin < made.due) {
            return;
        }
        let known = kept.and_then(|at| self.made.swap_remove(at).stamp);
        self.keep_order(view);
        let (shared, resets) = (Arc::clone(&self.shared), self.resets);
        let ended = || shared.ended.load(Relaxed) || shared.resets.load(SeqCst) != resets;
        let made = self.read(|reader, boards| boards.make(view, known, Timestamp::now(), reader, &ended));
        let made = made.unwrap_or_else(|error| {
            let board = Board { view: view.clone(), problem: Some(error.to_string()), ..Board::default() };
            board::MadeBoard { stamp: None, board: Some(board), goes_on: false }
        });
        // What was given up because of the end is no news for anybody.
        if let Some(board) = made.board
            && !ended()
            && self.slots.publish(board, || is_ours(view, &self.aggregate) && !ended())
        {
            self.shared.news.notify_one();
        }
        let pause = match (made.goes_on, made.stamp) {
            (true, _) => Duration::ZERO,
            // The trends are counted meanwhile.
            (false, None) if view.is_by_trend() => REFRESH,
            (false, None) => AFTER_PROBLEM,
            (false, Some(_)) => REFRESH.max(begin.elapsed().saturating_mul(share)),
        };
        if made.goes_on {
            // Questions are looked at in between.
            self.shared.questions.lock().woken = true;
        }
        self.made.push(KeptBoard { view: view.clone(), stamp: made.stamp, due: Instant::now() + pause });
    }

    /// Tells the boards the order of `view`, if it is that of the trends.
    fn keep_order(&mut self, view: &View) {
        if !view.is_by_trend() {
            return;
        }
        let Some(trends) = self.trends.take() else { return self.boards.order_is_unknown(0) };
        let count = trends.count();
        if trends.is_behind() {
            self.boards.order_is_unknown(count.percent());
        } else if let Some(counts) = count.trends() {
            // An error shows when the board is made.
            let _ = self.read(|reader, boards| boards.order_by(counts, reader));
        }
        self.trends = Some(trends);
    }

    /// Counts on what `kept` has, if a front wants to know or `anyway`, and tells the fronts. Returns what to keep.
    fn keep<A: Told>(&mut self, kept: Option<Keeper<A>>, anyway: bool) -> Option<Keeper<A>> {
        let fronts = A::askers(&mut self.shared.questions.lock()).wanting(Instant::now());
        if fronts.is_empty() {
            self.forget::<A>();
            if !anyway {
                return None;
            }
        }
        let mut keeper = kept.unwrap_or_else(|| Keeper::new(self.limits));
        let boards: Vec<_> = fronts.into_iter().map(|front| (front, self.slots.shown(front))).collect();
        let went = self.read(|reader, stored| keeper.go_on(&boards, stored.names(), reader, Timestamp::now()));
        let news = match went {
            Ok(news) => news,
            Err(error) => {
                tracing::debug!(target: "pipeline", "{}: {error}", A::NAME);
                self.forget::<A>();
                return None;
            }
        };
        if keeper.is_behind() {
            keeper.untold();
            self.forget::<A>();
        } else {
            for (front, known) in news {
                let mut questions = self.shared.questions.lock();
                if A::askers(&mut questions).contains(front) {
                    self.answer(&[front], |answers| *A::answer(answers) = Some(Arc::clone(&known)));
                }
            }
        }
        Some(keeper)
    }

    /// Takes away what was told.
    fn forget<A: Told>(&self) {
        for answers in self.shared.answers.lock().values_mut() {
            if A::answer(answers).take().is_some() {
                self.shared.news.notify_one();
            }
        }
    }

    /// Runs `work` on the reading connection; after an error the next use opens another.
    fn read<T>(
        &mut self,
        work: impl FnOnce(&mut Reader, &mut StoredBoards) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => {
                let reader = self.storage.reader()?;
                reader.limit_cache(CACHE_BYTES)?;
                reader
            }
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

/// Whether the board of `view` is made here, and not by the aggregation.
fn is_ours(view: &View, aggregate: &StageHandle) -> bool {
    !(view.is_plain() && publishes(&aggregate.state()))
}

/// Whether the aggregation in this state makes the boards of plain views itself.
fn publishes(state: &StageState) -> bool {
    match state {
        StageState::Running | StageState::BackingOff { .. } | StageState::Draining { .. } => true,
        StageState::Stopped | StageState::Starting { .. } | StageState::Failed { .. } => false,
    }
}
