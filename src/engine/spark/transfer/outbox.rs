//! Reads a database on a thread of its own, and packs its rows into batches of Arrow.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use tokio::sync::mpsc;

use super::error::MoveError;
use crate::click::{Click, Timestamp};
use crate::engine::spark::manifest::Mark;
use crate::engine::spark::sql::Slices;
use crate::storage::{ClickPlace, KeptReject, Storage, StorageError};

/// A batch ends at this many rows: each batch is a commit, which sorts its rows by slice in memory.
const MAX_ROWS: usize = 200_000;

/// A batch ends at this size. Spark's server takes messages of up to 128 MiB, and keeps the rows in the memory of its driver.
const MAX_BYTES: usize = 16 << 20;

/// The texts of a click, by name.
const TEXTS: [&str; 8] = ["click_id", "user_id", "url", "country", "city", "browser", "os", "device"];

/// Rows of one commit.
pub(super) struct Batch {
    pub(super) rows: RecordBatch,
    pub(super) kind: Kind,
    /// How far the move is with this batch.
    pub(super) mark: Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Clicks,
    Rejects,
}

/// Why no further batch comes.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutboxError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The largest batch: within what the client may send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    rows: usize,
    bytes: usize,
}

impl Limits {
    /// Batches for a server that takes messages of `max_message` bytes.
    pub(super) fn within(max_message: usize) -> Self {
        Self { rows: MAX_ROWS, bytes: MAX_BYTES.min(max_message / 3) }
    }
}

/// Begins to read what comes after `mark`. One batch waits at a time, so memory stays bounded.
///
/// # Errors
/// The system gives no thread.
pub(super) fn open(
    storage: &Arc<Storage>,
    slices: Slices,
    limits: Limits,
    mark: Mark,
) -> Result<mpsc::Receiver<Result<Batch, OutboxError>>, MoveError> {
    let (sender, batches) = mpsc::channel(1);
    let storage = Arc::clone(storage);
    let read = move || {
        let mut packer = Packer { sender: sender.clone(), limits, mark };
        if let Err(error) = packer.pack(&storage, slices) {
            // Without a receiver, nobody waits for the error either.
            let _ = sender.blocking_send(Err(error));
        }
    };
    std::thread::Builder::new().name("outbox".to_owned()).spawn(read).map_err(MoveError::Thread)?;
    Ok(batches)
}

struct Packer {
    sender: mpsc::Sender<Result<Batch, OutboxError>>,
    limits: Limits,
    /// Of the last batch, then of the batch that is being packed.
    mark: Mark,
}

