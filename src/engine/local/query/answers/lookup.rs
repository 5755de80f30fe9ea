//! Looks up the answer to a question.

use std::sync::Arc;

use crate::click::Timestamp;
use crate::engine::local::query::board::{CountryNames, TrendCounts, page_row};
use crate::protocol::answer::{PageDetails, RejectRow, Rejects, Trend};
use crate::protocol::board::{PageRow, RecentClick};
use crate::protocol::question::{PageQuestion, RejectsQuestion, SearchQuestion};
use crate::search::{SearchError, SearchIndex, SearchQuery};
use crate::storage::{KeptReject, Reader, RejectCount, StorageError, UrlId};

/// Rows of an answer at most, whatever is asked for: a snapshot stays compact.
pub(crate) const MOST_ROWS: usize = 1_000;

/// Rows that a search hands over whole: more than 10,000 are given out by no engine at once.
pub(super) const MOST_FOUND: usize = 10_000;

/// How much of a reject's payload is shown.
pub(crate) const SHOWN_PAYLOAD_BYTES: usize = 4 * 1024;

/// Stored clicks looked through, from the newest back, for the newest clicks of a url.
pub(crate) const LOOKED_AT_CLICKS: u32 = 200_000;

/// Parts of a trend.
pub(crate) const TREND_PARTS: usize = 60;

/// What is found for `question`, at most `most` rows, whatever it asks for.
pub(super) async fn search(
    index: &dyn SearchIndex,
    question: &SearchQuestion,
    most: usize,
) -> Result<Vec<PageRow>, SearchError> {
    let query =
        SearchQuery { text: question.text.clone(), country: question.country.clone(), limit: question.limit.min(most) };
    let documents = index.search(&query).await?;
    let row = |document: crate::search::Document| PageRow {
        url: document.url.into(),
        country: document.country.into(),
        clicks: document.clicks,
        unique_users: document.unique_users,
        avg_time_spent: document.avg_time_spent,
        timed: None,
    };
    Ok(documents.into_iter().map(row).collect())
}

pub(crate) fn rejects(reader: &mut Reader, question: &RejectsQuestion) -> Result<Rejects, StorageError> {
    let (RejectCount { kept: total, deleted }, kept) = reader.consistent(|reader| {
        Ok((reader.reject_count()?, reader.newest_rejects(question.limit.min(MOST_ROWS), SHOWN_PAYLOAD_BYTES)?))
    })?;
    Ok(Rejects { total, deleted, rows: kept.into_iter().map(reject_row).collect() })
}

/// A reject as people see it.
pub(crate) fn reject_row(kept: KeptReject) -> RejectRow {
    RejectRow {
        payload: text_of_beginning(&kept.payload, kept.payload_bytes),
        at: kept.at,
        stage: kept.stage,
        topic: kept.topic,
        partition: kept.partition,
        offset: kept.offset,
        reason: kept.reason,
        payload_bytes: kept.payload_bytes,
    }
}

/// `shown` of a payload of `whole` bytes as text; a character that the cut has split is left out.
pub(crate) fn text_of_beginning(shown: &[u8], whole: u64) -> String {
    let is_cut = (shown.len() as u64) < whole;
    match std::str::from_utf8(shown) {
        Err(error) if is_cut && error.error_len().is_none() => {
            String::from_utf8_lossy(shown.get(..error.valid_up_to()).unwrap_or(shown)).into_owned()
        }
        _ => String::from_utf8_lossy(shown).into_owned(),
    }
}

pub(crate) fn page(
    reader: &mut Reader,
    names: &mut CountryNames,
    question: &PageQuestion,
    now: Timestamp,
) -> Result<PageDetails, StorageError> {
    reader.consistent(|reader| {
        let Some(id) = reader.url_id(&question.url)? else {
            return Ok(PageDetails::default());
        };
        let url: Arc<str> = question.url.as_str().into();
        let countries = figures_by_country(reader, names, id, &url)?;
        let clicks = reader
            .newest_clicks_of(id, question.clicks.min(MOST_ROWS), LOOKED_AT_CLICKS)?
            .into_iter()
            .map(|click| RecentClick {
                timestamp: click.timestamp,
                user_id: click.user_id,
                url: question.url.clone(),
                country: click.country,
                city: click.city,
                click_id: Some(click.click_id),
                message: None,
                read: None,
                stored: None,
            })
            .collect();
        let (first, times) = reader.times_of(id, LOOKED_AT_CLICKS)?;
        let trend = first.zip(reader.newest_time(now)?).and_then(|(since, until)| trend(since, until, &times));
        Ok(PageDetails { countries, clicks, trend })
    })
}

