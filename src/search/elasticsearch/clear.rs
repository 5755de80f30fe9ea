//! Deleting every document of the index, in rounds: a search that names some of them, and bulk requests that delete those.
//!
//! The index itself stays: it may be somebody's work, with settings, aliases and permissions that the pipeline could not
//! bring back. Deleting by query would be one request, but sits in a module that minimal distributions leave out.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Method, Payload, Question};
use super::connection::Elasticsearch;
use super::query::MAX_HITS;
use super::{bulk, refusal};
use crate::search::{SearchError, SearchIndex};

/// Documents in one request that deletes: some 200 KB, which also a proxy with narrow limits lets through.
const DOCUMENTS: usize = 2_000;

/// Bytes that the answer to a search may take for one of them: its id and its routing.
const HIT_BYTES: usize = 2 << 10;

/// The parts of a search's answer that we read.
const PARTS: &str =
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

/// One document, in the state in which it was found.
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

/// Some of the documents, and how many there are in all.
struct Found {
    total: u64,
    some: Vec<Hit>,
}

pub(super) async fn clear(engine: &Elasticsearch) -> Result<u64, SearchError> {
    let Some(mapping) = engine.mapping().await? else { return Ok(0) };
    let narrator = engine.client.narrator();
    let indices = mapping.as_object().map_or(0, serde_json::Map::len);
    let mut before: Option<u64> = None;
    let mut deleted = 0;
    loop {
        // Only what is visible is found.
        engine.refresh().await?;
        let Found { total, some } = find(engine).await?;
        if total == 0 {
            return Ok(deleted);
        }
        if indices > 1 {
            // Documents are written to one of them only; what the others hold may be somebody's archive.
            let why = format!(
                "it stands for {indices} indices, and which of their {total} documents are to go is not for us to say: \
                 delete those of the forgotten clicks, or set index.name to the one index"
            );
            return Err(narrator.refused(409, &why));
        }
        // Each round leaves fewer documents than it found, so there is a last one.
        if let Some(before) = before.filter(|before| total >= *before) {
            let why = format!(
                "of {before} documents {total} are left after some were deleted: somebody else writes there, or the \
                 engine does not do what it says"
            );
            return Err(narrator.nonsense(200, &why, None));
        }
        before = Some(total);
        for some in some.chunks(DOCUMENTS) {
            deleted += delete(engine, some).await?;
        }
    }
}

/// As many documents as one search returns, whichever cost the engine least: the fewer rounds, the fewer refreshes.
async fn find(engine: &Elasticsearch) -> Result<Found, SearchError> {
    // A shard that cannot be asked is an error and not a part of the index without documents.
    let parameters = [("allow_partial_search_results", "false"), ("filter_path", PARTS)];
    let query = json!({
        "size": MAX_HITS, "sort": ["_doc"], "_source": false, "seq_no_primary_term": true, "track_total_hits": true,
    });
    let path = engine.path("/_search");
    let question = Question::new(Method::POST, &path).parameters(&parameters).with(Payload::Json(query));
    let answer = engine.client.ask(question.at_most(MAX_HITS * HIT_BYTES)).await?;
    let Answer { timed_out, hits: Hits { total: Total { value: total }, hits: some } } = engine.client.json(&answer)?;
    let nonsense = |why: &str| Err(engine.client.narrator().senseless(&answer, why));
    if timed_out {
        return nonsense("the engine broke the search off half way");
    }
    if some.is_empty() && total > 0 {
        return nonsense(&format!("of {total} documents none is named"));
    }
    Ok(Found { total, some })
}

/// Deletes documents that are still in the state in which they were found. One that was written since is left to the
/// next round; above all, a request that is carried out late, after we gave it up, hits none of what was written next.
/// Returns how many went.
///
/// # Errors
/// The request failed, or some of it did. The rest is deleted then.
async fn delete(engine: &Elasticsearch, some: &[Hit]) -> Result<u64, SearchError> {
    let mut lines = Vec::new();
    for hit in some {
        let mut action = json!({"_id": hit.id, "if_seq_no": hit.number, "if_primary_term": hit.term});
        if let Some(routing) = &hit.routing {
            action["routing"] = Value::from(routing.as_str());
        }
        lines.extend_from_slice(json!({"delete": action}).to_string().as_bytes());
        lines.push(b'\n');
    }
    let path = engine.path("/_bulk");
    let most = bulk::answer_bytes(some.len(), lines.len());
    let question = Question::new(Method::POST, &path).parameters(&bulk::PARAMETERS).with(Payload::Lines(lines));
    let answer = engine.client.ask(question.at_most(most)).await?;
    let narrator = engine.client.narrator();
    let mut deleted = 0;
    for item in bulk::items(narrator, &answer, "delete", some.len())? {
        if let Some(advice) = item.error.as_ref().and_then(refusal::of_the_index) {
            return Err(narrator.unwritable(item.status, &item.reason(), advice, answer.proxy.as_deref()));
        }
        match item.status {
            // 404: it is gone already. 409: it has changed or gone; the next round tells.
            200..=299 => deleted += 1,
            404 | 409 => {}
            status => return Err(narrator.status_because(status, &item.reason(), answer.proxy.as_deref())),
        }
    }
    Ok(deleted)
}
