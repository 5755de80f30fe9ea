//! Bulk requests: divides documents into requests, and reads from the answers what happened to each document.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::document::Source;
use super::error::{Errors, reason_of};
use super::refusal;
use crate::search::{BulkOutcome, Document, ItemFailure, SearchError};

/// The longest request, unless a single document is longer. Engines recommend 5–15 MB and refuse 100 MB.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The most documents in one request.
const MAX_DOCUMENTS: usize = 2_000;

/// The parameters of a bulk request: only these parts of the answer are needed.
pub(super) const PARAMETERS: [(&str, &str); 1] = [("filter_path", "items.*.status,items.*.error")];

/// The same parameters, with the time that the engine may wait for a shard.
pub(super) fn parameters(shard_timeout: &str) -> [(&'static str, &str); 2] {
    let [filter] = PARAMETERS;
    [filter, ("timeout", shard_timeout)]
}

/// The longest answer to a request with `documents` documents of `bytes` bytes. An error contains the names of index and document, and may
/// quote the document twice.
pub(super) fn answer_bytes(documents: usize, bytes: usize) -> usize {
    const BASE: usize = 64 << 10;
    const PER_DOCUMENT: usize = 4 << 10;
    BASE.saturating_add(documents.saturating_mul(PER_DOCUMENT)).saturating_add(bytes.saturating_mul(3))
}

/// Consecutive documents that are sent together.
pub(super) struct Request {
    /// Their positions in the original slice.
    pub(super) range: Range<usize>,
    lines: Vec<u8>,
    /// Where each document begins in `lines`.
    starts: Vec<usize>,
}

impl Request {
    /// Divides `documents` into requests.
    ///
    /// # Errors
    /// The documents cannot be written as JSON, which no document causes.
    pub(super) fn divide(documents: &[Document]) -> Result<Vec<Request>, serde_json::Error> {
        let mut requests = Vec::new();
        let mut request = Request::starting_at(0);
        for (position, document) in documents.iter().enumerate() {
            let start = request.lines.len();
            write(&mut request.lines, document)?;
            let overfull = request.lines.len() > MAX_BYTES || request.starts.len() >= MAX_DOCUMENTS;
            if overfull && !request.starts.is_empty() {
                let lines = request.lines.split_off(start);
                requests.push(request);
                request = Request { range: position..position, lines, starts: Vec::new() };
                request.starts.push(0);
            } else {
                request.starts.push(start);
            }
            request.range.end = position.saturating_add(1);
        }
        if !request.starts.is_empty() {
            requests.push(request);
        }
        Ok(requests)
    }

    fn starting_at(position: usize) -> Self {
        Self { range: position..position, lines: Vec::new(), starts: Vec::new() }
    }

    /// The body of the request.
    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Divides the request into two halves, in order; `None` if it has a single document.
    pub(super) fn halves(mut self) -> Option<(Request, Request)> {
        let middle = self.starts.len() / 2;
        let at = *self.starts.get(middle).filter(|_| middle > 0)?;
        let lines = self.lines.split_off(at);
        let starts = self.starts.split_off(middle).into_iter().map(|start| start.saturating_sub(at)).collect();
        let cut = self.range.start.saturating_add(middle);
        let second = Request { range: cut..self.range.end, lines, starts };
        self.range.end = cut;
        Some((self, second))
    }
}

/// Writes the two lines of one document. With an external version, the engine ignores documents that are not newer than its own.
fn write(lines: &mut Vec<u8>, document: &Document) -> Result<(), serde_json::Error> {
    let action = json!({"index": {"_id": document.id(), "version": document.version, "version_type": "external"}});
    serde_json::to_writer(&mut *lines, &action)?;
    lines.push(b'\n');
    serde_json::to_writer(&mut *lines, &Source::of(document))?;
    lines.push(b'\n');
    Ok(())
}

#[derive(Deserialize)]
struct Items {
    items: Vec<HashMap<String, Item>>,
}

/// The result of one action.
#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) status: u16,
    pub(super) error: Option<Value>,
}

impl Item {
    /// Why the action failed.
    pub(super) fn reason(&self) -> String {
        self.error.as_ref().map_or_else(|| "no reason given".to_owned(), reason_of)
    }
}

