//! The figures of a window, and the board of a view of them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array as _, Int64Array, RecordBatch, StringArray};

use super::asking::{Asked, Cluster, NoAnswer};
use crate::click::Timestamp;
use crate::engine::spark::connect::{ConnectError, Sql, column};
use crate::engine::spark::sql::{Kept, Tables, WindowSpan};
use crate::protocol::answer::LastMinute;
use crate::protocol::board::{Board, CountryRow, PageRow};
use crate::protocol::pattern::Pattern;
use crate::protocol::view::{RowOrder, SortedFigures, View, Window};

/// A window of at most so many pages is fetched whole. Then every view of it is made here, without another query.
const MOST_PAGES: usize = 50_000;

/// The same, in bytes of their urls: these stay in memory.
const MOST_URL_BYTES: usize = 32 * 1024 * 1024;

/// The most rows of a board of a larger window, and its most countries.
const MOST_ROWS: usize = 1_000;
const MOST_COUNTRIES: usize = 10_000;

/// The rows of a view that sets no limit.
const DEFAULT_ROWS: usize = 200;

/// The figures of a window at one moment.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) window: Window,
    /// `None` while there is no click.
    pub(super) span: Option<WindowSpan>,
    pub(super) pages: Pages,
}

/// What is known of the pages of a window.
#[derive(Debug)]
pub(super) enum Pages {
    /// All of them.
    All(Vec<WindowRow>),
    /// There are too many. This is the board of one view.
    Shown(Box<(Board, LastMinute)>),
}

/// The figures of one page in a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WindowRow {
    pub(super) page: PageRow,
    /// Clicks of the last minute.
    pub(super) minute: u64,
}

/// A batch of pages.
pub(super) struct PageBatch<'b> {
    rows: usize,
    urls: &'b StringArray,
    countries: &'b StringArray,
    numbers: [&'b Int64Array; 5],
}

impl<'b> PageBatch<'b> {
    pub(super) fn of(batch: &'b RecordBatch) -> Result<Self, ConnectError> {
        let number = |name| column::<Int64Array>(batch, name);
        Ok(Self {
            rows: batch.num_rows(),
            urls: column(batch, "url")?,
            countries: column(batch, "country")?,
            numbers: [number("clicks")?, number("users")?, number("sum_ms")?, number("known")?, number("minute")?],
        })
    }

    /// The rows, each with whether it has a url.
    fn rows(&self) -> impl Iterator<Item = (bool, [i64; 5], usize)> {
        (0..self.rows).map(|row| (!self.urls.is_null(row), self.numbers.map(|numbers| numbers.value(row)), row))
    }

    /// The rows that have a url.
    pub(super) fn pages(&self) -> impl Iterator<Item = WindowRow> {
        self.rows().filter(|(has_url, ..)| *has_url).map(|(_, [clicks, users, sum_ms, known, minute], row)| WindowRow {
            page: PageRow {
                url: self.urls.value(row).into(),
                country: self.countries.value(row).into(),
                clicks: count(clicks),
                unique_users: count(users),
                avg_time_spent: (known > 0).then(|| sum_ms as f64 / 1000.0 / known as f64),
                timed: Some(count(known)),
            },
            minute: count(minute),
        })
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Figures {
    /// Whether the board of `view` can be made of them.
    pub(super) fn covers(&self, view: &View) -> bool {
        self.window == view.window
            && match &self.pages {
                Pages::All(_) => true,
                Pages::Shown(shown) => shown.0.view == *view,
            }
    }

    /// Whether the window has so many pages that it is not worth trying to fetch it whole the next time.
    pub(super) fn is_large(&self) -> bool {
        match &self.pages {
            Pages::All(_) => false,
            Pages::Shown(shown) => {
                let pages: u64 = shown.0.countries.iter().map(|country| country.urls).sum();
                pages > MOST_PAGES as u64 / 2
            }
        }
    }

    /// The board of `view`, which they cover, and the clicks of the last minute for its rows.
    pub(super) fn board(&self, view: &View) -> Result<(Board, LastMinute), NoAnswer> {
        let pages = match &self.pages {
            Pages::Shown(shown) => return Ok((**shown).clone()),
            Pages::All(pages) => pages,
        };
        let pattern = Pattern::parse(&view.filter)?;
        let mut countries: HashMap<Arc<str>, [u64; 3]> = HashMap::new();
        for WindowRow { page, minute } in pages {
            let [clicks, urls, minutes] = countries.entry(Arc::clone(&page.country)).or_default();
            *clicks += page.clicks;
            *urls += 1;
            *minutes += minute;
        }
        let rows = kept(pages, view, &pattern);
        let matching = rows.len() as u64;
        Ok(finish(view, countries, rows, matching))
    }
}

/// The rows of `pages` that a view keeps, in its order.
pub(super) fn kept<'p>(pages: &'p [WindowRow], view: &View, pattern: &Pattern) -> Vec<&'p WindowRow> {
    let is_kept = |row: &&WindowRow| {
        view.country.as_deref().is_none_or(|country| country == &*row.page.country)
            && (pattern.is_empty() || pattern.keeps(&row.page.url))
    };
    let mut rows: Vec<&WindowRow> = pages.iter().filter(is_kept).collect();
    rows.sort_unstable_by(|a, b| compare(view.order(), &a.page, &b.page));
    rows
}

