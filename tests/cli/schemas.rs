//! `clicktop inspect` and `check` on a topic with a schema registry, and the pipeline over TLS.

use std::sync::{Arc, Mutex};

use clicktop::registry::Frame;
use clicktop::source::EmbeddedBroker;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::json;

use crate::check::found;
use crate::support::HANG;
use crate::support::clicks::made;
use crate::support::listener::{Listener, http};
use crate::support::program::{Home, stage};
use crate::support::registry::{MAPPING, Registry, click_message, click_schema, free_address};

/// Puts `messages` in the topic `clicks` of `broker`.
fn put(broker: &EmbeddedBroker, messages: &[Vec<u8>]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for message in messages {
        let record: BaseRecord<'_, (), Vec<u8>> = BaseRecord::to("clicks").payload(message);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

fn filled() -> EmbeddedBroker {
    let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
    put(&broker, &made(951, 400).iter().map(|click| click_message(7, click, &[])).collect::<Vec<_>>());
    broker
}

#[test]
fn inspect_reads_a_topic_by_its_schemas_and_finds_the_mapping() {
    let (broker, home, registry) = (filled(), Home::new(), Registry::start());
    registry.add(7, "AVRO", &click_schema(&[]));
    let brokers = broker.bootstrap_servers().to_owned();
    let config = home.path("made.toml").display().to_string();
    let arguments = ["inspect", "--topic", "clicks", "--brokers", &brokers];
    let url = registry.url();
    let ran = home.succeed(&[&arguments[..], &["--schema-registry", &url, "--write", &config]].concat());
    assert!(ran.stdout.starts_with("topic clicks: JSON; Avro with a schema registry, all 400 records\n"), "{ran:?}");
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("400 records: 400 clicks, 0 left out, 0 rejected."), "{ran:?}");
    assert!(said.contains("--topic … --schema-registry …"), "{ran:?}");
    let written = std::fs::read_to_string(&config).expect("a file");
    assert!(written.contains("url = \"page.url\"") && written.contains("user_id = \"visitor\""), "{written}");
    // Without the registry, and while it is away, a line says so.
    let without = home.run(&arguments);
    assert!(without.one_clear_line().contains("a frame of a schema registry"), "{without:?}");
    let away = home.run(&[&arguments[..], &["--schema-registry", &format!("http://{}", free_address())]].concat());
    assert!(away.one_clear_line().contains("topic clicks: schema registry http://127.0.0.1:"), "{away:?}");
    put(&broker, &[Frame::write(99, b"x")]);
    let ran = home.succeed(&[&arguments[..], &["--schema-registry", &url]].concat());
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let unread = "1 of the newest 401 messages cannot be read, for example: the schema registry has no schema 99";
    assert!(said.contains(unread), "{ran:?}");
}

#[test]
fn check_asks_the_registry_for_the_schema_of_the_topic() {
    let (broker, registry) = (filled(), Registry::start());
    registry.add(7, "AVRO", &click_schema(&[]));
    let home = || {
        let home = Home::new();
        let config = home.file("clicktop.toml", MAPPING.as_bytes()).display().to_string();
        home.with("CLICKTOP_CONFIG", &config).with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers())
    };
    let url = registry.url();
    let settings = [("SCHEMA_REGISTRY__URLS", url.as_str())];
    let line = found(home(), &settings, "registry");
    assert_eq!(line, format!("registry ok     {url}: the newest schema of clicks-value is 7 (Avro), version 1"));
    let topic = found(home(), &settings, "topic");
    assert!(topic.ends_with("clicks: 3 partitions, 400 messages"), "{topic}");
    let order = json!({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]});
    registry.add(8, "AVRO", &order.to_string());
    put(&broker, &[Frame::write(8, b"\x02x")]);
    let ran = home().with("CLICKTOP_SCHEMA_REGISTRY__URLS", &url).succeed(&["check"]);
    let warned =
        "topic    warn   schema 8 (Avro) has no `visitor`, which events.user_id needs: its messages are left out";
    assert!(ran.stdout.contains(warned), "{ran:?}");
}

