//! The search request, and the documents in its answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::Source;
use crate::search::{Document, SearchQuery};

/// An engine returns at most this many documents to one search (`index.max_result_window`).
pub(super) const MAX_HITS: usize = 10_000;

/// The engine builds an automaton of the pattern and refuses it past a certain work, which grows with the square of a
/// repetitive text. What the rest of a longer text says is checked on the answer.
const MAX_PATTERN_CHARS: usize = 100;

/// How many bytes the answer of at most `hits` documents may have. A url may be long, but hardly all of them.
pub(super) fn answer_bytes(hits: usize) -> usize {
    const WHATEVER: usize = 1 << 20;
    const EACH: usize = 64 << 10;
    const LONGEST: usize = 64 << 20;
    hits.min(MAX_HITS).saturating_mul(EACH).saturating_add(WHATEVER).min(LONGEST)
}

/// The body of the search.
pub(super) fn request(query: &SearchQuery) -> Value {
    let mut filter = Vec::new();
    if !query.text.is_empty() {
        let value = pattern(&query.text);
        filter.push(json!({"wildcard": {"url": {"value": value, "case_insensitive": true}}}));
    }
    if let Some(country) = &query.country {
        filter.push(json!({"term": {"country": {"value": country}}}));
    }
    json!({
        "size": query.limit.min(MAX_HITS),
        "query": {"bool": {"filter": filter}},
        "sort": [{"clicks": "desc"}, {"url": "asc"}, {"country": "asc"}],
        "version": true,
        "track_total_hits": false,
    })
}

/// A wildcard pattern for "contains", every character of `text` literal.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('*');
    for c in text.chars().take(MAX_PATTERN_CHARS) {
        if matches!(c, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('*');
    pattern
}

/// The part of a search's answer we read.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    timed_out: bool,
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_version")]
    version: Option<u64>,
    #[serde(rename = "_source")]
    source: Source<'static>,
}

/// The documents of an answer, in its order.
///
/// # Errors
/// Says what makes no sense in it.
pub(super) fn documents(query: &SearchQuery, answer: Answer) -> Result<Vec<Document>, String> {
    if answer.timed_out {
        return Err("the engine broke the search off half way".to_owned());
    }
    let text = query.text.to_ascii_lowercase();
    let documents = answer.hits.hits.into_iter().map(|hit| hit.source.document(hit.version.unwrap_or_default()));
    let wanted = documents.filter(|document| match document {
        Ok(document) => document.url.to_ascii_lowercase().contains(&text),
        Err(_) => true,
    });
    wanted.take(query.limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_the_text_are_literal() {
        assert_eq!(pattern(r"a*b?c\d"), r"*a\*b\?c\\d*");
        assert_eq!(pattern(&"a".repeat(500)).len(), MAX_PATTERN_CHARS + 2);
    }

    #[test]
    fn an_empty_query_matches_everything() {
        let request = request(&SearchQuery { limit: 50_000, ..Default::default() });
        assert_eq!(request["query"], json!({"bool": {"filter": []}}));
        assert_eq!(request["size"], 10_000);
    }
}
