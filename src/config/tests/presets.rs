//! Each preset makes the right clicks of a sample of its events.

use std::path::Path;

use super::*;
use crate::click::mapping::{EventDecoder, Place, StreamId};
use crate::click::{FieldLimits, Format};
use crate::inspect::{Sample, detect, records};

/// The sample in tests/data/presets.
fn sample(file: &str) -> Sample {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/presets").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let written = detect(text.lines(), true).unwrap();
    records(text.as_bytes(), true, &written, 100)
}

/// Decodes the sample by the preset: each click as text, the ids, and how many events were left out.
fn decode(preset: &str, file: &str) -> (Vec<String>, Vec<String>, u32) {
    let Sample { header, records } = sample(file);
    let compiled = preset_mapping(preset).unwrap().compile().unwrap();
    let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default());
    if let Some(header) = header.filter(|_| decoder.needs_header()) {
        decoder.set_header(&header).unwrap();
    }
    let (mut clicks, mut ids, mut left_out) = (Vec::new(), Vec::new(), 0);
    let stream = StreamId::of_file(&records[0]);
    for (number, record) in (0..).zip(&records) {
        left_out += decoder.decode_each(record, Place { stream, number }, &mut |decoded| {
            let click = decoded.unwrap_or_else(|error| panic!("{file}, record {number}: {error}"));
            ids.push(click.click_id.to_owned());
            clicks.push(format!(
                "{} {} {} {} {} {} {} {}",
                click.timestamp,
                click.user_id,
                click.url,
                click.country,
                click.city,
                click.browser,
                click.os,
                click.device
            ));
        });
    }
    (clicks, ids, left_out)
}

/// Of each page view of the samples: seconds, who, and where.
const VIEWS: [(u32, usize, &str); 5] = [
    (0, 0, "/"),
    (4, 1, "/shoes?size=43&color=red"),
    (9, 0, "/shoes?size=43&color=red"),
    (30, 2, "/cart"),
    (65, 1, "/cart"),
];

/// The time of a page view; `millis` are behind the point.
fn time(seconds: u32, millis: &str) -> String {
    format!("2026-01-31T09:{:02}:{:02}{millis}Z", 30 + seconds / 60, seconds % 60)
}

/// The expected clicks: who each person is, with country, city, browser, system and device; before each url, `host`.
fn expected(host: &str, millis: &str, people: [&str; 3]) -> Vec<String> {
    let click = |(seconds, who, path): (u32, usize, &str)| {
        let (user, rest) = people[who].split_once('|').unwrap();
        format!("{} {user} {host}{path} {rest}", time(seconds, millis))
    };
    VIEWS.map(click).to_vec()
}

const HOST: &str = "https://shop.example";

fn id(number: usize) -> String {
    format!("5f0c1d6e-000{number}-4a7b-9c1d-00000000000{number}")
}

#[test]
fn our_own_nine_fields() {
    let people = [
        "u-100|FR Lyon Firefox Linux desktop",
        "anon-2|DE Berlin Safari Mac OS X desktop",
        "u-300|IN Pune Chrome Mobile Android mobile",
    ];
    let (clicks, ids, left_out) = decode("nine", "nine.csv");
    assert_eq!((clicks, left_out), (expected(HOST, ".125", people), 0));
    assert_eq!(ids, [1, 2, 3, 5, 6].map(id));
}

#[test]
fn segment() {
    let people = [
        "u-100|France Lyon unknown Linux desktop",
        "anon-2|Germany Berlin unknown Mac OS X desktop",
        "u-300|India Pune unknown Android mobile",
    ];
    let (clicks, ids, left_out) = decode("segment", "segment.json");
    assert_eq!((clicks, left_out), (expected(HOST, ".125", people), 1));
    assert_eq!(ids[4], format!("ajs-next-{}", id(6)));
}

