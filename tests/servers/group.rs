//! Several clicktops in one group, each with its own data directory.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::producer::Producer;

use crate::kafka::{Kafka, Topic, through};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;
use crate::support::program::{Home, Running, stage};

/// How often each click is stored in the databases of `homes`.
fn stored(homes: &[Home]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for home in homes {
        let database = figures::database(&home.data());
        let mut select = database.prepare("SELECT click_id FROM click_events").expect("a query");
        let ids = select.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        for id in ids {
            *counts.entry(id.expect("an id")).or_default() += 1;
        }
    }
    counts
}

fn is_running(object: &serde_json::Value) -> bool {
    stage(object, "ingest")["state"] == "running"
}

fn start(home: &Home) -> Running {
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("a member of the group", is_running);
    run
}

/// By which protocol a clicktop joins its group.
#[derive(Clone, Copy)]
enum Joins {
    Classic,
    /// As without a setting; the broker has the consumer protocol.
    ByDefault,
}

fn home(topic: &Topic, joins: Joins) -> Home {
    match joins {
        // A member that was killed is missed soon.
        Joins::Classic => topic
            .home()
            .with("CLICKTOP_KAFKA__GROUP_PROTOCOL", "classic")
            .with("CLICKTOP_KAFKA__PROPERTIES__SESSION_TIMEOUT_MS", "2000")
            .with("CLICKTOP_KAFKA__PROPERTIES__HEARTBEAT_INTERVAL_MS", "500"),
        Joins::ByDefault => topic.home(),
    }
}

fn settle(run: &mut Running) {
    run.await_object("nothing waiting", |object| {
        is_running(object) && object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0
    });
}

/// Waits until the databases hold every click, then ends the clicktops.
fn end(runs: Vec<Running>, homes: &[Home], clicks: &[OwnedClick]) -> BTreeMap<String, usize> {
    let deadline = std::time::Instant::now() + HANG;
    while stored(homes).len() < clicks.len() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(500));
    }
    for mut run in runs {
        settle(&mut run);
        run.signal("TERM");
        let ran = run.end();
        assert!(ran.status.success(), "{ran:?}");
    }
    let stored = stored(homes);
    let lost: Vec<&str> =
        clicks.iter().map(|click| click.click_id.as_str()).filter(|id| !stored.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{} of {} clicks are in no database: {:?}", lost.len(), clicks.len(), lost.first());
    assert_eq!(stored.len(), clicks.len(), "nothing is stored that was not sent");
    for home in homes {
        figures::assert_exact(&home.data());
    }
    stored
}

#[test]
fn three_that_come_go_and_are_killed_under_load_lose_no_click() {
    come_and_go([Joins::Classic; 3]);
}

#[test]
fn three_that_come_go_and_are_killed_under_load_lose_no_click_by_the_consumer_protocol() {
    come_and_go([Joins::ByDefault; 3]);
}

/// As while a group goes from one protocol to the other.
#[test]
fn three_that_come_go_and_are_killed_under_load_lose_no_click_by_both_protocols() {
    come_and_go([Joins::Classic, Joins::ByDefault, Joins::Classic]);
}

fn come_and_go(joins: [Joins; 3]) {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(6);
    let clicks = made(921, 20_000);
    let homes = joins.map(|joins| home(&topic, joins));
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let producer = topic.producer(&[("compression.type", "lz4")]);
            for part in clicks.chunks(100) {
                topic.enqueue(&producer, part);
                producer.flush(HANG).expect("sent");
                std::thread::sleep(Duration::from_millis(60));
            }
        });
        let [a, b, c] = &homes;
        let mut first = start(a);
        let second = start(b);
        let mut third = start(c);
        std::thread::sleep(Duration::from_secs(2));
        first.kill_9();
        second.signal("TERM");
        assert!(second.end().status.success());
        std::thread::sleep(Duration::from_secs(3));
        let first = start(a);
        std::thread::sleep(Duration::from_secs(1));
        third.kill_9();
        let second = start(b);
        let third = start(c);
        load.join().expect("sent");
        let stored = end(vec![first, second, third], &homes, &clicks);
        // What was stored and not yet committed to Kafka when a partition went over is read by both.
        let twice = stored.values().filter(|times| **times > 1).count();
        eprintln!("{twice} of {} clicks are in more than one database", clicks.len());
        assert!(twice < clicks.len() / 2, "{twice} clicks are stored more than once");
    });
}

