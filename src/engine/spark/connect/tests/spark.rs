//! The client on a real Spark Connect server: `CLICKTOP_TEST_SPARK=sc://host:port`. Without it these tests say so and do
//! nothing. The server must see the local file system, and know Delta.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Array, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::engine::spark::connect::{
    ConnectError, ConnectOptions, ConnectUrl, Observation, Rows, Session, SessionId, Sql, StreamSource, StreamWrite,
    Tag, Trigger, Value, column,
};

/// The server, or `None` and a line about it.
fn server() -> Option<ConnectUrl> {
    let found = std::env::var("CLICKTOP_TEST_SPARK").ok();
    if found.is_none() {
        eprintln!("skipped: CLICKTOP_TEST_SPARK is not set; it names a Spark Connect server, sc://host:port");
    }
    Some(found?.parse().unwrap())
}

fn new_id() -> SessionId {
    SessionId::for_root(&uuid::Uuid::new_v4().to_string(), 0)
}

async fn session() -> Option<Session> {
    Some(Session::connect(&server()?, new_id(), &ConnectOptions::default()).await.unwrap())
}

/// The only value of the first row.
async fn one(rows: Rows) -> i64 {
    let batches = rows.all(1).await.unwrap();
    let batch = batches.iter().find(|batch| batch.num_rows() == 1).unwrap();
    batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0)
}

#[tokio::test]
async fn a_session_knows_version_and_settings() {
    let Some(session) = session().await else { return };
    assert!(session.version().await.unwrap().starts_with("4."));
    let names = ["spark.sql.shuffle.partitions", "clicktop.nothing"];
    session.set(&[("spark.sql.shuffle.partitions", "3")]).await.unwrap();
    assert_eq!(session.settings(&names).await.unwrap(), [Some("3".to_owned()), None]);
    session.unset(&names[..1]).await.unwrap();
    assert_ne!(session.settings(&names[..1]).await.unwrap(), [Some("3".to_owned())]);
    let error = session.set(&[("spark.executor.memory", "1g")]).await.unwrap_err();
    assert!(error.class().is_some(), "{error}");
    session.release().await.unwrap();
}

#[tokio::test]
async fn parameters_reach_sql_as_they_are() {
    let Some(session) = session().await else { return };
    let hostile = "it's \"quoted\" \\ :n -- ; é 👩‍🔬 \u{1b}[31m\n";
    let sql = Sql::new(
        "SELECT :text AS text, :long AS long, :int AS int, :double AS double, :flag AS flag, :none AS none, :at AS at, \
         array_contains(:texts, 'b') AND array_contains(:longs, 2L) AND size(:texts) = 2 AS found",
    )
    .bind("text", hostile)
    .bind("long", i64::MIN)
    .bind("int", 7)
    .bind("double", 0.1)
    .bind("flag", true)
    .bind("none", Value::Null)
    .bind("at", Value::Timestamp(1_700_000_000_123_456))
    .bind("texts", vec!["a".to_owned(), "b".to_owned()])
    .bind("longs", vec![1_i64, 2]);
    let batch = session.rows(sql).all(1).await.unwrap().pop().unwrap();
    assert_eq!(column::<StringArray>(&batch, "text").unwrap().value(0), hostile);
    assert_eq!(column::<Int64Array>(&batch, "long").unwrap().value(0), i64::MIN);
    assert_eq!(column::<Int32Array>(&batch, "int").unwrap().value(0), 7);
    assert_eq!(column::<Float64Array>(&batch, "double").unwrap().value(0).to_bits(), 0.1_f64.to_bits());
    assert!(column::<BooleanArray>(&batch, "flag").unwrap().value(0));
    assert_eq!(batch.column_by_name("none").unwrap().logical_null_count(), 1);
    assert_eq!(column::<TimestampMicrosecondArray>(&batch, "at").unwrap().value(0), 1_700_000_000_123_456);
    assert!(column::<BooleanArray>(&batch, "found").unwrap().value(0));
    let error = column::<Int64Array>(&batch, "text").unwrap_err().to_string();
    assert!(error.contains("the column text is of the type Utf8"), "{error}");

    // In statements that are no queries, too.
    let set = Sql::new("SELECT count(*) FROM VALUES (1), (2) AS t(n) WHERE n > :least").bind("least", 1);
    assert_eq!(one(session.rows(set)).await, 1);
    session.release().await.unwrap();
}

