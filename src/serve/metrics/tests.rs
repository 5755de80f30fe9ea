//! The page: what is on it, what is not, and that whoever reads it asks for what is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

use super::*;
use crate::engine::local::stage::not_started;
use crate::protocol::alarm::{Alarms, Severity, WatchedAlarm};
use crate::protocol::snapshot::{Health, PartitionStatus};
use crate::protocol::tests::full;
use crate::protocol::timings::{Distribution, Timings};

fn page(snapshot: Snapshot, form: Form) -> String {
    render(Arc::new(snapshot), ProcessFacts::default(), form).unwrap()
}

/// A snapshot and facts in which everything is known.
fn known() -> (Snapshot, ProcessFacts) {
    let facts = ProcessFacts {
        cpu_seconds: Some(1.5),
        resident_bytes: Some(1 << 20),
        virtual_bytes: Some(1 << 30),
        open_fds: Some(12),
        max_fds: Some(1_024),
        threads: Some(17),
        start_seconds: Some(1_769_851_000.5),
    };
    (full(), facts)
}

/// The names of all samples of `page`.
fn names(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// The page on which everything is known.
fn whole(form: Form) -> String {
    let (snapshot, facts) = known();
    render(Arc::new(snapshot), facts, form).unwrap()
}

#[test]
fn the_page_of_a_known_pipeline() {
    // What differs between builds.
    let page = whole(Form::Text).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let page = page
        .replace(r#"features="spark""#, r#"features="FEATURES""#)
        .replace(r#"features="""#, r#"features="FEATURES""#);
    insta::assert_snapshot!("page", page);
}

#[test]
fn both_forms_have_the_same_samples() {
    let (text, open) = (whole(Form::Text), whole(Form::OpenMetrics));
    assert_eq!(names(&text), names(&open));
    assert!(open.ends_with("# EOF\n") && !text.contains("# EOF"), "{open}");
}

#[test]
fn what_is_not_known_is_absent() {
    let snapshot = Snapshot { stages: not_started(), ..Snapshot::default() };
    let page = page(snapshot, Form::Text);
    let unknown = [
        "lag_messages",
        "delay",
        "backlog",
        "partition",
        "transaction",
        "file_bytes",
        "index_documents",
        "pending",
        "bulk",
        "retries",
        "health",
        "timestamp",
        "alarms",
        "process",
    ];
    let names = names(&page);
    for part in unknown {
        assert!(!names.iter().any(|name| name.contains(part)), "{part}:\n{page}");
    }
    assert!(!page.contains("NaN"), "{page}");
    assert!(page.contains("clicktop_stage_state{stage=\"index\",state=\"stopped\"} 1\n"), "{page}");
}

#[test]
fn a_histogram_counts_up_to_its_bounds() {
    let mut bulk = Distribution::of_work();
    for millis in [1, 3, 3, 70_000] {
        bulk.record(Duration::from_millis(millis));
    }
    let timings = Arc::new(Timings { bulk: Some(bulk), ..Timings::default() });
    let page = page(Snapshot { timings, ..Snapshot::default() }, Form::Text);
    for line in [
        r#"clicktop_index_bulk_seconds_bucket{le="0.001"} 1"#,
        r#"clicktop_index_bulk_seconds_bucket{le="0.005"} 3"#,
        r#"clicktop_index_bulk_seconds_bucket{le="60"} 3"#,
        r#"clicktop_index_bulk_seconds_bucket{le="+Inf"} 4"#,
        "clicktop_index_bulk_seconds_count 4",
        "clicktop_index_bulk_seconds_sum 70.007",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

#[test]
fn ten_thousand_partitions_are_six_samples_each_and_nothing_else_grows() {
    let samples = |partitions: i32| {
        let status = |partition| PartitionStatus {
            partition,
            position: Some(7),
            stored: Some(5),
            low: Some(1),
            high: Some(9),
            lag: Some(4),
            behind: Some(Duration::from_secs(3)),
            loses_in: Some(Duration::from_secs(60)),
            ..PartitionStatus::default()
        };
        let snapshot = Snapshot { partitions: (0..partitions).map(status).collect(), ..full() };
        page(snapshot, Form::Text).lines().filter(|line| !line.starts_with('#')).count()
    };
    assert_eq!(samples(10_000) - samples(1), 6 * 9_999);
}

#[test]
fn texts_of_others_stay_within_their_label() {
    let mut snapshot = full();
    snapshot.source.topic = "a\"} 1\nclicktop_clicks 7\u{1b}[2J\\".into();
    for form in [Form::Text, Form::OpenMetrics] {
        let page = page(snapshot.clone(), form);
        assert!(!page.contains("\nclicktop_clicks 7") && !page.contains('\u{1b}'), "{page}");
        assert!(page.contains(r#"topic="a\"} 1\\nclicktop_clicks 7\\u{1b}[2J\\""#), "{page}");
    }
}

#[test]
fn an_alarm_that_is_watched_for_is_0_and_an_unknown_health_is_no_health() {
    let watched = WatchedAlarm { name: "lag".into(), severity: Severity::Warning, begun: 3 };
    let mut snapshot = full();
    snapshot.alarms = Arc::new(Alarms { watched: vec![watched], ..Alarms::default() });
    snapshot.index.health = Health::Unknown;
    let page = page(snapshot, Form::Text);
    assert!(page.contains("clicktop_alarms_active{alarm=\"lag\",severity=\"warning\"} 0\n"), "{page}");
    assert!(page.contains("clicktop_alarms_begun_total{alarm=\"lag\",severity=\"warning\"} 3\n"), "{page}");
    assert!(!page.contains("clicktop_index_health"), "{page}");
}

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names of metrics in `text`.
fn asked(text: &str) -> BTreeSet<String> {
    let metric = Regex::new(r"\b(?:clicktop|process)_[a-z0-9_]+\b").unwrap();
    metric.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn dashboard_and_alert_rules_ask_for_metrics_that_exist() {
    let there = names(&whole(Form::OpenMetrics));
    let board = file("assets/grafana/clicktop.json");
    let board: serde_json::Value = serde_json::from_str(&board).unwrap();
    let mut queries = Vec::new();
    queries_of(&board, &mut queries);
    assert!(queries.len() > 40, "{queries:?}");
    for query in &queries {
        let names = asked(query);
        assert!(!names.is_empty(), "{query}");
        assert!(names.is_subset(&there), "{query} asks for {:?}", names.difference(&there));
    }
    for path in ["assets/prometheus/alerts.yml", "assets/prometheus/alerts_test.yml"] {
        let names = asked(&file(path));
        assert!(names.len() > 5 && names.is_subset(&there), "{path} asks for {:?}", names.difference(&there));
    }
}

/// Every query in the tree of a dashboard.
fn queries_of(tree: &serde_json::Value, found: &mut Vec<String>) {
    match tree {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("expr", Some(query)) => found.push(query.to_owned()),
                    ("query", Some(query)) if query.contains("label_values") => found.push(query.to_owned()),
                    _ => queries_of(value, found),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| queries_of(item, found)),
        _ => {}
    }
}

#[test]
fn the_docs_list_every_metric_and_no_other() {
    let page = whole(Form::Text);
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let there: BTreeSet<String> = families.map(str::to_owned).collect();
    let rows = file("docs/monitoring.md");
    let listed = rows.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<String> = listed.filter_map(|line| line.split('|').nth(1)).flat_map(asked).collect();
    assert_eq!(listed, there, "docs/monitoring.md");
}