#[test]
fn a_partition_goes_on_where_the_group_has_left_it_and_our_own_database_is_the_truth_about_ours() {
    go_on([Joins::Classic; 2]);
}

#[test]
fn a_partition_goes_on_where_the_group_has_left_it_and_our_own_database_is_the_truth_about_ours_by_the_consumer_protocol()
 {
    go_on([Joins::ByDefault; 2]);
}

fn go_on(joins: [Joins; 2]) {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(922, 3_000);
    let homes = joins.map(|joins| home(&topic, joins));
    let runs = |home: &Home, part: &[OwnedClick], wanted: usize| {
        topic.send(part, "zstd");
        let mut run = home.start(&["run", "--headless"]);
        run.await_object("its share", |object| object["totals"]["clicks"] == wanted && object["lag"] == 0);
        topic.await_commits();
        settle(&mut run);
        run.signal("TERM");
        assert!(run.end().status.success());
    };
    let [a, b] = &homes;
    runs(a, &clicks[..1_000], 1_000);
    // It has never had a partition: the first thousand are in the other's figures.
    runs(b, &clicks[1_000..2_000], 1_000);
    // It stored less than the group has, and what it lacks is in the other's figures.
    runs(a, &clicks[2_000..], 2_000);
    let stored = end(Vec::new(), &homes, &clicks);
    assert!(stored.values().all(|times| *times == 1), "each click is in one database");

    // A database that went back, as after a power loss, is caught up, though Kafka has the newer offsets.
    let database = rusqlite::Connection::open(a.data().join(clicktop::storage::DATABASE_FILE)).expect("a database");
    let undo = "UPDATE offsets SET next_offset = next_offset - 10";
    assert_eq!(database.execute(undo, []).expect("undone"), 2);
    drop(database);
    let mut run = a.start(&["run", "--headless"]);
    run.await_object("what is read again", |object| object["totals"]["duplicates"] == 20);
    run.signal("TERM");
    assert!(run.end().status.success());
    figures::assert_exact(&a.data());
}

#[test]
fn a_copy_beside_its_original_takes_its_share_and_reads_nothing_again() {
    share_with_a_copy([Joins::Classic; 2]);
}

#[test]
fn a_copy_beside_its_original_takes_its_share_and_reads_nothing_again_by_the_consumer_protocol() {
    share_with_a_copy([Joins::ByDefault; 2]);
}

fn share_with_a_copy(joins: [Joins; 2]) {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(923, 3_000);
    let homes = joins.map(|joins| home(&topic, joins));
    let [original, copy] = &homes;
    topic.send(&clicks[..1_000], "zstd");
    let mut run = original.start(&["run", "--headless"]);
    run.await_object("the first", through(1_000));
    run.signal("TERM");
    assert!(run.end().status.success());
    std::fs::create_dir_all(copy.data()).expect("a directory");
    let file = |home: &Home| home.data().join(clicktop::storage::DATABASE_FILE);
    std::fs::copy(file(original), file(copy)).expect("copied");

    let mut first = start(original);
    topic.send(&clicks[1_000..2_000], "zstd");
    first.await_object("the second", through(2_000));
    topic.await_commits();
    let mut second = start(copy);
    second.await_object("its share", |object| object["partitions"].as_array().is_some_and(|mine| mine.len() == 1));
    topic.send(&clicks[2_000..], "zstd");
    settle(&mut first);
    settle(&mut second);
    let stored = end(vec![first, second], &homes, &clicks);
    // The first thousand are in both, since that is what was copied.
    let twice = clicks.iter().skip(1_000).filter(|click| stored[&click.click_id] > 1).count();
    assert_eq!(twice, 0, "clicks after the copy that both have stored");
}

