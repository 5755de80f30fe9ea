//! Streams: what comes, what a client changes, and what becomes of one who does not read.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rig::{Client, Served, until};
use crate::support::program::{Home, Running};
use crate::support::terminal::{Size, Terminal};

#[test]
fn a_stream_brings_news_and_says_when_the_pipeline_ends() {
    let served = Served::start();
    let client = served.socket();
    let mut stream = client.stream("sort=users&limit=5&last_minute=true");
    assert_eq!(stream.header("content-type").as_deref(), Some("application/x-ndjson"));
    assert_eq!(stream.header("clicktop-access").as_deref(), Some("steer"));
    let first = stream.until("a board", |line| {
        line["board"]["view"]["sort"] == "users" && line["answers"]["last_minute"].is_object()
    });
    assert_eq!(first["board"]["pages"].as_array().map(Vec::len), Some(5));
    let users: Vec<u64> = first["board"]["pages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["unique_users"].as_u64())
        .collect();
    assert!(users.is_sorted_by(|a, b| a >= b), "{users:?}");
    let clicks = first["totals"]["clicks"].as_u64().expect("a count");
    stream.until("more clicks", |line| line["totals"]["clicks"].as_u64() > Some(clicks));

    let id = stream.header("clicktop-stream").expect("an id");
    let change = r#"{"view":{"country":"DE","limit":3},"ask":[{"rejects":{"limit":2}}]}"#;
    assert_eq!(client.post(&format!("/v1/streams/{id}"), change).status, 204);
    let changed = stream.until("the other view", |line| {
        line["board"]["view"]["country"] == "DE" && line["answers"]["rejects"].is_object()
    });
    let rows = changed["board"]["pages"].as_array().expect("rows");
    assert!(rows.len() <= 3 && rows.iter().all(|row| row["country"] == "DE"), "{rows:?}");

    served.demo.signal("TERM");
    stream.until("the end", |line| line["ended"].is_string());
    assert!(stream.next().is_none());
    assert!(served.demo.end().status.success());
}

#[test]
fn changes_leave_out_what_stays_and_wait_for_a_client_that_counts() {
    let served = Served::start();
    let client = served.tcp();
    let mut stream = client.stream("changes=true&unseen=1&limit=5");
    assert_eq!(stream.header("clicktop-access").as_deref(), Some("read"));
    let first = stream.until("the first", |_| true);
    assert!(first["number"] == 1 && first["log"].is_array() && first["board"].is_object(), "{first}");
    let id = stream.header("clicktop-stream").expect("an id");
    let mut without_log = 0;
    for number in 1..=5 {
        // Nothing comes before the last line is acknowledged, so each acknowledgement brings one.
        assert_eq!(client.post(&format!("/v1/streams/{id}"), &format!("{{\"seen\":{number}}}")).status, 204);
        let next = stream.until("the next", |_| true);
        assert_eq!(next["number"], number + 1, "{next}");
        without_log += usize::from(next.get("log").is_none());
    }
    assert!(without_log > 0);
    served.end();
}

#[test]
fn server_sent_events_are_such() {
    let served = Served::start();
    let mut stream = served.tcp().with("Accept", "text/event-stream").stream("limit=2");
    assert_eq!(stream.header("content-type").as_deref(), Some("text/event-stream"));
    let event = stream.next().expect("an event");
    let data =
        event.strip_prefix("event: snapshot\ndata: ").and_then(|event| event.strip_suffix("\n\n")).expect("an event");
    let snapshot: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(snapshot["protocol"], 1);
    served.end();
}

#[test]
fn seventeen_different_views_are_one_too_many_and_equal_ones_are_not() {
    let served = Served::start();
    let client = served.socket();
    let mut streams: Vec<_> = (1..=16).map(|limit| client.stream(&format!("limit={limit}"))).collect();
    let refused = client.get("/v1/stream?limit=100").refused(503);
    assert!(refused.contains("16 different views"), "{refused}");
    let mut equal = client.stream("limit=16");
    equal.until("its board", |line| line["board"]["pages"].as_array().is_some_and(|rows| rows.len() == 16));
    let id = equal.header("clicktop-stream").expect("an id");
    let refused = client.post(&format!("/v1/streams/{id}"), r#"{"view":{"limit":100}}"#).refused(503);
    assert!(refused.contains("close one"), "{refused}");
    drop(streams.pop());
    drop(streams.pop());
    until("room", || client.post(&format!("/v1/streams/{id}"), r#"{"view":{"limit":100}}"#).status == 204);
    drop(streams);
    served.end();
}

#[test]
fn whoever_never_reads_is_dropped_and_nothing_is_kept_for_them() {
    let served = Served::start();
    let before = served.holds();
    let client = served.socket();
    let mut deaf: Vec<_> = (0..8).map(|_| client.connect()).collect();
    for connection in &mut deaf {
        connection.write_all(client.head("GET", "/v1/stream", "").as_bytes()).expect("sent");
    }
    until("the connections", || served.holds().0 >= before.0 + 8);
    until("their end", || served.holds().0 <= before.0 + 4);
    // Others are served meanwhile and after.
    assert_eq!(client.get("/v1/snapshot?light=true").status, 200);
    drop(deaf);
    served.end();
}

#[test]
fn a_whole_table_comes_in_parts_to_its_end() {
    let served = Served::start();
    let client = served.tcp();
    let mut pages = 0;
    until("urls counted", || {
        pages = client.get("/v1/snapshot?light=true").json()["totals"]["pages"].as_u64().expect("a count");
        pages > 0
    });
    let answer = client.post("/v1/tables", r#"{"view":{"sort":"clicks"}}"#);
    assert_eq!(answer.status, 200, "{answer:?}");
    let parts: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).expect("a part")).collect();
    assert_eq!(parts.last(), Some(&serde_json::json!({ "end": { "complete": true } })));
    let rows: usize = parts.iter().filter_map(|part| part["pages"].as_array()).map(Vec::len).sum();
    assert!(rows as u64 >= pages && parts.len() > 2, "{rows} {pages}");
    // A reader who goes in the middle leaves no thread behind.
    let before = served.holds();
    for _ in 0..20 {
        let mut connection = client.connect();
        let body = r#"{"view":{"sort":"clicks"}}"#;
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        connection.write_all(format!("{}{body}", client.head("POST", "/v1/tables", &more)).as_bytes()).expect("sent");
    }
    until("no thread left", || served.holds().1 <= before.1 + 4);
    served.end();
}

#[test]
fn figures_come_page_by_page_and_make_the_whole() {
    let served = Served::start();
    let client = served.socket();
    // What stands still can be compared.
    assert_eq!(
        served.home.run(&["ctl", "stop", "ingest", "--at", &served.path().display().to_string()]).status.code(),
        Some(0)
    );
    let mut settled = 0;
    until("everything counted", || {
        let snapshot = client.get("/v1/snapshot?light=true").json();
        let counted = snapshot["stages"]
            .as_array()
            .into_iter()
            .flatten()
            .all(|stage| stage["id"] == "ingest" || stage["backlog"] == 0);
        settled = if counted { settled + 1 } else { 0 };
        settled > 20
    });
    let page =
        |offset: usize, limit: usize| client.get(&format!("/v1/top?sort=clicks&offset={offset}&limit={limit}")).json();
    let all = page(0, 1_000);
    let rows = all["rows"].as_array().expect("rows").clone();
    assert!(rows.len() > 100 && all["matching"].as_u64() >= Some(rows.len() as u64), "{}", all["matching"]);
    let paged: Vec<Value> = (0..rows.len())
        .step_by(37)
        .flat_map(|offset| page(offset, 37)["rows"].as_array().cloned().unwrap_or_default())
        .collect();
    assert_eq!(paged.get(..rows.len()), Some(rows.as_slice()));
    assert_eq!(page(9_999, 10)["rows"], serde_json::json!([]));

    let by = |query: &str| client.get(&format!("/v1/breakdown?{query}")).json();
    let sum =
        |rows: &Value| -> u64 { rows.as_array().into_iter().flatten().filter_map(|row| row["clicks"].as_u64()).sum() };
    let (urls, devices) = (by("by=url&limit=1000"), by("by=device"));
    // Every click has one device and one url, and the figures of the pages count the same clicks.
    assert_eq!(sum(&devices["rows"]), devices["total"]["clicks"].as_u64().expect("a number"));
    assert_eq!(urls["total"], devices["total"]);
    let of_first = rows.iter().filter(|row| row["url"] == urls["rows"][0]["value"]);
    assert_eq!(urls["rows"][0]["clicks"].as_u64(), Some(of_first.filter_map(|row| row["clicks"].as_u64()).sum()));
    let cities = by("by=city&country=US&window=last_hour&limit=3");
    assert!(cities["rows"].as_array().is_some_and(|rows| rows.iter().all(|row| row["country"] == "US")), "{cities}");
    served.end();
}

/// A service whose pipeline has nothing to do: its broker does not answer, and it does not try again for a while.
fn quiet() -> (Home, Running) {
    let home = Home::new();
    let file = home.file("one.csv", b"1,u,2026-01-01T00:00:00Z,/a,FR,Paris,,,\n");
    let socket = home.path("s").display().to_string();
    let file = file.display().to_string();
    // It follows the file, so it never ends, and nothing comes.
    let arguments = ["replay", &file, "--follow", "--headless", "--listen", &socket];
    let run = home.start(&arguments);
    let client = Client::at_socket(home.path("s"));
    until("a quiet pipeline", || {
        client.path_exists() && client.get("/v1/snapshot?light=true").json()["totals"]["documents"].as_u64() == Some(1)
    });
    (home, run)
}

#[test]
fn a_quiet_pipeline_beats_once_a_second_in_both_forms() {
    let (home, run) = quiet();
    let client = Client::at_socket(home.path("s"));
    // Only what changes is told, and the clock alone is no change.
    let mut lines = client.stream("changes=true");
    let mut events = client.clone().with("Accept", "text/event-stream").stream("changes=true");
    let begin = Instant::now();
    let mut beats = 0;
    while beats < 3 {
        let line: Value = serde_json::from_str(&lines.next().expect("a line")).expect("JSON");
        beats += u32::from(line["heartbeat"].is_number());
    }
    let took = begin.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(20), "three beats in {took:?}");
    let mut beats = 0;
    while beats < 3 {
        beats += u32::from(events.next().expect("an event").starts_with("event: heartbeat\ndata: "));
    }
    run.signal("TERM");
    assert!(run.end().status.success());
}

#[test]
fn the_picture_of_a_quiet_pipeline_never_gets_old() {
    let (home, run) = quiet();
    let path = home.path("s").display().to_string();
    let mut console = Terminal::start(&home, &["attach", &path], Size { columns: 120, rows: 40 });
    console.wait("the pipeline", |screen| screen.contains("ATTACHED"));
    let uptime = |screen: &str| screen.split("up ").nth(1).map(|rest| rest.chars().take(8).collect::<String>());
    // Longer than the age at which the header says that there is no news.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(6) {
        let screen = console.screen();
        assert!(!screen.contains("NO NEWS") && !screen.contains("no connection"), "{screen}");
        assert!(uptime(&screen).is_some(), "{screen}");
        std::thread::sleep(Duration::from_millis(100));
    }
    console.keys("q");
    assert_eq!(console.end(), 0);
    run.signal("TERM");
    assert!(run.end().status.success());
}