#[test]
fn check_tells_what_is_wrong_with_the_registry() {
    let registry = Registry::start();
    let (url, away) = (registry.url(), format!("http://{}", free_address()));
    let fails = |settings: &[(&str, &str)], words: &[&str]| {
        let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
        let line = found(Home::new().with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers()), settings, "registry");
        assert!(words.iter().all(|word| line.contains(word)) && line.contains("FAILED"), "{line}");
    };
    fails(&[("SCHEMA_REGISTRY__URLS", &away)], &[&away, "refused"]);
    let empty = found(
        Home::new()
            .with("CLICKTOP_KAFKA__BROKERS", EmbeddedBroker::start("clicks", 1).expect("a broker").bootstrap_servers()),
        &[("SCHEMA_REGISTRY__URLS", &url)],
        "registry",
    );
    assert_eq!(empty, format!("registry ok     {url}: it answers; it has no subject clicks-value"));
    registry.set_status(Some(401));
    let login = [
        ("SCHEMA_REGISTRY__URLS", url.as_str()),
        ("SCHEMA_REGISTRY__USERNAME", "ann"),
        ("SCHEMA_REGISTRY__PASSWORD", "hunter2"),
    ];
    fails(&login, &["refuses us (401)", "check schema_registry.username"]);
    fails(
        &[("SCHEMA_REGISTRY__URLS", &url), ("SCHEMA_REGISTRY__CA_FILE", "/nowhere/ca.pem")],
        &["schema_registry.ca_file /nowhere/ca.pem"],
    );
}

/// A registry behind TLS that wants a certificate and a password gives its schemas, and nothing without them.
#[test]
fn a_registry_behind_tls_is_asked_with_a_certificate_and_a_password() {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let listener = Listener::mutual_tls(
        "localhost",
        http(move |request| {
            seen.lock().expect("a lock").push(request.head.clone());
            match request.path.as_str() {
                "/schemas/ids/7" => (200, json!({"schema": click_schema(&[])}).to_string()),
                _ => (404, json!({"error_code": 40401}).to_string()),
            }
        }),
    );
    let (broker, home) = (filled(), Home::new());
    let config = home.file("clicktop.toml", MAPPING.as_bytes()).display().to_string();
    let file = |name: &str, text: &Option<String>| {
        home.file(name, text.as_deref().expect("a text").as_bytes()).display().to_string()
    };
    let [authority, certificate, key] = [
        file("ca.pem", &listener.authority),
        file("client.pem", &listener.client.as_ref().map(|client| client.0.clone())),
        file("client.key", &listener.client.as_ref().map(|client| client.1.clone())),
    ];
    let password = home.file("password", b"hunter2\n").display().to_string();
    let home = home
        .with("CLICKTOP_CONFIG", &config)
        .with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers())
        .with("CLICKTOP_SCHEMA_REGISTRY__URLS", &format!("https://localhost:{}", listener.port))
        .with("CLICKTOP_SCHEMA_REGISTRY__USERNAME", "ann")
        .with("CLICKTOP_SCHEMA_REGISTRY__PASSWORD_FILE", &password);
    let unknown = home.run(&["check"]);
    assert!(unknown.stdout.contains("UnknownIssuer; set schema_registry.ca_file"), "{unknown:?}");
    let home = home.with("CLICKTOP_SCHEMA_REGISTRY__CA_FILE", &authority);
    let without = home.run(&["check"]);
    assert!(without.stdout.contains("set schema_registry.certificate_file"), "{without:?}");
    let home = home
        .with("CLICKTOP_SCHEMA_REGISTRY__CERTIFICATE_FILE", &certificate)
        .with("CLICKTOP_SCHEMA_REGISTRY__KEY_FILE", &key);
    home.succeed(&["check"]);
    let mut run = home.start(&["run", "--headless"]);
    let last = run.await_object("all clicks", |status| status["totals"]["clicks"] == 400);
    assert_eq!(stage(&last, "ingest")["state"], "running", "{last}");
    run.signal("TERM");
    run.end();
    let heads = heads.lock().expect("a lock");
    assert!(
        heads.iter().all(|head| head.to_lowercase().contains("authorization: basic yw5uomh1bnrlcji=")),
        "{heads:?}"
    );
}

// A program without Spark refuses the engine itself.
#[cfg(feature = "spark")]
#[test]
fn spark_refuses_a_registry_in_one_line() {
    let registry = Registry::start();
    let home = Home::new()
        .with("CLICKTOP_ENGINE", "spark")
        .with("CLICKTOP_SPARK__URL", "sc://127.0.0.1:1")
        .with("CLICKTOP_SPARK__ROOT", "/tmp/nowhere")
        .with("CLICKTOP_SCHEMA_REGISTRY__URLS", &registry.url());
    let line = "schema_registry.urls works with engine = \"local\" only";
    for arguments in [&["run", "--headless"][..], &["check"]] {
        let ran = home.run(arguments);
        assert!(!ran.status.success() && format!("{}{}", ran.stdout, ran.stderr).contains(line), "{ran:?}");
    }
}
