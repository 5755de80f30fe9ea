//! Places of addresses: what the cluster finds in its table is what the local engine finds in the databases.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::generated::mutated;
use super::mapped_vectors::mapping;
use super::{session, view_messages};
use crate::click::mapping::compiled::VisitorReads;
use crate::click::mapping::{EventDecoder, Place, StreamId};
use crate::click::{FieldLimits, Format};
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::places::{PlacesError, write};
use crate::engine::spark::sql::{Input, Slices, Tables, mapped_decoder};
use crate::enrich::{Bots, Enrichment, Places};

const EVENTS: &str =
    "[events]\nform = \"json\"\nuser_id = \"u\"\ntimestamp = \"t\"\nurl = \"l\"\nip = \"ip\"\ncountry = \"country\"\n";

/// Addresses as servers and proxies write them, and what is none.
const ADDRESSES: [&str; 62] = [
    "8.8.8.8",
    " 8.8.8.8\t",
    "8.8.8.8:5312",
    "8.8.8.8:1:2",
    "08.8.8.8",
    "8.8.8",
    "8.8.8.8.8",
    "256.8.8.8",
    "8.8.8.8%eth0",
    "88.121.3.4",
    "5.9.1.1",
    "9.9.9.9",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.1.1",
    "100.63.255.255",
    "127.0.0.1",
    "169.254.1.1",
    "172.15.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "172.32.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "223.255.255.255",
    "224.0.0.1",
    "255.255.255.255",
    "10.0.0.1, 88.121.3.4, 8.8.8.8",
    "unknown;for=8.8.8.8",
    "for=\"[2a00:1450:4007::1]:80\";proto=https",
    "FOR=88.121.3.4;by=8.8.8.8",
    "for=\" 8.8.8.8 \"",
    "[2a00:1450:4007::1]:443",
    "[2a00:1450:4007::1",
    "[]:1",
    "2a00:1450:4007::1",
    "2A00:1450:4007:0:0:0:0:1",
    "2a00:1450:4007:0:0:0:0:0:1",
    "2a00:1450:4007::0:0:0:0:1",
    "2a00:01450:4007::1",
    "2a00:1450:4007:0:0:0:8.8.8.8",
    "2a00:1450:4007::8.8.8.8",
    "2a00:1450:4007::8.8.8.08",
    "2a00:1450:4007::1::2",
    "2a00:1450:4007:::1",
    "::ffff:8.8.8.8",
    "::ffff:10.0.0.1",
    "::FFFF:808:808",
    "2002:808:808::1",
    "2002:a00:1::1",
    "2001:0:808:808::1",
    "2001:db8::1",
    "2001:db9::1",
    "fe80::1%eth0",
    "::1",
    "::",
    "\u{a0}8.8.8.8\u{3000}",
    "é8.8.8.8",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/geoip").join(name)
}

/// Events with these addresses and others, each with a number in its url.
fn messages() -> Vec<String> {
    let mut rng = StdRng::seed_from_u64(16);
    let seeds: Vec<Vec<u8>> = ADDRESSES.iter().map(|address| address.as_bytes().to_vec()).collect();
    let words: Vec<Vec<u8>> =
        [":", "::", ".", ",", ";", "\"", "[", "]", "%", "for=", "0", "ffff", " "].map(|word| word.into()).to_vec();
    let mut addresses: Vec<String> = ADDRESSES.map(str::to_owned).to_vec();
    for _ in 0..600 {
        addresses.push(String::from_utf8_lossy(&mutated(&mut rng, &seeds, &words)).into_owned());
        addresses.push(Ipv4Addr::from_bits(rng.random()).to_string());
        addresses.push(Ipv6Addr::from_bits(rng.random::<u128>() >> 3 | 1 << 125).to_string());
    }
    // Neighbours of the networks that the databases know.
    for network in ["5.9.0.0", "8.8.8.0", "88.121.0.0", "2a00:1450::", "2a00:1450:4007::"] {
        addresses.extend(match network.parse() {
            Ok(address) => neighbours(Ipv4Addr::to_bits(address)),
            Err(_) => {
                let bits = network.parse::<Ipv6Addr>().unwrap().to_bits();
                [bits - 1, bits, bits + 1].map(|bits| Ipv6Addr::from_bits(bits).to_string()).to_vec()
            }
        });
    }
    addresses.push("10.0.0.1,".repeat(20_000) + "8.8.8.8");
    let mut events: Vec<serde_json::Value> = addresses.into_iter().map(|ip| serde_json::json!({ "ip": ip })).collect();
    events.push(serde_json::json!({ "ip": "8.8.8.8", "country": "NZ" }));
    events.push(serde_json::json!({ "ip": "8.8.8.8", "country": "unknown" }));
    events.push(serde_json::json!({ "ip": "8.8.8.8", "country": " " }));
    events.push(serde_json::json!({ "ip": ["8.8.8.8"] }));
    events.push(serde_json::json!({ "ip": 8 }));
    events.push(serde_json::json!({ "ip": null }));
    events.push(serde_json::json!({}));
    let event = |(number, mut event): (usize, serde_json::Value)| {
        event["u"] = "u".into();
        event["t"] = (1_769_851_800 + number).into();
        event["l"] = format!("/{number}").into();
        event.to_string()
    };
    events.into_iter().enumerate().map(event).collect()
}

