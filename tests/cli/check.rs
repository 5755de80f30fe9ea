//! `clicktop check` against each kind of trouble: one line that says what is wrong and what to do. docs/check.md shows them.

use std::path::Path;
use std::time::Instant;

use clicktop::source::EmbeddedBroker;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::support::HANG;
use crate::support::clicks::made;
use crate::support::kafka::{self, Refusals};
use crate::support::listener::{Listener, Stream, http};
use crate::support::program::Home;

const DOCUMENTED: &str = include_str!("../../docs/check.md");

/// Runs `check` with `settings`; the lines that begin with `what`.
#[track_caller]
pub fn found(home: Home, settings: &[(&str, &str)], what: &str) -> String {
    let short = [("KAFKA__CONNECT_TIMEOUT", "2s"), ("INDEX__REQUEST_TIMEOUT", "2s")];
    let home =
        short.iter().chain(settings).fold(home, |home, (name, value)| home.with(&format!("CLICKTOP_{name}"), value));
    let ran = home.run(&["check"]);
    assert_eq!(ran.stderr, "", "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with(what)).collect();
    let [line] = lines.as_slice() else { panic!("not one line of {what}: {ran:?}") };
    assert_eq!(ran.status.success(), !ran.stdout.contains("FAILED"), "{ran:?}");
    assert!(!ran.stdout.contains("hunter2"), "{ran:?}");
    (*line).to_owned()
}

/// What it says to do is documented; what libraries say besides varies with them.
#[track_caller]
pub fn assert_documented(line: &str) {
    let said = line.split_once("FAILED ").expect("a failure").1;
    println!("{line}");
    let advice = said.rsplit_once("; ").map_or(said, |(_, advice)| advice);
    let advice = advice.rsplit_once(": ").filter(|(before, _)| before.contains("/")).map_or(advice, |(_, rest)| rest);
    assert!(DOCUMENTED.contains(advice), "docs/check.md does not say {advice:?}");
}

#[track_caller]
pub fn fails(home: Home, settings: &[(&str, &str)], what: &str, words: &[&str]) {
    let line = found(home, settings, what);
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line}");
    }
    assert_documented(&line);
}

/// Says nothing and waits.
pub fn silent(stream: &mut dyn Stream, _: u16) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).is_ok_and(|read| read > 0) {}
}

pub fn file(home: &Home, name: &str, text: &str) -> String {
    home.file(name, text.as_bytes()).display().to_string()
}

fn broker_fails(settings: &[(&str, &str)], what: &str, words: &[&str]) {
    fails(Home::new(), settings, what, words);
}

#[test]
fn a_broker_that_cannot_be_reached() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            broker_fails(
                &[("KAFKA__BROKERS", "127.0.0.1:1")],
                "broker",
                &["Kafka 127.0.0.1:1 refuses connections", "kafka.brokers"],
            )
        });
        let settings = [("KAFKA__BROKERS", "no-such-host.invalid:9092")];
        scope.spawn(move || {
            broker_fails(&settings, "broker", &["no-such-host.invalid:9092 does not resolve", "names in kafka.brokers"])
        });
        scope.spawn(|| {
            let listener = Listener::plain(silent);
            let at = format!("127.0.0.1:{}", listener.port);
            broker_fails(&[("KAFKA__BROKERS", &at)], "broker", &["within 2s", "kafka.brokers and kafka.security"]);
        });
    });
}

#[test]
fn a_refusal_is_told_at_once() {
    let began = Instant::now();
    let settings = [("KAFKA__BROKERS", "127.0.0.1:1,localhost:1"), ("KAFKA__CONNECT_TIMEOUT", "10 min")];
    broker_fails(&settings, "broker", &["refuses connections"]);
    assert!(began.elapsed() < HANG, "{:?}", began.elapsed());
}

#[test]
fn an_address_that_a_broker_advertises_in_vain() {
    for (advertises, trouble) in
        [(("kafka.docker.invalid", 9092), "does not resolve"), (("localhost", 1), "refuses connections")]
    {
        let (host, port) = advertises;
        let broker = kafka::broker(Refusals { advertises: Some(advertises), ..Refusals::default() });
        let at = format!("127.0.0.1:{}", broker.port);
        let words =
            format!("{at} answers, but advertises {host}:{port} (advertised.listeners), which {trouble} from here");
        broker_fails(&[("KAFKA__BROKERS", &at)], "broker", &[&words]);
    }
}

