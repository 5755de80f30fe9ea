//! What operators do with `engine = "spark"`: check, rebuild, and Kafka with TLS and a password.

use std::io::Read as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use clicktop::engine::spark::bench;

use crate::kafka::{Kafka, Topic};
use crate::server;
use crate::spark_world::{Spark, Traffic, answer, assert_everywhere, drained, end, is, turn, wait};
use crate::support::HANG;
use crate::support::figures;
use crate::support::program::{Home, Ran};

/// The line of `check` about `subject`.
#[track_caller]
fn line(ran: &Ran, subject: &str) -> String {
    let found = ran.stdout.lines().find(|line| line.split_whitespace().next() == Some(subject));
    found.unwrap_or_else(|| panic!("no {subject}: {ran:?}")).to_owned()
}

/// `check` fails with this line, and with no other failure.
#[track_caller]
fn fails(home: &Home, subject: &str, words: &[&str]) {
    let begin = Instant::now();
    let ran = home.run(&["check"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let line = line(&ran, subject);
    assert!(line.contains(" FAILED ") && words.iter().all(|word| line.contains(word)), "{line}");
    assert_eq!(ran.stdout.matches(" FAILED ").count(), 1, "{ran:?}");
    assert!(begin.elapsed() < Duration::from_secs(300), "{:?}", begin.elapsed());
}

fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn check_on_spark_tells_each_fault_and_leaves_nothing_behind() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let home = |spark: &Spark| spark.home(&topic);
    let ran = home(&spark).succeed(&["check"]);
    assert!(line(&ran, "spark").contains(": Spark 4."), "{ran:?}");
    assert!(line(&ran, "kafka").contains(&format!("the cluster reads {}", topic.name)), "{ran:?}");
    assert!(line(&ran, "kafka").ends_with("which holds no message"), "{ran:?}");
    assert!(line(&ran, "tables").contains("not there yet"), "{ran:?}");
    assert!(line(&ran, "stream").contains("does not run"), "{ran:?}");
    assert_eq!(names(&spark.root), Vec::<String>::new());

    let run = home(&spark).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut console = run.start(&["run", "--headless"]);
    wait(&mut console, "the stream runs", is("stream", "running"));
    let before = names(&spark.root);
    let ran = home(&spark).succeed(&["check"]);
    assert!(line(&ran, "tables").contains("slices of 60 min"), "{ran:?}");
    assert!(line(&ran, "stream").contains("the streaming query ") && line(&ran, "stream").contains(" runs"), "{ran:?}");
    assert_eq!(names(&spark.root), before);
    end(console);

    let missing = home(&spark).with("CLICKTOP_KAFKA__TOPIC", "clicks-that-are-not-there");
    fails(&missing, "kafka", &["clicks-that-are-not-there does not exist", "kafka.topic"]);
    let silent = home(&spark).with("CLICKTOP_SPARK__KAFKA__BROKERS", "127.0.0.1:1");
    fails(&silent, "kafka", &["no answer from 127.0.0.1:1", "spark.kafka.brokers"]);
    let unwritable = Spark { url: spark.url.clone(), root: "/proc/clicktop".to_owned() };
    fails(&home(&unwritable), "root", &["cannot write to /proc/clicktop"]);
    let elsewhere = Spark { url: "sc://127.0.0.1:1".to_owned(), root: spark.root.clone() };
    fails(&home(&elsewhere), "spark", &["unreachable", "check spark.url"]);
    let slices = home(&spark).with("CLICKTOP_SPARK__SLICE", "2 h");
    fails(&slices, "tables", &["spark.slice"]);
    // Something that listens and never answers, as a server that was paused.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let paused = Spark { url: format!("sc://127.0.0.1:{port}"), root: spark.root.clone() };
    fails(&home(&paused), "spark", &["gave no answer in"]);
}

/// Everything that the pages of the Spark server show.
fn pages_of_spark() -> String {
    let url = server("CLICKTOP_TEST_SPARK_UI").expect("scripts/servers sets it");
    let address = url.strip_prefix("http://").expect("http");
    ["/connect/", "/SQL/", "/StreamingQuery/", "/environment/", "/jobs/"].map(|page| fetched(address, page)).concat()
}

fn fetched(address: &str, page: &str) -> String {
    use std::io::Write as _;
    let mut stream = TcpStream::connect(address).expect("the pages of Spark");
    stream.set_read_timeout(Some(HANG)).expect("a limit");
    let request = format!("GET {page} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("a page");
    String::from_utf8_lossy(&text).into_owned()
}

/// Every byte of the files below `folder` that holds `text`.
fn files_with(folder: &Path, text: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_with(&path, text, found);
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text)) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn spark_reads_a_kafka_with_tls_and_a_password_that_shows_nowhere() {
    let (Some(kafka), Some(spark)) = (Kafka::protected(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let traffic = Traffic::made(1501, 500);
    traffic.send(&topic, 0, 100);
    let [ca, user, password] = ["CA", "USER", "PASSWORD"]
        .map(|name| server(&format!("CLICKTOP_TEST_KAFKA_TLS_{name}")).expect("scripts/servers sets it"));
    // A secret that no other test has: the password of a key that is not there.
    let marker = format!("marked-{}", uuid::Uuid::new_v4().simple());
    // The cluster has a user of its own; the console has none, and does not reach Kafka.
    let own = |password_file: &Path| {
        spark
            .home(&Topic { kafka: Kafka::plain().expect("both"), name: topic.name.clone() })
            .with("CLICKTOP_KAFKA__BROKERS", "127.0.0.1:1")
            .with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "2 s")
            .with("CLICKTOP_SPARK__KAFKA__BROKERS", kafka.brokers())
            .with("CLICKTOP_SPARK__KAFKA__SECURITY", "sasl_ssl")
            .with("CLICKTOP_SPARK__KAFKA__MECHANISM", "SCRAM-SHA-512")
            .with("CLICKTOP_SPARK__KAFKA__USERNAME", &user)
            .with("CLICKTOP_SPARK__KAFKA__PASSWORD_FILE", &password_file.display().to_string())
            .with("CLICKTOP_SPARK__KAFKA__CA_FILE", &ca)
            .with("CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_SSL_KEY_PASSWORD", &marker)
            .with("CLICKTOP_SPARK__LEAVE_RUNNING", "false")
            .with("CLICKTOP_LOG__LEVEL", "trace")
    };
    let keep = Home::new();
    let good = keep.file("password", password.as_bytes());
    let wrong_password = format!("wrong-{}", uuid::Uuid::new_v4().simple());
    let wrong = keep.file("wrong", wrong_password.as_bytes());

    let refused = own(&wrong);
    fails(&refused, "kafka", &["refuses the cluster's user", "spark.kafka.username"]);
    let untrusted = own(&good).with("CLICKTOP_SPARK__KAFKA__CA_FILE", "");
    fails(&untrusted, "kafka", &["no TLS connection", "spark.kafka.ca_file"]);
    let mechanism = own(&good).with("CLICKTOP_SPARK__KAFKA__MECHANISM", "PLAIN");
    fails(&mechanism, "kafka", &["spark.kafka.mechanism"]);

    let home = own(&good);
    let checked = home.succeed(&["check"]);
    assert!(line(&checked, "broker").contains(" warn "), "{checked:?}");
    let config = home.succeed(&["config"]);
    let log = home.path("log");
    let home = home.with("CLICKTOP_LOG__FILE", &log.display().to_string());
    let mut run = home.start(&["run", "--headless"]);
    let counted =
        |object: &serde_json::Value| object["totals"]["clicks"].as_u64() == Some(traffic.distinct.len() as u64);
    let object = wait(&mut run, "everything is counted", counted);
    let written = std::fs::read_to_string(&log).expect("a log");
    let pages = pages_of_spark();
    let everything = [pages.as_str(), &written, &config.stdout, &checked.stdout, &object.to_string()];
    for secret in [&wrong_password, &marker] {
        assert!(everything.iter().all(|text| !text.contains(secret.as_str())), "{secret} shows");
    }
    assert!(everything[1..].iter().all(|text| !text.contains(&password)), "the password shows");
    end(run);
    let mut found = Vec::new();
    for secret in [&marker, &password] {
        files_with(Path::new(&spark.root), secret.as_bytes(), &mut found);
    }
    files_with(Path::new(&spark.root), b"BEGIN CERTIFICATE", &mut found);
    assert_eq!(found, Vec::<String>::new());
    figures::assert_same("over TLS", &home.top(), &figures::of_clicks(&traffic.distinct));
}

/// Damages every table of counts.
fn damage(spark: &Spark) {
    let root = &spark.root;
    for statement in [
        format!(
            "UPDATE delta.`{root}/figures` SET clicks = clicks + 7, users = users + 1 WHERE url IS NOT NULL AND hash(url, country) % 3 = 0"
        ),
        format!("DELETE FROM delta.`{root}/figures` WHERE url IS NOT NULL AND hash(url, country) % 5 = 1"),
        format!(
            "INSERT INTO delta.`{root}/figures` SELECT round, '/never', 'XX', 5L, 3L, 0L, 0L, 1L, 2L FROM \
             (SELECT max(round) AS round FROM delta.`{root}/figures`)"
        ),
        format!("UPDATE delta.`{root}/pages` SET sum_ms = sum_ms + 1000 WHERE url IS NOT NULL AND hash(url) % 4 = 0"),
        format!("DELETE FROM delta.`{root}/pages` WHERE url IS NOT NULL AND hash(country) % 4 = 0"),
        format!("DELETE FROM delta.`{root}/pairs` WHERE high % 3 = 0"),
        format!(
            "INSERT INTO delta.`{root}/pairs` SELECT round, high + 1, low, url, country FROM delta.`{root}/pairs` WHERE high % 5 = 0"
        ),
    ] {
        answer(bench::command(&spark.url, statement)).expect("damaged");
    }
}

#[test]
fn rebuild_on_spark_mends_every_count_while_a_console_works() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let traffic = Traffic::made(1502, 2_000);
    traffic.send(&topic, 0, 60);
    let home = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let idle = |object: &serde_json::Value| {
        object["lag"] == 0
            && object["totals"]["clicks"].as_u64() > Some(1_000)
            && ["stream", "aggregate", "index"]
                .iter()
                .all(|id| crate::support::program::stage(object, id)["backlog"] == 0)
    };
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the first part is counted", idle);
    end(run);
    let before = home.top();
    figures::assert_same("before", &before, &spark.batch());
    let ran = home.succeed(&["rebuild"]);
    assert!(ran.stdout.ends_with("every figure was right before\n"), "{ran:?}");

    // A console that has brought the damage home, the page that is none, too.
    damage(&spark);
    let other = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = other.start(&["run", "--headless"]);
    wait(&mut run, "the damage is home", |object| {
        object["lag"] == 0
            && object["totals"]["documents"] == object["totals"]["pages"]
            && object["totals"]["pages"] != 0
    });
    assert!(other.top().contains_key(&("/never".to_owned(), "XX".to_owned())));
    let ran = home.succeed(&["rebuild"]);
    assert!(ran.stdout.contains("figures were wrong") && ran.stdout.contains("and 1 had no click"), "{ran:?}");
    figures::assert_same("the data directory of the rebuild", &home.top(), &before);
    let clicks: u64 = before.values().map(|figure| figure.clicks).sum();
    wait(&mut run, "the console has the figures", drained(clicks as usize));
    figures::assert_same("the console's figures", &other.top(), &before);

    // What comes afterwards is counted on top of what was mended.
    traffic.send(&topic, 60, 100);
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&other, &spark, &figures::of_clicks(&traffic.distinct));
    let ran = home.succeed(&["rebuild"]);
    assert!(ran.stdout.ends_with("every figure was right before\n"), "{ran:?}");
}

