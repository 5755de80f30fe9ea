//! The clicks by one of their dimensions.

use std::sync::Arc;

use arrow_array::{Array as _, Int64Array, StringArray};

use super::asking::{Asked, Cluster, NoAnswer};
use crate::click::Timestamp;
use crate::engine::local::query::answers::MOST_ROWS;
use crate::engine::spark::connect::{Sql, column};
use crate::engine::spark::sql::WindowSpan;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow, GroupFigures};

impl Cluster {
    /// The breakdown that `question` asks for.
    pub(super) async fn breakdown(&self, asked: &Asked, question: &BreakdownQuestion) -> Result<Breakdown, NoAnswer> {
        let span = match question.window.length() {
            Some(_) => self.span(asked, question.window).await?,
            // Clicks ahead of the clock count for all time.
            None => asked.version(&self.tables).await?.map(|version| {
                let (after, end) = (Timestamp::MIN.as_millis().saturating_sub(1), Timestamp::MAX.as_millis());
                WindowSpan { version, after, end }
            }),
        };
        let Some(span) = span else { return Ok(Breakdown::default()) };
        let mut sql = Sql::new(self.tables.breakdown(span, question, question.limit.clamp(1, MOST_ROWS)));
        for (name, text) in [("country", &question.country), ("url", &question.url)] {
            if let Some(text) = text {
                sql = sql.bind(name, text.as_str());
            }
        }
        let mut found = Breakdown::default();
        for batch in asked.all(sql).await? {
            let number = |name| column::<Int64Array>(&batch, name);
            let text = |name| column::<StringArray>(&batch, name);
            let (values, countries, groups) = (text("value")?, text("of")?, number("groups")?);
            let (clicks, users, sums, known) =
                (number("clicks")?, number("users")?, number("sum_ms")?, number("known")?);
            for row in 0..batch.num_rows() {
                let figures = GroupFigures {
                    clicks: positive(clicks.value(row)),
                    unique_users: positive(users.value(row)),
                    avg_time_spent: (known.value(row) > 0)
                        .then(|| sums.value(row) as f64 / 1000.0 / known.value(row) as f64),
                    timed: positive(known.value(row)),
                };
                if values.is_null(row) {
                    (found.total, found.values) = (figures, positive(groups.value(row)));
                    continue;
                }
                let country: Option<Arc<str>> = countries.is_valid(row).then(|| countries.value(row).into());
                found.rows.push(BreakdownRow { value: values.value(row).into(), country, figures });
            }
        }
        Ok(found)
    }
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
