//! Faults around the engine on Spark, each on the real cluster: what the console says meanwhile, and nothing lost or doubled afterwards.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clicktop::engine::spark::bench;
use serde_json::Value;

use crate::kafka::{Kafka, Topic};
use crate::server;
use crate::spark_world::{PATIENCE, Spark, Traffic, answer, assert_everywhere, drained, end, is, tell, turn, wait};
use crate::support::program::{Home, Running, stage};
use crate::support::{HANG, figures};

/// A topic, a console on it, and clicks of which the first part is counted.
struct Scene {
    spark: Spark,
    topic: Topic,
    traffic: Traffic,
    home: Home,
    run: Running,
    sent: usize,
}

impl Scene {
    /// Starts a console with three partitions, sends the first 40 % of the traffic, and waits until it is stored.
    fn begin(kafka: &Kafka, spark: Spark, seed: u64, more: &[(&str, &str)]) -> Self {
        let topic = kafka.topic(3);
        let traffic = Traffic::made(seed, 6_000);
        let home = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
        let home = more.iter().fold(home, |home, (name, value)| home.with(name, value));
        let run = home.start(&["run", "--headless"]);
        let mut scene = Self { spark, topic, traffic, home, run, sent: 0 };
        scene.send(0, 40);
        wait(&mut scene.run, "the first part is stored", |object| object["totals"]["stored"].as_u64() > Some(0));
        scene
    }

    /// Sends the part of the traffic from `begin` to `end`, in percent.
    fn send(&mut self, begin: usize, end: usize) {
        self.sent += self.traffic.send(&self.topic, begin, end);
    }

    /// The stage stream tells of trouble, in words that hold each of `words`, and when it tries again.
    fn trouble(&mut self, words: &[&str]) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let object = wait(&mut self.run, &format!("trouble: {words:?}"), move |object| {
            let cause = stage(object, "stream")["cause"].as_str().unwrap_or_default();
            is("stream", "backing_off")(object) && words.iter().all(|word| cause.contains(word))
        });
        assert!(stage(&object, "stream")["until"].is_string(), "no time of the next try: {object}");
    }

    /// Everything is counted once, whoever is asked.
    fn assert_exact(mut self) {
        let clicks = self.traffic.distinct.len();
        wait(&mut self.run, "everything is counted", drained(clicks));
        end(self.run);
        let wanted = figures::of_clicks(&self.traffic.distinct);
        assert_everywhere(&self.home, &self.spark, &wanted);
        let bad = self.traffic.bad;
        assert_eq!(self.spark.stored(), (self.sent - bad, bad), "rows of the table");
    }
}

/// The query has stored every message up to the end of the topic, which so many were sent to.
fn has_read(sent: usize) -> impl Fn(&Value) -> bool {
    move |object| {
        let partitions = object["partitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let stored: i64 = partitions.iter().filter_map(|partition| partition["stored"].as_i64()).sum();
        stored == i64::try_from(sent).expect("few") && object["lag"] == 0 && is("stream", "running")(object)
    }
}

/// Kafka and a Spark whose parts can be killed, or `None` and a line about it.
fn cluster() -> Option<(Kafka, Spark)> {
    // Only scripts/servers gives the control; and not everybody's servers are for killing.
    server("CLICKTOP_TEST_CONTROL")?;
    server("CLICKTOP_TEST_SPARK_MASTER_UI")?;
    Some((Kafka::plain()?, Spark::find()?))
}

#[test]
fn a_worker_that_is_killed_costs_time_only() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1401, &[]);
    scene.send(40, 60);
    tell("kill spark-worker-2");
    scene.send(60, 80);
    // With one worker the work goes on.
    wait(&mut scene.run, "the other worker goes on", has_read(scene.sent));
    tell("start spark-worker-2");
    scene.send(80, 100);
    scene.assert_exact();
}

#[test]
fn an_executor_that_is_killed_in_a_round_is_replaced() {
    let Some((kafka, spark)) = cluster() else { return };
    let Some(pages) = server("CLICKTOP_TEST_SPARK_UI") else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1402, &[]);
    let run_id = query_run(&scene);
    for (at, worker) in (1..=3).zip(["spark-worker-1", "spark-worker-2", "spark-worker-1"]) {
        wait(&mut scene.run, "nothing waits", |object| {
            object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0
        });
        scene.send(20 + 20 * at, 40 + 20 * at);
        // All jobs that are not the query's are the round's.
        running_job(&pages, |job| job["jobGroup"] != run_id.as_str());
        tell(&format!("kill-child {worker}"));
    }
    scene.assert_exact();
}

