//! What the console shows of the streaming query: the stage `stream` writes it, the snapshots read it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::connect::{QueryRun, QueryStatus as Told};
use super::progress::StreamProgress;
use crate::protocol::remote::{QueryBatch, QueryState, QueryStatus};

/// The newest that is known of the streaming query.
#[derive(Debug, Default)]
pub(super) struct QueryBoard(Mutex<Arc<QueryStatus>>);

impl QueryBoard {
    /// This run of the query is watched from now on. The batches of earlier runs stay, unless they are of another checkpoint: then
    /// their numbers mean nothing any more.
    pub(super) fn watches(&self, name: &str, run: QueryRun) {
        self.change(|status| {
            let id = Some(run.query.to_string());
            if status.id != id {
                *status = QueryStatus::default();
            }
            status.name = Some(name.to_owned());
            (status.id, status.run_id) = (id, Some(run.run.to_string()));
        });
    }

    /// Spark reports what the query does.
    pub(super) fn told(&self, told: &Told) {
        let state = match told {
            Told { active: false, .. } => QueryState::Ended,
            // To ask Kafka for offsets is a trigger, too.
            Told { trigger_active: true, data_available: true, .. } => QueryState::Working,
            _ => QueryState::Waiting,
        };
        self.change(|status| {
            status.state = Some(state);
            status.message = Some(told.message.clone());
        });
    }

    /// Nobody can tell at the moment what the query does.
    pub(super) fn unknown(&self) {
        self.change(|status| (status.state, status.message) = (None, None));
    }

    /// The query was stopped.
    pub(super) fn ended(&self) {
        self.change(|status| (status.state, status.message) = (Some(QueryState::Ended), None));
    }

    /// Whether the query that was watched last may still run.
    pub(super) fn may_run(&self) -> bool {
        let status = self.0.lock();
        status.run_id.is_some() && status.state != Some(QueryState::Ended)
    }

    /// A report has come. Reports come in the order of their batches, and some come again.
    pub(super) fn report(&self, report: &StreamProgress) {
        self.change(|status| {
            status.batch = Some(report.batch);
            status.triggered = report.triggered;
            (status.rows_in, status.rows_out) = (report.rows_in, report.rows_out);
            let is_new = status.batches.last().is_none_or(|newest| newest.number < report.batch);
            // A query that waits reports under the number of its next batch, and without rows.
            if is_new && report.messages > 0 {
                status.batches.push(QueryBatch {
                    number: report.batch,
                    triggered: report.triggered,
                    rows: Some(report.messages),
                    took: report.took,
                    phases: report.phases.clone(),
                });
                let surplus = status.batches.len().saturating_sub(QueryStatus::BATCHES);
                status.batches.drain(..surplus);
            }
        });
    }

    /// The newest that is known; nothing but dashes before the first report.
    pub(super) fn shown(&self) -> Arc<QueryStatus> {
        Arc::clone(&self.0.lock())
    }

    fn change(&self, change: impl FnOnce(&mut QueryStatus)) {
        // A snapshot may still hold the status before: then this copies it.
        change(Arc::make_mut(&mut self.0.lock()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::connect::{QueryId, RunId};
    use super::*;

    fn run(query: u128, run: u128) -> QueryRun {
        QueryRun { query: QueryId(uuid::Uuid::from_u128(query)), run: RunId(uuid::Uuid::from_u128(run)) }
    }

    fn report(batch: i64, rows: u64) -> StreamProgress {
        let json = format!(
            r#"{{"batchId": {batch}, "timestamp": "2026-01-01T00:00:00Z", "inputRowsPerSecond": {rows}.5,
                "durationMs": {{"addBatch": 900, "triggerExecution": 1000}}, "sources": [{{"numInputRows": {rows}}}]}}"#
        );
        StreamProgress::parse(&json).unwrap()
    }

    #[test]
    fn a_query_that_was_watched_may_run_until_it_is_known_to_have_ended() {
        let board = QueryBoard::default();
        assert!(!board.may_run(), "none was ever watched");
        board.watches("clicktop", run(1, 1));
        board.unknown();
        assert!(board.may_run());
        board.ended();
        assert!(!board.may_run());
    }

    #[test]
    fn the_newest_batches_are_kept_once_each_over_runs_of_one_checkpoint() {
        let board = QueryBoard::default();
        board.watches("clicktop", run(1, 1));
        for batch in 0..40 {
            board.report(&report(batch, 10));
            board.report(&report(batch, 10));
        }
        let shown = board.shown();
        assert_eq!((shown.batches.len(), shown.batches[0].number, shown.batch), (30, 10, Some(39)));
        assert_eq!(shown.rows_in, Some(10.5));
        board.report(&report(40, 0));
        assert_eq!(
            (board.shown().batches.len(), board.shown().batch),
            (30, Some(40)),
            "a query that waits has no batch"
        );
        board.watches("clicktop", run(1, 2));
        assert_eq!(board.shown().batches.len(), 30);
        board.watches("clicktop", run(2, 3));
        assert_eq!((board.shown().batches.len(), board.shown().batch), (0, None), "another checkpoint counts from 0");
    }

    #[test]
    fn a_query_that_nobody_can_ask_has_no_state() {
        let board = QueryBoard::default();
        assert_eq!(board.shown().state, None);
        let told = |active, trigger_active, data_available| {
            board.told(&Told { message: "m".into(), data_available, trigger_active, active });
            board.shown().state
        };
        assert_eq!(told(true, true, true), Some(QueryState::Working));
        assert_eq!(told(true, true, false), Some(QueryState::Waiting));
        assert_eq!(told(false, false, false), Some(QueryState::Ended));
        board.unknown();
        assert_eq!((board.shown().state, board.shown().message.clone()), (None, None));
    }
}
