//! What the stored figures do not answer: windows of time, and rejects. One task asks the cluster, one question after the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, BinaryArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::connect::{ConnectError, Session, column};
use super::connection::Connection;
use super::sql::{Root, Tables};
use crate::click::Timestamp;
use crate::protocol::answer::{Answer, RejectRow, Rejects};
use crate::protocol::board::{Board, CountryRow, PageRow};
use crate::protocol::pattern::Pattern;
use crate::protocol::question::RejectsQuestion;
use crate::protocol::view::{SortBy, View, Window};
use crate::storage::{Storage, StorageError};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How often a window and the rejects are asked for again, while somebody looks at them.
const REFRESH: Duration = Duration::from_secs(15);

/// How long a question stands unless it is asked again.
const KEPT: Duration = Duration::from_secs(30);

/// Pages of a window that are brought here at most.
const MOST_PAGES: i32 = 200_000;

/// Rows of an answer at most, and as many for a view that names no limit.
const MOST_ROWS: usize = 1_000;
const DEFAULT_ROWS: usize = 200;

/// How much of a reject's payload is shown, in bytes.
const SHOWN_PAYLOAD: usize = 4 * 1024;

/// Takes questions in and holds the newest answers. Answering ends when it is dropped.
pub(super) struct ClusterDesk {
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    news: Notify,
}

#[derive(Default)]
struct State {
    view: View,
    board: Option<Arc<Board>>,
    rejects_asked: Option<(RejectsQuestion, Instant)>,
    rejects: Option<Arc<Answer<RejectsQuestion, Rejects>>>,
}

/// What the answering works with.
pub(super) struct Cluster {
    pub(super) connection: Connection,
    pub(super) tables: Arc<Tables>,
    pub(super) root: Root,
    pub(super) storage: Arc<Storage>,
}

/// Why there is no answer, in one line.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("Spark took longer than {} s", LIMIT.as_secs())]
    TooSlow,
    #[error("there are more than {MOST_PAGES} pages in this time; choose a shorter one, or all time")]
    TooLarge,
    #[error("the filter cannot be read: {0}")]
    Filter(#[from] crate::protocol::pattern::PatternError),
}