#[test]
fn kafka_may_be_away_for_a_minute() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1403, &[]);
    scene.send(40, 70);
    tell("kill kafka");
    let gone = Instant::now();
    scene.trouble(&["Kafka does not answer the cluster"]);
    std::thread::sleep(Duration::from_secs(60).saturating_sub(gone.elapsed()));
    tell("start kafka");
    scene.send(70, 100);
    wait(&mut scene.run, "the stream runs again", is("stream", "running"));
    scene.assert_exact();
}

#[test]
fn a_session_that_expires_is_followed_by_the_next() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1404, &[]);
    scene.send(40, 60);
    answer(bench::expire_session(&scene.spark.url, &scene.spark.root)).expect("the session ends");
    scene.send(60, 80);
    wait(&mut scene.run, "the next session stores", has_read(scene.sent));

    // After a restart the server knows of no closed session. This console and a new one must meet in one session all the same.
    tell("restart spark-connect");
    wait(&mut scene.run, "the stream is back", is("stream", "running"));
    let other = scene.spark.home(&scene.topic);
    let mut second = other.start(&["run", "--headless"]);
    wait(&mut second, "a second console finds the query", is("stream", "running"));
    scene.send(80, 100);
    wait(&mut second, "the second console has everything", drained(scene.traffic.distinct.len()));
    let object = wait(&mut scene.run, "and the first", drained(scene.traffic.distinct.len()));
    assert_eq!(stage(&object, "stream")["state"], "running", "the query was taken away: {object}");
    end(second);
    scene.assert_exact();
}

#[test]
fn a_server_that_hangs_is_told_and_waited_for() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1405, &[]);
    scene.send(40, 70);
    tell("pause spark-connect");
    let paused = Instant::now();
    scene.trouble(&["gives no answer"]);
    assert!(paused.elapsed() < Duration::from_secs(25), "told after {:?}", paused.elapsed());
    scene.send(70, 100);
    std::thread::sleep(Duration::from_secs(40).saturating_sub(paused.elapsed()));
    tell("resume spark-connect");
    wait(&mut scene.run, "the stream runs again", is("stream", "running"));
    scene.assert_exact();
}

#[test]
fn a_micro_batch_that_is_interrupted_is_repeated() {
    let Some((kafka, spark)) = cluster() else { return };
    let Some(pages) = server("CLICKTOP_TEST_SPARK_UI") else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1406, &[]);
    wait(&mut scene.run, "nothing waits", |object| object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0);
    // Whoever reads the pages of Spark may kill a job there.
    let run_id = query_run(&scene);
    scene.send(40, 70);
    let id = running_job(&pages, |job| job["jobGroup"] == run_id.as_str());
    http(&pages, "POST", &format!("/jobs/job/kill/?id={id}"));
    scene.send(70, 100);
    scene.assert_exact();
}

