//! A statement survives a broken connection, with every row once, and what it cannot survive has a name.

use std::time::Duration;

use arrow_array::Int64Array;

use super::gates::{End, Failure, Script, Server, batch, batch_of, connect, options};
use crate::engine::spark::connect::{ConnectError, ConnectOptions, Rows, Session, column};

const ROWS: i64 = 6;

async fn server(ends: impl IntoIterator<Item = (usize, End)>) -> Server {
    Server::start(Script {
        answers: (1..=ROWS).map(batch).collect(),
        ends: ends.into_iter().collect(),
        ..Script::default()
    })
    .await
}

async fn session(server: &Server) -> Session {
    connect(&server.url, &options()).await.unwrap()
}

async fn numbers(rows: &mut Rows) -> Result<Vec<i64>, ConnectError> {
    let mut numbers = Vec::new();
    while let Some(batch) = rows.next().await? {
        numbers.extend(column::<Int64Array>(&batch, "n")?.values());
    }
    Ok(numbers)
}

fn executions(server: &Server) -> usize {
    server.log().iter().filter(|line| *line == "execute").count()
}

#[tokio::test]
async fn every_row_comes_once_when_the_connection_breaks_in_the_middle() {
    for end in [End::Cut, End::Early, End::Error(Failure::spark("INVALID_CURSOR.DISCONNECTED"))] {
        let server = server([(2, end.clone()), (1, end.clone()), (0, end.clone())]).await;
        let mut rows = session(&server).await.rows("SELECT n");
        assert_eq!(numbers(&mut rows).await.unwrap(), [1, 2, 3, 4, 5, 6], "{end:?}");
        server.asked("release all").await;
        let attached: Vec<_> = server.log().into_iter().filter(|line| !line.starts_with("release")).collect();
        assert_eq!(attached, ["execute", "reattach after r2", "reattach after r3", "reattach after r3"], "{end:?}");
    }
}

#[tokio::test]
async fn a_break_before_the_first_answer_runs_the_plan_once() {
    let server = server([(0, End::Cut)]).await;
    assert_eq!(numbers(&mut session(&server).await.rows("SELECT n")).await.unwrap().len(), 6);
    assert_eq!(executions(&server), 1);
}

#[tokio::test]
async fn a_plan_that_never_arrived_is_sent_again() {
    let server = server([(0, End::Lost)]).await;
    assert_eq!(numbers(&mut session(&server).await.rows("SELECT n")).await.unwrap().len(), 6);
    let attached: Vec<_> = server.log().into_iter().filter(|line| !line.starts_with("release")).collect();
    assert_eq!(attached, ["reattach", "execute"]);
}

#[tokio::test]
async fn a_silent_connection_is_left_for_a_new_one() {
    let server = server([(3, End::Silence)]).await;
    let options = ConnectOptions { silence: Duration::from_millis(300), ..options() };
    let mut rows = connect(&server.url, &options).await.unwrap().rows("SELECT n");
    assert_eq!(numbers(&mut rows).await.unwrap(), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_server_that_has_restarted_does_not_get_the_plan_again() {
    for class in ["INVALID_HANDLE.SESSION_CHANGED", "INVALID_HANDLE.SESSION_NOT_FOUND"] {
        let server = server([(0, End::Cut), (0, End::Error(Failure::spark(class)))]).await;
        let error = numbers(&mut session(&server).await.rows("INSERT …")).await.unwrap_err();
        assert!(matches!(error, ConnectError::SessionLost { .. }), "{error}");
        assert!(!error.is_transient());
        assert_eq!(executions(&server), 1);
    }
}

#[tokio::test]
async fn an_operation_that_the_server_forgot_half_way_is_an_error_not_a_second_run() {
    let forgotten = Failure::spark("INVALID_HANDLE.OPERATION_NOT_FOUND");
    let server = server([(2, End::Cut), (0, End::Error(forgotten))]).await;
    let error = numbers(&mut session(&server).await.rows("SELECT n")).await.unwrap_err();
    assert!(error.is_class("INVALID_HANDLE"), "{error}");
    assert_eq!(executions(&server), 1);
}

#[tokio::test]
async fn a_server_that_stays_away_is_unreachable_in_the_end() {
    let server = server([(2, End::Silence)]).await;
    let options = ConnectOptions { reattach_for: Duration::from_millis(400), ..options() };
    let mut rows = connect(&server.url, &options).await.unwrap().rows("SELECT n");
    assert!(rows.next().await.unwrap().is_some());
    assert!(rows.next().await.unwrap().is_some());
    server.leave().await;
    let error = rows.next().await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }) && error.is_transient(), "{error}");
}

