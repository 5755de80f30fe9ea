//! How far the streaming query is, by its checkpoint and by the commits of its sink.
//!
//! Spark writes the end offsets of a micro-batch into the checkpoint, then the rows as one commit of the table, then a note that the
//! micro-batch is done. If the query was killed before the last step, the rows are in the table all the same. The commit names query and
//! micro-batch, so it tells. The end offsets pass transaction markers, which the newest offset of the rows would not.

use std::collections::BTreeMap;

use arrow_array::{Array as _, Int64Array, MapArray, StringArray};

use super::checkpoint::Checkpoint;
use super::connect::{ConnectError, Session, column};
use super::manifest::Offsets;
use super::sql::{Root, Tables};

/// The files of the newest micro-batches that are read.
const NEWEST: u32 = 3;

/// The newest commits of the table of clicks that are read.
pub(super) const COMMITS: u32 = 200;

/// How far the query is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoredOffsets {
    /// It has stored no micro-batch.
    Nothing,
    /// The next offset to read of each topic and partition.
    Next(Offsets),
    /// What the checkpoint lacks.
    Unclear(&'static str),
}

/// Where the query of `checkpoint` goes on.
///
/// # Errors
/// As any statement.
pub(super) async fn stored_offsets(
    session: &Session,
    tables: &Tables,
    root: &Root,
    checkpoint: &Checkpoint,
) -> Result<StoredOffsets, ConnectError> {
    let path = |name: &str| format!("{}/{name}", checkpoint.path(root));
    let Some(metadata) = files(session, &path("metadata")).await? else { return Ok(StoredOffsets::Nothing) };
    let Some(query) = metadata.first().and_then(|(_, text)| query_id(text)) else {
        return Ok(StoredOffsets::Unclear("it has no query id"));
    };
    let done = files(session, &path("commits")).await?.unwrap_or_default();
    let done = done.first().map(|(batch, _)| *batch);
    let Some(last) = done.max(written(session, tables, &query).await?) else { return Ok(StoredOffsets::Nothing) };
    let offsets = files(session, &path("offsets")).await?.unwrap_or_default();
    let Some((_, text)) = offsets.iter().find(|(batch, _)| *batch == last) else {
        return Ok(StoredOffsets::Unclear("it lacks the newest micro-batch"));
    };
    Ok(end_offsets(text).map_or(StoredOffsets::Unclear("its offsets have an unknown form"), StoredOffsets::Next))
}

/// The newest files at `path` with their numbers, the newest first; `None` if there is no such path. A file without a number has the
/// number 0.
pub(super) async fn files(session: &Session, path: &str) -> Result<Option<Vec<(i64, String)>>, ConnectError> {
    let batches = match session.rows(Tables::newest_files(path, NEWEST)).all(NEWEST as usize).await {
        Err(error) if error.is_class("PATH_NOT_FOUND") => return Ok(None),
        read => read?,
    };
    let mut found = Vec::new();
    for batch in batches {
        let (numbers, texts) = (column::<Int64Array>(&batch, "number")?, column::<StringArray>(&batch, "text")?);
        found.extend(numbers.iter().zip(texts).filter_map(|(number, text)| Some((number?, text?.to_owned()))));
    }
    Ok(Some(found))
}

/// The newest micro-batch of the query whose rows are in the table, as far as the newest commits tell.
async fn written(session: &Session, tables: &Tables, query: &str) -> Result<Option<i64>, ConnectError> {
    let mut newest = None;
    for batch in session.rows(tables.commits(COMMITS)).all(COMMITS as usize).await? {
        let parameters = column::<MapArray>(&batch, "operationParameters")?;
        for row in (0..batch.num_rows()).filter(|row| !parameters.is_null(*row)) {
            let entries = parameters.value(row);
            let [names, values] = [0, 1]
                .map(|at| entries.columns().get(at).and_then(|column| column.as_any().downcast_ref::<StringArray>()));
            let (Some(names), Some(values)) = (names, values) else { continue };
            let value = |wanted: &str| {
                let at = names.iter().position(|name| name == Some(wanted))?;
                (!values.is_null(at)).then(|| values.value(at).trim_matches('"'))
            };
            if value("queryId") == Some(query) {
                newest = newest.max(value("epochId").and_then(|epoch| epoch.parse::<i64>().ok()));
            }
        }
    }
    Ok(newest)
}

/// `{"id":"…"}`.
fn query_id(metadata: &str) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(metadata.trim()).ok()?;
    Some(metadata.get("id")?.as_str()?.to_owned())
}

/// The line of a file of `offsets` that is `{"topic":{"0":12}}`, behind a version and metadata.
fn end_offsets(text: &str) -> Option<Offsets> {
    text.lines().skip(1).find_map(|line| {
        let offsets = serde_json::from_str::<BTreeMap<String, BTreeMap<i32, i64>>>(line.trim()).ok()?;
        (!offsets.is_empty()).then_some(offsets)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_checkpoint_tell_query_and_offsets() {
        let id = "3f2b8a6e-0000-4000-8000-000000000000";
        assert_eq!(query_id(&format!("{{\"id\":\"{id}\"}}\n")).as_deref(), Some(id));
        assert_eq!(query_id("{}"), None);
        let text = "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1700000000000,\"conf\":{\"a.b\":\"2\"}}\n\
            {\"clicks\":{\"1\":7,\"0\":12}}";
        let wanted = BTreeMap::from([("clicks".to_owned(), BTreeMap::from([(0, 12), (1, 7)]))]);
        assert_eq!(end_offsets(text), Some(wanted));
        for text in ["", "v1", "v1\n{}\n-", "v1\n{\"batchWatermarkMs\":0}"] {
            assert_eq!(end_offsets(text), None, "{text}");
        }
    }
}