/// Puts `messages` in the topic `clicks` of `broker`.
fn put<'a>(broker: &EmbeddedBroker, messages: impl Iterator<Item = &'a [u8]>) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for message in messages {
        let record: BaseRecord<'_, (), [u8]> = BaseRecord::to("clicks").payload(message);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

/// What `check` warns of the topic, and that it fails for nothing else than what is no matter here.
#[track_caller]
fn warned(broker: &EmbeddedBroker) -> Vec<String> {
    let ran = Home::new().with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers()).succeed(&["check"]);
    let warned = ran.stdout.lines().filter_map(|line| line.strip_prefix("topic    warn   "));
    warned.map(str::to_owned).collect()
}

/// In how many of the `partitions` the group of the settings has committed an offset.
fn committed(broker: &EmbeddedBroker, partitions: i32) -> usize {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap_servers())
        .set("group.id", "clicktop")
        .create()
        .expect("a consumer");
    let mut asked = TopicPartitionList::new();
    asked.add_partition_range("clicks", 0, partitions - 1);
    let committed = consumer.committed_offsets(asked, HANG).expect("told");
    committed.elements().iter().filter(|element| matches!(element.offset(), Offset::Offset(_))).count()
}

#[test]
fn what_is_odd_about_the_messages_of_a_topic() {
    let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
    assert_eq!(warned(&broker), [""; 0], "nothing is there");
    let honest = made(941, 600);
    let honest: Vec<String> = honest.iter().map(|click| String::from_utf8(click.csv()).expect("text")).collect();
    put(&broker, honest.iter().map(String::as_bytes));
    assert_eq!(warned(&broker), [""; 0]);

    let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
    // Country and city have changed places.
    let swapped = |at| format!("c{at},u{},2026-01-31T09:30:00Z,/p{},Lyon,FR,Firefox,Linux,desktop", at % 40, at % 30);
    let swapped: Vec<String> = (0..600).map(swapped).collect();
    put(&broker, swapped.iter().map(String::as_bytes));
    put(&broker, [&b"\x1f\x8b\x08\0\0\0"[..], b"\x1f\x8b\x08\0\0\x01", b"hello"].into_iter());
    let warned = warned(&broker);
    assert_eq!(committed(&broker, 3), 0, "nobody of the group begins where the check has looked");
    let [gzip, others, countries] = warned.as_slice() else { panic!("{warned:#?}") };
    assert!(gzip.starts_with("2 of the newest 603 messages look like gzip"), "{gzip}");
    assert!(
        others.starts_with("1 of the newest 603 messages is no click, for example: 1 CSV field instead"),
        "{others}"
    );
    assert!(countries.starts_with("600 of the first 600 countries are none that is known, like “Lyon”"), "{countries}");
}

#[test]
fn a_broker_and_tls() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
            let settings = [("KAFKA__BROKERS", broker.bootstrap_servers()), ("KAFKA__SECURITY", "ssl")];
            broker_fails(&settings, "broker", &["this port may speak no TLS", "kafka.security"]);
        });
        scope.spawn(|| {
            let at = format!("localhost:{}", Listener::tls("localhost", silent).port);
            broker_fails(&[("KAFKA__BROKERS", &at)], "broker", &["this port may speak TLS", "kafka.security"]);
            let settings = [("KAFKA__BROKERS", at.as_str()), ("KAFKA__SECURITY", "ssl")];
            broker_fails(&settings, "broker", &["certificate verify failed", "kafka.tls.ca_file"]);
        });
        scope.spawn(|| {
            let listener = Listener::tls("other.example", silent);
            let (home, at) = (Home::new(), format!("localhost:{}", listener.port));
            let ca = file(&home, "ca.pem", listener.authority.as_deref().expect("an authority"));
            let settings = [("KAFKA__BROKERS", at.as_str()), ("KAFKA__SECURITY", "ssl"), ("KAFKA__TLS__CA_FILE", &ca)];
            fails(home, &settings, "broker", &["a name that its certificate holds"]);
        });
        let settings = [("KAFKA__SECURITY", "ssl"), ("KAFKA__TLS__CA_FILE", "/no/ca.pem")];
        scope.spawn(move || broker_fails(&settings, "broker", &["kafka.tls.ca_file cannot be used"]));
    });
}

/// Refuses to talk, as a server does that misses the client's certificate in TLS 1.2: with a fatal alert of this number.
pub fn alert(number: u8) -> Listener {
    Listener::plain(move |stream, _| {
        // The client's hello is not looked at, and the client may be gone.
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, number]);
    })
}

