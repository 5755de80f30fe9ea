//! Handles a stored offset that is no longer in the topic: the topic's retention removed it, or the topic was
//! recreated.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer};

use super::consumer::ClickConsumer;
use super::options::{KafkaOptions, OnLostOffset};
use super::stage::IngestError;
use crate::engine::local::stages::offsets::OffsetLedger;

/// How long the broker may take to answer with its watermarks.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The outcome.
#[derive(Debug, Default)]
pub(super) struct LostOffsets {
    /// Offsets that will never be read.
    pub skipped: u64,
}

/// Finds the partitions whose next offset is gone, and applies `kafka.on_lost_offset`.
///
/// # Errors
/// The operator chose to stop, or has not chosen.
pub(super) fn resolve(
    consumer: &ClickConsumer,
    options: &KafkaOptions,
    ledger: &OffsetLedger,
) -> Result<LostOffsets, IngestError> {
    let assignment = consumer.assignment().map_err(IngestError::Fatal)?;
    let mut lost = LostOffsets::default();
    let mut decided = BTreeMap::new();
    for element in assignment.elements() {
        let partition = element.partition();
        let Some(next) = ledger.next(partition) else {
            continue;
        };
        let (low, high) = consumer.fetch_watermarks(&options.topic, partition, TIMEOUT).map_err(IngestError::Fatal)?;
        if (low..=high).contains(&next) {
            continue;
        }
        let why = if next < low { "retention has removed it" } else { "the topic was recreated" };
        let what = format!("offset {next} of {}[{partition}] is gone, {why}: it holds {low} to {high}", options.topic);
        let restart = match options.on_lost_offset {
            OnLostOffset::Stop => {
                let choose = "set kafka.on_lost_offset to \"earliest\" or \"latest\" and start ingest again";
                return Err(IngestError::LostOffset(format!("{what}; {choose}")));
            }
            OnLostOffset::Earliest => low,
            OnLostOffset::Latest => high,
        };
        tracing::warn!(target: "ingest", "{what}; resuming at {restart}");
        lost.skipped += u64::try_from(restart - next).unwrap_or(0);
        ledger.jump(partition, restart);
        decided.insert(partition, restart);
    }
    // The group's committed offset is gone, too: ours replaces it.
    consumer.commit_offsets(&decided, CommitMode::Sync);
    Ok(lost)
}
