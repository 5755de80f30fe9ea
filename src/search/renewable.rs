//! An index whose client can be replaced while the pipeline runs, so that new credentials need no restart.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;

use super::{Bulk, BulkOutcome, Document, EngineStatus, Prepared, SearchError, SearchIndex, SearchQuery};

/// An index with the client that is in use now.
#[derive(Debug)]
pub struct Renewable(RwLock<Arc<dyn SearchIndex>>);

/// The new client is one of another index.
#[derive(Debug, thiserror::Error)]
#[error("the documents would go to {new}, and now go to {now}")]
pub struct AnotherTarget {
    /// The target of the client in use.
    pub now: String,
    /// The target of the refused client.
    pub new: String,
}

impl Renewable {
    /// An index with its first client.
    pub fn new(index: Arc<dyn SearchIndex>) -> Self {
        Self(RwLock::new(index))
    }

    /// Uses `index` from the next request on; requests under way end with the old client.
    ///
    /// # Errors
    /// It has another target.
    pub fn renew(&self, index: Arc<dyn SearchIndex>) -> Result<(), AnotherTarget> {
        let (now, new) = (self.target(), index.target());
        if now != new {
            return Err(AnotherTarget { now, new });
        }
        *self.0.write() = index;
        Ok(())
    }

    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.0.read())
    }
}

#[async_trait]
impl SearchIndex for Renewable {
    fn target(&self) -> String {
        self.index().target()
    }

    fn has_credentials(&self) -> bool {
        self.index().has_credentials()
    }

    fn bulk(&self, configured: Bulk) -> Bulk {
        self.index().bulk(configured)
    }

    async fn prepare(&self) -> Result<Prepared, SearchError> {
        self.index().prepare().await
    }

    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        self.index().upsert(documents).await
    }

    async fn status(&self) -> Result<EngineStatus, SearchError> {
        self.index().status().await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        self.index().search(query).await
    }

    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        self.index().get(url, country).await
    }

    async fn clear(&self) -> Result<u64, SearchError> {
        self.index().clear().await
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        self.index().refresh().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::elasticsearch::{Credentials, Elasticsearch, ElasticsearchOptions};
    use crate::secret::Secret;

    fn client(url: &str, key: &str) -> Arc<dyn SearchIndex> {
        let options = ElasticsearchOptions {
            urls: vec![url.to_owned()],
            credentials: Credentials::ApiKey(Secret::new(key)),
            ..ElasticsearchOptions::default()
        };
        Arc::new(Elasticsearch::new(options).unwrap())
    }

    #[test]
    fn another_key_is_taken_and_another_index_refused() {
        let index = Renewable::new(client("http://127.0.0.1:9200", "old"));
        index.renew(client("http://127.0.0.1:9200", "new")).unwrap();
        let refused = index.renew(client("http://127.0.0.1:9201", "new")).unwrap_err().to_string();
        assert!(refused.contains(":9201/") && refused.contains("now go to http://127.0.0.1:9200/"), "{refused}");
    }
}