/// Largest first, as the local engine sorts.
fn compare(order: RowOrder, a: &PageRow, b: &PageRow) -> Ordering {
    let sorted = |page: &PageRow| SortedFigures {
        clicks: page.clicks,
        unique_users: page.unique_users,
        average_seconds: page.avg_time_spent,
        timed: page.timed.unwrap_or(0),
        rise: 0.0,
    };
    order.compare(&sorted(a), &sorted(b)).then_with(|| (&a.url, &a.country).cmp(&(&b.url, &b.country)))
}

/// The board of `rows`, which are in order. `countries` has clicks, urls and clicks of the last minute of every country.
fn finish(
    view: &View,
    countries: HashMap<Arc<str>, [u64; 3]>,
    rows: Vec<&WindowRow>,
    matching: u64,
) -> (Board, LastMinute) {
    let of_countries = countries.iter().filter(|(_, [_, _, minute])| *minute > 0);
    let mut last_minute = LastMinute::new(of_countries.map(|(country, [_, _, minute])| (Arc::clone(country), *minute)));
    let mut countries: Vec<CountryRow> =
        countries.into_iter().map(|(country, [clicks, urls, _])| CountryRow { country, clicks, urls }).collect();
    countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));
    let limit = if view.limit == 0 { DEFAULT_ROWS } else { view.limit };
    let mut pages = Vec::new();
    for WindowRow { page, minute } in rows.into_iter().take(limit) {
        last_minute.add(Arc::clone(&page.url), Arc::clone(&page.country), *minute);
        pages.push(page.clone());
    }
    let board = Board { view: view.clone(), countries, pages, matching, problem: note_of(view), ..Board::default() };
    (board, last_minute)
}

/// What to say of rows that are there.
pub(super) fn note_of(view: &View) -> Option<String> {
    view.compared().map(|_| "the engine on Spark compares a window with nothing; the rows are those of now".to_owned())
}

/// `sql` with the texts of a view: of its country, and of a filter that is a plain text.
pub(super) fn with_texts(sql: String, view: &View, pattern: &Pattern) -> Sql {
    let mut sql = Sql::new(sql);
    if let Some(country) = &view.country {
        sql = sql.bind("country", country.as_str());
    }
    if let Some((_, text)) = pattern.plain_text() {
        sql = sql.bind("text", text.to_ascii_lowercase());
    }
    sql
}

/// What a statement keeps for a view. An expression is not SQL's business: the rows are filtered here.
pub(super) fn kept_in_sql(view: &View, pattern: &Pattern) -> Kept {
    Kept { of_country: view.country.is_some(), with_text: pattern.plain_text().map(|(contains, _)| contains) }
}