/// The items of the answer to `count` actions of the kind `action`.
///
/// # Errors
/// The answer does not have an item for every action. Then no action counts as done.
pub(super) fn items(errors: &Errors, answer: &Answer, action: &str, count: usize) -> Result<Vec<Item>, SearchError> {
    let Items { items: reported } =
        serde_json::from_str(&answer.body).map_err(|error| errors.invalid_answer(answer, &error.to_string()))?;
    if reported.len() != count {
        let why = format!("of {count} documents that were sent, it reports {}", reported.len());
        return Err(errors.invalid_answer(answer, &why));
    }
    let mut items = Vec::with_capacity(count);
    for item in reported {
        match item.into_iter().next() {
            Some((name, item)) if name == action => items.push(item),
            _ => return Err(errors.invalid_answer(answer, &format!("an item does not report the action {action}"))),
        }
    }
    Ok(items)
}

/// What happened to the documents at `range`, according to the answer.
///
/// # Errors
/// Those of [`items`], and failures that no document has caused: refused credentials, or an index that accepts no document.
pub(super) fn read(errors: &Errors, answer: &Answer, range: Range<usize>) -> Result<BulkOutcome, SearchError> {
    let items = items(errors, answer, "index", range.len())?;
    let proxy = answer.proxy.as_deref();
    let mut outcome = BulkOutcome::default();
    for (position, item) in range.zip(items) {
        let failure = || ItemFailure { position, status: item.status, reason: errors.line(&item.reason()) };
        let of_index = item.error.as_ref().and_then(refusal::of_the_index);
        match (item.status, of_index) {
            (200..=299, _) => {}
            // The index holds this version or a newer one.
            (409, _) => outcome.conflicts = outcome.conflicts.saturating_add(1),
            (400..=499, Some(advice)) => return Err(errors.unwritable(item.status, &item.reason(), advice, proxy)),
            (429 | 500..=599, _) => outcome.retry.push(failure()),
            (401 | 403, None) => return Err(errors.status_because(item.status, &item.reason(), proxy)),
            (400..=499, None) => outcome.rejected.push(failure()),
            (other, _) => return Err(errors.invalid_answer(answer, &format!("an item has status {other}"))),
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::tests::document;

    fn total(requests: &[Request]) -> usize {
        requests.iter().map(|request| request.starts.len()).sum()
    }

    #[test]
    fn requests_hold_a_bounded_number_of_documents_in_order() {
        let documents: Vec<_> = (0..4_500).map(|n| document(&format!("/{n}"), "FR", 1)).collect();
        let requests = Request::divide(&documents).unwrap();
        assert_eq!(requests.iter().map(|r| r.range.clone()).collect::<Vec<_>>(), [0..2000, 2000..4000, 4000..4500]);
        for request in &requests {
            let lines = String::from_utf8(request.lines.clone()).unwrap();
            assert_eq!(lines.lines().count(), request.range.len() * 2);
            assert!(lines.contains(&format!("\"/{}\"", request.range.start)));
        }
        assert!(Request::divide(&[]).unwrap().is_empty());
    }

    #[test]
    fn requests_are_bounded_in_bytes_unless_a_single_document_is_longer() {
        let long = "x".repeat(2 * 1024 * 1024);
        let documents: Vec<_> = (0..5).map(|n| document(&format!("{long}{n}"), "FR", 1)).collect();
        let requests = Request::divide(&documents).unwrap();
        assert_eq!(requests.iter().map(|request| request.range.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(requests.iter().all(|request| request.lines.len() <= MAX_BYTES));
        let huge = [document(&"x".repeat(MAX_BYTES + 1), "FR", 1)];
        assert_eq!(total(&Request::divide(&huge).unwrap()), 1);
    }

    #[test]
    fn halves_hold_the_same_documents() {
        let documents: Vec<_> = (0..5).map(|n| document(&format!("/{n}"), "FR", 1)).collect();
        let whole = Request::divide(&documents).unwrap().remove(0);
        let lines = whole.lines.clone();
        let (first, second) = whole.halves().unwrap();
        assert_eq!((first.range.clone(), second.range.clone()), (0..2, 2..5));
        assert_eq!([first.lines.clone(), second.lines.clone()].concat(), lines);
        let (second, third) = second.halves().unwrap();
        assert_eq!((second.range.clone(), third.range.clone()), (2..3, 3..5));
        assert!(second.halves().is_none());
    }
}