#[test]
fn a_rebuild_on_spark_may_be_killed_anywhere() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(2);
    let traffic = Traffic::made(1503, 2_000);
    traffic.send(&topic, 0, 50);
    let home = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "something is counted", |object| {
        object["totals"]["clicks"].as_u64() > Some(0) && object["lag"] == 0
    });
    end(run);
    for (at, pause) in [(0, 4_000), (1, 9_000), (2, 14_000)] {
        let mut rebuild = home.start(&["rebuild"]);
        std::thread::sleep(Duration::from_millis(pause));
        rebuild.kill_9();
        // What it was about to write may still be written; and the next one waits for its lease.
        let begin = Instant::now();
        let busy = loop {
            let ran = home.run(&["rebuild"]);
            if ran.status.success() {
                assert!(ran.stdout.ends_with("every figure was right before\n"), "{at}: {ran:?}");
                break begin.elapsed();
            }
            assert!(ran.one_clear_line().contains("another rebuild is at work"), "{at}: {ran:?}");
            assert!(begin.elapsed() < Duration::from_secs(100), "{at}: {ran:?}");
            std::thread::sleep(Duration::from_secs(2));
        };
        eprintln!("killed after {pause} ms: done again after {busy:?}");
    }
    traffic.send(&topic, 50, 100);
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&home, &spark, &figures::of_clicks(&traffic.distinct));
}
