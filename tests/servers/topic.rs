//! A topic that changes while it is read: deleted and made anew, expired, grown.

use std::time::Duration;

use crate::kafka::{Kafka, Topic, through};
use crate::support::clicks::made;
use crate::support::figures;
use crate::support::program::{Home, stage};

#[test]
fn a_topic_that_is_deleted_and_made_anew_is_told_and_the_operator_chooses() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(1);
    let clicks = made(931, 1_500);
    let home = topic.home();
    topic.send(&clicks[..1_000], "none");
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("the first topic", through(1_000));

    topic.delete();
    let object = run.await_object("a missing topic", |object| stage(object, "ingest")["state"] == "backing_off");
    let cause = stage(&object, "ingest")["cause"].as_str().expect("a cause");
    assert_eq!(cause, format!("topic {} does not exist on the broker; create it, or set kafka.topic", topic.name));

    topic.create(1);
    topic.send(&clicks[1_000..], "none");
    let ran = run.end();
    let summary = ran.summary();
    let error = summary["error"].as_str().unwrap_or_else(|| panic!("no error: {ran:?}"));
    assert!(error.contains("offset 1000") && error.contains("the topic was recreated"), "{error}");
    assert!(error.contains("kafka.on_lost_offset"), "{error}");
    assert_eq!((ran.status.code(), &summary["clicks"]), (Some(1), &1_000.into()), "{ran:?}");

    let home = home.with("CLICKTOP_KAFKA__ON_LOST_OFFSET", "earliest");
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("the second topic", through(1_500));
    run.signal("TERM");
    assert!(run.end().status.success());
    figures::assert_same("both topics", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn what_expires_before_it_is_read_is_told_and_counted() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(1);
    let clicks = made(932, 1_000);
    let home = topic.home();
    topic.send(&clicks[..300], "gzip");
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("the first clicks", through(300));
    run.signal("TERM");
    assert!(run.end().status.success());

    topic.send(&clicks[300..], "gzip");
    topic.expire(0, 500);
    let ran = home.run(&["run", "--headless"]);
    let summary = ran.summary();
    let error = summary["error"].as_str().unwrap_or_else(|| panic!("no error: {ran:?}"));
    assert!(
        error.contains("offset 300") && error.contains("retention has removed it: it holds 500 to 1000"),
        "{error}"
    );
    assert_eq!((ran.status.code(), &summary["clicks"]), (Some(1), &300.into()), "{ran:?}");

    let home = home.with("CLICKTOP_KAFKA__ON_LOST_OFFSET", "earliest");
    let mut run = home.start(&["run", "--headless"]);
    let object = run.await_object("what is left", through(800));
    assert_eq!(object["totals"]["skipped"], 200, "{object}");
    run.signal("TERM");
    assert!(run.end().status.success());
    let kept = [&clicks[..300], &clicks[500..]].concat();
    figures::assert_same("what is left", &home.top(), &figures::of_clicks(&kept));
}

#[test]
fn partitions_that_are_added_are_read_from_their_beginning() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(1);
    let clicks = made(933, 1_500);
    let home = topic.home();
    let mut run = home.start(&["run", "--headless"]);
    topic.send(&clicks[..500], "lz4");
    run.await_object("one partition", through(500));
    topic.grow(4);
    topic.send(&clicks[500..], "lz4");
    let object = run.await_object("four partitions", through(1_500));
    assert_eq!(object["partitions"].as_array().map(Vec::len), Some(4), "{object}");
    run.signal("TERM");
    assert!(run.end().status.success());
    figures::assert_same("four partitions", &home.top(), &figures::of_clicks(&clicks));
}

fn latest(topic: &Topic) -> Home {
    topic.home().with("CLICKTOP_KAFKA__START", "latest")
}

/// Of a headless run that has fixed where so many partitions begin.
fn begun(partitions: usize) -> impl Fn(&serde_json::Value) -> bool {
    move |object| {
        let known =
            object["partitions"].as_array().map_or(0, |all| all.iter().filter(|one| one["stored"].is_i64()).count());
        stage(object, "ingest")["state"] == "running" && known == partitions
    }
}

#[test]
fn latest_passes_over_nothing_that_comes_after_the_first_start() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(934, 400);
    topic.send(&clicks[..100], "none");
    let home = latest(&topic);
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("a beginning", begun(2));
    run.signal("TERM");
    assert!(run.end().status.success());
    topic.send(&clicks[100..200], "none");
    topic.grow(3);
    topic.send(&clicks[200..300], "none");
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("what came between two runs", through(200));
    topic.grow(5);
    topic.send(&clicks[300..], "none");
    let grown = std::time::Instant::now();
    run.await_object("what came while it ran", through(300));
    assert!(grown.elapsed() < Duration::from_secs(30), "new partitions are seen after {:?}", grown.elapsed());
    run.signal("TERM");
    assert!(run.end().status.success());
    figures::assert_same("all after the first start", &home.top(), &figures::of_clicks(&clicks[100..]));
}

#[test]
fn a_second_clicktop_begins_where_the_first_has_fixed_the_start() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(935, 400);
    topic.send(&clicks[..200], "none");
    let (first, second) = (latest(&topic), latest(&topic));
    let mut one = first.start(&["run", "--headless"]);
    one.await_object("a beginning", begun(2));
    // An interval of commits.
    std::thread::sleep(Duration::from_secs(2));
    one.kill_9();
    topic.send(&clicks[200..], "none");
    let mut two = second.with("CLICKTOP_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "2000").start(&["run", "--headless"]);
    two.await_object("what came after the first start", through(200));
    two.signal("TERM");
    assert!(two.end().status.success());
}

#[test]
fn messages_about_to_be_deleted_unread_raise_an_alarm_that_ends_when_they_are_read() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(1);
    topic.send(&made(907, 100), "none");
    let home = topic.home().with("CLICKTOP_ALARMS__HEADROOM__HOLD", "0 s").with("CLICKTOP_ALARMS__CALM", "0 s");
    let socket = home.path("s").display().to_string();
    let mut run = home.start(&["run", "--headless", "--listen", &socket]);
    let has_alarm = |object: &serde_json::Value| {
        let active = object["alarms"]["active"].as_array();
        active.is_some_and(|active| active.iter().any(|alarm| alarm["name"] == "headroom"))
    };
    run.await_object("the first clicks", through(100));
    // The store stands still while more comes, and Kafka deletes what was stored before.
    home.succeed(&["ctl", "stop", "store", "--at", &socket]);
    topic.send(&made(908, 2_000), "none");
    topic.expire(0, 95);
    let object = run.await_object("the alarm", |object| has_alarm(object));
    let alarm = object["alarms"]["active"].as_array().into_iter().flatten().find(|alarm| alarm["name"] == "headroom");
    let text = alarm.and_then(|alarm| alarm["text"].as_str()).expect("a text");
    assert!(text.contains("partition 0"), "{text}");
    home.succeed(&["ctl", "start", "store", "--at", &socket]);
    run.await_object("the end of the alarm", |object| !has_alarm(object) && object["totals"]["stored"] == 2_100);
    run.signal("TERM");
    assert!(run.end().status.success());
}