#[tokio::test]
async fn an_error_of_the_plan_ends_it() {
    let server = server([(2, End::Error(Failure::spark("DIVIDE_BY_ZERO")))]).await;
    let mut rows = session(&server).await.rows("SELECT 1/0");
    let error = numbers(&mut rows).await.unwrap_err();
    assert_eq!(error.to_string(), "[DIVIDE_BY_ZERO] It is so. SQLSTATE: HY000");
    assert!(rows.next().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_dropped_is_released_with_all_its_answers() {
    let server = server([(2, End::Silence)]).await;
    let mut rows = session(&server).await.rows("SELECT n");
    rows.next().await.unwrap();
    drop(rows);
    server.asked("release all").await;
}

#[tokio::test]
async fn a_plan_that_never_began_needs_no_release() {
    let server = server([]).await;
    let session = session(&server).await;
    drop(session.rows("SELECT n"));
    session.version().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test]
async fn answers_are_released_as_they_come() {
    let server = server([(4, End::Silence)]).await;
    let mut rows = session(&server).await.rows("SELECT n");
    for _ in 0..4 {
        rows.next().await.unwrap();
    }
    server.asked("release until r4").await;
    assert!(!server.log().contains(&"release all".to_owned()));
}

#[tokio::test]
async fn the_wait_for_a_batch_can_be_given_up_and_taken_up_again() {
    let server = server([(2, End::Silence), (9, End::Early)]).await;
    let options = ConnectOptions { silence: Duration::from_millis(500), ..options() };
    let mut rows = connect(&server.url, &options).await.unwrap().rows("SELECT n");
    let mut numbers: Vec<i64> = Vec::new();
    loop {
        match tokio::time::timeout(Duration::from_millis(20), rows.next()).await {
            Ok(Ok(Some(batch))) => numbers.extend(column::<Int64Array>(&batch, "n").unwrap().values()),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn the_server_sends_little_more_than_what_is_read() {
    let answers = (0..64).map(|_| batch_of(Int64Array::from(vec![7; 64 * 1024])));
    let server = Server::start(Script { answers: answers.collect(), ..Script::default() }).await;
    let session = session(&server).await;
    let mut rows = session.rows("SELECT n");
    rows.next().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Of 32 MiB: two MiB of the window, and what the buffers of both sides hold.
    let sent = server.script(|script| script.sent);
    assert!((2..20).contains(&sent), "{sent} of 64 batches of 512 KiB");
    // A statement that nobody reads leaves room for the others.
    session.version().await.unwrap();
    assert_eq!(numbers(&mut rows).await.unwrap().len(), 63 * 64 * 1024);
}

#[tokio::test]
async fn a_message_over_the_limit_names_the_limit() {
    let answers = vec![batch_of(Int64Array::from(vec![7; 256 * 1024]))];
    let server = Server::start(Script { answers, ..Script::default() }).await;
    let url = format!("{}/;grpc_max_message_size=1048576", server.url);
    let error = numbers(&mut connect(&url, &options()).await.unwrap().rows("SELECT n")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Protocol { .. }), "{error}");
    assert!(error.to_string().contains("grpc_max_message_size"), "{error}");
}

#[tokio::test]
async fn a_batch_that_is_no_arrow_is_an_error() {
    use crate::engine::spark::connect::wire;
    for data in [&b"not arrow"[..], b"\xff\xff\xff\xff\x10\0\0\0", b""] {
        let broken = wire::ArrowBatch { row_count: 1, data: data.into() };
        let answers = vec![wire::ResponseType::ArrowBatch(broken)];
        let server = Server::start(Script { answers, ..Script::default() }).await;
        let error = numbers(&mut session(&server).await.rows("SELECT n")).await.unwrap_err();
        assert!(matches!(error, ConnectError::Protocol { .. }), "{error}");
    }
}
