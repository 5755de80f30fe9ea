//! When each click became visible: in the snapshots that a console draws, and in the search index.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use clicktop::protocol::Snapshot;
use clicktop::search::embedded::Embedded;
use clicktop::search::{BulkOutcome, Document, EngineStatus, Prepared, SearchError, SearchIndex, SearchQuery};
use clicktop::storage::{ClickKey, CountryId, Reader, UrlId};
use parking_lot::Mutex;

use super::Outcome;

/// Url, country and clicks of the documents of one request.
type Written = Vec<(String, String, u64)>;

/// The embedded index, which notes when which documents were in it.
#[derive(Debug)]
pub struct Watched {
    index: Embedded,
    /// When each request was through, and what it had written.
    written: Mutex<Vec<(Instant, Written)>>,
}

impl Watched {
    pub fn new(index: Embedded) -> Self {
        Self { index, written: Mutex::default() }
    }
}

#[async_trait]
impl SearchIndex for Watched {
    fn target(&self) -> String {
        self.index.target()
    }

    async fn prepare(&self) -> Result<Prepared, SearchError> {
        self.index.prepare().await
    }

    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        let outcome = self.index.upsert(documents).await?;
        let now = Instant::now();
        let pages = documents.iter().map(|document| (document.url.clone(), document.country.clone(), document.clicks));
        self.written.lock().push((now, pages.collect()));
        Ok(outcome)
    }

    async fn status(&self) -> Result<EngineStatus, SearchError> {
        self.index.status().await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        self.index.search(query).await
    }

    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        self.index.get(url, country).await
    }

    async fn clear(&self) -> Result<u64, SearchError> {
        self.index.clear().await
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        self.index.refresh().await
    }
}

/// When snapshots came, and up to which click in the order of arrival their figures go.
#[derive(Debug, Default)]
pub struct Shown(Vec<(Instant, i64)>);

impl Shown {
    /// A snapshot has come. Its figures hold every stored click but those that wait for the aggregation.
    pub fn snapshot(&mut self, snapshot: &Snapshot) -> Outcome<()> {
        let visible = snapshot.totals.clicks.saturating_sub(snapshot.stages["aggregate"].backlog.unwrap_or(0));
        self.0.push((Instant::now(), i64::try_from(visible)?));
        Ok(())
    }
}

/// Of one click, by its number in the order in which it was produced.
pub struct Seen {
    pub number: usize,
    pub shown: Instant,
    pub indexed: Instant,
}

/// Every click of the database in the order of arrival, with the moments in which it became visible.
///
/// The order of arrival is what figures count in: the n-th click of a page is in a document as soon as that says n clicks.
///
/// # Errors
/// A click was never visible, or is none of ours.
pub fn seen(database: &Path, shown: &Shown, index: &Arc<Watched>) -> Outcome<Vec<Seen>> {
    let mut reader = Reader::open(database)?;
    let mut clicks = Vec::new();
    reader.clicks_by_time(i64::MAX, |click| clicks.push(click))?;
    clicks.sort_unstable_by_key(|click| click.id);
    let mut documents: HashMap<(String, String), Vec<(Instant, u64)>> = HashMap::new();
    for (at, pages) in index.written.lock().iter() {
        for (url, country, count) in pages {
            documents.entry((url.clone(), country.clone())).or_default().push((*at, *count));
        }
    }
    let mut counts: HashMap<(UrlId, CountryId), u64> = HashMap::new();
    let mut names: HashMap<(UrlId, CountryId), (String, String)> = HashMap::new();
    clicks
        .iter()
        .map(|click| {
            let page = (click.url, click.country);
            if let std::collections::hash_map::Entry::Vacant(entry) = names.entry(page) {
                entry.insert((reader.url(click.url)?, reader.country(click.country)?));
            }
            let count = counts.entry(page).or_default();
            *count += 1;
            let name = names.get(&page).ok_or("a page without a name")?;
            let written = documents.get(name).map(Vec::as_slice).unwrap_or_default();
            let first = written.iter().find(|(_, clicks)| clicks >= count);
            let snapshot = shown.0.get(shown.0.partition_point(|(_, visible)| *visible < click.id));
            Ok(Seen {
                number: number_of(&click.key)?,
                shown: snapshot.ok_or("a click that no snapshot showed")?.0,
                indexed: first.ok_or("a click that no document held")?.0,
            })
        })
        .collect()
}

/// The id of the click with this number.
pub fn click_id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

fn number_of(key: &ClickKey) -> Outcome<usize> {
    match key {
        ClickKey::Uuid([a, b, c, d, ..]) => Ok(usize::try_from(u32::from_be_bytes([*a, *b, *c, *d]))?),
        ClickKey::Text(text) => Err(format!("{text} is no click of ours").into()),
    }
}
