//! Whole tables for a file. Each has a task that fetches its rows and a thread that hands them over, so that neither the answers nor the
//! console waits for the file.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tokio::sync::{Semaphore, mpsc};

use super::asking::{Asked, Cluster, LIMIT, NoAnswer, Tell};
use super::board::BoardKeeper;
use super::rejects::reject_rows;
use super::window::{Figures, PageBatch, Pages, kept, kept_in_sql, with_texts};
use crate::engine::local::query::answers::{SHOWN_PAYLOAD_BYTES, reject_row};
use crate::engine::spark::connect::{ConnectError, Sql};
use crate::engine::tables::{Parts, TableOrder, last_part};
use crate::protocol::answer::RejectRow;
use crate::protocol::board::PageRow;
use crate::protocol::pattern::Pattern;
use crate::protocol::table::TablePart;
use crate::protocol::view::View;
use crate::storage::Reader;

/// Tables that may be under way at once.
const AT_ONCE: usize = 4;

/// Batches that wait for the thread; this bounds the memory.
const WAITING_BATCHES: usize = 4;

/// Hands tables over.
pub(super) struct Exporter {
    cluster: Arc<Cluster>,
    at_once: Arc<Semaphore>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    ended: AtomicBool,
    resets: AtomicU64,
}

/// Rows on their way to the thread, or why there are no more.
type Batch<R> = Result<Vec<R>, String>;

impl Exporter {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster, at_once: Arc::new(Semaphore::new(AT_ONCE)), state: Arc::default() }
    }

    /// Everything was deleted.
    pub(super) fn forget(&self) {
        self.state.resets.fetch_add(1, SeqCst);
    }

    /// Hands over the rows of a window at which a front looks with `keeper`.
    pub(super) fn window(&self, order: TableOrder, view: View, keeper: Arc<BoardKeeper>) {
        let cluster = Arc::clone(&self.cluster);
        self.begin(order, move |hand_over| async move {
            let pattern = Pattern::parse(&view.filter).map_err(|error| NoAnswer::from(error).to_string())?;
            let figures = keeper.figures_of(view.window, LIMIT).await?;
            let (sender, batches) = mpsc::channel(WAITING_BATCHES);
            let fetching = async {
                if let (Pages::Shown(_), Some(span)) = (&figures.pages, figures.span) {
                    let sql = cluster.tables.window_table(span, kept_in_sql(&view, &pattern), view.order());
                    let rows = |batch: &_| Ok(PageBatch::of(batch)?.pages().map(|row| row.page).collect());
                    fetch(&cluster, with_texts(sql, &view, &pattern), sender, rows).await;
                }
            };
            let (figures, view, pattern) = (Arc::clone(&figures), view.clone(), pattern.clone());
            let writing = hand_over.on_a_thread(move |out| window(out, &figures, &view, &pattern, batches));
            let ((), written) = tokio::join!(fetching, writing);
            written
        });
    }

    /// Hands over the rejects that `filter` keeps: of the cluster and of here, newest first.
    pub(super) fn rejects(&self, order: TableOrder, filter: String) {
        let cluster = Arc::clone(&self.cluster);
        self.begin(order, move |hand_over| async move {
            let pattern = Pattern::parse(&filter).map_err(|error| NoAnswer::from(error).to_string())?;
            let asked = session(&cluster).await?;
            let failed = |error: ConnectError| {
                cluster.connection.failed(&error);
                error.to_string()
            };
            let version = asked.version(&cluster.tables).await.map_err(failed)?;
            let mut total = Some(0);
            if let Some(version) = version {
                let counted = asked.numbers(cluster.tables.reject_count(version, 1), ["total"]).await;
                let [counted] = counted.map_err(failed)?;
                total = counted.and_then(|counted| u64::try_from(counted).ok());
            }
            let (sender, batches) = mpsc::channel(WAITING_BATCHES);
            let fetching = async {
                if let Some(version) = version {
                    let sql = cluster.tables.every_reject(version, SHOWN_PAYLOAD_BYTES);
                    fetch(&cluster, sql, sender, reject_rows).await;
                }
            };
            let storage = Arc::clone(&cluster.storage);
            let writing = hand_over.on_a_thread(move |out| {
                let mut reader = storage.reader().map_err(|error| error.to_string())?;
                rejects(out, &mut reader, &pattern, total, batches)
            });
            let ((), written) = tokio::join!(fetching, writing);
            written
        });
    }

    /// Runs `work` in a task of its own, and tells the receiver how it ends.
    fn begin<F>(&self, order: TableOrder, work: impl FnOnce(HandOver) -> F)
    where
        F: Future<Output = Result<ControlFlow<()>, String>> + Send + 'static,
    {
        let Ok(permit) = Arc::clone(&self.at_once).try_acquire_owned() else {
            order.send_now(TablePart::Failed("too many tables are being written already".to_owned()));
            return;
        };
        let resets = self.state.resets.load(SeqCst);
        let hand_over = HandOver { order, state: Arc::clone(&self.state), resets };
        let last = hand_over.clone();
        let work = work(hand_over);
        tokio::spawn(async move {
            let outcome = work.await;
            drop(permit);
            let Some(part) = last_part(outcome, last.is_forgotten()) else { return };
            let told = last.on_a_thread(move |out| {
                let state = Arc::clone(&out.state);
                // Nobody wants it, or everything ends: nobody to tell.
                let _ = out.order.send(part, &|| state.ended.load(SeqCst));
                Ok(ControlFlow::Continue(()))
            });
            // A thread that fails has said so.
            let _ = told.await;
        });
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.state.ended.store(true, SeqCst);
    }
}

