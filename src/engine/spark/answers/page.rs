//! Everything about one url: its figures from here, its trend and its newest clicks from the cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use arrow_array::{Int64Array, StringArray};

use super::asking::{Asked, Cluster, NoAnswer};
use crate::click::Timestamp;
use crate::engine::local::query::answers::{LOOKED_AT_CLICKS, MOST_ROWS, TREND_PARTS, countries_of_url};
use crate::engine::spark::connect::{ConnectError, Sql, column};
use crate::protocol::answer::{PageDetails, Trend};
use crate::protocol::board::RecentClick;
use crate::protocol::question::PageQuestion;

/// The time before the newest click in which the newest clicks are looked for first, in milliseconds, and how many times longer each next
/// one is.
const FIRST_SPAN_MS: i64 = 600_000;
const LONGER: i64 = 12;

/// Where the newest clicks of a topic begin.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    time: i64,
    click_id: String,
}

/// What the figures here say of all clicks.
#[derive(Clone, Copy, Debug)]
struct Counted {
    newest: Option<Timestamp>,
    clicks: u64,
}

/// Remembers how far back the newest clicks reached, for the next question.
#[derive(Debug)]
pub(super) struct Reach(AtomicI64);

impl Default for Reach {
    fn default() -> Self {
        Self(AtomicI64::new(FIRST_SPAN_MS))
    }
}

impl Cluster {
    /// Everything about the url of `question`, among as many newest clicks as the local engine looks at.
    pub(super) async fn page(
        &self,
        asked: &Asked,
        question: &PageQuestion,
        reach: &Reach,
    ) -> Result<PageDetails, NoAnswer> {
        let url: Arc<str> = question.url.as_str().into();
        let (countries, counted) = self
            .here(move |reader| {
                let counted = Counted { newest: reader.last_seen()?, clicks: reader.counted_clicks()? };
                Ok((countries_of_url(reader, &url)?, counted))
            })
            .await?;
        let empty = PageDetails { countries, ..PageDetails::default() };
        let Some(version) = asked.version(&self.tables).await? else { return Ok(empty) };
        let (first, until) =
            tokio::try_join!(self.first_of_newest(asked, version, counted, reach), self.newest_click(asked, version))?;
        let Some(first) = first else { return Ok(empty) };
        let (trend, clicks) = tokio::try_join!(
            self.trend(asked, version, &first, until, &question.url),
            self.newest_clicks(asked, version, &first, question)
        )?;
        if clicks.is_empty() && empty.countries.is_empty() {
            // No click names it. Clicks that no round has counted yet have no figures.
            return Ok(empty);
        }
        Ok(PageDetails { trend, clicks, ..empty })
    }

    /// The first of the newest [`LOOKED_AT_CLICKS`] clicks.
    async fn first_of_newest(
        &self,
        asked: &Asked,
        version: i64,
        counted: Counted,
        reach: &Reach,
    ) -> Result<Option<Place>, NoAnswer> {
        let newest = counted.newest.unwrap_or(Timestamp::MAX).as_millis();
        let mut span = match counted.clicks {
            few if few <= u64::from(LOOKED_AT_CLICKS) => i64::MAX,
            _ => reach.0.load(Relaxed),
        };
        loop {
            let from = newest.saturating_sub(span).max(Timestamp::MIN.as_millis());
            let sql = self.tables.first_of_newest(version, from, LOOKED_AT_CLICKS);
            let (count, place) = place(asked, sql).await?;
            let is_all = from == Timestamp::MIN.as_millis();
            if count >= i64::from(LOOKED_AT_CLICKS) {
                reach.0.store(span, Relaxed);
            } else if !is_all {
                span = span.saturating_mul(LONGER);
                continue;
            }
            return Ok(place);
        }
    }

    async fn trend(
        &self,
        asked: &Asked,
        version: i64,
        first: &Place,
        until: Option<i64>,
        url: &str,
    ) -> Result<Option<Trend>, NoAnswer> {
        let Some(until) = until.filter(|until| *until > first.time) else { return Ok(None) };
        let parts = u32::try_from(TREND_PARTS).unwrap_or(u32::MAX);
        let sql = self.tables.trend_of_url(version, first.time, until, parts);
        let mut clicks = vec![0; TREND_PARTS];
        for batch in asked.all(of_url(sql, first, url)).await? {
            let (parts, counts) = (column::<Int64Array>(&batch, "part")?, column::<Int64Array>(&batch, "clicks")?);
            for (part, count) in parts.values().iter().zip(counts.values()) {
                if let Some(clicks) = usize::try_from(*part).ok().and_then(|part| clicks.get_mut(part)) {
                    *clicks += u64::try_from(*count).unwrap_or(0);
                }
            }
        }
        let (since, until) = (Timestamp::from_millis(first.time), Timestamp::from_millis(until));
        Ok(Some(Trend { since, until, clicks }))
    }

    async fn newest_clicks(
        &self,
        asked: &Asked,
        version: i64,
        first: &Place,
        question: &PageQuestion,
    ) -> Result<Vec<RecentClick>, NoAnswer> {
        let sql = self.tables.newest_clicks_of_url(version, first.time, question.clicks.min(MOST_ROWS));
        let mut clicks = Vec::new();
        for batch in asked.all(of_url(sql, first, &question.url)).await? {
            let times = column::<Int64Array>(&batch, "ts")?;
            let text = |name| column::<StringArray>(&batch, name);
            let (users, countries, cities) = (text("user_id")?, text("country")?, text("city")?);
            clicks.extend((0..batch.num_rows()).map(|row| RecentClick {
                timestamp: Timestamp::from_millis(times.value(row)),
                user_id: users.value(row).to_owned(),
                url: question.url.clone(),
                country: countries.value(row).to_owned(),
                city: cities.value(row).to_owned(),
                // The tables have neither the times nor the offsets of single clicks at hand.
                click_id: None,
                message: None,
                read: None,
                stored: None,
            }));
        }
        Ok(clicks)
    }
}

fn of_url(sql: String, first: &Place, url: &str) -> Sql {
    Sql::new(sql).bind("url", url).bind("first_id", first.click_id.as_str())
}

/// How many clicks a statement has found, and the first of them.
async fn place(asked: &Asked, sql: String) -> Result<(i64, Option<Place>), ConnectError> {
    let batches = asked.all(sql).await?;
    let Some(batch) = batches.first() else { return Ok((0, None)) };
    let number = |name| Ok::<_, ConnectError>(column::<Int64Array>(batch, name)?.iter().next().flatten());
    let id = column::<StringArray>(batch, "click_id")?.iter().next().flatten();
    let place = number("ts")?.zip(id).map(|(time, id)| Place { time, click_id: id.to_owned() });
    Ok((number("clicks")?.unwrap_or(0), place))
}