#[test]
fn a_certificate_of_ours_that_is_wanted() {
    const WANTED: &str = "wants a certificate that it trusts: set kafka.tls.certificate_file";
    let secure = |port: u16| [("KAFKA__BROKERS", format!("localhost:{port}")), ("KAFKA__SECURITY", "ssl".to_owned())];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let listener = Listener::mutual_tls("localhost", silent);
            let home = Home::new();
            let ca = file(&home, "ca.pem", listener.authority.as_deref().expect("an authority"));
            let settings = secure(listener.port);
            let mut settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
            settings.push(("KAFKA__TLS__CA_FILE", &ca));
            fails(home, &settings, "broker", &["alert certificate required", WANTED]);
        });
        // A certificate that is missing (Java), unknown, of an unknown authority; no agreement.
        for (number, words) in [
            (42, ["alert bad certificate", WANTED]),
            (46, ["alert certificate unknown", WANTED]),
            (48, ["alert unknown ca", WANTED]),
            (40, ["alert handshake failure", "may want a certificate"]),
        ] {
            scope.spawn(move || {
                let settings = secure(alert(number).port);
                let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
                broker_fails(&settings, "broker", &words);
            });
        }
    });
}

/// `check` as user `u` of a broker that refuses so.
#[track_caller]
fn refused(refusals: Refusals, what: &str) -> (Home, [(&'static str, String); 5], String) {
    let at = format!("127.0.0.1:{}", kafka::broker(refusals).port);
    let settings = [
        ("KAFKA__BROKERS", at),
        ("KAFKA__SECURITY", "sasl_plaintext".to_owned()),
        ("KAFKA__SASL__MECHANISM", "PLAIN".to_owned()),
        ("KAFKA__SASL__USERNAME", "u".to_owned()),
        ("KAFKA__SASL__PASSWORD", "hunter2".to_owned()),
    ];
    (Home::new(), settings, what.to_owned())
}

#[test]
fn a_broker_that_refuses_the_user_or_what_the_user_asks_for() {
    let none = Refusals::default();
    let said = "Authentication failed: Invalid username or password";
    let cases = [
        (
            Refusals { credentials: Some(said), ..none },
            "broker",
            &[said, "check kafka.sasl.username and its password"][..],
        ),
        (Refusals { mechanism: true, ..none }, "broker", &["SCRAM-SHA-512", "set kafka.sasl.mechanism"]),
        (Refusals { topic: true, ..none }, "topic", &["clicks may not be seen or read", "grant it Describe and Read"]),
        (
            Refusals { reading: true, ..none },
            "topic",
            &["clicks may not be seen or read", "grant it Describe and Read"],
        ),
        (Refusals { group: true, ..none }, "group", &["clicktop may not be used", "grant it Read on the group"]),
    ];
    std::thread::scope(|scope| {
        for (refusals, what, words) in cases {
            scope.spawn(move || {
                let (home, settings, what) = refused(refusals, what);
                let settings: Vec<(&str, &str)> =
                    settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
                fails(home, &settings, &what, words);
            });
        }
        scope.spawn(move || {
            let (home, settings, what) = refused(none, "group");
            let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(found(home, &settings, &what), "group    ok     clicktop may be used, classic protocol");
        });
        scope.spawn(|| {
            let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
            let at = ("KAFKA__BROKERS", broker.bootstrap_servers());
            broker_fails(&[at, ("KAFKA__TOPIC", "other")], "topic", &["other does not exist", "create it"]);
            let sasl = [
                at,
                ("KAFKA__SECURITY", "sasl_plaintext"),
                ("KAFKA__SASL__MECHANISM", "PLAIN"),
                ("KAFKA__SASL__USERNAME", "u"),
                ("KAFKA__SASL__PASSWORD", "hunter2"),
            ];
            broker_fails(&sasl, "broker", &["asks for no password", "kafka.security without sasl"]);
        });
    });
}

#[track_caller]
fn store_fails(home: Home, words: &[&str]) {
    fails(home, &[("KAFKA__BROKERS", "127.0.0.1:1")], "store", words);
}

#[test]
fn a_data_directory_that_cannot_be_used() {
    let home = Home::new();
    let below = home.file("file", b"").join("below").display().to_string();
    store_fails(home.with("CLICKTOP_DATA_DIR", &below), &["--data-dir"]);
    #[cfg(target_os = "linux")]
    store_fails(Home::new().with("CLICKTOP_DATA_DIR", "/sys/kernel/clicktop"), &["not writable", "--data-dir"]);
}

#[test]
fn a_database_that_cannot_be_used() {
    let filled = || {
        let home = Home::new();
        home.succeed(&["demo", "--events", "20000", "--rate", "max", "--headless"]);
        home
    };
    let home = Home::new();
    std::fs::create_dir(home.data()).expect("a directory");
    std::fs::write(
        home.data().join("clicktop.db"),
        "some text, long enough to be told from a database by its beginning",
    )
    .expect("a file");
    store_fails(home, &["is not a clicktop database"]);

    let home = filled();
    let sql = |home: &Home, batch: &str| {
        let database = rusqlite::Connection::open(home.data().join("clicktop.db")).expect("a database");
        database.execute_batch(batch).expect("changed");
    };
    sql(&home, "PRAGMA user_version = 99");
    store_fails(home, &["was written by a newer clicktop", "update clicktop"]);

    let home = filled();
    super::care::damage(&home.data().join("clicktop.db"));
    std::fs::write(home.data().join("clicktop.lock"), "").expect("as after a crash");
    store_fails(home, &["is damaged", "backup"]);

    let home = filled();
    let mut run = home.start(&["demo", "--headless", "--rate", "100"]);
    run.await_object("a status", |object| object["event"] == "status");
    let line = found(home, &[("KAFKA__BROKERS", "127.0.0.1:1")], "store");
    assert!(line.contains("ok") && line.ends_with("clicks, a pipeline is running"), "{line}");
}

/// A file system of its own that is full, where the system lets us make one.
struct FullDisk<'a>(&'a Path);

impl<'a> FullDisk<'a> {
    fn at(place: &'a Path) -> Option<Self> {
        std::fs::create_dir_all(place).expect("a directory");
        let mount = ["-t", "tmpfs", "-o", "size=64k", "none"];
        let mounted = std::process::Command::new("mount").args(mount).arg(place).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(place))
    }
}

