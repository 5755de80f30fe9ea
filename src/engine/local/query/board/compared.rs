//! What a window is compared with: the same span of time earlier.

use std::sync::Arc;

use super::rising::{Reach, reach};
use super::window::{ComparedWith, EarlierCount, EarlierFigures, Parts, Progress, Rises, WindowFigures};
use super::{Board, CountryNames, average_seconds};
use crate::click::Timestamp;
use crate::protocol::board::CountryRow;
use crate::protocol::compare::{Ago, ComparedParts, Comparison, Earlier};
use crate::protocol::view::Window;
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, Reader, StorageError, UrlId};

/// How far the comparison of a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The earlier span is counted.
    Known,
    /// This many percent of it are counted.
    Counting(u8),
    /// There is nothing to compare with.
    Nothing(Why),
}

/// Why there is nothing to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The store has no click before the earlier span.
    TooYoung,
    /// Retention has deleted clicks of it.
    Expired,
    /// One of the spans does not fit into memory.
    TooLarge,
}

/// Counts the earlier span on, beside `figures`.
///
/// # Errors
/// The database cannot be read.
pub(super) fn go_on(
    earlier: &mut EarlierCount,
    figures: &WindowFigures<'_>,
    reader: &mut Reader,
) -> Result<Compared, StorageError> {
    if figures.swept.is_some() {
        return Ok(Compared::Nothing(Why::TooLarge));
    }
    let (since, _) = earlier.span(figures.end);
    match reach(Timestamp::from_millis(since), reader)? {
        Reach::Whole => {}
        Reach::TooYoung => return Ok(Compared::Nothing(Why::TooYoung)),
        Reach::Expired => return Ok(Compared::Nothing(Why::Expired)),
    }
    Ok(match earlier.go_on(beside(figures), reader)? {
        Progress::Ready => Compared::Known,
        Progress::Counting(percent) => Compared::Counting(percent),
        Progress::TooLarge => Compared::Nothing(Why::TooLarge),
    })
}

/// The place of the window with these figures.
pub(super) fn beside(figures: &WindowFigures<'_>) -> ComparedWith {
    ComparedWith { up_to: figures.up_to, end: figures.end }
}

/// What to say beside rows that are not compared, in one line.
pub(super) fn note(compared: Compared, window: Window, ago: Ago) -> Option<String> {
    let span = format!("the same {} {}", window.words(), ago.words());
    Some(match compared {
        Compared::Known => return None,
        Compared::Counting(percent) => format!("counting {span} … {percent}%"),
        Compared::Nothing(why) => format!(
            "nothing to compare with: {}",
            match why {
                Why::TooYoung => format!("no stored click is older than {span}"),
                Why::Expired => format!("retention has deleted clicks of {span}"),
                Why::TooLarge => format!("{span} does not fit into memory"),
            }
        ),
    })
}

/// The pages with a click then and none now.
pub(super) fn gone<'a>(
    figures: &'a WindowFigures<'_>,
    earlier: &'a EarlierFigures<'_>,
) -> impl Iterator<Item = PageFigures> + 'a {
    let is_gone = |page: &PageFigures| figures.pages.get(page.url, page.country).is_none();
    let empty = |page: PageFigures| PageFigures::empty(page.page, page.url, page.country, Timestamp::from_millis(0));
    earlier.pages.iter().filter(move |page| is_gone(page)).map(empty)
}

/// How much each page rises against the earlier span.
pub(super) fn rises(figures: &WindowFigures<'_>, earlier: &EarlierFigures<'_>) -> Rises {
    Rises::between(figures.pages.iter().map(clicks), earlier.pages.iter().map(clicks))
}

fn clicks(page: PageFigures) -> ((UrlId, CountryId), u64) {
    ((page.url, page.country), page.clicks)
}

/// Puts the earlier figures beside the rows of `board`, and adds the countries that only the earlier span has.
///
/// # Errors
/// The database cannot be read.
pub(super) fn put_beside(
    board: &mut Board,
    ago: Ago,
    count: &EarlierCount,
    (figures, earlier): (&WindowFigures<'_>, &EarlierFigures<'_>),
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<(), StorageError> {
    let (since, until) = count.span(figures.end);
    let told = |parts: Option<&Parts>, end| parts.map(|parts| parts.told(count.length_ms(), end)).unwrap_or_default();
    let parts = ComparedParts {
        part: Parts::told_length(count.length_ms()),
        now: told(figures.parts, figures.end),
        before: told(Some(earlier.parts), until),
    };
    let mut countries = Vec::new();
    for (id, then) in earlier.pages.countries() {
        countries.push((names.get(id, reader)?, then.clicks));
    }
    for (country, _) in &countries {
        if !board.countries.iter().any(|row| row.country == *country) {
            board.countries.push(CountryRow { country: Arc::clone(country), clicks: 0, urls: 0 });
        }
    }
    board.countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));
    let span = (Timestamp::from_millis(since), Timestamp::from_millis(until));
    let mut comparison = Comparison::new(ago, span, parts, countries);
    for row in &board.pages {
        let (Some(url), Some(country)) = (reader.url_id(&row.url)?, reader.country_id(&row.country)?) else { continue };
        if let Some(then) = earlier.pages.get(url, country) {
            let figures = Earlier {
                clicks: then.clicks,
                unique_users: then.unique_users,
                avg_time_spent: average_seconds(&then),
            };
            comparison.add(Arc::clone(&row.url), Arc::clone(&row.country), figures);
        }
    }
    board.comparison = Some(Arc::new(comparison));
    Ok(())
}
