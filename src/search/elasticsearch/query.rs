//! Makes the search request, and reads the documents in its answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::Source;
use crate::search::{Document, SearchQuery};

/// An engine returns at most this many documents to one search (`index.max_result_window`).
pub(super) const MAX_HITS: usize = 10_000;

/// The longest pattern. The engine builds an automaton of the pattern and refuses it if that takes too long; the work grows with the square
/// of a repetitive text. The rest of a longer text is compared with the documents of the answer.
const MAX_PATTERN_CHARS: usize = 100;

/// The longest answer with at most `hits` documents. A url may be long, but not all of them are.
pub(super) fn answer_bytes(hits: usize) -> usize {
    const BASE: usize = 1 << 20;
    const PER_DOCUMENT: usize = 64 << 10;
    const MAX: usize = 64 << 20;
    hits.min(MAX_HITS).saturating_mul(PER_DOCUMENT).saturating_add(BASE).min(MAX)
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

/// A wildcard pattern for "contains `text`", with every character of `text` literal.
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

/// The parts of a search's answer that are read.
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

/// A document as the engine returns it.
#[derive(Deserialize)]
pub(super) struct Hit {
    #[serde(rename = "_version")]
    version: Option<u64>,
    #[serde(rename = "_source")]
    source: Source<'static>,
}

impl Hit {
    /// # Errors
    /// The field that cannot be read.
    pub(super) fn document(self) -> Result<Document, String> {
        self.source.document(self.version.unwrap_or_default())
    }
}

/// The documents of an answer, in the same order.
///
/// # Errors
/// What is wrong with the answer.
pub(super) fn documents(query: &SearchQuery, answer: Answer) -> Result<Vec<Document>, String> {
    if answer.timed_out {
        return Err("the engine did not finish the search".to_owned());
    }
    let text = query.text.to_ascii_lowercase();
    let documents = answer.hits.hits.into_iter().map(Hit::document);
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
