//! The rows a view asks for, out of the figures in memory.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use hashbrown::HashMap;

use super::figures::Aggregation;
use crate::pipeline::command::{SortBy, View};
use crate::pipeline::snapshot::{Board, CountryRow, PageRow};
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, Reader, StorageError};

/// Rows of a view that leaves the limit to us.
pub(crate) const DEFAULT_LIMIT: usize = 200;

/// Names of countries, read once.
#[derive(Debug, Default)]
pub(super) struct CountryNames(HashMap<CountryId, Arc<str>>);

impl CountryNames {
    fn get(&mut self, id: CountryId, reader: &Reader) -> Result<Arc<str>, StorageError> {
        if let Some(name) = self.0.get(&id) {
            return Ok(Arc::clone(name));
        }
        let name: Arc<str> = reader.country(id)?.into();
        self.0.insert(id, Arc::clone(&name));
        Ok(name)
    }
}

/// Makes the board of `view`. Costs one pass over the pages and a sort of the rows shown.
///
/// # Errors
/// A text cannot be read from the database.
pub(super) fn board(
    aggregation: &Aggregation,
    view: &View,
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<Board, StorageError> {
    let mut countries = Vec::new();
    let mut wanted = None;
    for (id, figures) in aggregation.countries() {
        let country = names.get(id, reader)?;
        if view.country.as_deref() == Some(&*country) {
            wanted = Some(id);
        }
        countries.push(CountryRow { country, clicks: figures.clicks, urls: figures.urls });
    }
    countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));

    let mut pages: Vec<&PageFigures> = match (&view.country, wanted) {
        (None, _) => aggregation.pages().iter().collect(),
        (Some(_), Some(country)) => aggregation.pages().iter().filter(|page| page.country == country).collect(),
        (Some(_), None) => Vec::new(),
    };
    let matching = pages.len() as u64;
    let limit = if view.limit == 0 { DEFAULT_LIMIT } else { view.limit };
    let order = |a: &&PageFigures, b: &&PageFigures| compare(view.sort, a, b);
    if limit < pages.len() {
        pages.select_nth_unstable_by(limit, order);
        pages.truncate(limit);
    }
    pages.sort_unstable_by(order);
    let pages = pages
        .into_iter()
        .map(|page| {
            Ok(PageRow {
                url: reader.url(page.url)?.into(),
                country: names.get(page.country, reader)?,
                clicks: page.clicks,
                unique_users: page.unique_users,
                avg_time_spent: average_seconds(page),
            })
        })
        .collect::<Result<_, StorageError>>()?;
    Ok(Board { view: view.clone(), countries, pages, matching, problem: None })
}

/// Mean time spent in seconds: the sum of the known gaps by their count.
fn average_seconds(page: &PageFigures) -> Option<f64> {
    (page.spent_count > 0).then(|| page.spent_ms as f64 / 1000.0 / page.spent_count as f64)
}

/// Largest first; rows that are alike keep their order from one board to the next.
fn compare(sort: SortBy, a: &PageFigures, b: &PageFigures) -> Ordering {
    let by_clicks = |page: &PageFigures| Reverse((page.clicks, page.unique_users));
    let order = match sort {
        SortBy::Clicks => by_clicks(a).cmp(&by_clicks(b)),
        SortBy::Users => Reverse((a.unique_users, a.clicks)).cmp(&Reverse((b.unique_users, b.clicks))),
        SortBy::Time => match (average_seconds(a), average_seconds(b)) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
        .then_with(|| by_clicks(a).cmp(&by_clicks(b))),
    };
    order.then_with(|| a.page.cmp(&b.page))
}
