//! Bulk requests: how documents are cut into them, and what their answers say of each document.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::Source;
use super::error::{Narrator, reason_of};
use crate::search::{BulkOutcome, Document, ItemFailure, SearchError};

/// A request is closed before it grows beyond this. Engines advise 5–15 MB, and refuse 100 MB.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The most documents in one request.
const MAX_DOCUMENTS: usize = 2_000;

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
struct Answer {
    items: Vec<HashMap<String, Item>>,
}

/// What became of one action.
#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) status: u16,
    error: Option<Value>,
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
    status: u16,
    body: &str,
    action: &str,
    count: usize,
) -> Result<Vec<Item>, SearchError> {
    let answer: Answer = serde_json::from_str(body).map_err(|error| narrator.nonsense(status, &error.to_string()))?;
    if answer.items.len() != count {
        let why = format!("{count} documents were sent, {} accounted for", answer.items.len());
        return Err(narrator.nonsense(status, &why));
    }
    let mut items = Vec::with_capacity(count);
    for item in answer.items {
        match item.into_iter().next() {
            Some((name, item)) if name == action => items.push(item),
            _ => return Err(narrator.nonsense(status, &format!("an item is not about the action {action}"))),
        }
    }
    Ok(items)
}

/// Adds to `outcome` what the answer to the documents at `range` says.
///
/// # Errors
/// Those of [`items`], and items that no document is to blame for: refused credentials, or an index that is gone.
pub(super) fn read(
    narrator: &Narrator,
    status: u16,
    body: &str,
    range: Range<usize>,
    outcome: &mut BulkOutcome,
) -> Result<(), SearchError> {
    let items = items(narrator, status, body, "index", range.len())?;
    for (position, item) in range.zip(items) {
        let failure = || ItemFailure { position, status: item.status, reason: narrator.line(&item.reason()) };
        match item.status {
            // 409: the index holds this version or a newer one.
            200..=299 | 409 => {}
            429 | 500..=599 => outcome.retry.push(failure()),
            401 | 403 => return Err(narrator.status_because(item.status, &item.reason())),
            // With automatic creation of indices off, this is how a deleted index shows.
            404 => return Err(narrator.refused(404, &item.reason())),
            400..=499 => outcome.rejected.push(failure()),
            other => return Err(narrator.nonsense(status, &format!("an item has status {other}"))),
        }
    }
    Ok(())
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
