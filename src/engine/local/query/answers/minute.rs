//! Counts the clicks of the last minute for the rows that a board shows, as long as somebody looks at the board.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::click::Timestamp;
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
    /// They are not those that were told.
    moved: bool,
    /// What was told last, and for which board.
    told: Option<(Arc<Board>, Arc<LastMinute>)>,
}

impl MinuteKeeper {
    pub(super) fn new(limits: Limits) -> Self {
        Self { count: MinuteCount::new(limits), due: Instant::now(), ready: None, moved: false, told: None }
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Counts on if it is time; what is known of `board` then, if it is not what was told last.
    ///
    /// # Errors
    /// The database cannot be read; then it begins anew.
    pub(super) fn go_on(
        &mut self,
        board: &Arc<Board>,
        names: &mut CountryNames,
        reader: &mut Reader,
        now: Timestamp,
    ) -> Result<Option<Arc<LastMinute>>, StorageError> {
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
                self.moved = true;
            }
        }
        let same_board = self.told.as_ref().is_some_and(|(told, _)| Arc::ptr_eq(told, board));
        if same_board && !self.moved {
            return Ok(None);
        }
        // While clicks are taken in or out there is nothing to tell, and what was told stays.
        let Some(counts) = self.count.counts() else { return Ok(None) };
        self.moved = false;
        let known = Arc::new(tell(counts, board, names, reader)?);
        let news = self.told.as_ref().is_none_or(|(_, told)| *told != known);
        self.told = Some((Arc::clone(board), Arc::clone(&known)));
        Ok(news.then_some(known))
    }

    /// They have not been whole and new for so long that they are no longer known.
    pub(super) fn is_behind(&self) -> bool {
        self.ready.is_none_or(|ready| ready.elapsed() > LONGEST_BEHIND + REFRESH)
    }

    /// Nobody knows what was told any more.
    pub(super) fn untold(&mut self) {
        self.told = None;
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
