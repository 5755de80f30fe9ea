//! Counts the clicks of the last minute for the rows that boards show, as long as somebody looks at them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::click::Timestamp;
use crate::engine::front::FrontId;
use crate::engine::local::query::board::{CountryNames, Counts, Limits, MinuteCount, MinuteProgress};
use crate::protocol::answer::LastMinute;
use crate::protocol::board::Board;
use crate::storage::{Reader, StorageError};

/// How often they are brought up to date.
const REFRESH: Duration = Duration::from_millis(500);

/// How long they count as known while there is more to count than there is time for.
const LONGEST_BEHIND: Duration = Duration::from_secs(5);

/// Counting takes at most one part in so many of the time.
const SHARE: u32 = 4;

/// More pages than can be counted are not tried again before a minute is over.
const AFTER_TOO_LARGE: Duration = Duration::from_secs(60);

/// Rows of which they are told at most.
const MOST_ROWS: usize = 1_000;

/// Counts on, and tells what a board shows.
pub(super) struct MinuteKeeper {
    count: MinuteCount,
    /// When to count on.
    due: Instant,
    /// When the counts were last whole and new.
    ready: Option<Instant>,
    /// How often the counts have moved on.
    moved: u64,
    /// What each front was told last.
    told: BTreeMap<FrontId, Told>,
}

/// What a front was told.
struct Told {
    board: Arc<Board>,
    known: Arc<LastMinute>,
    /// How often the counts had moved on.
    moved: u64,
}

impl MinuteKeeper {
    pub(super) fn new(limits: Limits) -> Self {
        Self { count: MinuteCount::new(limits), due: Instant::now(), ready: None, moved: 0, told: BTreeMap::new() }
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Instant {
        self.due
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
    ) -> Result<Vec<(FrontId, Arc<LastMinute>)>, StorageError> {
        let begin = Instant::now();
        if self.due <= begin {
            let progress = self.count.go_on(now, reader)?;
            let rest = begin.elapsed().saturating_mul(SHARE - 1);
            self.due = Instant::now()
                + match progress {
                    MinuteProgress::Ready => REFRESH.max(rest),
                    MinuteProgress::Counting => rest,
                    MinuteProgress::TooLarge => AFTER_TOO_LARGE,
                };
            if progress == MinuteProgress::Ready {
                self.ready = Some(Instant::now());
                self.moved += 1;
            }
        }
        self.told.retain(|front, _| boards.iter().any(|(asks, _)| asks == front));
        // While clicks are taken in or out there is nothing to tell, and what was told stays.
        let Some(counts) = self.count.counts() else { return Ok(Vec::new()) };
        let mut news = Vec::new();
        for (front, board) in boards {
            let told = self.told.get(front);
            if told.is_some_and(|told| told.moved == self.moved && Arc::ptr_eq(&told.board, board)) {
                continue;
            }
            let same = |other: &&Told| other.moved == self.moved && Arc::ptr_eq(&other.board, board);
            let known = match self.told.values().find(same) {
                Some(other) => Arc::clone(&other.known),
                None => Arc::new(tell(counts, board, names, reader)?),
            };
            if told.is_none_or(|told| told.known != known) {
                news.push((*front, Arc::clone(&known)));
            }
            self.told.insert(*front, Told { board: Arc::clone(board), known, moved: self.moved });
        }
        Ok(news)
    }

    /// They have not been whole and new for so long that they are no longer known.
    pub(super) fn is_behind(&self) -> bool {
        self.ready.is_none_or(|ready| ready.elapsed() > LONGEST_BEHIND + REFRESH)
    }

    /// Nobody knows what was told any more.
    pub(super) fn untold(&mut self) {
        self.told.clear();
    }
}

fn tell(
    counts: &Counts,
    board: &Board,
    names: &mut CountryNames,
    reader: &mut Reader,
) -> Result<LastMinute, StorageError> {
    let countries = counts.countries().map(|(id, clicks)| Ok((names.get(id, reader)?, clicks)));
    let mut told = LastMinute::new(countries.collect::<Result<Vec<_>, StorageError>>()?);
    for row in board.pages.iter().take(MOST_ROWS) {
        let clicks = match (reader.url_id(&row.url)?, reader.country_id(&row.country)?) {
            (Some(url), Some(country)) => counts.of_page(url, country),
            _ => 0,
        };
        told.add(Arc::clone(&row.url), Arc::clone(&row.country), clicks);
    }
    Ok(told)
}