impl Cluster {
    /// The span of `window` now. It ends with the newest click that is not ahead of the clock; `None` if there is none.
    pub(super) async fn span(&self, asked: &Asked, window: Window) -> Result<Option<WindowSpan>, NoAnswer> {
        let Some(version) = asked.version(&self.tables).await? else { return Ok(None) };
        let Some(end) = self.newest_click(asked, version).await? else { return Ok(None) };
        let length = window.length().unwrap_or_default().as_millis();
        let after = end.saturating_sub(i64::try_from(length).unwrap_or(i64::MAX));
        Ok(Some(WindowSpan { version, after, end }))
    }

    /// The time of the newest click that is not ahead of the clock.
    pub(super) async fn newest_click(&self, asked: &Asked, version: i64) -> Result<Option<i64>, NoAnswer> {
        let now = Timestamp::now();
        // What is counted already tells where to look; only new clicks are later.
        let counted = self.here(move |reader| reader.newest_counted(now)).await?;
        let now = now.as_millis();
        if let Some(counted) = counted {
            let sql = self.tables.newest_click(version, counted.as_millis(), now);
            if let [Some(newest)] = asked.numbers(sql, ["newest"]).await? {
                return Ok(Some(newest));
            }
        }
        let sql = self.tables.newest_click(version, Timestamp::MIN.as_millis(), now);
        let [newest] = asked.numbers(sql, ["newest"]).await?;
        Ok(newest)
    }

    /// The figures for `view`, or `None` if they are still those of `known`. A window that was `large` is not fetched whole.
    pub(super) async fn figures(
        &self,
        asked: &Asked,
        view: &View,
        known: Option<WindowSpan>,
        large: bool,
    ) -> Result<Option<Figures>, NoAnswer> {
        let window = view.window;
        let pattern = Pattern::parse(&view.filter)?;
        let Some(span) = self.span(asked, window).await? else {
            return Ok(Some(Figures { window, span: None, pages: Pages::All(Vec::new()) }));
        };
        if known == Some(span) {
            return Ok(None);
        }
        let tables = &self.tables;
        if !large && let Some(pages) = all_pages(asked, tables, span).await? {
            return Ok(Some(Figures { window, span: Some(span), pages: Pages::All(pages) }));
        }
        if pattern.is_expression() {
            return Err(NoAnswer::TooLarge { window: window.words(), most: MOST_PAGES });
        }
        let limit = if view.limit == 0 { DEFAULT_ROWS } else { view.limit.min(MOST_ROWS) };
        let sql = tables.window_board(span, kept_in_sql(view, &pattern), view.order(), limit, MOST_COUNTRIES);
        let mut rows = Vec::new();
        let mut countries: HashMap<Arc<str>, [u64; 3]> = HashMap::new();
        let mut matching = 0;
        for batch in asked.all(with_texts(sql, view, &pattern)).await? {
            let batch = PageBatch::of(&batch)?;
            rows.extend(batch.pages());
            for (_, [clicks, urls, kept, _, minute], row) in batch.rows().filter(|(has_url, ..)| !has_url) {
                let of_country = [clicks, urls, minute].map(count);
                countries.insert(batch.countries.value(row).into(), of_country);
                matching += count(kept);
            }
        }
        rows.sort_unstable_by(|a, b| compare(view.order(), &a.page, &b.page));
        let shown = finish(view, countries, rows.iter().collect(), matching);
        Ok(Some(Figures { window, span: Some(span), pages: Pages::Shown(Box::new(shown)) }))
    }
}

/// Every page of a window; `None` if there are too many.
async fn all_pages(asked: &Asked, tables: &Tables, span: WindowSpan) -> Result<Option<Vec<WindowRow>>, NoAnswer> {
    let mut rows = asked.rows(tables.window_pages(span, MOST_PAGES + 1));
    let mut pages = Vec::new();
    let mut url_bytes = 0;
    while let Some(batch) = asked.next(&mut rows).await? {
        for row in PageBatch::of(&batch)?.pages() {
            url_bytes += row.page.url.len();
            pages.push(row);
        }
        if pages.len() > MOST_PAGES || url_bytes > MOST_URL_BYTES {
            return Ok(None);
        }
    }
    Ok(Some(pages))
}
