//! The trends of the rows that boards show.

use std::sync::Arc;
use std::time::Duration;

use super::keeper::{KnownIds, MOST_ROWS, Told};
use super::questions::{Askers, Questions};
use crate::engine::local::query::board::{Limits, TrendCount, TrendTally, reaches_back};
use crate::protocol::answer::Answers;
use crate::protocol::board::Board;
use crate::protocol::trends::{RowTrend, Trends};
use crate::storage::{Reader, StorageError};

impl Told for Trends {
    type Tally = TrendTally;

    const REFRESH: Duration = Duration::from_secs(1);

    const NAME: &'static str = "the trends";

    fn count(limits: Limits) -> TrendCount {
        TrendCount::new(limits)
    }

    fn stamp(count: &TrendCount) -> Option<(i64, i64)> {
        count.trends().map(|counts| counts.stamp())
    }

    fn tell(
        count: &TrendCount,
        board: &Board,
        same: Option<&Self>,
        known: &mut KnownIds<'_>,
        reader: &mut Reader,
    ) -> Result<Option<Self>, StorageError> {
        let Some(counts) = count.trends() else { return Ok(None) };
        let (before, since, until) = counts.times();
        let countries = counts.countries().map(|(id, trend)| Ok((known.names.get(id, reader)?, trend)));
        let countries = countries.collect::<Result<Vec<_>, StorageError>>()?;
        let mut told = Trends::new((since, until), reaches_back(before, reader)?, countries);
        for row in board.pages.iter().take(MOST_ROWS) {
            if let Some(trend) = same.and_then(|same| same.of_page(&row.url, &row.country)) {
                told.add(Arc::clone(&row.url), Arc::clone(&row.country), trend.clone());
                continue;
            }
            let trend = match known.rows.of(row, reader)? {
                Some((url, country)) => counts.of_page(url, country),
                None => RowTrend::default(),
            };
            told.add(Arc::clone(&row.url), Arc::clone(&row.country), trend);
        }
        Ok(Some(told))
    }

    fn askers(questions: &mut Questions) -> &mut Askers {
        &mut questions.trends
    }

    fn answer(answers: &mut Answers) -> &mut Option<Arc<Self>> {
        &mut answers.trends
    }
}
