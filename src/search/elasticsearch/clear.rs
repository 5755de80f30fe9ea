//! Deleting every document of the index by query.
//!
//! The index itself stays: it may be somebody's work, with settings, aliases and permissions that the pipeline could not
//! bring back.

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Payload;
use super::{Elasticsearch, error};
use crate::search::{SearchError, SearchIndex};

/// Documents that one request deletes at most, so that it is answered within the time limit.
const DOCUMENTS: &str = "20000";

#[derive(Deserialize)]
struct Answer {
    deleted: u64,
    #[serde(default)]
    version_conflicts: u64,
    #[serde(default)]
    failures: Vec<Value>,
}

pub(super) async fn clear(engine: &Elasticsearch) -> Result<(), SearchError> {
    let Some(mapping) = engine.mapping().await? else { return Ok(()) };
    let narrator = engine.client.narrator();
    // Only what is visible is deleted.
    engine.refresh().await?;
    let indices = mapping.as_object().map_or(0, serde_json::Map::len);
    let mut left = engine.count().await?;
    while left > 0 {
        if indices > 1 {
            // Documents are written to one of them only; what the others hold may be somebody's archive.
            let why = format!(
                "it stands for {indices} indices, and which of their {left} documents are to go is not for us to say: \
                 delete those of the forgotten clicks, or set index.name to the one index"
            );
            return Err(narrator.refused(409, &why));
        }
        let parameters = [("conflicts", "proceed"), ("refresh", "true"), ("max_docs", DOCUMENTS)];
        let query = Payload::Json(json!({"query": {"match_all": {}}}));
        let answer = engine.client.ask(Method::Post, &engine.path("/_delete_by_query"), &parameters, query).await?;
        let found: Answer = engine.client.json(&answer)?;
        if let Some(failure) = found.failures.first() {
            let status = failure["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
            let cause = failure.get("cause").or_else(|| failure.get("reason")).unwrap_or(failure);
            return Err(narrator.status_because(status, &error::reason_of(cause)));
        }
        if found.deleted == 0 {
            // Whoever else writes there is faster than we are; or the engine does not do what it says.
            let why = format!("{left} documents, of which none is deleted ({} conflicts)", found.version_conflicts);
            return Err(narrator.nonsense(answer.status, &why));
        }
        left = engine.count().await?;
    }
    Ok(())
}
