//! The clicks of the last minute, for the rows that boards show.

use std::sync::Arc;
use std::time::Duration;

use super::keeper::{KnownIds, MOST_ROWS, Told};
use super::questions::{Askers, Questions};
use crate::engine::local::query::board::{Counts, Limits, MinuteCount};
use crate::protocol::answer::{Answers, LastMinute};
use crate::protocol::board::Board;
use crate::storage::{Reader, StorageError};

impl Told for LastMinute {
    type Tally = Counts;

    const REFRESH: Duration = Duration::from_millis(500);

    const NAME: &'static str = "the clicks of the last minute";

    fn count(limits: Limits) -> MinuteCount {
        MinuteCount::new(limits)
    }

    fn stamp(count: &MinuteCount) -> Option<(i64, i64)> {
        count.stamp()
    }

    fn tell(
        count: &MinuteCount,
        board: &Board,
        _same: Option<&Self>,
        known: &mut KnownIds<'_>,
        reader: &mut Reader,
    ) -> Result<Option<Self>, StorageError> {
        let Some(counts) = count.counts() else { return Ok(None) };
        let countries = counts.countries().map(|(id, clicks)| Ok((known.names.get(id, reader)?, clicks)));
        let mut told = LastMinute::new(countries.collect::<Result<Vec<_>, StorageError>>()?);
        for row in board.pages.iter().take(MOST_ROWS) {
            let clicks = match known.rows.of(row, reader)? {
                Some((url, country)) => counts.of_page(url, country),
                None => 0,
            };
            told.add(Arc::clone(&row.url), Arc::clone(&row.country), clicks);
        }
        Ok(Some(told))
    }

    fn askers(questions: &mut Questions) -> &mut Askers {
        &mut questions.last_minute
    }

    fn answer(answers: &mut Answers) -> &mut Option<Arc<Self>> {
        &mut answers.last_minute
    }
}
