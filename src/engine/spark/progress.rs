//! The progress reports of the streaming query, as JSON in Spark's form.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::click::Timestamp;
use crate::protocol::remote::Phase;
use crate::protocol::to_micros;

/// The observation of the streaming query, and the names of its metrics.
pub(super) const OBSERVATION: &str = "clicktop";
pub(super) const METRICS: [&str; 4] = [
    "count(slice) AS clicks",
    "count(reason) AS rejects",
    "CAST(unix_millis(max(arrived)) AS BIGINT) AS arrived",
    "sum(IF(slice IS NULL AND reason IS NULL, ts, 0L)) AS left_out",
];

/// What one micro-batch has done; or, without rows, how the query stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StreamProgress {
    /// The number of the micro-batch; it grows as long as the checkpoint lives.
    pub(super) batch: i64,
    /// Messages that it took.
    pub(super) messages: u64,
    /// Clicks among them, copies included.
    pub(super) clicks: u64,
    /// Messages among them that are no clicks.
    pub(super) rejects: u64,
    /// Events among them that the mapping leaves out.
    pub(super) left_out: u64,
    /// When the newest of them arrived in Kafka, in milliseconds since 1970.
    pub(super) arrived: Option<i64>,
    /// One past the newest message taken, by partition.
    pub(super) end: BTreeMap<i32, i64>,
    /// One past the newest message in Kafka when the micro-batch began, by partition.
    pub(super) latest: BTreeMap<i32, i64>,
    /// How long the micro-batch took; `None` if Spark does not say it.
    pub(super) took: Option<Duration>,
    /// Its phases in the order in which Spark goes through them.
    pub(super) phases: Vec<Phase>,
    /// When it was triggered.
    pub(super) triggered: Option<SystemTime>,
    /// Rows that come in a second.
    pub(super) rows_in: Option<f64>,
    /// Rows that the query processes a second while it works.
    pub(super) rows_out: Option<f64>,
}

/// The whole of a micro-batch, among the durations of its phases.
const WHOLE: &str = "triggerExecution";

/// The phases in the order in which Spark goes through them. Phases of other names come after these.
const PHASES: [&str; 6] = ["latestOffset", "walCommit", "getBatch", "queryPlanning", "addBatch", "commitOffsets"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    batch_id: i64,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    input_rows_per_second: Option<f64>,
    #[serde(default)]
    processed_rows_per_second: Option<f64>,
    #[serde(default)]
    duration_ms: BTreeMap<String, f64>,
    #[serde(default)]
    sources: Vec<Source>,
    #[serde(default)]
    observed_metrics: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(default)]
    end_offset: Value,
    #[serde(default)]
    latest_offset: Value,
    #[serde(default)]
    num_input_rows: u64,
}

impl StreamProgress {
    /// Reads a report.
    ///
    /// # Errors
    /// It is not JSON in Spark's form.
    pub(super) fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let report: Report = serde_json::from_str(json)?;
        let source = report.sources.first();
        let observed = report.observed_metrics.get(OBSERVATION);
        let number = |name: &str| observed.and_then(|metrics| metric(metrics, name));
        let count = |name: &str| number(name).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Ok(Self {
            batch: report.batch_id,
            messages: source.map_or(0, |source| source.num_input_rows),
            clicks: count("clicks"),
            rejects: count("rejects"),
            left_out: count("left_out"),
            arrived: number("arrived"),
            end: source.map(|source| offsets(&source.end_offset)).unwrap_or_default(),
            latest: source.map(|source| offsets(&source.latest_offset)).unwrap_or_default(),
            took: report.duration_ms.get(WHOLE).map(|millis| duration(*millis)),
            phases: phases(&report.duration_ms),
            triggered: moment(&report.timestamp),
            rows_in: report.input_rows_per_second.filter(|rate| rate.is_finite()),
            rows_out: report.processed_rows_per_second.filter(|rate| rate.is_finite()),
        })
    }
}

/// The phases of a micro-batch, in their order.
fn phases(durations: &BTreeMap<String, f64>) -> Vec<Phase> {
    let place = |name: &str| PHASES.iter().position(|known| *known == name).unwrap_or(PHASES.len());
    let mut phases: Vec<Phase> = durations
        .iter()
        .filter(|(name, _)| *name != WHOLE)
        .map(|(name, millis)| Phase { name: name.clone(), took: duration(*millis) })
        .collect();
    // Stable: phases of other names stay in the order of the alphabet.
    phases.sort_by_key(|phase| place(&phase.name));
    phases
}

/// A negative number, or none at all, is no time.
fn duration(millis: f64) -> Duration {
    to_micros(Duration::try_from_secs_f64(millis.max(0.0) / 1000.0).unwrap_or_default())
}