/// Tells the trend of `url` over the ten minutes of `counts`, if the clicks looked at do not reach as far back.
///
/// # Errors
/// The database cannot be read.
pub(super) fn lengthen_trend(
    details: &mut PageDetails,
    url: &str,
    counts: TrendCounts<'_>,
    reader: &Reader,
) -> Result<(), StorageError> {
    let Some(trend) = &mut details.trend else { return Ok(()) };
    let first = reader.next_time(Timestamp::from_millis(i64::MIN))?;
    let is_of_all = first.is_none_or(|first| first >= trend.since);
    let (begin, ..) = counts.times();
    if let Some(url) = reader.url_id(url)?
        && !is_of_all
        && begin < trend.since
    {
        *trend = counts.of_url(url);
    }
    Ok(())
}

/// The figures of a url by country, most clicks first.
fn figures_by_country(
    reader: &Reader,
    names: &mut CountryNames,
    id: UrlId,
    url: &Arc<str>,
) -> Result<Vec<PageRow>, StorageError> {
    let figures = reader.figures_of(id)?;
    let rows = figures.iter().map(|page| page_row(page, Arc::clone(url), names, reader));
    let mut countries = rows.collect::<Result<Vec<_>, _>>()?;
    countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));
    Ok(countries)
}

/// The stored figures of `url` by country, most clicks first; none if no counted click names it.
///
/// # Errors
/// The database cannot be read.
#[cfg(feature = "spark")]
pub(crate) fn countries_of_url(reader: &mut Reader, url: &Arc<str>) -> Result<Vec<PageRow>, StorageError> {
    reader.consistent(|reader| match reader.url_id(url)? {
        Some(id) => figures_by_country(reader, &mut CountryNames::default(), id, url),
        None => Ok(Vec::new()),
    })
}

/// How many of `times` lie in each part between `since` and `until`. Those before and after are left out.
fn trend(since: Timestamp, until: Timestamp, times: &[Timestamp]) -> Option<Trend> {
    let span = u64::try_from(until.as_millis().checked_sub(since.as_millis())?).ok().filter(|span| *span > 0)?;
    let mut clicks = vec![0; TREND_PARTS];
    for time in times.iter().filter(|time| **time <= until) {
        let Ok(at) = u64::try_from(time.as_millis().saturating_sub(since.as_millis())) else { continue };
        let part = (u128::from(at) * TREND_PARTS as u128 / u128::from(span)) as usize;
        if let Some(clicks) = clicks.get_mut(part.min(TREND_PARTS - 1)) {
            *clicks += 1;
        }
    }
    Some(Trend { since, until, clicks })
}

#[cfg(test)]
mod tests {
    use super::{TREND_PARTS, text_of_beginning, trend};
    use crate::click::Timestamp;

    #[test]
    fn a_trend_has_every_click_of_its_span_in_its_part() {
        let at = Timestamp::from_millis;
        let found = trend(at(1_000), at(7_000), &[at(1_000), at(1_099), at(1_100), at(7_000), at(999), at(7_001)])
            .expect("a span");
        assert_eq!((found.clicks[0], found.clicks[1], found.clicks[TREND_PARTS - 1]), (2, 1, 1));
        assert_eq!(found.clicks.iter().sum::<u64>(), 4, "one is before the span, one behind it");
        assert_eq!(trend(at(7), at(7), &[at(7)]), None);
        assert!(trend(at(i64::MIN), at(i64::MAX), &[at(0)]).is_none(), "no panic");
    }

    #[test]
    fn a_payload_is_shown_as_text_as_far_as_it_is_text() {
        assert_eq!(text_of_beginning("caf\u{e9}".as_bytes(), 5), "caf\u{e9}");
        assert_eq!(text_of_beginning(b"caf\xc3", 9), "caf", "the cut went through a character");
        assert_eq!(text_of_beginning(b"caf\xc3", 4), "caf\u{fffd}", "it ends like that");
        assert_eq!(text_of_beginning(b"\xffx", 9), "\u{fffd}x");
    }
}
