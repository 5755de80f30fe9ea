//! `run` with `engine = "spark"` on a real Spark and a real Kafka: consoles that come and go, and a server that is killed.

use std::time::Duration;

use crate::kafka::Kafka;
use crate::spark_world::{Spark, Traffic, assert_everywhere, drained, end, is, tell, turn, wait};
use crate::support::figures;
use crate::support::program::{Home, stage};

#[test]
fn spark_loses_and_doubles_nothing_when_console_and_server_are_killed() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let traffic = Traffic::made(1302, 6_000);
    let wanted = figures::of_clicks(&traffic.distinct);
    traffic.send(&topic, 0, 40);

    // kill -9 of the console in the middle of its first round. The query goes on without it.
    let home = spark.home(&topic);
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the first clicks are stored", |object| object["totals"]["stored"].as_u64() > Some(0));
    std::thread::sleep(Duration::from_secs(2));
    run.kill_9();
    traffic.send(&topic, 40, 70);
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the next console finds the query", is("stream", "running"));
    wait(&mut run, "nothing waits", |object| {
        object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0 && stage(object, "index")["backlog"] == 0
    });

    // kill -9 of the Connect server, and with it of the query, while there is work.
    traffic.send(&topic, 70, 90);
    wait(&mut run, "the stream works", |object| object["totals"]["stored"].as_u64() > Some(0));
    tell("kill spark-connect");
    traffic.send(&topic, 90, 100);
    wait(&mut run, "the stream tells of its trouble", is("stream", "backing_off"));
    tell("start spark-connect");
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&home, &spark, &wanted);

    // A quit leaves the query at work; a console with its own data directory finds it, and brings the figures home.
    let other = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = other.start(&["run", "--headless"]);
    wait(&mut run, "another console has the figures", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&other, &spark, &wanted);
}

#[test]
fn rebuild_on_spark_leaves_a_directory_of_the_local_engine_alone() {
    let home = Home::new();
    let file = home.file("clicks.csv", b"1,u1,2024-05-01T10:00:00Z,/a,FR,Paris,Firefox,Linux,desktop\n");
    home.replay(&file, &["--data-dir", &home.data().display().to_string()]);
    let before = home.top();
    // It is refused before anything is asked of a server.
    let home = home.with("CLICKTOP_ENGINE", "spark").with("CLICKTOP_SPARK__ROOT", "/nowhere");
    let refused = home.run(&["rebuild"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let line = refused.one_clear_line();
    assert!(line.contains("the local engine has stored 1 click in this data directory"), "{line}");
    assert_eq!(home.top(), before);
}