fn moment(text: &str) -> Option<SystemTime> {
    let millis = text.parse::<Timestamp>().ok()?.as_millis();
    UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
}

/// The metric `name`, by its place in the schema where Spark writes a row with its schema: `{"values": […], "schema": {…}}`.
fn metric(metrics: &Value, name: &str) -> Option<i64> {
    let Some(values) = metrics.get("values").and_then(Value::as_array) else { return metrics.get(name)?.as_i64() };
    let fields = metrics.get("schema")?.get("fields")?.as_array()?;
    let place = fields.iter().position(|field| field.get("name").and_then(Value::as_str) == Some(name))?;
    values.get(place)?.as_i64()
}

/// `{"topic": {"0": 12}}`, which some versions write as a text.
fn offsets(value: &Value) -> BTreeMap<i32, i64> {
    let parsed;
    let value = match value.as_str() {
        Some(text) => {
            parsed = serde_json::from_str(text).unwrap_or(Value::Null);
            &parsed
        }
        None => value,
    };
    let topics = value.as_object().into_iter().flatten();
    let partitions = topics.filter_map(|(_, partitions)| partitions.as_object()).flatten();
    partitions.filter_map(|(partition, offset)| Some((partition.parse().ok()?, offset.as_i64()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"id": "a", "runId": "b", "name": "clicktop", "timestamp": "2026-01-01T00:00:00.250Z", "batchId": 7,
        "batchDuration": 1200, "numInputRows": 10, "inputRowsPerSecond": 5.0, "processedRowsPerSecond": 8.25,
        "durationMs": {"aPhaseOfTheFuture": 1, "addBatch": 900, "latestOffset": 250, "triggerExecution": 1200},
        "stateOperators": [], "sources": [{"description": "KafkaV2[Subscribe[clicks]]",
          "startOffset": {"clicks": {"0": 1, "1": 2}}, "endOffset": {"clicks": {"0": 6, "1": 7}},
          "latestOffset": {"clicks": {"0": 6, "1": 9}}, "numInputRows": 10, "inputRowsPerSecond": 5.0}],
        "sink": {"description": "DeltaSink", "numOutputRows": -1},
        "observedMetrics": {"clicktop": {"clicks": 9, "rejects": 1, "left_out": 3, "arrived": 1700000000000}}}"#;

    #[test]
    fn a_report_tells_counts_and_offsets() {
        let progress = StreamProgress::parse(REPORT).unwrap();
        let wanted = StreamProgress {
            batch: 7,
            messages: 10,
            clicks: 9,
            rejects: 1,
            left_out: 3,
            arrived: Some(1_700_000_000_000),
            end: BTreeMap::from([(0, 6), (1, 7)]),
            latest: BTreeMap::from([(0, 6), (1, 9)]),
            took: Some(Duration::from_millis(1200)),
            phases: vec![
                Phase { name: "latestOffset".into(), took: Duration::from_millis(250) },
                Phase { name: "addBatch".into(), took: Duration::from_millis(900) },
                Phase { name: "aPhaseOfTheFuture".into(), took: Duration::from_millis(1) },
            ],
            triggered: Some(UNIX_EPOCH + Duration::from_millis(1_767_225_600_250)),
            rows_in: Some(5.0),
            rows_out: Some(8.25),
        };
        assert_eq!(progress, wanted);
    }

    #[test]
    fn metrics_may_come_as_a_row_with_its_schema() {
        let row = r#"{"batchId": 0, "observedMetrics": {"clicktop": {"values": [9, 1, null], "schema": {"type": "struct",
            "fields": [{"name": "clicks"}, {"name": "rejects"}, {"name": "arrived"}]}}}}"#;
        let progress = StreamProgress::parse(row).unwrap();
        assert_eq!((progress.clicks, progress.rejects, progress.arrived), (9, 1, None));
        assert_eq!(
            (progress.took, progress.triggered, progress.rows_in),
            (None, None, None),
            "what is not told is not 0"
        );
    }

    #[test]
    fn a_report_of_a_query_that_waits_has_no_metrics_and_offsets_may_be_texts() {
        let idle = r#"{"batchId": 8, "durationMs": {"latestOffset": 1}, "observedMetrics": {},
            "sources": [{"endOffset": "{\"clicks\":{\"0\":6}}", "latestOffset": null, "numInputRows": 0}]}"#;
        let progress = StreamProgress::parse(idle).unwrap();
        assert_eq!((progress.messages, progress.clicks, progress.arrived), (0, 0, None));
        assert_eq!((progress.end, progress.latest), (BTreeMap::from([(0, 6)]), BTreeMap::new()));
        StreamProgress::parse("no report").unwrap_err();
    }
}