impl Drop for FullDisk<'_> {
    fn drop(&mut self) {
        // Without it the directory could not be removed, which the test would say.
        let _ = std::process::Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_disk_that_is_full() {
    let place = Home::new();
    let data = place.path("full");
    let Some(_disk) = FullDisk::at(&data) else {
        println!("skipped: mounting is not allowed here");
        return;
    };
    store_fails(Home::new().with("CLICKTOP_DATA_DIR", &data.display().to_string()), &["no space left in", "free some"]);
}

#[test]
fn it_takes_the_flags_of_run_and_says_what_it_checked() {
    let broker = EmbeddedBroker::start("views", 2).expect("a broker");
    let home = Home::new().with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "2s");
    let engine =
        Listener::plain(http(|_| (401, r#"{"error":{"type":"security_exception","reason":"who?"}}"#.to_owned())));
    let url = format!("http://127.0.0.1:{}", engine.port);
    let flags = ["--brokers", broker.bootstrap_servers(), "--topic", "views", "--group", "readers"];
    let index = ["--index-url", &url, "--index-name", "figures"];
    let ran = home.run(&[&["check"][..], &flags, &index].concat());
    let line = |what: &str| {
        ran.stdout.lines().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("{what}: {ran:?}"))
    };
    for (what, words) in [
        (
            "config",
            &["over them", "--brokers", "--group", "--index-name", "--index-url", "--topic", "CLICKTOP_DATA_DIR"][..],
        ),
        ("broker", &["ok", broker.bootstrap_servers(), "1 broker"]),
        ("topic", &["ok", "views: 2 partitions"]),
        ("group", &["ok", "readers"]),
        ("store", &["ok", "clicktop.db"]),
        ("index", &["FAILED", &url, "figures", "who?"]),
    ] {
        for word in words {
            assert!(line(what).contains(word), "{word:?} is not in {}", line(what));
        }
    }

    // What cannot be asked for is told, too.
    let ran = home.run(&["check", "--brokers", broker.bootstrap_servers(), "--topic", "other", "--group", "readers"]);
    assert!(ran.stdout.contains("group    skip   readers: no topic to ask for"), "{ran:?}");
    let ran = home.run(&["check", "--brokers", "127.0.0.1:1", "--topic", "views", "--group", "readers"]);
    for line in ["topic    skip   views: no broker to ask", "group    skip   readers: no broker to ask"] {
        assert!(ran.stdout.contains(line), "{line}: {ran:?}");
    }
}
