//! The embedded search index, which needs no other program: SQLite's full-text search in one file of the data directory.
//!
//! The file holds derived data. If anything is wrong with it, delete it, and the pipeline sends every document again.

mod failure;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;

use self::failure::Failure;
use super::{Bulk, BulkOutcome, Document, EngineStatus, Prepared, SearchError, SearchIndex, SearchQuery};
use crate::private;

/// The name of the index's file in the data directory.
pub const FILE_NAME: &str = "search.db";

/// The value of [`SearchIndex::target`].
const TARGET: &str = "embedded";

/// A read that takes longer is interrupted. Writes are bounded by their batch.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// How many idle readers stay open. More are opened while more reads run at the same time.
const IDLE_READERS: usize = 4;

/// Minimum documents per transaction, if that many wait. A transaction writes every page of the file that it changes. A thousand
/// documents change most pages, so ten thousand cost little more.
const TRANSACTION_DOCUMENTS: usize = 10_000;

/// The embedded full-text index. Clones share the file and the connections.
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
}

struct Shared {
    file: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("file", &self.shared.file).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens `search.db` in `dir`, and creates both if they are absent. Blocks while the disk works.
    ///
    /// # Errors
    /// [`SearchError::Disk`] if the directory or the file cannot be opened, is damaged, belongs to another program, or
    /// was made by a newer clicktop.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let file = dir.join(FILE_NAME);
        private::create_dir(dir).map_err(|error| Failure::from(error).at(&file))?;
        private::create(&file).map_err(|error| Failure::from(error).at(&file))?;
        let writer = schema::open_writer(&file).map_err(|failure| failure.at(&file))?;
        Ok(Self { shared: Arc::new(Shared { file, writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) }) })
    }

    /// The file of the index.
    pub fn file(&self) -> &Path {
        &self.shared.file
    }

    /// Runs `read` with its own connection on a blocking thread, for at most [`READ_LIMIT`].
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Path) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, SearchError> {
        let shared = Arc::clone(&self.shared);
        let idle = shared.readers.lock().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => {
                let shared = Arc::clone(&shared);
                self.blocking(move || schema::open_reader(&shared.file)).await?
            }
        };
        let interrupt = reader.get_interrupt_handle();
        let work = self.blocking(move || {
            let result = read(&reader, &shared.file);
            let mut readers = shared.readers.lock();
            if readers.len() < IDLE_READERS {
                readers.push(reader);
            }
            result
        });
        match tokio::time::timeout(READ_LIMIT, work).await {
            Ok(result) => result,
            Err(_) => {
                interrupt.interrupt();
                Err(SearchError::TimedOut { target: TARGET.to_owned(), after: READ_LIMIT })
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, SearchError> {
        let result = match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(ended) => Err(Failure::Task(ended.to_string())),
        };
        result.map_err(|failure| failure.at(&self.shared.file))
    }
}

#[async_trait]
impl SearchIndex for Embedded {
    fn target(&self) -> String {
        TARGET.to_owned()
    }

    /// A request is one transaction, and only one runs at a time.
    fn bulk(&self, configured: Bulk) -> Bulk {
        Bulk { documents: configured.documents.max(TRANSACTION_DOCUMENTS), in_flight: 1 }
    }

    /// `created` is true while the index has no document, not only for the call that creates the file. Otherwise documents would be
    /// missing after a crash between creating the file and noting that everything must be sent.
    async fn prepare(&self) -> Result<Prepared, SearchError> {
        let documents = self.read(|reader, _| read::documents(reader)).await?;
        let engine = format!("embedded (SQLite FTS5 {})", rusqlite::version());
        Ok(Prepared { engine, created: documents == 0, documents })
    }

    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        let shared = Arc::clone(&self.shared);
        let documents = documents.to_vec();
        self.blocking(move || write::upsert(&mut shared.writer.lock(), &documents)).await
    }

    async fn status(&self) -> Result<EngineStatus, SearchError> {
        self.read(read::status).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        let query = query.clone();
        self.read(move |reader, _| read::search(reader, &query)).await
    }

    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        let (url, country) = (url.to_owned(), country.to_owned());
        self.read(move |reader, _| read::get(reader, &url, &country)).await
    }

    async fn clear(&self) -> Result<u64, SearchError> {
        let shared = Arc::clone(&self.shared);
        self.blocking(move || write::clear(&mut shared.writer.lock())).await
    }

    /// Does nothing: committed documents are visible.
    async fn refresh(&self) -> Result<(), SearchError> {
        Ok(())
    }
}