impl Packer {
    fn pack(&mut self, storage: &Storage, slices: Slices) -> Result<(), OutboxError> {
        let reader = storage.reader()?;
        let after = self.mark.click.map(|(at, number)| ClickPlace { timestamp: Timestamp::from_millis(at), number });
        let mut clicks = Clicks::default();
        let mut failed = None;
        reader.whole_clicks(after, |place, click| {
            clicks.push(place, &click, slices);
            self.mark.clicks += 1;
            self.mark.click = Some((place.timestamp.as_millis(), place.number));
            if clicks.rows < self.limits.rows && clicks.bytes < self.limits.bytes {
                return ControlFlow::Continue(());
            }
            self.send(clicks.finish(), Kind::Clicks, &mut failed)
        })?;
        if failed.is_none() && clicks.rows > 0 {
            let _ = self.send(clicks.finish(), Kind::Clicks, &mut failed);
        }
        let mut rejects = Rejects::default();
        if failed.is_none() && !self.sender.is_closed() {
            reader.rejected_messages(self.mark.reject, |number, reject| {
                rejects.push(&reject);
                self.mark.rejects += 1;
                self.mark.reject = number;
                if rejects.rows < self.limits.rows && rejects.bytes < self.limits.bytes {
                    return ControlFlow::Continue(());
                }
                self.send(rejects.finish(), Kind::Rejects, &mut failed)
            })?;
        }
        if failed.is_none() && rejects.rows > 0 {
            let _ = self.send(rejects.finish(), Kind::Rejects, &mut failed);
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn send(
        &mut self,
        rows: Result<RecordBatch, ArrowError>,
        kind: Kind,
        failed: &mut Option<ArrowError>,
    ) -> ControlFlow<()> {
        self.mark.batch += 1;
        match rows {
            Ok(rows) => {
                let batch = Batch { rows, kind, mark: self.mark.clone() };
                match self.sender.blocking_send(Ok(batch)) {
                    Ok(()) => ControlFlow::Continue(()),
                    // The move has ended, or reads anew.
                    Err(_) => ControlFlow::Break(()),
                }
            }
            Err(error) => {
                *failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// Clicks on their way into a batch.
#[derive(Default)]
struct Clicks {
    slice: Int32Builder,
    ts: Int64Builder,
    number: Int64Builder,
    texts: [StringBuilder; TEXTS.len()],
    rows: usize,
    bytes: usize,
}

impl Clicks {
    fn push(&mut self, place: ClickPlace, click: &Click<'_>, slices: Slices) {
        let millis = place.timestamp.as_millis();
        self.slice.append_value(slices.of_time(millis));
        self.ts.append_value(millis);
        self.number.append_value(place.number);
        let Click { click_id, user_id, timestamp: _, url, country, city, browser, os, device } = *click;
        let texts = [click_id, user_id, url, country, city, browser, os, device];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_value(text);
            self.bytes += text.len();
        }
        self.rows += 1;
        // Three numbers, and the end of each text.
        self.bytes += 20 + 4 * TEXTS.len();
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut taken = std::mem::take(self);
        let numbers: [(&str, ArrayRef); 3] = [
            ("slice", Arc::new(taken.slice.finish())),
            ("ts", Arc::new(taken.ts.finish())),
            ("number", Arc::new(taken.number.finish())),
        ];
        let texts = TEXTS.into_iter().zip(taken.texts.iter_mut());
        let texts = texts.map(|(name, builder)| (name, Arc::new(builder.finish()) as ArrayRef));
        RecordBatch::try_from_iter(numbers.into_iter().chain(texts))
    }
}

/// Rejects on their way into a batch.
#[derive(Default)]
struct Rejects {
    topic: StringBuilder,
    partition: Int32Builder,
    offset: Int64Builder,
    at: Int64Builder,
    reason: StringBuilder,
    payload: BinaryBuilder,
    rows: usize,
    bytes: usize,
}

impl Rejects {
    fn push(&mut self, reject: &KeptReject) {
        let KeptReject { at, stage: _, topic, partition, offset, reason, payload, payload_bytes: _ } = reject;
        self.topic.append_value(topic);
        self.partition.append_option(*partition);
        self.offset.append_option(*offset);
        self.at.append_value(at.as_millis());
        self.reason.append_value(reason);
        self.payload.append_value(payload);
        self.rows += 1;
        self.bytes += topic.len() + reason.len() + payload.len() + 32;
    }

    fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut taken = std::mem::take(self);
        let columns: [(&str, ArrayRef); 6] = [
            ("topic", Arc::new(taken.topic.finish())),
            ("partition", Arc::new(taken.partition.finish())),
            ("offset", Arc::new(taken.offset.finish())),
            ("at_ms", Arc::new(taken.at.finish())),
            ("reason", Arc::new(taken.reason.finish())),
            ("payload", Arc::new(taken.payload.finish())),
        ];
        RecordBatch::try_from_iter(columns)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array as _, Int32Array, Int64Array, StringArray};

    use super::*;
    use crate::click::ClickBatch;
    use crate::storage::{Reject, StorageOptions};

    /// The beginning of the 500,000th hour since 1970.
    const BEGIN: i64 = 1_800_000_000_000;

    fn filled() -> (tempfile::TempDir, Arc<Storage>) {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
        let mut clicks = ClickBatch::default();
        let ids: Vec<String> = (0..25).map(|id| format!("click {id}")).collect();
        for (id, at) in ids.iter().zip(0_i64..) {
            let timestamp = Timestamp::from_millis(BEGIN + at * 1_800_000 - 3_600_001);
            let (country, city, browser, os, device) = ("FR", "Paris", "b", "o", "d");
            let click = Click { click_id: id, user_id: "u", timestamp, url: "/é", country, city, browser, os, device };
            clicks.push(&click);
        }
        storage.store_moved(&clicks).unwrap();
        let reject = |offset| Reject::message("t", 1, offset, "no url".to_owned(), b"\xff");
        storage.keep_rejects(&[reject(1), reject(2), reject(3)]).unwrap();
        (directory, Arc::new(storage))
    }

    fn all(storage: &Arc<Storage>, mark: Mark) -> Vec<Batch> {
        let limits = Limits { rows: 10, bytes: 1 << 20 };
        let mut batches = open(storage, Slices::of_minutes(60), limits, mark).unwrap();
        std::iter::from_fn(|| batches.blocking_recv()).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_database_becomes_batches_that_go_on_after_any_of_them() {
        let (_directory, storage) = filled();
        let batches = all(&storage, Mark { id: "m".to_owned(), ..Mark::default() });
        let sizes: Vec<(usize, Kind)> = batches.iter().map(|batch| (batch.rows.num_rows(), batch.kind)).collect();
        assert_eq!(sizes, [(10, Kind::Clicks), (10, Kind::Clicks), (5, Kind::Clicks), (3, Kind::Rejects)]);
        let first = &batches[0].rows;
        let slices = first.column_by_name("slice").unwrap().as_any().downcast_ref::<Int32Array>().unwrap();
        // One millisecond before a slice begins belongs to the one before.
        assert_eq!((slices.value(0), slices.value(1), slices.value(3)), (499_998, 499_999, 500_000));
        let urls = first.column_by_name("url").unwrap().as_any().downcast_ref::<StringArray>().unwrap();
        assert_eq!((urls.value(0), urls.null_count()), ("/é", 0));
        let last = &batches[3];
        let mark = Mark { id: "m".to_owned(), batch: 4, clicks: 25, rejects: 3, click: last.mark.click, reject: 3 };
        assert_eq!(last.mark, mark);
        for (at, batch) in batches.iter().enumerate() {
            let rest = all(&storage, batch.mark.clone());
            assert_eq!(rest.len(), batches.len() - at - 1);
            for (found, wanted) in rest.iter().zip(&batches[at + 1..]) {
                assert_eq!((&found.rows, &found.mark), (&wanted.rows, &wanted.mark));
            }
        }
        let numbers: i64 = batches[..3]
            .iter()
            .flat_map(|batch| {
                let column = batch.rows.column_by_name("number").unwrap();
                column.as_any().downcast_ref::<Int64Array>().unwrap().iter().flatten()
            })
            .sum();
        assert_eq!(numbers, (1..=25).sum::<i64>());
    }

    #[test]
    fn a_batch_fits_into_a_message() {
        let limits = Limits::within(1 << 20);
        assert!(limits.bytes < 1 << 19);
        assert_eq!(Limits::within(128 << 20).bytes, MAX_BYTES);
    }
}
