//! Deletes every document of the index, in rounds: a search finds some documents, and bulk requests delete them.
//!
//! The index itself stays, because somebody may have given it settings, aliases and permissions that the pipeline could not restore.
//! Delete by query would need one request only, but minimal distributions do not include that module.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{HttpRequest, Method, Payload};
use super::connection::Elasticsearch;
use super::query::MAX_HITS;
use super::{bulk, refusal};
use crate::search::{SearchError, SearchIndex};

/// Documents in one deleting request: some 200 KB, which even a proxy with low limits accepts.
const DOCUMENTS_PER_REQUEST: usize = 2_000;

/// The longest part of a search's answer for one document: its id and its routing.
const HIT_BYTES: usize = 2 << 10;

/// The parts of a search's answer that are needed.
const ANSWER_PARTS: &str =
    "timed_out,hits.total.value,hits.hits._id,hits.hits._seq_no,hits.hits._primary_term,hits.hits._routing";

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    timed_out: bool,
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

/// One document, with the state in which the search has found it.
#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_seq_no")]
    number: u64,
    #[serde(rename = "_primary_term")]
    term: u64,
    #[serde(rename = "_routing")]
    routing: Option<String>,
}

/// Some of the documents, and the number of all.
struct Found {
    total: u64,
    documents: Vec<Hit>,
}

pub(super) async fn clear(engine: &Elasticsearch) -> Result<u64, SearchError> {
    let Some(mapping) = engine.mapping().await? else { return Ok(0) };
    let errors = engine.client.errors();
    let indices = mapping.as_object().map_or(0, serde_json::Map::len);
    let mut before: Option<u64> = None;
    let mut deleted = 0;
    loop {
        // A search finds only visible documents.
        engine.refresh().await?;
        let Found { total, documents } = find(engine).await?;
        if total == 0 {
            return Ok(deleted);
        }
        if indices > 1 {
            // clicktop writes to one of them only. The others may be somebody's archive.
            let why = format!(
                "it is an alias of {indices} indices, and clicktop does not know which of their {total} documents to delete: \
                 delete those of the erased clicks yourself, or set index.name to one index"
            );
            return Err(errors.refused(409, &why));
        }
        // Each round must leave fewer documents than it has found, so the loop ends.
        if let Some(before) = before.filter(|before| total >= *before) {
            let why = format!(
                "{total} of {before} documents are left after a deletion: another program writes to the index, or the engine \
                 does not delete what it says"
            );
            return Err(errors.invalid(200, &why, None));
        }
        before = Some(total);
        for documents in documents.chunks(DOCUMENTS_PER_REQUEST) {
            deleted += delete(engine, documents).await?;
        }
    }
}

/// Finds as many documents as one search returns, in the order that is cheapest for the engine. With fewer rounds, fewer refreshes are
/// needed.
async fn find(engine: &Elasticsearch) -> Result<Found, SearchError> {
    // An unavailable shard must be an error, and not count as empty.
    let parameters = [("allow_partial_search_results", "false"), ("filter_path", ANSWER_PARTS)];
    let query = json!({
        "size": MAX_HITS, "sort": ["_doc"], "_source": false, "seq_no_primary_term": true, "track_total_hits": true,
    });
    let path = engine.path("/_search");
    let request = HttpRequest::new(Method::POST, &path).parameters(&parameters).with(Payload::Json(query));
    let answer = engine.client.ask(request.at_most(MAX_HITS * HIT_BYTES)).await?;
    let Answer { timed_out, hits: Hits { total: Total { value: total }, hits: documents } } =
        engine.client.json(&answer)?;
    let invalid = |why: &str| Err(engine.client.errors().invalid_answer(&answer, why));
    if timed_out {
        return invalid("the engine did not finish the search");
    }
    if documents.is_empty() && total > 0 {
        return invalid(&format!("it lists none of {total} documents"));
    }
    Ok(Found { total, documents })
}

/// Deletes the documents that have not changed since they were found. Changed documents are left to the next round. In particular, a
/// request that the engine executes late, after a time-out, deletes no newer document. Returns how many documents were deleted.
///
/// # Errors
/// The request failed, or some of its deletions failed. The other documents are deleted then.
async fn delete(engine: &Elasticsearch, documents: &[Hit]) -> Result<u64, SearchError> {
    let mut lines = Vec::new();
    for hit in documents {
        let mut action = json!({"_id": hit.id, "if_seq_no": hit.number, "if_primary_term": hit.term});
        if let Some(routing) = &hit.routing {
            action["routing"] = Value::from(routing.as_str());
        }
        lines.extend_from_slice(json!({"delete": action}).to_string().as_bytes());
        lines.push(b'\n');
    }
    let path = engine.path("/_bulk");
    let max_bytes = bulk::answer_bytes(documents.len(), lines.len());
    let request = HttpRequest::new(Method::POST, &path).parameters(&bulk::PARAMETERS).with(Payload::Lines(lines));
    let answer = engine.client.ask(request.at_most(max_bytes)).await?;
    let errors = engine.client.errors();
    let mut deleted = 0;
    for item in bulk::items(errors, &answer, "delete", documents.len())? {
        if let Some(advice) = item.error.as_ref().and_then(refusal::of_the_index) {
            return Err(errors.unwritable(item.status, &item.reason(), advice, answer.proxy.as_deref()));
        }
        match item.status {
            // 404: the document is gone already. 409: it has changed or is gone; the next round finds out.
            200..=299 => deleted += 1,
            404 | 409 => {}
            status => return Err(errors.status_because(status, &item.reason(), answer.proxy.as_deref())),
        }
    }
    Ok(deleted)
}