impl ClusterDesk {
    /// Must be called in a tokio runtime.
    pub(super) fn start(cluster: Cluster) -> Self {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(work(cluster, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// Takes the view in.
    pub(super) fn set_view(&self, view: View) {
        self.shared.state.lock().view = view;
        self.shared.changed.notify_one();
    }

    /// Takes a question in.
    pub(super) fn ask_rejects(&self, question: RejectsQuestion) {
        let mut state = self.shared.state.lock();
        let is_new = state.rejects_asked.as_ref().is_none_or(|(asked, at)| *asked != question || at.elapsed() > KEPT);
        state.rejects_asked = Some((question, Instant::now()));
        if is_new {
            self.shared.changed.notify_one();
        }
    }

    /// The board, if the view is a window: the newest, or one that says that it is being made.
    pub(super) fn board(&self) -> Option<Arc<Board>> {
        let state = self.shared.state.lock();
        if state.view.window == Window::AllTime {
            return None;
        }
        let made = state.board.clone().filter(|board| board.view == state.view);
        Some(made.unwrap_or_else(|| {
            let problem = Some("asking Spark …".to_owned());
            Arc::new(Board { view: state.view.clone(), problem, ..Board::default() })
        }))
    }

    /// The newest answer about rejects.
    pub(super) fn rejects(&self) -> Option<Arc<Answer<RejectsQuestion, Rejects>>> {
        self.shared.state.lock().rejects.clone()
    }

    /// Everything was deleted.
    pub(super) fn reset(&self) {
        let mut state = self.shared.state.lock();
        state.board = None;
        state.rejects = None;
        self.shared.changed.notify_one();
    }

    /// Resolves once there is an answer that was not there before.
    pub(super) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.news.notified().await }
    }
}

impl Drop for ClusterDesk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers until it is aborted.
async fn work(cluster: Cluster, shared: Arc<Shared>) {
    loop {
        let (view, rejects) = {
            let state = shared.state.lock();
            let view = (state.view.window != Window::AllTime).then(|| state.view.clone());
            let rejects = state.rejects_asked.as_ref().filter(|(_, at)| at.elapsed() <= KEPT);
            (view, rejects.map(|(question, _)| question.clone()))
        };
        if let Some(view) = &view {
            let made = in_time(&cluster, async |session| cluster.board(session, view).await).await;
            let board = made.unwrap_or_else(|error| Board {
                view: view.clone(),
                problem: Some(error.to_string()),
                ..Board::default()
            });
            shared.state.lock().board = Some(Arc::new(board));
            shared.news.notify_one();
        }
        if let Some(question) = &rejects {
            let found = in_time(&cluster, async |session| cluster.rejects(session, question).await).await;
            let found = found.map_err(|error| error.to_string());
            shared.state.lock().rejects = Some(Arc::new(Answer { asked: question.clone(), found }));
            shared.news.notify_one();
        }
        let pause = if view.is_some() || rejects.is_some() { REFRESH } else { Duration::MAX };
        // An elapsed time-out is the ordinary end.
        let _ = tokio::time::timeout(pause, shared.changed.notified()).await;
    }
}

/// What `ask` finds, unless it takes too long; then it is interrupted on the cluster, too.
async fn in_time<T>(cluster: &Cluster, ask: impl AsyncFnOnce(&Session) -> Result<T, NoAnswer>) -> Result<T, NoAnswer> {
    let answer = async {
        let session = cluster.connection.session().await?;
        ask(&session).await
    };
    let answer = tokio::time::timeout(LIMIT, answer).await.unwrap_or(Err(NoAnswer::TooSlow));
    if let Err(NoAnswer::Connect(error)) = &answer {
        cluster.connection.failed(error);
    }
    answer
}

impl Cluster {
    /// The board of a window. It ends with the newest click that is not ahead of the clock.
    async fn board(&self, session: &Session, view: &View) -> Result<Board, NoAnswer> {
        let pattern = Pattern::parse(&view.filter)?;
        let empty = Board { view: view.clone(), ..Board::default() };
        let storage = Arc::clone(&self.storage);
        let newest = tokio::task::spawn_blocking(move || storage.reader()?.newest_counted(Timestamp::now())).await;
        let (Ok(newest), Some(length)) = (newest, view.window.length()) else { return Ok(empty) };
        let Some(newest) = newest? else { return Ok(empty) };
        let end = newest.as_millis().saturating_add(1);
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        let numbers = [(":from", end.saturating_sub(length)), (":to", end), (":limit", i64::from(MOST_PAGES))];
        let mut rows = session.rows(filled(self.tables.window(), &numbers));
        let mut pages = Vec::new();
        while let Some(batch) = rows.next().await? {
            let (urls, names) = (column::<StringArray>(&batch, "url")?, column::<StringArray>(&batch, "country")?);
            let number = |name| column::<Int64Array>(&batch, name);
            let (clicks, users) = (number("clicks")?, number("users")?);
            let (sums, known) = (number("sum_ms")?, number("known")?);
            let count = |number: i64| u64::try_from(number).unwrap_or(0);
            pages.extend((0..batch.num_rows()).map(|row| PageRow {
                url: urls.value(row).into(),
                country: names.value(row).into(),
                clicks: count(clicks.value(row)),
                unique_users: count(users.value(row)),
                avg_time_spent:
                    (known.value(row) > 0).then(|| sums.value(row) as f64 / 1000.0 / known.value(row) as f64),
            }));
        }
        if i32::try_from(pages.len()).is_ok_and(|pages| pages >= MOST_PAGES) {
            return Err(NoAnswer::TooLarge);
        }
        Ok(board(view, &pattern, pages))
    }