/// Asks for a table. Its time is limited by the silence between two batches, not by its length.
async fn session(cluster: &Cluster) -> Result<Asked, String> {
    let session = tokio::time::timeout(LIMIT, cluster.session("table", Tell::new(|_| {}))).await;
    match session {
        Ok(Ok(asked)) => Ok(asked),
        Ok(Err(error)) => {
            cluster.connection.failed(&error);
            Err(error.to_string())
        }
        Err(_) => Err(NoAnswer::TooSlow.to_string()),
    }
}

/// Sends the rows of a statement to the thread, and at the end whether they are all there. Ends when nobody takes them any more.
async fn fetch<R>(
    cluster: &Cluster,
    sql: impl Into<Sql>,
    sender: mpsc::Sender<Batch<R>>,
    rows_of: impl Fn(&arrow_array::RecordBatch) -> Result<Vec<R>, ConnectError>,
) {
    let asked = match session(cluster).await {
        Ok(asked) => asked,
        Err(why) => {
            let _ = sender.send(Err(why)).await;
            return;
        }
    };
    let mut rows = asked.rows(sql);
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(LIMIT, asked.next(&mut rows)) => next,
            () = sender.closed() => return,
        };
        let batch = match next {
            Ok(Ok(Some(batch))) => rows_of(&batch).map_err(|error| error.to_string()),
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                cluster.connection.failed(&error);
                Err(error.to_string())
            }
            Err(_) => Err(NoAnswer::TooSlow.to_string()),
        };
        let is_last = batch.is_err();
        if sender.send(batch).await.is_err() || is_last {
            return;
        }
    }
}

/// Hands the parts of one table over.
#[derive(Clone)]
struct HandOver {
    order: TableOrder,
    state: Arc<State>,
    resets: u64,
}

impl HandOver {
    fn is_forgotten(&self) -> bool {
        self.state.resets.load(SeqCst) != self.resets
    }

    fn send(&self, part: TablePart) -> ControlFlow<()> {
        let ended = || self.state.ended.load(SeqCst) || self.is_forgotten();
        if self.order.send(part, &ended).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Runs `work` on a thread that may wait for the receiver.
    async fn on_a_thread(
        &self,
        work: impl FnOnce(&Self) -> Result<ControlFlow<()>, String> + Send + 'static,
    ) -> Result<ControlFlow<()>, String> {
        let hand_over = self.clone();
        let work = tokio::task::spawn_blocking(move || work(&hand_over));
        work.await.map_err(|_| "the thread that writes the table has failed".to_owned())?
    }
}

/// The rows of a view: those that are known, or those that come from the cluster in order.
fn window(
    out: &HandOver,
    figures: &Figures,
    view: &View,
    pattern: &Pattern,
    mut batches: mpsc::Receiver<Batch<PageRow>>,
) -> Result<ControlFlow<()>, String> {
    let mut parts = Parts::new(TablePart::Pages, |part| out.send(part));
    if let Pages::All(pages) = &figures.pages {
        let rows = kept(pages, view, pattern);
        if out.send(TablePart::Rows(rows.len() as u64)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        for row in rows {
            if parts.push(row.page.clone()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    while let Some(batch) = batches.blocking_recv() {
        for row in batch?.into_iter().filter(|row| pattern.is_empty() || pattern.keeps(&row.url)) {
            if parts.push(row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(parts.finish())
}

/// Merges the rejects of the cluster with those of here. Both come newest first.
fn rejects(
    out: &HandOver,
    reader: &mut Reader,
    pattern: &Pattern,
    total: Option<u64>,
    batches: mpsc::Receiver<Batch<RejectRow>>,
) -> Result<ControlFlow<()>, String> {
    let mut messages = Messages { batches, rows: Vec::new().into_iter(), next: None, failed: None };
    let mut parts = Parts::new(TablePart::Rejects, |part| out.send(part));
    let mut push = |row: RejectRow| {
        if pattern.keeps_any([&*row.reason, &*row.payload]) { parts.push(row) } else { ControlFlow::Continue(()) }
    };
    let merged = reader.consistent(|reader| {
        if let Some(total) = total.filter(|_| pattern.is_empty()) {
            let rows = total.saturating_add(reader.reject_count()?.kept);
            if out.send(TablePart::Rows(rows)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        reader.rejects_while(SHOWN_PAYLOAD_BYTES, |kept| {
            let row = reject_row(kept);
            while let Some(newer) = messages.next_from(row.at) {
                push(newer)?;
            }
            push(row)
        })
    });
    if merged.map_err(|error| error.to_string())?.is_break() {
        return Ok(ControlFlow::Break(()));
    }
    while let Some(row) = messages.next_from(crate::click::Timestamp::MIN) {
        if push(row).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    match messages.failed {
        Some(why) => Err(why),
        None => Ok(parts.finish()),
    }
}

/// The rejects of the cluster, one by one.
struct Messages {
    batches: mpsc::Receiver<Batch<RejectRow>>,
    rows: std::vec::IntoIter<RejectRow>,
    next: Option<RejectRow>,
    failed: Option<String>,
}

impl Messages {
    /// The next one, if it is of `time` or newer.
    fn next_from(&mut self, time: crate::click::Timestamp) -> Option<RejectRow> {
        while self.next.is_none() {
            self.next = self.rows.next();
            if self.next.is_none() {
                match self.batches.blocking_recv()? {
                    Ok(rows) => self.rows = rows.into_iter(),
                    Err(why) => {
                        self.failed = Some(why);
                        return None;
                    }
                }
            }
        }
        self.next.take_if(|row| row.at >= time)
    }
}
