//! Small batches in Kafka that unpack to very large ones: refused with the reason, in bounded memory, and nothing around them
//! is lost.

use std::time::Duration;

use clicktop::source::EmbeddedBroker;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::clicks::made;
use crate::support::figures::database;
use crate::support::program::{Home, Running};

/// Messages of zeros, each so long.
const ZEROS: usize = 1 << 20;

/// Sends `payloads` as one batch.
fn send(broker: &EmbeddedBroker, codec: &str, payloads: &[&[u8]]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap_servers())
        .set("compression.type", codec)
        .set("linger.ms", "60000")
        .set("message.max.bytes", "1000000000")
        .set("batch.size", "2000000000")
        .set("queue.buffering.max.kbytes", "2000000")
        .create()
        .expect("a producer");
    for payload in payloads {
        producer.send(BaseRecord::<(), [u8]>::to("clicks").partition(0).payload(payload)).expect("queued");
    }
    // What waits for more is sent at once then.
    producer.flush(Duration::from_secs(120)).expect("sent");
}

fn run(home: &Home, broker: &EmbeddedBroker) -> Running {
    home.start(&["run", "--brokers", broker.bootstrap_servers(), "--topic", "clicks", "--headless"])
}

/// Partition, offset and reason of what was rejected.
fn rejects(home: &Home) -> Vec<(i32, i64, String)> {
    let database = database(&home.data());
    let mut select = database
        .prepare("SELECT partition, \"offset\", reason FROM rejects WHERE stage = 'ingest' ORDER BY \"offset\"")
        .expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rejects")
}

/// Sends a bomb of `messages` MiB between two clicks; the bytes of memory that reading it took at most.
fn explode(codec: &str, messages: usize) -> u64 {
    let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
    let clicks = made(7, 2);
    let zeros = vec![0; ZEROS];
    send(&broker, "none", &[&clicks[0].csv()]);
    send(&broker, codec, &vec![zeros.as_slice(); messages]);
    send(&broker, "none", &[&clicks[1].csv()]);

    let home = Home::new();
    let mut program = run(&home, &broker);
    program.await_object("both clicks", |status| status["totals"]["clicks"] == 2);
    program.signal("TERM");
    let ran = program.end();
    assert!(ran.status.success(), "{ran:?}");
    let summary = ran.summary();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&2.into(), &1.into()), "{codec}: {summary}");
    assert_eq!(summary["skipped"], messages - 1, "{codec}: {summary}");
    let rejects = rejects(&home);
    let (partition, offset, reason) = rejects.first().expect("a reject");
    assert_eq!((rejects.len(), *partition, *offset), (1, 0, 1), "{rejects:?}");
    assert!(reason.starts_with("a batch of ") && reason.contains(&format!("({codec}) becomes more than")), "{reason}");
    assert!(reason.ends_with("or raise kafka.max_batch_bytes"), "{reason}");
    let checked = home.run(&["check", "--brokers", broker.bootstrap_servers(), "--topic", "clicks"]);
    assert!(checked.stdout.contains("for example: a batch of "), "check gives the same reason: {checked:?}");
    summary["peak_rss_bytes"].as_u64().expect("bytes")
}

#[test]
fn a_gzip_bomb_is_refused_in_little_memory() {
    let peak = explode("gzip", 600);
    assert!(peak < 160 << 20, "{} MiB", peak >> 20);
}

#[test]
fn a_bomb_of_any_other_codec_is_refused_too() {
    for codec in ["lz4", "zstd", "snappy"] {
        let peak = explode(codec, 90);
        assert!(peak < 160 << 20, "{codec}: {} MiB", peak >> 20);
    }
}

#[test]
fn batches_that_are_large_together_are_all_read_in_little_memory() {
    const BATCHES: usize = 10;
    const EACH: usize = 50;
    let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
    let zeros = vec![0; ZEROS];
    // All of them together come with one fetch, and are less than the embedded broker keeps.
    for codec in ["gzip", "lz4", "zstd"].into_iter().cycle().take(BATCHES - 1).chain(["snappy"]) {
        send(&broker, codec, &[zeros.as_slice(); EACH]);
    }
    send(&broker, "gzip", &[&made(7, 1)[0].csv()]);

    let home = Home::new();
    let mut program = run(&home, &broker);
    program.await_object("the click", |status| status["totals"]["clicks"] == 1);
    program.signal("TERM");
    let ran = program.end();
    let summary = ran.summary();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&1.into(), &(BATCHES * EACH).into()), "{summary}");
    assert_eq!(summary["skipped"], 0, "{summary}");
    assert!(!ran.stderr.contains("cannot be unpacked"), "{ran:?}");
    let rejects = rejects(&home);
    assert!(rejects.iter().all(|(_, _, reason)| reason.starts_with("message of 1048576 bytes")), "{:?}", rejects[0]);
    let peak = summary["peak_rss_bytes"].as_u64().expect("bytes");
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
}
