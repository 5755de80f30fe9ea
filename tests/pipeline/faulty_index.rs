//! A search index that misbehaves as told, in front of one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use clicktop::search::embedded::Embedded;
use clicktop::search::{
    BulkOutcome, Document, EngineStatus, ItemFailure, Prepared, SearchError, SearchIndex, SearchQuery,
};
use parking_lot::Mutex;

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The client panics.
    Panic,
    /// 503 for the whole request.
    Unavailable,
    /// 401 for the whole request.
    Unauthorized,
    /// 400 for the whole request.
    Refused,
    /// The index takes no documents.
    Unwritable,
    /// 429 for every other document; those in between are written.
    Throttled,
    /// 400 for the documents of this url, for good.
    Refuses(String),
    /// No answer, ever.
    Hangs,
}

#[derive(Debug)]
pub struct FaultyIndex {
    inner: Arc<Embedded>,
    fault: Mutex<Fault>,
    requests: AtomicU64,
}

impl FaultyIndex {
    pub fn new(inner: Arc<Embedded>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, fault: Mutex::new(fault), requests: AtomicU64::new(0) })
    }

    /// From the next request on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock() = fault;
    }

    /// Bulk requests met so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

fn failure(position: usize, status: u16, reason: &str) -> ItemFailure {
    ItemFailure { position, status, reason: reason.to_owned() }
}

#[async_trait]
impl SearchIndex for FaultyIndex {
    fn target(&self) -> String {
        "faulty".to_owned()
    }

    async fn prepare(&self) -> Result<Prepared, SearchError> {
        self.inner.prepare().await
    }

    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault.lock().clone();
        let target = self.target();
        match fault {
            Fault::None => self.inner.upsert(documents).await,
            Fault::Panic => panic!("the index client is out of its mind"),
            Fault::Unavailable => {
                Err(SearchError::Server { target, status: 503, reason: "no shard available".to_owned() })
            }
            Fault::Unauthorized => {
                Err(SearchError::Unauthorized { target, status: 401, reason: "missing credentials".to_owned() })
            }
            Fault::Unwritable => {
                let (reason, advice) = ("index_closed_exception: closed".to_owned(), "open the index");
                Err(SearchError::Unwritable { target, status: 400, reason, advice })
            }
            Fault::Refused => Err(SearchError::Refused { target, status: 400, reason: "bad index name".to_owned() }),
            Fault::Throttled => {
                let taken: Vec<Document> = documents.iter().skip(1).step_by(2).cloned().collect();
                let mut outcome = self.inner.upsert(&taken).await?;
                let put_off = (0..documents.len()).step_by(2);
                outcome.retry.extend(put_off.map(|at| failure(at, 429, "queue is full")));
                Ok(outcome)
            }
            Fault::Refuses(url) => {
                let taken: Vec<Document> = documents.iter().filter(|document| document.url != url).cloned().collect();
                let mut outcome = self.inner.upsert(&taken).await?;
                let refused = documents.iter().enumerate().filter(|(_, document)| document.url == url);
                outcome.rejected.extend(refused.map(|(at, _)| failure(at, 400, "mapper_parsing_exception")));
                Ok(outcome)
            }
            Fault::Hangs => std::future::pending().await,
        }
    }

    async fn status(&self) -> Result<EngineStatus, SearchError> {
        self.inner.status().await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        self.inner.search(query).await
    }

    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        self.inner.get(url, country).await
    }

    async fn clear(&self) -> Result<u64, SearchError> {
        match *self.fault.lock() {
            Fault::Unavailable => {
                return Err(SearchError::Server {
                    target: self.target(),
                    status: 503,
                    reason: "no shard available".to_owned(),
                });
            }
            Fault::Panic => panic!("the index client is out of its mind"),
            _ => {}
        }
        self.inner.clear().await
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        self.inner.refresh().await
    }
}