    async fn rejects(&self, session: &Session, question: &RejectsQuestion) -> Result<Rejects, NoAnswer> {
        let count = format!("SELECT count(*) AS n FROM delta.`{}/clicks` WHERE slice IS NULL", self.root);
        let mut total = 0;
        for batch in session.rows(count).all(1).await? {
            total = column::<Int64Array>(&batch, "n")?.iter().flatten().next().unwrap_or(total);
        }
        let limit = i64::try_from(question.limit.min(MOST_ROWS)).unwrap_or(0);
        let sql = filled(self.tables.rejects(), &[(":limit", limit)]).replace(":search", "''");
        let mut rows = Vec::new();
        for batch in session.rows(sql).all(MOST_ROWS).await? {
            let text = |name| column::<StringArray>(&batch, name);
            let (topics, reasons) = (text("topic")?, text("reason")?);
            let partitions = column::<Int32Array>(&batch, "partition")?;
            let offsets = column::<Int64Array>(&batch, "offset")?;
            let arrived = column::<TimestampMicrosecondArray>(&batch, "arrived")?;
            let payloads = column::<BinaryArray>(&batch, "payload")?;
            rows.extend((0..batch.num_rows()).map(|row| {
                let payload = if payloads.is_null(row) { &[][..] } else { payloads.value(row) };
                let shown = payload.get(..SHOWN_PAYLOAD).unwrap_or(payload);
                RejectRow {
                    at: Timestamp::from_millis(arrived.value(row).div_euclid(1000)),
                    stage: "stream".to_owned(),
                    topic: topics.value(row).to_owned(),
                    partition: Some(partitions.value(row)),
                    offset: Some(offsets.value(row)),
                    reason: reasons.value(row).to_owned(),
                    payload: String::from_utf8_lossy(shown).into_owned(),
                    payload_bytes: payload.len() as u64,
                }
            }));
        }
        Ok(Rejects { total: u64::try_from(total).unwrap_or(0), deleted: 0, rows })
    }
}

/// `statement` with numbers in place of its parameters: Spark 4.2 does not bind parameters that stand within a subquery.
fn filled(statement: String, numbers: &[(&str, i64)]) -> String {
    numbers.iter().fold(statement, |filled, (name, number)| filled.replace(name, &number.to_string()))
}

/// The board of `pages`, which are all of a window.
fn board(view: &View, pattern: &Pattern, pages: Vec<PageRow>) -> Board {
    let kept = pages.into_iter().filter(|page| pattern.is_empty() || pattern.keeps(&page.url));
    let mut countries: HashMap<Arc<str>, (u64, u64)> = HashMap::new();
    let mut rows: Vec<PageRow> = Vec::new();
    for page in kept {
        let (clicks, urls) = countries.entry(Arc::clone(&page.country)).or_default();
        *clicks += page.clicks;
        *urls += 1;
        if view.country.as_deref().is_none_or(|country| country == &*page.country) {
            rows.push(page);
        }
    }
    let mut countries: Vec<CountryRow> =
        countries.into_iter().map(|(country, (clicks, urls))| CountryRow { country, clicks, urls }).collect();
    countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));
    rows.sort_unstable_by(|a, b| {
        let by_clicks = (b.clicks, b.unique_users).cmp(&(a.clicks, a.unique_users));
        let order = match view.sort {
            SortBy::Clicks => by_clicks,
            SortBy::Users => (b.unique_users, b.clicks).cmp(&(a.unique_users, a.clicks)),
            SortBy::Time => {
                let seconds = |page: &PageRow| page.avg_time_spent.unwrap_or(-1.0);
                seconds(b).total_cmp(&seconds(a)).then(by_clicks)
            }
        };
        order.then_with(|| (&a.url, &a.country).cmp(&(&b.url, &b.country)))
    });
    let matching = rows.len() as u64;
    rows.truncate(if view.limit == 0 { DEFAULT_ROWS } else { view.limit });
    Board { view: view.clone(), countries, pages: rows, matching, problem: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_sorted_filtered_and_cut_and_its_countries_count_all_kept_urls() {
        let page = |url: &str, country: &str, clicks, unique_users, avg_time_spent| PageRow {
            url: url.into(),
            country: country.into(),
            clicks,
            unique_users,
            avg_time_spent,
        };
        let pages = vec![
            page("/a", "FR", 3, 1, None),
            page("/b", "FR", 2, 2, Some(0.5)),
            page("/a", "DE", 9, 1, Some(7.0)),
            page("/hidden", "DE", 99, 9, None),
        ];
        let shown = |view: &View| {
            let board = board(view, &Pattern::parse(&view.filter).unwrap(), pages.clone());
            let rows: Vec<String> = board.pages.iter().map(|page| format!("{} {}", page.url, page.country)).collect();
            let countries: Vec<(String, u64, u64)> =
                board.countries.iter().map(|row| (row.country.to_string(), row.clicks, row.urls)).collect();
            (rows.join(", "), board.matching, countries)
        };
        let view = View { window: Window::LastHour, ..View::default() };
        let (rows, matching, countries) = shown(&view);
        assert_eq!((rows.as_str(), matching), ("/hidden DE, /a DE, /a FR, /b FR", 4));
        assert_eq!(countries, [("DE".to_owned(), 108, 2), ("FR".to_owned(), 5, 2)]);
        let by_time = View { sort: SortBy::Time, country: Some("FR".to_owned()), limit: 1, ..view.clone() };
        assert_eq!(shown(&by_time).0, "/b FR");
        assert_eq!(shown(&by_time).1, 2);
        let filtered = View { filter: "hidden".to_owned(), ..view };
        assert_eq!(shown(&filtered).0, "/hidden DE");
    }
}
