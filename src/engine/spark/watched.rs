//! The streaming query that the stage `stream` watches: what its reports tell.

use std::collections::BTreeMap;
use std::time::Instant;

use super::checkpoint::Checkpoint;
use super::connect::{ConnectError, QueryRun, Session};
use super::metrics::SparkMetrics;
use super::progress::StreamProgress;
use crate::engine::local::shared::SharedParts;
use crate::engine::stages::handle::StageHandle;

/// A query that is being watched.
pub(super) struct Watched {
    pub(super) session: Session,
    pub(super) run: QueryRun,
    pub(super) checkpoint: Checkpoint,
    /// The newest micro-batch that is counted; `None` before the first look.
    pub(super) batch: Option<i64>,
    /// When the query last reported something new.
    pub(super) reported: Instant,
    /// The report seen last.
    pub(super) newest: Option<String>,
}

impl Watched {
    /// Reads the newest progress; whether there is a micro-batch with messages that was not seen before.
    ///
    /// # Errors
    /// As any call.
    pub(super) async fn look(
        &mut self,
        handle: &StageHandle,
        metrics: &SparkMetrics,
        shared: &SharedParts,
    ) -> Result<bool, ConnectError> {
        let Some(newest) = self.session.last_progress(self.run).await? else { return Ok(false) };
        if self.newest.as_ref() == Some(&newest) {
            return Ok(false);
        }
        self.reported = Instant::now();
        tracing::trace!(target: "stream", "{newest}");
        let Some(progress) = parsed(&newest) else { return Ok(false) };
        self.newest = Some(newest);
        let reports = match self.batch {
            // What was before this console came is in the table, and counts for nobody's rate. People see it all the same.
            None => {
                let recent = self.session.recent_progress(self.run).await?;
                recent.iter().filter_map(|report| parsed(report)).for_each(|report| metrics.query.report(&report));
                Vec::new()
            }
            Some(seen) if progress.batch > seen + 1 => {
                let recent = self.session.recent_progress(self.run).await?;
                recent.iter().filter_map(|report| parsed(report)).filter(|report| report.batch > seen).collect()
            }
            Some(seen) if progress.batch > seen => vec![progress.clone()],
            Some(_) => Vec::new(),
        };
        let mut worked = false;
        let mut counted = self.batch.unwrap_or(progress.batch);
        for report in reports {
            metrics.query.report(&report);
            // A waiting query reports under the number of its next micro-batch.
            if report.messages == 0 || report.batch <= counted {
                continue;
            }
            counted = report.batch;
            metrics.batch(&report);
            handle.count_processed(report.messages);
            worked = true;
        }
        if self.batch.is_none() && progress.messages == 0 {
            counted = progress.batch - 1;
        }
        self.batch = Some(counted);
        metrics.query.report(&progress);
        note_offsets(shared, &progress);
        Ok(worked)
    }
}

fn note_offsets(shared: &SharedParts, progress: &StreamProgress) {
    shared.ledger.committed(&progress.end);
    let stored = shared.ledger.stored();
    // Where this machine does not reach Kafka itself, the cluster tells where the topic ends.
    let unknown = shared.partitions.status(&stored).iter().any(|partition| partition.lag.is_none());
    if unknown && !progress.latest.is_empty() {
        let ends: BTreeMap<_, _> =
            progress.latest.iter().map(|(partition, end)| (*partition, (None, Some(*end)))).collect();
        shared.partitions.set_watermarks(ends);
    }
}

fn parsed(report: &str) -> Option<StreamProgress> {
    let parsed = StreamProgress::parse(report);
    parsed.inspect_err(|error| tracing::debug!(target: "stream", "a progress report: {error}")).ok()
}
