//! What the stage stream does when Kafka has lost messages that are not in the table: what the operator has chosen.

use std::collections::BTreeMap;

use super::checkpoint::Checkpoint;
use super::failure::{Failure, Lost};
use super::rounds::lost_race;
use super::stored_offsets::{StoredOffsets, stored_offsets};
use super::stream::StreamStage;
use super::stream_error::StreamError;
use super::tables::TablesError;
use crate::engine::local::stages::ingest::OnLostOffset;

impl StreamStage {
    /// If the query has failed because Kafka has lost messages, does what the operator has chosen. Returns what to show.
    pub(super) async fn after_loss(&self, error: StreamError) -> StreamError {
        let StreamError::Failed { failure: Failure::Lost(lost), checkpoint, .. } = &error else { return error };
        let what = lost.describe(&self.options.kafka.topic);
        if self.options.kafka.on_lost_offset == OnLostOffset::Stop {
            return StreamError::Lost { what };
        }
        match self.next_checkpoint(checkpoint, lost).await {
            Ok(next) => {
                let begin = next.begin().unwrap_or_default();
                tracing::warn!(target: "stream", "{what}; the query goes on at {begin}");
                let text = format!("{what}; reading goes on where kafka.on_lost_offset says");
                StreamError::Failed { failure: Failure::Interrupted(what), text, checkpoint: next }
            }
            Err(error) => error.into(),
        }
    }

    async fn next_checkpoint(&self, failed: &Checkpoint, lost: &Lost) -> Result<Checkpoint, TablesError> {
        let (options, root) = (&self.options, &self.options.root);
        let topic = options.kafka.topic.as_str();
        let session = self.connection.session().await?;
        let in_use = Checkpoint::in_use(&session, root).await?;
        if in_use != *failed {
            // Another console was faster.
            return Ok(in_use);
        }
        let stored = match stored_offsets(&session, &self.tables, root, failed).await? {
            StoredOffsets::Next(mut offsets) => offsets.remove(topic).unwrap_or_default(),
            StoredOffsets::Nothing | StoredOffsets::Unclear(_) => BTreeMap::new(),
        };
        let partitions = self.shared.partitions.status(&stored);
        let oldest = partitions.iter().filter_map(|status| Some((status.partition, status.low?))).collect();
        let next = failed.after(lost, options.kafka.on_lost_offset, topic, &stored, &oldest);
        match next.publish(&session, root).await {
            Ok(()) => Ok(next),
            // Another console has done the same at the same moment.
            Err(error) if lost_race(&error) => Checkpoint::in_use(&session, root).await,
            Err(error) => Err(error.into()),
        }
    }
}