#[tokio::test]
async fn any_text_comes_back_as_it_was() {
    let Some(session) = session().await else { return };
    let mut runner = TestRunner::deterministic();
    let pieces = "(['\"`\\\\;:?$%_{}()/*\n\r\0\u{1b}-]|:text|--|[*]/|é|👩|\u{202e}|X'00'| |\\PC){0,20}";
    for strategy in [any::<String>().boxed(), string_regex(pieces).unwrap().boxed()] {
        let texts: Vec<String> =
            std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current()).take(1_000).collect();
        // As elements of an array, and where a statement compares.
        let sql = Sql::new(
            "SELECT pos, text, text = element_at(:texts, pos + 1) AS same FROM (SELECT posexplode(:texts) AS (pos, text))",
        );
        let batches = session.rows(sql.bind("texts", texts.clone())).all(texts.len()).await.unwrap();
        let mut found = vec![None; texts.len()];
        for batch in &batches {
            let (at, text) =
                (column::<Int32Array>(batch, "pos").unwrap(), column::<StringArray>(batch, "text").unwrap());
            let same = column::<BooleanArray>(batch, "same").unwrap();
            for row in 0..batch.num_rows() {
                assert!(same.value(row));
                found[usize::try_from(at.value(row)).unwrap()] = Some(text.value(row).to_owned());
            }
        }
        assert_eq!(found, texts.iter().cloned().map(Some).collect::<Vec<_>>());
        // Each alone, among quotations, comments and names that look like the parameter.
        for text in texts.into_iter().take(20) {
            let sql = "SELECT /* :text */ ':text' AS quoted, :text AS text, concat('\\'', :text, \":text\") AS `:text` -- :text";
            let batch = session.rows(Sql::new(sql).bind("text", text.as_str())).all(1).await.unwrap().pop().unwrap();
            let value = |name| column::<StringArray>(&batch, name).unwrap().value(0).to_owned();
            assert_eq!((value("quoted").as_str(), value("text")), (":text", text.clone()));
            assert_eq!(value(":text"), format!("'{text}:text"));
        }
    }
    session.release().await.unwrap();
}

#[tokio::test]
async fn arrow_brings_every_type_and_every_row() {
    let Some(session) = session().await else { return };
    let types = "SELECT 1Y, 2S, 3, 4L, 5.5F, 6.5D, 7.25BD, 'x', X'00FF', true, DATE'2024-02-29', \
                 TIMESTAMP'2024-02-29 12:00:00', TIMESTAMP_NTZ'2024-02-29 12:00:00', array(1, 2), map('a', 1), \
                 named_struct('a', 1, 'b', array('x')), INTERVAL '1' DAY, NULL";
    let mut rows = session.rows(types);
    let batch = rows.next().await.unwrap().unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (1, 18));
    assert_eq!(rows.schema().unwrap().fields().len(), 18);
    assert!(rows.next().await.unwrap().is_none());

    let mut rows = session.rows("SELECT id FROM range(0, 3000000, 1, 4)");
    let (mut sum, mut count) = (0_i64, 0);
    while let Some(batch) = rows.next().await.unwrap() {
        sum += column::<Int64Array>(&batch, "id").unwrap().values().iter().sum::<i64>();
        count += batch.num_rows();
    }
    assert_eq!((count, sum), (3_000_000, 3_000_000 * 2_999_999 / 2));

    let none = session.rows("SELECT id FROM range(0)").all(0).await.unwrap();
    assert_eq!(none.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 0);
    let error = session.rows("SELECT id FROM range(3)").all(2).await.unwrap_err();
    assert!(error.to_string().contains("more than 2 rows"), "{error}");
    session.release().await.unwrap();
}