/// Waits for a job of the cluster that runs and is a `wanted` one; its id.
fn running_job(pages: &str, wanted: impl Fn(&Value) -> bool) -> i64 {
    let find = || {
        let applications = get(pages, "/api/v1/applications");
        let application = applications.get(0)?["id"].as_str()?.to_owned();
        let running = get(pages, &format!("/api/v1/applications/{application}/jobs?status=running"));
        running.as_array()?.iter().find(|job| wanted(job))?["jobId"].as_i64()
    };
    let begin = Instant::now();
    loop {
        if let Some(id) = find() {
            return id;
        }
        assert!(begin.elapsed() < HANG * PATIENCE, "no such job was seen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The run of the streaming query, which is the group of its jobs.
fn query_run(scene: &Scene) -> String {
    answer(bench::streaming_run(&scene.spark.url, &scene.spark.root)).expect("an answer").expect("a query")
}

#[test]
fn a_topic_that_is_made_anew_is_told_and_the_operator_chooses() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1407, &[]);
    let first = scene.sent;
    wait(&mut scene.run, "the first topic", has_read(first));

    scene.topic.delete();
    scene.trouble(&["does not exist", "create it, or set kafka.topic"]);
    scene.topic.create(3);
    scene.send(40, 60);
    let Scene { run, .. } = scene;
    let ran = run.end();
    let summary = ran.summary();
    let error = summary["error"].as_str().unwrap_or_else(|| panic!("no error: {ran:?}"));
    assert!(error.contains("is gone, the topic was recreated"), "{error}");
    assert!(error.contains("kafka.on_lost_offset"), "{error}");
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");

    // The operator has chosen: everything of the new topic.
    let home = scene.home.with("CLICKTOP_KAFKA__ON_LOST_OFFSET", "earliest");
    let run = home.start(&["run", "--headless"]);
    let mut scene = Scene { home, run, ..scene };
    wait(&mut scene.run, "the new topic is read", has_read(scene.sent - first));
    scene.send(60, 80);
    wait(&mut scene.run, "and read on", has_read(scene.sent - first));
    // The next console goes on there.
    scene.run.kill_9();
    scene.send(80, 100);
    scene.run = scene.home.start(&["run", "--headless"]);
    scene.assert_exact();
}

#[test]
fn what_expires_before_it_is_read_is_told() {
    let Some((kafka, spark)) = cluster() else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let clicks = crate::support::clicks::made(1408, 2_000);
    let home = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    topic.send(&clicks[..600], "none");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the first clicks", drained(600));
    end(run);
    let stored = topic.watermarks(0).1;
    topic.send(&clicks[600..], "none");
    // Of one partition some go unread. Which clicks those are is seen in what is left.
    let last = topic.watermarks(0).1;
    let lost = (last - stored) / 2;
    topic.expire(0, stored + lost);

    let ran = home.run(&["run", "--headless"]);
    let summary = ran.summary();
    let error = summary["error"].as_str().unwrap_or_else(|| panic!("no error: {ran:?}"));
    assert!(error.contains("[0] is gone, retention has removed it"), "{error}");
    assert!(error.contains(&format!("offset {stored} ")) && error.contains("kafka.on_lost_offset"), "{error}");

    let home = home.with("CLICKTOP_KAFKA__ON_LOST_OFFSET", "earliest");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "what is left", drained(2_000 - usize::try_from(lost).expect("few")));
    end(run);
    assert_eq!(spark.stored(), (2_000 - usize::try_from(lost).expect("few"), 0), "no message twice");
}

#[test]
fn a_full_disk_is_told_and_waited_for() {
    let Some((kafka, spark)) = cluster() else { return };
    let disk = match Disk::mounted(Path::new(&spark.root)) {
        Ok(disk) => disk,
        Err(why) => return eprintln!("skipped: a small disk takes a mount, and {why}"),
    };
    let _turn = turn();
    let mut scene = Scene::begin(&kafka, spark, 1409, &[]);
    wait(&mut scene.run, "nothing waits", |object| object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0);
    disk.fill();
    scene.send(40, 70);
    scene.trouble(&["full", "spark.root"]);
    // Rounds on the full disk fail, too, and nothing comes of it.
    std::thread::sleep(Duration::from_secs(10));
    disk.empty();
    wait(&mut scene.run, "the stream runs again", is("stream", "running"));
    scene.send(70, 100);
    scene.assert_exact();
    drop(disk);
}

/// A small file system of its own at the root. Unmounted when it is dropped.
struct Disk {
    at: PathBuf,
}

impl Disk {
    fn mounted(at: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let ran = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m,mode=0777", "tmpfs"]).arg(at).output();
        let ran = ran.map_err(|error| format!("mount: {error}"))?;
        match ran.status.success() {
            true => Ok(Self { at: at.to_owned() }),
            false => Err(format!("mount says: {}", String::from_utf8_lossy(&ran.stderr).trim())),
        }
    }

    /// To the last byte.
    fn fill(&self) {
        let ballast = std::fs::File::create(self.at.join("_ballast")).expect("a file");
        // The error is the aim.
        let _ = std::io::copy(&mut std::io::repeat(1), &mut std::io::BufWriter::new(ballast));
    }

    fn empty(&self) {
        std::fs::remove_file(self.at.join("_ballast")).expect("removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: executors may have files of it open.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// The JSON below `path` of the pages at `url`; `null` if there is none.
fn get(url: &str, path: &str) -> Value {
    serde_json::from_str(&http(url, "GET", path)).unwrap_or(Value::Null)
}

/// The body of the answer to a request.
fn http(url: &str, method: &str, path: &str) -> String {
    let at = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(at).expect("the pages");
    stream.set_read_timeout(Some(HANG)).expect("a limit");
    let request = format!("{method} {path} HTTP/1.0\r\nHost: {at}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut told = String::new();
    stream.read_to_string(&mut told).expect("an answer");
    told.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
}