fn neighbours(bits: u32) -> Vec<String> {
    [bits - 1, bits, bits + 1, bits | 0xff, (bits | 0xff) + 1]
        .map(|bits| Ipv4Addr::from_bits(bits).to_string())
        .to_vec()
}

/// Country and city of each message, as the local engine stores them.
fn by_rust(places: &Arc<Places>, messages: &[String]) -> Vec<[String; 2]> {
    let enrichment = Enrichment { places: Some(Arc::clone(places)), agents: None, bots: Bots::Keep };
    let compiled = mapping(EVENTS).compile_with(Some(Arc::new(enrichment))).unwrap();
    let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default());
    let stream = StreamId::of_partition("topic", 0);
    let mut found = Vec::new();
    for (message, number) in messages.iter().zip(0..) {
        decoder.decode_each(message.as_bytes(), Place { stream, number }, &mut |decoded| {
            let click = decoded.unwrap_or_else(|error| panic!("{message}: {error}"));
            found.push([click.country, click.city].map(str::to_owned));
        });
    }
    found
}

/// The same, as the cluster stores them.
async fn by_sql(session: &Session, query: &str) -> HashMap<i64, [String; 2]> {
    let mut found = HashMap::new();
    let mut rows = session.rows(format!("SELECT offset, country, city, reason FROM ({query})"));
    while let Some(batch) = rows.next().await.unwrap() {
        let text = |name: &str| column::<StringArray>(&batch, name).unwrap();
        for row in 0..batch.num_rows() {
            let offset = column::<Int64Array>(&batch, "offset").unwrap().value(row);
            let before = found.insert(offset, ["country", "city"].map(|name| text(name).value(row).to_owned()));
            assert!(before.is_none(), "message {offset} is two clicks");
        }
    }
    found
}

#[tokio::test]
async fn the_cluster_finds_the_places_that_the_databases_tell() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root").display().to_string();
    let tables = Tables::new(root.parse().unwrap(), Slices::of_minutes(60), 1_800_000);
    let messages = messages();
    view_messages(&session, &folder.path().join("messages.jsonl"), ("topic", 0), messages.iter().map(String::as_bytes))
        .await;
    let compiled = mapping(EVENTS).compile_reading(VisitorReads { address: true, agent: false }).unwrap();
    let decoder =
        mapped_decoder(&compiled, FieldLimits::default(), Slices::of_minutes(60), Input::Plain, tables.root()).unwrap();
    session.command(tables.create_places()).await.unwrap();
    for view in decoder.views {
        session.sql_view(&view.name, view.query.into()).await.unwrap();
    }
    // Before the table is written, every message is a click all the same.
    let found = by_sql(&session, &decoder.query).await;
    assert!(found.len() == messages.len() && found.values().all(|[_, city]| city == "unknown"));
    // The real databases, if somebody has them: files separated by `:`.
    let real = std::env::var("CLICKTOP_TEST_GEOIP").ok();
    let real = real.iter().map(|files| files.split(':').map(PathBuf::from).collect::<Vec<PathBuf>>());
    let ours = [&["nested.mmdb"][..], &["flat.mmdb", "nested.mmdb"]]
        .map(|files| files.iter().map(|file| fixture(file)).collect());
    for files in ours.into_iter().chain(real) {
        let places = Places::open(files).unwrap();
        let (mut written, began) = (0, std::time::Instant::now());
        for _again in 0..2 {
            let count = std::sync::atomic::AtomicU32::new(0);
            write(&session, &tables, &places, 100, |_| {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            })
            .await
            .unwrap();
            written += count.into_inner();
        }
        assert_eq!(written, 1, "the table is written once for the same databases");
        let took = began.elapsed().as_secs_f64();
        let expected = by_rust(&places, &messages);
        let began = std::time::Instant::now();
        let found = by_sql(&session, &decoder.query).await;
        let known = expected.iter().filter(|[country, _]| country != "unknown").count();
        eprintln!(
            "table {took:.1} s, {} messages in {:.1} s, {known} of them with a country",
            messages.len(),
            began.elapsed().as_secs_f64()
        );
        assert!(known > 30);
        for ((message, expected), offset) in messages.iter().zip(&expected).zip(0..) {
            let shown = &message[..message.len().min(300)];
            assert_eq!(found.get(&offset), Some(expected), "{shown}");
        }
    }
    session.release().await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_longer_than_a_field_may_be_is_refused() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::new(folder.path().display().to_string().parse().unwrap(), Slices::of_minutes(60), 1_800_000);
    let places = Places::open(vec![fixture("nested.mmdb")]).unwrap();
    let refused = write(&session, &tables, &places, 5, |_| {}).await.unwrap_err();
    assert!(matches!(refused, PlacesError::Unfit(_)) && !refused.may_pass());
    let line = refused.to_string();
    assert!(
        line.starts_with("geoip.database: a name of a place has") && line.contains("events.max_field_bytes"),
        "{line}"
    );
}
