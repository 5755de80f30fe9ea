//! The rows of a statement, batch by batch as they come.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::SchemaRef;
use prost::bytes::Bytes;

use super::error::ConnectError;
use super::execution::Execution;
use super::ids::OperationId;
use super::refusal::Errors;
use super::value::Value;
use super::wire::{self, ResponseType};

/// The rows of a running statement. Dropping it interrupts the statement.
///
/// It holds one answer of the server at a time; the server sends two MiB more, and then waits.
pub(crate) struct Rows {
    execution: Execution,
    waiting: VecDeque<RecordBatch>,
    schema: Option<SchemaRef>,
    told: Told,
}

/// What a statement tells besides its rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Told {
    /// The metrics that the statement observes. They come at the end.
    pub(crate) observed: Vec<Observed>,
    /// How far the statement is, if Spark has said so.
    pub(crate) progress: Option<Progress>,
}

/// Metrics of one `observe`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observed {
    /// The name of the observation.
    pub(crate) name: String,
    /// The metrics, in their order. `None` for a type that clicktop does not observe.
    pub(crate) values: Vec<(String, Option<Value>)>,
}

/// How far a running statement is, in the stages that Spark has planned so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Tasks in all known stages.
    pub(crate) tasks: u64,
    /// Tasks that are done.
    pub(crate) completed: u64,
    /// Tasks that run now.
    pub(crate) running: u64,
    /// What the tasks have read so far, in bytes.
    pub(crate) bytes_read: u64,
}

impl Told {
    /// Takes what `answer` tells besides rows.
    pub(super) fn note(&mut self, observed: Vec<wire::ObservedMetrics>, answer: Option<&ResponseType>) {
        self.observed.extend(observed.into_iter().map(|told| Observed {
            name: told.name,
            values: told.keys.into_iter().zip(told.values.into_iter().map(Value::of)).collect(),
        }));
        if let Some(ResponseType::ExecutionProgress(told)) = answer {
            let count = |number: i64| u64::try_from(number).unwrap_or(0);
            let mut progress = Progress { running: count(told.num_inflight_tasks), ..Progress::default() };
            for stage in &told.stages {
                progress.tasks = progress.tasks.saturating_add(count(stage.num_tasks));
                progress.completed = progress.completed.saturating_add(count(stage.num_completed_tasks));
                progress.bytes_read = progress.bytes_read.saturating_add(count(stage.input_bytes_read));
            }
            self.progress = Some(progress);
        }
    }
}

impl Rows {
    pub(super) fn new(execution: Execution) -> Self {
        Self { execution, waiting: VecDeque::new(), schema: None, told: Told::default() }
    }

    /// The next batch; `None` after the last one. Spark sends a batch without rows if there are none.
    ///
    /// May be dropped while it waits; the next call goes on.
    ///
    /// # Errors
    /// Spark refuses the statement or fails to do it, or the connection could not be mended in time.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, ConnectError> {
        loop {
            if let Some(batch) = self.waiting.pop_front() {
                return Ok(Some(batch));
            }
            let Some(answer) = self.execution.next().await? else { return Ok(None) };
            self.told.note(answer.observed_metrics, answer.response_type.as_ref());
            if let Some(ResponseType::ArrowBatch(batch)) = answer.response_type {
                let (schema, batches) = decode(batch.data, self.execution.link().errors())?;
                let rows: i64 = batches.iter().map(|batch| i64::try_from(batch.num_rows()).unwrap_or(i64::MAX)).sum();
                if rows != batch.row_count {
                    let why = format!("a batch of {} rows has {rows}", batch.row_count);
                    return Err(self.execution.link().errors().protocol(&why));
                }
                self.schema = schema.or(self.schema.take());
                self.waiting.extend(batches);
            }
        }
    }

    /// All rows, for results that are known to be small.
    ///
    /// # Errors
    /// As [`next`](Self::next); and the result has more than `limit` rows.
    pub(crate) async fn all(mut self, limit: usize) -> Result<Vec<RecordBatch>, ConnectError> {
        let mut batches = Vec::new();
        let mut rows = 0_usize;
        while let Some(batch) = self.next().await? {
            rows = rows.saturating_add(batch.num_rows());
            if rows > limit {
                let why = format!("there are more than {limit} rows, which nobody expects");
                return Err(self.execution.link().errors().protocol(&why));
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The columns, once the first batch is there.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        self.schema.as_ref()
    }

    /// Observed metrics (complete after the last batch) and progress.
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// The id of the execution on the server.
    pub(crate) fn operation(&self) -> OperationId {
        self.execution.operation()
    }
}

/// The batches of an Arrow stream, which share its memory.
pub(super) fn decode(stream: Bytes, errors: &Errors) -> Result<(Option<SchemaRef>, Vec<RecordBatch>), ConnectError> {
    let mut decoder = StreamDecoder::new();
    let mut rest = arrow_buffer::Buffer::from(stream);
    let mut batches = Vec::new();
    let refuse = |error: arrow_schema::ArrowError| errors.protocol(&format!("its Arrow data is invalid: {error}"));
    while !rest.is_empty() {
        match decoder.decode(&mut rest) {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => {}
            Err(error) => return Err(refuse(error)),
        }
    }
    decoder.finish().map_err(refuse)?;
    Ok((decoder.schema(), batches))
}

/// The column `name` of `batch` as the type `A`, such as `StringArray`.
///
/// # Errors
/// The batch has no such column, or one of another type.
pub(crate) fn column<'b, A: arrow_array::Array + 'static>(
    batch: &'b RecordBatch,
    name: &str,
) -> Result<&'b A, ConnectError> {
    let wrong = |what: String| ConnectError::Protocol { target: "Spark".to_owned(), reason: what };
    let column = batch.column_by_name(name).ok_or_else(|| wrong(format!("there is no column {name}")))?;
    column
        .as_any()
        .downcast_ref::<A>()
        .ok_or_else(|| wrong(format!("the column {name} is of the type {}", column.data_type())))
}
