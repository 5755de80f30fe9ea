//! Counts the newest clicks on for the rows that boards show, as long as somebody looks at them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::questions::{Askers, Questions};
use super::row_ids::RowIds;
use super::work_time::WorkTime;
use crate::click::Timestamp;
use crate::engine::front::FrontId;
use crate::engine::local::query::board::{CountryNames, Limits, RecentCount, RecentProgress, Tally};
use crate::protocol::answer::Answers;
use crate::protocol::board::Board;
use crate::storage::{Reader, StorageError};

/// How long they count as known while there is more to count than there is time for.
const LONGEST_BEHIND: Duration = Duration::from_secs(5);

/// Counting takes at most one part in so many of the time.
const SHARE: u32 = 4;

/// Whole counts that are due so soon are brought up to date at once, so that the thread wakes for several of them together.
const EARLY: Duration = Duration::from_millis(100);

/// More pages than can be counted are not tried again before a minute is over.
const AFTER_TOO_LARGE: Duration = Duration::from_secs(60);

/// Rows of which they are told at most.
pub(super) const MOST_ROWS: usize = 1_000;

/// What is told of the newest clicks beside a board.
pub(super) trait Told: PartialEq + Sized {
    /// What it is counted in.
    type Tally: Tally + Default;

    /// How often it is brought up to date.
    const REFRESH: Duration;

    /// What it is, for the log.
    const NAME: &'static str;

    /// A count of which nothing is counted yet.
    fn count(limits: Limits) -> RecentCount<Self::Tally>;

    /// Marks a state of the counts: with the same stamp, what is told of a board is the same. `None` while clicks are taken in or out.
    fn stamp(count: &RecentCount<Self::Tally>) -> Option<(i64, i64)>;

    /// What is known of the rows and countries of `board`; `None` while clicks are taken in or out. `same` was told of the same counts.
    ///
    /// # Errors
    /// The database cannot be read.
    fn tell(
        count: &RecentCount<Self::Tally>,
        board: &Board,
        same: Option<&Self>,
        known: &mut KnownIds<'_>,
        reader: &mut Reader,
    ) -> Result<Option<Self>, StorageError>;

    /// The fronts that want to know.
    fn askers(questions: &mut Questions) -> &mut Askers;

    /// Where a front sees it.
    fn answer(answers: &mut Answers) -> &mut Option<Arc<Self>>;
}

/// Ids and names that were read before.
pub(super) struct KnownIds<'a> {
    pub names: &'a mut CountryNames,
    pub rows: &'a mut RowIds,
}

/// Counts on, and tells what a board shows.
pub(super) struct Keeper<A: Told> {
    count: RecentCount<A::Tally>,
    /// When to count on.
    due: Instant,
    /// When the counts were last whole and new.
    ready: Option<Instant>,
    /// How often the counts have changed.
    moved: u64,
    /// The stamp of the counts when they were last whole; `None` if they began anew since.
    stamp: Option<(i64, i64)>,
    rows: RowIds,
    /// What each front was told last.
    told: BTreeMap<FrontId, ToldOf<A>>,
}

/// What a front was told.
struct ToldOf<A> {
    board: Arc<Board>,
    known: Arc<A>,
    /// How often the counts had changed.
    moved: u64,
}

impl<A: Told> Keeper<A> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            count: A::count(limits),
            due: Instant::now(),
            ready: None,
            moved: 0,
            stamp: None,
            rows: RowIds::default(),
            told: BTreeMap::new(),
        }
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// The count.
    pub(super) fn count(&self) -> &RecentCount<A::Tally> {
        &self.count
    }

    /// Counts on if it is time. Returns what is known of the board that each of these fronts is shown, if it is not what the front was
    /// told last. Equal boards are looked up once.
    ///
    /// # Errors
    /// The database cannot be read; then it begins anew.
    pub(super) fn go_on(
        &mut self,
        boards: &[(FrontId, Arc<Board>)],
        names: &mut CountryNames,
        reader: &mut Reader,
        now: Timestamp,
    ) -> Result<Vec<(FrontId, Arc<A>)>, StorageError> {
        let begin = Instant::now();
        let early = if self.stamp.is_some() { EARLY } else { Duration::ZERO };
        if self.due <= begin + early {
            let work = WorkTime::begin();
            let progress = self.count.go_on(now, reader)?;
            let rest = work.elapsed().saturating_mul(SHARE - 1);
            self.due = Instant::now()
                + match progress {
                    RecentProgress::Ready => A::REFRESH.max(rest),
                    RecentProgress::Counting => rest,
                    RecentProgress::TooLarge => AFTER_TOO_LARGE,
                };
            if progress == RecentProgress::Ready {
                self.ready = Some(Instant::now());
                let stamp = A::stamp(&self.count);
                if stamp.is_none() || stamp != self.stamp {
                    self.moved += 1;
                }
                self.stamp = stamp;
            } else {
                self.stamp = None;
            }
        }
        self.told.retain(|front, _| boards.iter().any(|(asks, _)| asks == front));
        let mut news = Vec::new();
        let known = &mut KnownIds { names, rows: &mut self.rows };
        for (front, board) in boards {
            let told = self.told.get(front);
            if told.is_some_and(|told| told.moved == self.moved && Arc::ptr_eq(&told.board, board)) {
                continue;
            }
            let of_same_counts = |other: &&ToldOf<A>| other.moved == self.moved;
            let same = |other: &&ToldOf<A>| of_same_counts(other) && Arc::ptr_eq(&other.board, board);
            let now_known = match self.told.values().find(same) {
                Some(other) => Arc::clone(&other.known),
                None => {
                    let same = told.filter(of_same_counts).or_else(|| self.told.values().find(of_same_counts));
                    match A::tell(&self.count, board, same.map(|same| &*same.known), known, reader)? {
                        Some(told) => Arc::new(told),
                        // What was told stays.
                        None => return Ok(Vec::new()),
                    }
                }
            };
            if told.is_none_or(|told| told.known != now_known) {
                news.push((*front, Arc::clone(&now_known)));
            }
            self.told.insert(*front, ToldOf { board: Arc::clone(board), known: now_known, moved: self.moved });
        }
        Ok(news)
    }

    /// They have not been whole and new for so long that they are no longer known.
    pub(super) fn is_behind(&self) -> bool {
        self.ready.is_none_or(|ready| ready.elapsed() > LONGEST_BEHIND + A::REFRESH)
    }

    /// Nobody knows what was told any more.
    pub(super) fn untold(&mut self) {
        self.told.clear();
    }
}
