//! The lines of a stream: snapshots, whole or only what has changed, heartbeats and the end.

use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;

use crate::protocol::Snapshot;
use crate::protocol::answer::Answers;
use crate::protocol::board::{Board, RecentClick};
use crate::protocol::remote::Remote;
use crate::protocol::snapshot::LogLine;
use crate::text::safe_json;

/// How the lines of a stream look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Server-sent events; else newline-delimited JSON.
    pub(super) events: bool,
    /// Large members are left out while they stay as they were, and each line has a number.
    pub(super) changes: bool,
}

/// A snapshot with a number, without the large members that are as they were.
#[derive(Serialize)]
struct Changes<'a> {
    number: u64,
    #[serde(flatten)]
    rest: Snapshot,
    #[serde(skip_serializing_if = "Option::is_none")]
    board: Option<&'a Board>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<&'a Answers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recent: Option<&'a [RecentClick]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'a [LogLine]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<Option<&'a Remote>>,
}

impl<'a> Changes<'a> {
    fn new(number: u64, newest: &'a Snapshot, before: Option<&Snapshot>) -> Self {
        let rest = Snapshot { remote: None, ..newest.light() };
        Self {
            number,
            rest,
            board: before.is_none_or(|before| !Arc::ptr_eq(&before.board, &newest.board)).then_some(&newest.board),
            answers: before.is_none_or(|before| before.answers != newest.answers).then_some(&newest.answers),
            recent: before.is_none_or(|before| !Arc::ptr_eq(&before.recent, &newest.recent)).then_some(&newest.recent),
            log: before.is_none_or(|before| !Arc::ptr_eq(&before.log, &newest.log)).then_some(&newest.log),
            remote: before.is_none_or(|before| before.remote != newest.remote).then_some(newest.remote.as_deref()),
        }
    }
}

/// Whether a client would see a difference. The clock goes on all the time and is none.
pub(super) fn differs(newest: &Snapshot, before: &Snapshot) -> bool {
    Snapshot { at: before.at, uptime: before.uptime, ..newest.clone() } != *before
}

impl Form {
    /// The line of a snapshot. `before` is the one that the client has.
    ///
    /// # Errors
    /// It is not JSON, which no type of the protocol allows.
    pub(super) fn snapshot(
        self,
        number: u64,
        newest: &Snapshot,
        before: Option<&Snapshot>,
    ) -> serde_json::Result<Bytes> {
        let text = if self.changes {
            serde_json::to_string(&Changes::new(number, newest, before))?
        } else {
            serde_json::to_string(newest)?
        };
        Ok(self.line("snapshot", &text))
    }

    /// The line that says that the connection lives and nothing has changed.
    pub(super) fn heartbeat(self, number: u64, newest: &Snapshot) -> Bytes {
        let uptime_ms = newest.uptime.as_millis();
        self.line("heartbeat", &serde_json::json!({ "heartbeat": uptime_ms, "number": number }).to_string())
    }

    /// The line that says that the pipeline has ended, and why there will be no more.
    pub(super) fn ended(self) -> Bytes {
        self.line("ended", &serde_json::json!({ "ended": "the pipeline has ended" }).to_string())
    }

    fn line(self, event: &str, json: &str) -> Bytes {
        // Texts of events may hold what a terminal obeys.
        let json = safe_json(json);
        Bytes::from(if self.events { format!("event: {event}\ndata: {json}\n\n") } else { json + "\n" })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;

    const CHANGES: Form = Form { events: false, changes: true };

    fn parsed(line: &[u8]) -> Value {
        serde_json::from_slice(line).unwrap()
    }

    #[test]
    fn what_has_not_changed_is_left_out() {
        let board = Arc::new(Board { matching: 3, ..Board::default() });
        let first = Snapshot { board, lag: Some(7), ..Snapshot::default() };
        let second = Snapshot { lag: Some(8), ..first.clone() };
        let whole = parsed(&CHANGES.snapshot(1, &first, None).unwrap());
        assert_eq!((&whole["board"]["matching"], &whole["number"], &whole["lag"]), (&3.into(), &1.into(), &7.into()));
        assert!(whole["log"].is_array() && whole["remote"].is_null());
        let small = parsed(&CHANGES.snapshot(2, &second, Some(&first)).unwrap());
        assert!(small.get("board").is_none() && small.get("log").is_none() && small.get("answers").is_none());
        assert_eq!((&small["lag"], &small["number"]), (&8.into(), &2.into()));
    }

    #[test]
    fn a_whole_line_is_a_snapshot() {
        let snapshot = Snapshot { lag: Some(7), ..Snapshot::default() };
        let line = Form { events: false, changes: false }.snapshot(1, &snapshot, None).unwrap();
        assert_eq!(serde_json::from_slice::<Snapshot>(&line).unwrap(), snapshot);
        let event = Form { events: true, changes: false }.snapshot(1, &snapshot, None).unwrap();
        let text = std::str::from_utf8(&event).unwrap();
        let data = text.strip_prefix("event: snapshot\ndata: ").and_then(|text| text.strip_suffix("\n\n")).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(data).unwrap(), snapshot);
        assert!(!data.contains('\n'));
    }

    #[test]
    fn the_clock_alone_is_no_change() {
        let one = Snapshot { uptime: Duration::from_secs(1), ..Snapshot::default() };
        assert!(!differs(&Snapshot { uptime: Duration::from_secs(2), ..one.clone() }, &one));
        assert!(differs(&Snapshot { finished: true, ..one.clone() }, &one));
    }
}