#[test]
fn snowplow_as_tsv_and_as_json() {
    let people = [
        "u-100|FR Lyon Firefox Linux desktop",
        "anon-2|DE Berlin Safari Mac OS X desktop",
        "u-300|IN Pune Chrome Mobile Android mobile",
    ];
    for (preset, file) in [("snowplow", "snowplow.tsv"), ("snowplow_json", "snowplow_json.json")] {
        let (clicks, ids, left_out) = decode(preset, file);
        assert_eq!((clicks, left_out), (expected(HOST, ".125", people), 1), "{file}");
        assert_eq!(ids, [1, 2, 3, 5, 6].map(id), "{file}");
    }
}

#[test]
fn google_analytics_4() {
    let people = [
        "u-100|France Lyon Firefox Linux desktop",
        "anon-2|Germany Berlin Safari Mac OS X desktop",
        "u-300|India Pune Chrome Mobile Android mobile",
    ];
    let (clicks, _, left_out) = decode("ga4", "ga4.json");
    assert_eq!((clicks, left_out), (expected(HOST, ".125", people), 1));
}

#[test]
fn matomo() {
    let people = [
        "u-100|fr Lyon Firefox Linux Desktop",
        "0000000000000002|de Berlin Safari Mac OS X Desktop",
        "u-300|in Pune Chrome Mobile Android Mobile",
    ];
    let (mut clicks, mut ids, left_out) = decode("matomo", "matomo.json");
    clicks.sort();
    ids.sort();
    assert_eq!((clicks, left_out), (expected(HOST, ".000", people), 1));
    assert_eq!(ids, ["71-500", "71-502", "72-501", "72-505", "73-504"]);
}

#[test]
fn posthog() {
    let people = [
        "u-100|FR Lyon Firefox Linux Desktop",
        "anon-2|DE Berlin Safari Mac OS X Desktop",
        "u-300|IN Pune Chrome Mobile Android Mobile",
    ];
    let (clicks, ids, left_out) = decode("posthog", "posthog.json");
    assert_eq!((clicks, left_out), (expected(HOST, ".125", people), 1));
    assert_eq!(ids, [1, 2, 3, 5, 6].map(id));
}

#[test]
fn rees46() {
    let (clicks, _, left_out) = decode("rees46", "rees46.csv");
    assert_eq!(left_out, 1);
    assert_eq!(
        clicks[1],
        format!("{} 520088905 /product/1003468 unknown unknown unknown unknown unknown", time(4, ".000"))
    );
    assert_eq!(clicks.len(), 5);
}

/// Access logs count every request. People without a name are a hash of address and user agent.
fn log(preset: &str, file: &str, millis: &str, named: [bool; 3]) {
    let (clicks, _, left_out) = decode(preset, file);
    assert_eq!((clicks.len(), left_out), (6, 0), "{file}");
    let mut users = Vec::new();
    // The fourth request is no page view.
    let requests = VIEWS.into_iter().take(3).chain([(12, 0, VIEWS[2].2)]).chain(VIEWS.into_iter().skip(3));
    for ((seconds, who, path), click) in requests.zip(&clicks) {
        let words: Vec<&str> = click.split(' ').collect();
        assert_eq!((words[0], words[2]), (time(seconds, millis).as_str(), path), "{file}");
        assert_eq!(words[3..], ["unknown"; 5], "{file}");
        assert_eq!(words[1] == ["u-100", "", "u-300"][who], named[who], "{file}: {click}");
        users.push((who, words[1].to_owned()));
    }
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 3, "{file}: one user for each person: {users:?}");
}

#[test]
fn access_logs() {
    let by_name = [true, false, true];
    log("combined", "combined.log", ".000", by_name);
    log("w3c", "w3c.log", ".000", by_name);
    log("w3c", "cloudfront.log", ".000", [false; 3]);
    log("nginx_json", "nginx_json.log", ".000", by_name);
    log("caddy", "caddy.log", ".125", by_name);
    log("traefik", "traefik.log", ".125", [false; 3]);
}
