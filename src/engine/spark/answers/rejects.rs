//! Rejects: messages in the table of the cluster, and documents that the index has refused, which are here.

use arrow_array::{Array as _, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use parking_lot::Mutex;

use super::asking::{Asked, Cluster, NoAnswer};
use crate::click::Timestamp;
use crate::engine::local::query::answers::{MOST_ROWS, SHOWN_PAYLOAD_BYTES, reject_row, text_of_beginning};
use crate::engine::spark::connect::{ConnectError, column};
use crate::engine::spark::stage::SparkStage;
use crate::protocol::answer::{RejectRow, Rejects};
use crate::protocol::question::RejectsQuestion;

/// The rejects of the newest answer. The cluster is asked again when the table has changed.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<Messages>>);

/// The newest messages that are no clicks.
#[derive(Clone, Debug)]
struct Messages {
    version: i64,
    limit: usize,
    total: u64,
    rows: Vec<RejectRow>,
}

impl Told {
    /// Everything was deleted.
    pub(super) fn forget(&self) {
        *self.0.lock() = None;
    }
}

impl Cluster {
    /// The newest rejects of both places in one list.
    pub(super) async fn rejects(
        &self,
        asked: &Asked,
        question: &RejectsQuestion,
        told: &Told,
    ) -> Result<Rejects, NoAnswer> {
        let limit = question.limit.min(MOST_ROWS);
        let messages = self.messages(asked, limit, told).await?;
        let (kept, deleted, documents) = self
            .here(move |reader| {
                reader.consistent(|reader| {
                    let count = reader.reject_count()?;
                    Ok((count.kept, count.deleted, reader.newest_rejects(limit, SHOWN_PAYLOAD_BYTES)?))
                })
            })
            .await?;
        let (total, mut rows) = messages.map(|messages| (messages.total, messages.rows)).unwrap_or_default();
        rows.extend(documents.into_iter().map(reject_row));
        // Stable: each list keeps its own order.
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        rows.truncate(limit);
        Ok(Rejects { total: total.saturating_add(kept), deleted, rows })
    }

    /// The newest messages that are no clicks; `None` while there is no table.
    async fn messages(&self, asked: &Asked, limit: usize, told: &Told) -> Result<Option<Messages>, NoAnswer> {
        let Some(version) = asked.version(&self.tables).await? else { return Ok(None) };
        let known = told.0.lock().clone();
        if let Some(known) = known.filter(|known| known.version == version && known.limit == limit) {
            return Ok(Some(known));
        }
        let [total, last] = asked.numbers(self.tables.reject_count(version, limit), ["total", "last"]).await?;
        let mut messages = Messages {
            version,
            limit,
            total: total.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
            rows: Vec::new(),
        };
        if let Some(last) = last {
            // Files without such messages are not read.
            let sql = self.tables.newest_rejects(version, last, limit, SHOWN_PAYLOAD_BYTES);
            for batch in asked.all(sql).await? {
                messages.rows.extend(reject_rows(&batch)?);
            }
        }
        *told.0.lock() = Some(messages.clone());
        Ok(Some(messages))
    }
}

/// The rejects of a batch.
pub(super) fn reject_rows(batch: &RecordBatch) -> Result<Vec<RejectRow>, ConnectError> {
    let text = |name| column::<StringArray>(batch, name);
    let (topics, reasons) = (text("topic")?, text("reason")?);
    let partitions = column::<Int32Array>(batch, "partition")?;
    let number = |name| column::<Int64Array>(batch, name);
    let (offsets, arrived, sizes) = (number("offset")?, number("arrived")?, number("bytes")?);
    let payloads = column::<BinaryArray>(batch, "payload")?;
    let row = |row| {
        let payload = if payloads.is_null(row) { &[][..] } else { payloads.value(row) };
        let size = if sizes.is_null(row) { 0 } else { u64::try_from(sizes.value(row)).unwrap_or(0) };
        RejectRow {
            at: Timestamp::from_millis(arrived.value(row).div_euclid(1000)),
            stage: SparkStage::Stream.name().to_owned(),
            topic: topics.value(row).to_owned(),
            partition: (!partitions.is_null(row)).then(|| partitions.value(row)),
            offset: (!offsets.is_null(row)).then(|| offsets.value(row)),
            reason: reasons.value(row).to_owned(),
            payload: text_of_beginning(payload, size),
            payload_bytes: size,
        }
    };
    Ok((0..batch.num_rows()).map(row).collect())
}
