//! Compares a database with the tables, row by row. Both sides come in the same order, so neither is kept in memory.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use tokio::sync::mpsc;

use super::error::MoveError;
use crate::click::Click;
use crate::engine::spark::connect::{ConnectError, Rows, column};
use crate::engine::spark::sql::Slices;
use crate::storage::{ComputedFigures, KeptReject, Reader, Storage, StorageError};
use crate::text::printable;

/// Rows that travel together between two threads.
const CHUNK: usize = 1_000;

/// The clicks of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) slice: i64,
    pub(super) clicks: i64,
    /// The sum of the checksums of their fields.
    pub(super) digest: i64,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slice {} with {} clicks (digest {})", self.slice, self.clicks, self.digest)
    }
}

/// A row of figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    url: String,
    country: String,
    /// Clicks, users, sum of the known times spent (ms), their number, first and last time (ms).
    numbers: [i64; 6],
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} with {:?}", printable(&self.url), printable(&self.country), self.numbers)
    }
}

/// Rows of a database, which a thread reads.
pub(super) struct Here<T> {
    chunks: mpsc::Receiver<Result<Vec<T>, StorageError>>,
    waiting: VecDeque<T>,
}

impl<T> Here<T> {
    pub(super) async fn next(&mut self) -> Result<Option<T>, MoveError> {
        while self.waiting.is_empty() {
            match self.chunks.recv().await {
                Some(chunk) => self.waiting = chunk?.into(),
                None => return Ok(None),
            }
        }
        Ok(self.waiting.pop_front())
    }
}

/// Rows of a query.
pub(super) struct There<T> {
    rows: Rows,
    parse: fn(&RecordBatch) -> Result<Vec<T>, ConnectError>,
    waiting: VecDeque<T>,
}

impl<T> There<T> {
    pub(super) async fn next(&mut self) -> Result<Option<T>, MoveError> {
        while self.waiting.is_empty() {
            match self.rows.next().await? {
                Some(batch) => self.waiting = (self.parse)(&batch)?.into(),
                None => return Ok(None),
            }
        }
        Ok(self.waiting.pop_front())
    }
}

/// Compares both sides up to their ends; how many rows there are. `each` sees every row.
///
/// # Errors
/// [`MoveError::Differs`] with `advice`; or a side cannot be read.
pub(super) async fn same<T: PartialEq + fmt::Display>(
    mut here: Here<T>,
    mut there: There<T>,
    advice: &'static str,
    mut each: impl FnMut(&T) + Send,
) -> Result<u64, MoveError> {
    let mut rows = 0;
    loop {
        let what = match (here.next().await?, there.next().await?) {
            (None, None) => return Ok(rows),
            (Some(ours), Some(theirs)) if ours == theirs => {
                each(&ours);
                rows += 1;
                continue;
            }
            (Some(ours), Some(theirs)) => format!("the database has {ours}, and Spark has {theirs}"),
            (Some(ours), None) => format!("Spark lacks {ours}"),
            (None, Some(theirs)) => format!("the database lacks {theirs}"),
        };
        return Err(MoveError::Differs { what, advice });
    }
}

/// The digests of all clicks of a database, by slice.
///
/// # Errors
/// The system gives no thread.
pub(super) fn digests_here(storage: &Arc<Storage>, slices: Slices) -> Result<Here<Digest>, MoveError> {
    read(storage, move |reader, push| {
        let mut current: Option<Digest> = None;
        let mut ended = false;
        reader.whole_clicks(None, |place, click| {
            let slice = i64::from(slices.of_time(place.timestamp.as_millis()));
            if let Some(done) = current.filter(|digest| digest.slice != slice) {
                current = None;
                if push(done).is_break() {
                    ended = true;
                    return ControlFlow::Break(());
                }
            }
            let digest = current.get_or_insert(Digest { slice, clicks: 0, digest: 0 });
            digest.clicks += 1;
            digest.digest += i64::from(checksum(&click));
            ControlFlow::Continue(())
        })?;
        if let Some(last) = current.filter(|_| !ended) {
            let _ = push(last);
        }
        Ok(())
    })
}

/// Of the nine fields, as `digests.sql` computes it.
fn checksum(click: &Click<'_>) -> u32 {
    let Click { click_id, user_id, timestamp, url, country, city, browser, os, device } = *click;
    let time = timestamp.as_millis().to_string();
    let mut crc = flate2::Crc::new();
    for (at, field) in [click_id, user_id, &time, url, country, city, browser, os, device].into_iter().enumerate() {
        if at > 0 {
            crc.update(b"\x01");
        }
        crc.update(field.as_bytes());
    }
    crc.sum()
}