#[tokio::test]
async fn a_query_observes_metrics() {
    let Some(session) = session().await else { return };
    let observation = Observation {
        name: "seen".to_owned(),
        metrics: vec!["count(*) AS rows".to_owned(), "max(id) AS newest".to_owned(), "max(1.5D) AS mean".to_owned()],
    };
    let mut rows = session.observed_rows("SELECT id FROM range(10)", observation);
    while rows.next().await.unwrap().is_some() {}
    let seen = &rows.told().observed[0];
    assert_eq!(seen.name, "seen");
    let values: Vec<_> = seen.values.iter().map(|(name, value)| (name.as_str(), value.clone().unwrap())).collect();
    assert_eq!(values, [("rows", Value::Long(10)), ("newest", Value::Long(9)), ("mean", Value::Double(1.5))]);
    session.release().await.unwrap();
}

#[tokio::test]
async fn errors_have_sparks_class_and_one_line() {
    let Some(session) = session().await else { return };
    for (sql, class, state) in [
        ("SELECT * FROM nowhere_at_all", "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
        ("SELECT (", "PARSE_SYNTAX_ERROR", "42601"),
        ("SELECT 1 / id FROM range(1)", "DIVIDE_BY_ZERO", "22012"),
        ("SELECT CAST('x' AS INT)", "CAST_INVALID_INPUT", "22018"),
        ("SELECT :missing", "UNBOUND_SQL_PARAMETER", "42P02"),
    ] {
        let error = session.rows(sql).all(1).await.unwrap_err();
        assert!(error.is_class(class), "{sql}: {error:?}");
        let ConnectError::Spark(spark) = &error else { panic!("{error:?}") };
        assert_eq!(spark.sql_state.as_deref(), Some(state), "{sql}");
        let line = error.to_string();
        assert!(line.contains(class) && line.contains(state) && !line.contains('\n'), "{line}");
        assert!(!error.is_transient());
    }
    // A message that the status cuts comes whole.
    let error = session.rows("SELECT raise_error(repeat('x', 5000))").all(1).await.unwrap_err();
    let ConnectError::Spark(spark) = &error else { panic!("{error:?}") };
    assert!(spark.message.len() > 4000, "{}: {}", spark.message.len(), spark.message);
    session.release().await.unwrap();
}

#[tokio::test]
async fn a_command_on_delta_tells_what_it_has_done() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let table = format!("delta.`{}`", folder.path().join("t").display());
    session.command(format!("CREATE TABLE {table} (n BIGINT) USING delta")).await.unwrap();
    let mut seen = 0;
    let insert = format!("INSERT INTO {table} SELECT id FROM range(100)");
    session.command_watched(insert, |_| seen += 1).await.unwrap();
    let more = format!("INSERT INTO {table} SELECT id FROM range(100) WHERE id < :n");
    session.command(Sql::new(more).bind("n", 10)).await.unwrap();
    let done = session.command(Sql::new(format!("DELETE FROM {table} WHERE n < :n")).bind("n", 40)).await.unwrap();
    assert_eq!(column::<Int64Array>(&done.rows[0], "num_affected_rows").unwrap().value(0), 50);
    assert_eq!(one(session.rows(format!("SELECT count(*) FROM {table}"))).await, 60);
    session.release().await.unwrap();
}

/// Ten rows at once, and then nothing for hours.
const LONG: &str = "SELECT id FROM range(0, 10, 1, 3) UNION ALL \
                    SELECT id FROM range(0, 4000000000000000, 1, 1) WHERE id % 1000000007 = -1";

