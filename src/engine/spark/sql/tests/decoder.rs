use std::collections::BTreeMap;

use arrow_array::{Array, Int64Array, StringArray};

use super::vectors::{self, Outcome, Settings, Vector};
use super::{TEXTS, session, view_messages};
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{Input, Slices, decoder};

/// What SQL makes of the messages, in their order.
async fn decoded(session: &Session, settings: Settings) -> Vec<Outcome> {
    let query = decoder(settings.format, settings.limits, Slices::of_minutes(60), Input::Plain).query;
    let sql = format!("SELECT offset, ts, {}, reason FROM ({query}) ORDER BY offset", TEXTS.join(", "));
    let mut rows = session.rows(sql);
    let mut outcomes = Vec::new();
    while let Some(batch) = rows.next().await.unwrap() {
        let text = |name: &str| column::<StringArray>(&batch, name).unwrap();
        let (offsets, times) =
            (column::<Int64Array>(&batch, "offset").unwrap(), column::<Int64Array>(&batch, "ts").unwrap());
        for row in 0..batch.num_rows() {
            assert_eq!(usize::try_from(offsets.value(row)).unwrap(), outcomes.len(), "one row for each message");
            let reason = text("reason");
            outcomes.push(if reason.is_null(row) {
                let fields = TEXTS.map(|name| text(name).value(row).to_owned());
                Outcome::Click { millis: times.value(row), fields }
            } else {
                assert!(times.is_null(row), "a reject has no time");
                Outcome::Reject { kind: "", reason: reason.value(row).to_owned() }
            });
        }
    }
    outcomes
}

/// The one kind of click that is a reject in SQL: families nest in one another below an unknown member.
fn is_absurd(payload: &[u8]) -> bool {
    let text = String::from_utf8_lossy(payload);
    ["click_data", "geo_data", "user_agent_data"].iter().map(|family| text.matches(family).count()).sum::<usize>() > 3
        && text.matches('{').count() > 5
}

/// The reason without what only the Rust decoder can tell.
fn told(reason: &str) -> &str {
    if reason.starts_with("JSON: ") {
        return "JSON";
    }
    match reason.split_once("` ") {
        Some((begin, rest)) if begin.starts_with("timestamp `") && !begin.bytes().all(|b| matches!(b, b' '..=b'~')) => {
            rest
        }
        Some((begin, rest)) if begin.starts_with("timestamp `") && begin.contains("\\u{") => rest,
        _ => reason.strip_prefix("timestamp ").unwrap_or(reason),
    }
}

#[tokio::test]
async fn sql_decodes_each_message_as_rust_does() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let vectors = vectors::all();
    for settings in vectors::settings() {
        let expected: Vec<&Vector> = vectors.iter().filter(|vector| vector.settings == settings.name).collect();
        let file = folder.path().join(format!("{}.jsonl", settings.name));
        view_messages(&session, &file, ("t", 0), expected.iter().map(|vector| &vector.payload)).await;
        let found = decoded(&session, settings).await;
        assert_eq!(found.len(), expected.len());
        let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut other_reasons = 0;
        for (vector, found) in expected.iter().zip(&found) {
            let kind = match (&vector.outcome, found) {
                (Outcome::Click { .. }, Outcome::Click { .. }) if vector.outcome == *found => continue,
                (Outcome::Click { .. }, Outcome::Reject { .. }) if is_absurd(&vector.payload) => continue,
                (Outcome::Reject { reason, .. }, Outcome::Reject { reason: sql, .. }) => {
                    if told(reason) != told(sql) {
                        other_reasons += 1;
                    }
                    continue;
                }
                (Outcome::Click { .. }, Outcome::Click { .. }) => "another click",
                (Outcome::Click { .. }, Outcome::Reject { .. }) => "a click for Rust only",
                (Outcome::Reject { .. }, Outcome::Click { .. }) => "a click for SQL only",
            };
            let payload = String::from_utf8_lossy(&vector.payload[..vector.payload.len().min(300)]).into_owned();
            differences.entry(kind).or_default().push(format!("{payload:?}: {:?} {found:?}", vector.outcome));
        }
        assert!(differences.is_empty(), "{}: {differences:#?}", settings.name);
        // Fewer than one in a hundred, and all of them where a message has several faults.
        assert!(other_reasons * 100 < expected.len(), "{}: {other_reasons} other reasons", settings.name);
    }
    session.release().await.unwrap();
}

/// The test above says little if the messages are all alike.
#[test]
fn the_messages_are_clicks_and_rejects_of_every_kind() {
    let vectors = vectors::all();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in &vectors {
        let kind = match &vector.outcome {
            Outcome::Click { .. } => "click",
            Outcome::Reject { kind, .. } => kind,
        };
        *kinds.entry(kind).or_default() += 1;
    }
    for kind in ["click", "empty", "too long", "utf-8", "csv", "json", "missing field", "timestamp"] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 10), "{kind}: {kinds:?}");
    }
    assert!(vectors.len() > 100_000, "{}", vectors.len());
}