/// As of two containers that see their data under one path, or of a cloned disk: by where it lies, the copy is the original.
#[test]
fn a_copy_that_lies_as_its_original_did_parts_from_it_and_reads_nothing_again() {
    part_from_a_copy([Joins::Classic; 2]);
}

#[test]
fn a_copy_that_lies_as_its_original_did_parts_from_it_and_reads_nothing_again_by_the_consumer_protocol() {
    part_from_a_copy([Joins::ByDefault; 2]);
}

fn part_from_a_copy(joins: [Joins; 2]) {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(2);
    let clicks = made(924, 3_000);
    let homes = joins.map(|joins| home(&topic, joins));
    let [original, copy] = &homes;
    topic.send(&clicks[..1_000], "zstd");
    let mut run = original.start(&["run", "--headless"]);
    run.await_object("the first", through(1_000));
    run.signal("TERM");
    assert!(run.end().status.success());
    std::fs::create_dir_all(copy.data()).expect("a directory");
    let file = |home: &Home| home.data().join(clicktop::storage::DATABASE_FILE);
    std::fs::copy(file(original), file(copy)).expect("copied");
    let database = rusqlite::Connection::open(file(copy)).expect("a database");
    database.execute("DELETE FROM location", []).expect("no place is noted");
    drop(database);

    let mut first = start(original);
    topic.send(&clicks[1_000..2_000], "zstd");
    first.await_object("the second", through(2_000));
    topic.await_commits();
    let mut second = start(copy);
    second.await_object("its share", |object| object["partitions"].as_array().is_some_and(|mine| mine.len() == 1));
    topic.send(&clicks[2_000..], "zstd");
    settle(&mut first);
    settle(&mut second);
    let stored = end(vec![first, second], &homes, &clicks);
    let twice = clicks.iter().skip(1_000).filter(|click| stored[&click.click_id] > 1).count();
    assert_eq!(twice, 0, "clicks after the copy that both have stored");

    // Each goes on alone in what the other had.
    let more = made(925, 500);
    topic.send(&more, "zstd");
    for home in &homes {
        let mut run = start(home);
        settle(&mut run);
        topic.await_commits();
        run.signal("TERM");
        assert!(run.end().status.success());
    }
    let now = self::stored(&homes);
    assert!(clicks.iter().all(|click| now[&click.click_id] == stored[&click.click_id]), "nothing is read again");
    assert!(more.iter().all(|click| now[&click.click_id] == 1), "each click is in one database");
}

#[test]
fn check_says_by_which_protocol_the_group_is_joined() {
    let Some(kafka) = Kafka::protected() else { return };
    let topic = kafka.topic(1);
    for (joins, protocol) in [(Joins::Classic, "classic"), (Joins::ByDefault, "consumer")] {
        let ran = home(&topic, joins).run(&["check"]);
        let words = format!("may be used, {protocol} protocol");
        assert!(ran.stdout.contains(&words), "{ran:?}");
    }
}

#[test]
fn a_member_without_a_partition_runs_and_takes_over_when_the_other_goes() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(1);
    let clicks = made(926, 1_000);
    let homes = [Joins::ByDefault; 2].map(|joins| home(&topic, joins));
    let [a, b] = &homes;
    let mut first = start(a);
    topic.send(&clicks[..500], "lz4");
    first.await_object("the first", through(500));
    // It has nothing to read, and says that it runs.
    let second = start(b);
    topic.await_commits();
    first.kill_9();
    topic.send(&clicks[500..], "lz4");
    end(vec![second], &homes, &clicks);
}