#[tokio::test]
async fn a_tag_interrupts_what_has_it_and_nothing_else() {
    let Some(session) = session().await else { return };
    let (round, other) = (Tag::new("round").unwrap(), Tag::new("other").unwrap());
    let mut interrupted = session.tagged(round.clone()).rows(LONG);
    let mut kept = session.tagged(other.clone()).rows(LONG);
    // Both run: Spark 4.2 lets the job of a plan run on if it is interrupted before the job has begun.
    for rows in [&mut interrupted, &mut kept] {
        let mut count = 0;
        while count < 10 {
            count += rows.next().await.unwrap().unwrap().num_rows();
        }
    }
    assert_eq!(session.interrupt(&round).await.unwrap(), [interrupted.operation()]);
    assert_eq!(interrupted.next().await.unwrap_err(), ConnectError::Cancelled);
    assert_eq!(session.interrupt(&round).await.unwrap(), []);

    // Dropping the other is enough to end it on the server.
    let silent = tokio::time::timeout(Duration::from_secs(1), kept.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    drop(kept);
    for _ in 0..100 {
        if session.interrupt(&other).await.unwrap().is_empty() {
            session.release().await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the dropped query runs on");
}

#[tokio::test]
async fn a_session_that_is_released_or_unknown_is_refused() {
    let Some(url) = server() else { return };
    let id = new_id();
    let session = Session::connect(&url, id, &ConnectOptions::default()).await.unwrap();
    let other = Session::connect(&url, id, &ConnectOptions::default()).await.unwrap();
    session.command("CREATE TEMP VIEW shared AS SELECT 1L").await.unwrap();
    assert_eq!(one(other.rows("SELECT * FROM shared")).await, 1);
    session.release().await.unwrap();
    let error = other.rows("SELECT 1").all(1).await.unwrap_err();
    assert!(matches!(error, ConnectError::SessionClosed { .. } | ConnectError::SessionLost { .. }), "{error}");
    let error = Session::connect(&url, id, &ConnectOptions::default()).await.unwrap_err();
    assert!(matches!(error, ConnectError::SessionClosed { .. }), "{error}");
}

/// A query from Spark's own clock into a Delta table.
fn write(folder: &std::path::Path, sql: &str, trigger: Trigger) -> StreamWrite {
    StreamWrite {
        sql: Sql::new(sql),
        observe: Some(Observation { name: "seen".to_owned(), metrics: vec!["count(*) AS rows".to_owned()] }),
        only: None,
        format: "delta".to_owned(),
        path: folder.join("table").display().to_string(),
        checkpoint: folder.join("checkpoint").display().to_string(),
        partition_by: Vec::new(),
        options: Vec::new(),
        trigger,
        name: "clicks".to_owned(),
    }
}

fn ticks() -> StreamSource {
    StreamSource { format: "rate".to_owned(), options: [("rowsPerSecond".to_owned(), "50".to_owned())].into() }
}

#[tokio::test]
async fn a_streaming_query_is_started_watched_found_and_stopped() {
    let Some(url) = server() else { return };
    let (id, folder) = (new_id(), tempfile::tempdir().unwrap());
    let session = Session::connect(&url, id, &ConnectOptions::default()).await.unwrap();
    session.streaming_view("ticks", ticks()).await.unwrap();
    let wanted = write(folder.path(), "SELECT value FROM ticks", Trigger::Every(Duration::from_millis(300)));
    let run = session.start_query(wanted.clone()).await.unwrap();
    // Spark Connect writes a row as its schema and its values.
    let seen = |progress: &serde_json::Value| progress["observedMetrics"]["seen"]["values"][0].as_i64();
    let mut progress = serde_json::Value::Null;
    for _ in 0..600 {
        if let Some(json) = session.last_progress(run).await.unwrap() {
            progress = serde_json::from_str(&json).unwrap();
            if seen(&progress) > Some(0) {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(seen(&progress) > Some(0), "{progress}");
    assert_eq!(progress["runId"], run.run.to_string());
    assert!(!session.recent_progress(run).await.unwrap().is_empty());
    assert!(session.query_status(run).await.unwrap().active);
    assert_eq!(session.query_failure(run).await.unwrap(), None);

    // Another console, in the same session.
    let other = Session::connect(&url, id, &ConnectOptions::default()).await.unwrap();
    let active = other.active_queries().await.unwrap();
    assert_eq!((active.len(), active[0].run, active[0].name.as_deref()), (1, run, Some("clicks")));
    let refused = other.start_query(wanted.clone()).await.unwrap_err();
    assert!(matches!(refused, ConnectError::Spark(_)), "{refused}");
    other.stop_query(run).await.unwrap();
    assert_eq!(session.active_queries().await.unwrap(), []);
    assert!(!session.query_status(run).await.unwrap().active);

    // From the checkpoint it is the same query, in another run.
    let again = session.start_query(wanted).await.unwrap();
    assert_eq!(again.query, run.query);
    assert_ne!(again.run, run.run);
    session.stop_query(again).await.unwrap();
    session.release().await.unwrap();
}

#[tokio::test]
async fn a_streaming_query_that_fails_tells_why() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    session.streaming_view("ticks", ticks()).await.unwrap();
    let wanted = write(folder.path(), "SELECT 1 / (value - value) AS x FROM ticks", Trigger::AvailableNow);
    let wanted = StreamWrite { trigger: Trigger::Every(Duration::from_millis(100)), ..wanted };
    let run = session.start_query(wanted).await.unwrap();
    for _ in 0..300 {
        if let Some(failure) = session.query_failure(run).await.unwrap() {
            // Spark names the cause or the task that it hit, as it happens.
            let named = ["DIVIDE_BY_ZERO", "TASK_WRITE_FAILED"].iter().any(|class| failure.message.contains(class));
            assert!(named, "{failure:?}");
            assert_eq!(failure.class.as_deref(), Some("STREAM_FAILED"));
            assert_eq!(session.active_queries().await.unwrap(), []);
            session.release().await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the query did not fail");
}

#[tokio::test]
async fn a_broken_connection_costs_a_real_statement_nothing() {
    let Some(url) = server() else { return };
    let proxy = Proxy::start(url.host().to_owned(), url.port()).await;
    let session = Session::connect(&proxy.url, new_id(), &ConnectOptions::default()).await.unwrap();
    let mut rows = session.rows("SELECT id, repeat('x', 100) AS x FROM range(0, 2000000, 1, 4)");
    let (mut sum, mut count, mut batches) = (0_i64, 0_i64, 0);
    while let Some(batch) = rows.next().await.unwrap() {
        sum += column::<Int64Array>(&batch, "id").unwrap().values().iter().sum::<i64>();
        count += i64::try_from(batch.num_rows()).unwrap();
        batches += 1;
        if batches % 7 == 0 && batches < 30 {
            proxy.cut();
        }
    }
    assert_eq!((count, sum), (2_000_000, 2_000_000 * 1_999_999 / 2));
    assert!(proxy.connections() >= 3, "{batches} batches over {} connections", proxy.connections());

    // One that changes something is done once.
    let folder = tempfile::tempdir().unwrap();
    let table = format!("delta.`{}`", folder.path().join("t").display());
    session.command(format!("CREATE TABLE {table} (n BIGINT) USING delta")).await.unwrap();
    let insert = format!("INSERT INTO {table} SELECT id FROM range(1000)");
    let inserting = tokio::spawn({
        let session = session.clone();
        async move { session.command(insert).await }
    });
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.cut();
    }
    inserting.await.unwrap().unwrap();
    assert_eq!(one(session.rows(format!("SELECT count(*) FROM {table}"))).await, 1000);
    session.release().await.unwrap();
}

/// A way to the server that can be cut.
struct Proxy {
    url: ConnectUrl,
    cut: watch::Sender<u32>,
    accepted: Arc<std::sync::atomic::AtomicUsize>,
}

impl Proxy {
    async fn start(host: String, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("sc://127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let (cut, accepted) = (watch::channel(0).0, Arc::default());
        let proxy = Self { url, cut: cut.clone(), accepted: Arc::clone(&accepted) };
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                accepted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let (mut cut, host) = (cut.subscribe(), host.clone());
                tokio::spawn(async move {
                    let mut server = TcpStream::connect((host.as_str(), port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        proxy
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    fn connections(&self) -> usize {
        self.accepted.load(std::sync::atomic::Ordering::Relaxed)
    }
}