/// How many rejected messages a database holds, and their digest, as `reject_digest.sql` computes it.
///
/// # Errors
/// The database cannot be read.
pub(super) fn rejects_here(reader: &Reader) -> Result<(i64, i64), StorageError> {
    let (mut rejects, mut digest) = (0, 0);
    reader.rejected_messages(0, |_, reject| {
        let KeptReject { topic, partition, offset, reason, payload, .. } = reject;
        let mut fields = vec![topic];
        fields.extend(partition.map(|partition| partition.to_string()));
        fields.extend(offset.map(|offset| offset.to_string()));
        fields.push(reason);
        let [mut text, mut bytes] = [flate2::Crc::new(), flate2::Crc::new()];
        text.update(fields.join("\u{1}").as_bytes());
        bytes.update(&payload);
        rejects += 1;
        digest += i64::from(text.sum()) + i64::from(bytes.sum());
        ControlFlow::Continue(())
    })?;
    Ok((rejects, digest))
}

/// Which figures of a database.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// Those that one query computes from the clicks, with this session timeout in milliseconds.
    Computed(i64),
    /// Those that are kept.
    Kept,
}

/// The figures of a database, by url and country.
///
/// # Errors
/// The system gives no thread.
pub(super) fn figures_here(storage: &Arc<Storage>, which: Which) -> Result<Here<Figure>, MoveError> {
    read(storage, move |reader, push| {
        let take = |row: ComputedFigures<'_>| {
            let ComputedFigures { url, country, clicks, unique_users, spent_ms, spent_count, .. } = row;
            let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let (first, last) = (row.first_seen.as_millis(), row.last_seen.as_millis());
            let numbers = [count(clicks), count(unique_users), spent_ms, count(spent_count), first, last];
            push(Figure { url: url.to_owned(), country: country.to_owned(), numbers })
        };
        match which {
            Which::Computed(session_timeout_ms) => reader.exact_figures(session_timeout_ms, take),
            Which::Kept => reader.kept_figures(take),
        }
    })
}

/// Reads on a thread. `work` passes each row to its second argument until that breaks.
fn read<T: Send + 'static>(
    storage: &Arc<Storage>,
    work: impl FnOnce(&Reader, &mut dyn FnMut(T) -> ControlFlow<()>) -> Result<(), StorageError> + Send + 'static,
) -> Result<Here<T>, MoveError> {
    let (sender, chunks) = mpsc::channel(2);
    let storage = Arc::clone(storage);
    let read = move || {
        let mut chunk = Vec::new();
        let mut push = |row| {
            chunk.push(row);
            if chunk.len() < CHUNK {
                return ControlFlow::Continue(());
            }
            match sender.blocking_send(Ok(std::mem::take(&mut chunk))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let done = storage.reader().and_then(|reader| work(&reader, &mut push));
        // Without a receiver, nobody waits for the rest.
        let _ = sender.blocking_send(done.map(|()| chunk));
    };
    std::thread::Builder::new().name("verify".to_owned()).spawn(read).map_err(MoveError::Thread)?;
    Ok(Here { chunks, waiting: VecDeque::new() })
}

/// Rows of a query whose columns are those of [`Digest`].
pub(super) fn digests_there(rows: Rows) -> There<Digest> {
    There { rows, parse: parse_digests, waiting: VecDeque::new() }
}

fn parse_digests(batch: &RecordBatch) -> Result<Vec<Digest>, ConnectError> {
    let [slices, clicks, digests] = ["slice", "clicks", "digest"].map(|name| column::<Int64Array>(batch, name));
    let (slices, clicks, digests) = (slices?, clicks?, digests?);
    let row = |row| Digest { slice: slices.value(row), clicks: clicks.value(row), digest: digests.value(row) };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Rows of the batch query.
pub(super) fn figures_there(rows: Rows) -> There<Figure> {
    There { rows, parse: parse_figures, waiting: VecDeque::new() }
}

fn parse_figures(batch: &RecordBatch) -> Result<Vec<Figure>, ConnectError> {
    let (urls, countries) = (column::<StringArray>(batch, "url")?, column::<StringArray>(batch, "country")?);
    let mut numbers = Vec::new();
    for name in ["clicks", "users", "sum_ms", "known", "first_ms", "last_ms"] {
        numbers.push(column::<Int64Array>(batch, name)?);
    }
    let row = |row| {
        let mut values = [0; 6];
        values.iter_mut().zip(&numbers).for_each(|(value, column)| *value = column.value(row));
        Figure { url: urls.value(row).to_owned(), country: countries.value(row).to_owned(), numbers: values }
    };
    Ok((0..batch.num_rows()).map(row).collect())
}
