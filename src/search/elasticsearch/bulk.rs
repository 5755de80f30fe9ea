//! Bulk requests: how documents are cut into them, and what their answers say of each document.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::document::Source;
use super::error::{Narrator, reason_of};
use super::refusal;
use crate::search::{BulkOutcome, Document, ItemFailure, SearchError};

/// A request is closed before it grows beyond this. Engines advise 5–15 MB, and refuse 100 MB.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The most documents in one request.
const MAX_DOCUMENTS: usize = 2_000;

/// The parts of a bulk request's answer that are read.
pub(super) const PARAMETERS: [(&str, &str); 1] = [("filter_path", "items.*.status,items.*.error")];

/// The same, where the engine may wait for a shard to write to, for so long.
pub(super) fn parameters(shard_timeout: &str) -> [(&'static str, &str); 2] {
    let [filter] = PARAMETERS;
    [filter, ("timeout", shard_timeout)]
}

/// How many bytes the answer to so many documents of so many bytes may have. An error holds the names of index and document,
/// and may quote the document twice.
pub(super) fn answer_bytes(documents: usize, bytes: usize) -> usize {
    const WHATEVER: usize = 64 << 10;
    const EACH: usize = 4 << 10;
    WHATEVER.saturating_add(documents.saturating_mul(EACH)).saturating_add(bytes.saturating_mul(3))
}

/// Documents in a row that travel together.
pub(super) struct Request {
    /// Their positions in the slice they come from.
    pub(super) range: Range<usize>,
    lines: Vec<u8>,
    /// Where in `lines` each document begins.
    starts: Vec<usize>,
}

impl Request {
    /// Cuts `documents` into requests.
    ///
    /// # Errors
    /// None that a document can cause; JSON that cannot be written says why.
    pub(super) fn cut(documents: &[Document]) -> Result<Vec<Request>, serde_json::Error> {
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

    /// The body.
    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Two halves, the first first; `None` if it is a single document.
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

/// The two lines of one document. The version is the caller's: the engine drops what is not newer than what it has.
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

/// What became of one action.
#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) status: u16,
    pub(super) error: Option<Value>,
}

impl Item {
    /// Why it was not done.
    pub(super) fn reason(&self) -> String {
        self.error.as_ref().map_or_else(|| "no reason given".to_owned(), reason_of)
    }
}

/// The items of the answer to `count` actions, which all are of the kind `action`.
///
/// # Errors
/// An answer that does not account for every action is an error as a whole: none of them may count as done.
pub(super) fn items(
    narrator: &Narrator,
    answer: &Answer,
    action: &str,
    count: usize,
) -> Result<Vec<Item>, SearchError> {
    let Items { items: told } =
        serde_json::from_str(&answer.body).map_err(|error| narrator.senseless(answer, &error.to_string()))?;
    if told.len() != count {
        let why = format!("{count} documents were sent, {} accounted for", told.len());
        return Err(narrator.senseless(answer, &why));
    }
    let mut items = Vec::with_capacity(count);
    for item in told {
        match item.into_iter().next() {
            Some((name, item)) if name == action => items.push(item),
            _ => return Err(narrator.senseless(answer, &format!("an item is not about the action {action}"))),
        }
    }
    Ok(items)
}

/// What the answer to the documents at `range` says of them.
///
/// # Errors
/// Those of [`items`], and items that no document is to blame for: refused credentials, an index that takes nothing.
pub(super) fn read(narrator: &Narrator, answer: &Answer, range: Range<usize>) -> Result<BulkOutcome, SearchError> {
    let items = items(narrator, answer, "index", range.len())?;
    let proxy = answer.proxy.as_deref();
    let mut outcome = BulkOutcome::default();
    for (position, item) in range.zip(items) {
        let failure = || ItemFailure { position, status: item.status, reason: narrator.line(&item.reason()) };
        let of_index = item.error.as_ref().and_then(refusal::of_the_index);
        match (item.status, of_index) {
            (200..=299, _) => {}
            // The index holds this version or a newer one.
            (409, _) => outcome.conflicts = outcome.conflicts.saturating_add(1),
            (400..=499, Some(advice)) => return Err(narrator.unwritable(item.status, &item.reason(), advice, proxy)),
            (429 | 500..=599, _) => outcome.retry.push(failure()),
            (401 | 403, None) => return Err(narrator.status_because(item.status, &item.reason(), proxy)),
            (400..=499, None) => outcome.rejected.push(failure()),
            (other, _) => return Err(narrator.senseless(answer, &format!("an item has status {other}"))),
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
        let requests = Request::cut(&documents).unwrap();
        assert_eq!(requests.iter().map(|r| r.range.clone()).collect::<Vec<_>>(), [0..2000, 2000..4000, 4000..4500]);
        for request in &requests {
            let lines = String::from_utf8(request.lines.clone()).unwrap();
            assert_eq!(lines.lines().count(), request.range.len() * 2);
            assert!(lines.contains(&format!("\"/{}\"", request.range.start)));
        }
        assert!(Request::cut(&[]).unwrap().is_empty());
    }

    #[test]
    fn requests_are_bounded_in_bytes_but_for_a_single_document() {
        let long = "x".repeat(2 * 1024 * 1024);
        let documents: Vec<_> = (0..5).map(|n| document(&format!("{long}{n}"), "FR", 1)).collect();
        let requests = Request::cut(&documents).unwrap();
        assert_eq!(requests.iter().map(|request| request.range.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(requests.iter().all(|request| request.lines.len() <= MAX_BYTES));
        let huge = [document(&"x".repeat(MAX_BYTES + 1), "FR", 1)];
        assert_eq!(total(&Request::cut(&huge).unwrap()), 1);
    }

    #[test]
    fn halves_hold_the_same_documents() {
        let documents: Vec<_> = (0..5).map(|n| document(&format!("/{n}"), "FR", 1)).collect();
        let whole = Request::cut(&documents).unwrap().remove(0);
        let lines = whole.lines.clone();
        let (first, second) = whole.halves().unwrap();
        assert_eq!((first.range.clone(), second.range.clone()), (0..2, 2..5));
        assert_eq!([first.lines.clone(), second.lines.clone()].concat(), lines);
        let (second, third) = second.halves().unwrap();
        assert_eq!((second.range.clone(), third.range.clone()), (2..3, 3..5));
        assert!(second.halves().is_none());
    }
}
