use std::collections::{HashMap, HashSet};

use super::*;
use crate::click::{Decoder, Format};

const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn options(events: u64) -> GeneratorOptions {
    GeneratorOptions { events: Some(events), start: Some(START), ..Default::default() }
}

fn lines(options: GeneratorOptions) -> Vec<u8> {
    let mut generator = Generator::new(options).expect("a generator");
    let mut out = Vec::new();
    while generator.write_csv_line(&mut out) {}
    out
}

#[derive(Clone, Debug)]
struct Owned {
    click_id: String,
    user: String,
    time: i64,
    url: String,
    country: String,
    city: String,
    agent: (String, String, String),
}

fn clicks(options: GeneratorOptions) -> Vec<Owned> {
    let mut generator = Generator::new(options).expect("a generator");
    let mut clicks = Vec::new();
    while let Some(click) = generator.next_click() {
        clicks.push(Owned {
            click_id: click.click_id.to_owned(),
            user: click.user_id.to_owned(),
            time: click.timestamp.as_millis(),
            url: click.url.to_owned(),
            country: click.country.to_owned(),
            city: click.city.to_owned(),
            agent: (click.browser.to_owned(), click.os.to_owned(), click.device.to_owned()),
        });
    }
    clicks
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for format in [WireFormat::Csv, WireFormat::Mixed] {
        let one = GeneratorOptions { format, day_curve: true, ..options(5_000) };
        assert_eq!(lines(one.clone()), lines(one.clone()));
        assert_ne!(lines(one.clone()), lines(GeneratorOptions { seed: 2, ..one }));
    }
}

#[test]
fn every_line_is_csv_with_the_fields_of_the_click() {
    let bytes = lines(options(20_000));
    let clicks = clicks(options(20_000));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    let mut rows = 0;
    for (record, click) in reader.records().zip(&clicks) {
        let record = record.expect("a record");
        let fields: Vec<&str> = record.iter().collect();
        let time = Timestamp::from_millis(click.time).to_string();
        let (browser, os, device) = &click.agent;
        assert_eq!(
            fields,
            [&click.click_id, &click.user, &time, &click.url, &click.country, &click.city, browser, os, device]
        );
        rows += 1;
    }
    assert_eq!(rows, 20_000);
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 20_000, "a line is one message");
}

#[test]
fn json_messages_hold_the_same_clicks() {
    let clicks = clicks(options(3_000));
    for (format, pointers) in [
        (
            WireFormat::Json,
            ["/click_id", "/user_id", "/timestamp", "/url", "/country", "/city", "/browser", "/os", "/device"],
        ),
        (
            WireFormat::Nested,
            [
                "/row_key",
                "/click_data/user_id",
                "/click_data/timestamp",
                "/click_data/url",
                "/geo_data/country",
                "/geo_data/city",
                "/user_agent_data/browser",
                "/user_agent_data/operating_system",
                "/user_agent_data/device",
            ],
        ),
    ] {
        let mut generator = Generator::new(GeneratorOptions { format, ..options(3_000) }).expect("a generator");
        for click in &clicks {
            let mut message = Vec::new();
            assert!(generator.write_message(&mut message));
            let value: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
            let time = Timestamp::from_millis(click.time).to_string();
            let (browser, os, device) = &click.agent;
            let wanted =
                [&click.click_id, &click.user, &time, &click.url, &click.country, &click.city, browser, os, device];
            for (pointer, wanted) in pointers.iter().zip(wanted) {
                assert_eq!(value.pointer(pointer).and_then(|value| value.as_str()), Some(wanted.as_str()), "{pointer}");
            }
        }
    }
}

#[test]
fn the_pipelines_decoder_takes_every_message_of_every_form() {
    let clicks = clicks(options(3_000));
    for format in [WireFormat::Csv, WireFormat::Json, WireFormat::Nested, WireFormat::Mixed] {
        let mut generator = Generator::new(GeneratorOptions { format, ..options(3_000) }).expect("a generator");
        let mut decoder = Decoder::new(Format::Auto);
        for wanted in &clicks {
            let mut message = Vec::new();
            assert!(generator.write_message(&mut message));
            let click = decoder.decode(&message).expect("a click");
            assert_eq!(
                (click.click_id, click.user_id, click.timestamp.as_millis(), click.url, click.country, click.city),
                (&*wanted.click_id, &*wanted.user, wanted.time, &*wanted.url, &*wanted.country, &*wanted.city)
            );
            let (browser, os, device) = &wanted.agent;
            assert_eq!((click.browser, click.os, click.device), (&**browser, &**os, &**device));
        }
    }
}

#[test]
fn pages_follow_zipf_and_some_need_quoting() {
    let clicks = clicks(options(100_000));
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for click in &clicks {
        *counts.entry(&click.url).or_default() += 1;
    }
    let mut counts: Vec<(&str, u32)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    assert!(counts.len() > 1_500, "{} urls", counts.len());
    assert_eq!(counts[0].0, "/");
    // Rank 1 over rank 10 is 10^1.07, about 11.7, and rank 10 over rank 100 is the same.
    for (small, large) in [(0, 9), (9, 99)] {
        let ratio = f64::from(counts[small].1) / f64::from(counts[large].1);
        assert!((8.0..17.0).contains(&ratio), "rank {small} over rank {large}: {ratio}");
    }
    for special in [',', '"', 'ö', '🚀'] {
        assert!(clicks.iter().any(|click| click.url.contains(special)), "no url with {special}");
    }
}

#[test]
fn visitors_come_from_sixty_countries_in_realistic_shares() {
    let clicks = clicks(options(200_000));
    let mut countries: HashMap<&str, u32> = HashMap::new();
    let mut cities: HashSet<(&str, &str)> = HashSet::new();
    for click in &clicks {
        *countries.entry(&click.country).or_default() += 1;
        cities.insert((&click.country, &click.city));
    }
    assert!((55..=61).contains(&countries.len()), "{} countries", countries.len());
    assert!(cities.len() > 250, "{} cities", cities.len());
    assert!(countries["IN"] > countries["DE"] && countries["DE"] > countries["CH"], "{countries:?}");
}

#[test]
fn visitors_stay_for_sessions_and_have_one_home() {
    let clicks = clicks(options(100_000));
    let mut users: HashMap<&str, Vec<&Owned>> = HashMap::new();
    for click in &clicks {
        users.entry(&click.user).or_default().push(click);
    }
    let mut gaps = Vec::new();
    for clicks in users.values() {
        assert!(clicks.iter().all(|click| click.city == clicks[0].city && click.country == clicks[0].country));
        let agents: HashSet<_> = clicks.iter().map(|click| &click.agent).collect();
        assert!(agents.len() <= 2, "{agents:?}");
        gaps.extend(clicks.windows(2).map(|pair| pair[1].time - pair[0].time).filter(|gap| *gap <= 1_800_000));
    }
    assert!(users.len() > 10_000, "{} users", users.len());
    assert!(gaps.len() > clicks.len() / 2, "{} gaps within a session", gaps.len());
    gaps.sort_unstable();
    let median = gaps[gaps.len() / 2];
    assert!((15_000..40_000).contains(&median), "median think time {median} ms");
    assert!(gaps.iter().all(|gap| *gap > 0), "a user clicks in order");
}

#[test]
fn event_time_follows_the_rate_and_is_mostly_ordered() {
    let clicks = clicks(GeneratorOptions { rate: Some(100.0), ..options(10_000) });
    let mut newest = i64::MIN;
    let mut late = 0;
    for (n, click) in (0i64..).zip(&clicks) {
        let sent = START.as_millis() + n * 10;
        assert!((sent - DISORDER_MS..=sent + 1).contains(&click.time), "click {n} at {}", click.time - sent);
        late += usize::from(click.time < newest);
        newest = newest.max(click.time);
    }
    assert!(late > 0, "some disorder is part of the traffic");
    assert_eq!(clicks.iter().map(|click| &click.click_id).collect::<HashSet<_>>().len(), clicks.len());
}

#[test]
fn a_source_tied_to_the_wall_clock_is_never_ahead_of_it_nor_far_behind() {
    let mut generator =
        Generator::new(GeneratorOptions { rate: Some(1000.0), ..options(u64::MAX) }).expect("a generator");
    let at = |elapsed: Duration| Timestamp::from_millis(START.as_millis() + elapsed.as_millis() as i64);
    // Events come a thousand times faster than the rate: the clock waits.
    generator.follow(Duration::from_millis(5), at(Duration::from_millis(5)));
    for _ in 0..5_000 {
        let click = generator.next_click().expect("endless");
        assert!(click.timestamp <= at(Duration::from_millis(5)));
    }
    // A minute's pause: it jumps.
    let minute = Duration::from_secs(60);
    generator.follow(minute, at(minute));
    let click = generator.next_click().expect("endless");
    assert!(click.timestamp >= at(minute - Duration::from_millis(200)), "{}", click.timestamp);
}

#[test]
fn without_a_rate_the_last_click_is_at_about_now() {
    let now = Timestamp::from_millis(START.as_millis());
    let options = GeneratorOptions { start: None, ..options(1_000_000) };
    assert_eq!(now.as_millis() - options.start_at(now).as_millis(), 2_000_000);
    let rated = GeneratorOptions { rate: Some(10.0), ..options };
    assert_eq!(rated.start_at(now), now);
}

#[test]
fn the_end_is_after_the_last_event() {
    let mut generator = Generator::new(options(3)).expect("a generator");
    assert_eq!(std::iter::from_fn(|| generator.next_click().map(|_| ())).count(), 3);
    assert!(!generator.write_csv_line(&mut Vec::new()));
    assert_eq!(generator.made(), 3);
}

#[test]
fn odd_options_are_refused_or_work() {
    for refused in [
        GeneratorOptions { users: 0, ..options(1) },
        GeneratorOptions { urls: 0, ..options(1) },
        GeneratorOptions { users: u64::MAX, ..options(1) },
        GeneratorOptions { rate: Some(f64::NAN), ..options(1) },
        GeneratorOptions { rate: Some(0.0), ..options(1) },
    ] {
        assert!(Generator::new(refused.clone()).is_err(), "{refused:?}");
    }
    for works in [
        GeneratorOptions { users: 1, urls: 1, ..options(500) },
        GeneratorOptions { users: 3, rate: Some(1e9), ..options(500) },
        GeneratorOptions { rate: Some(0.001), ..options(500) },
        GeneratorOptions { start: Some(Timestamp::from_millis(-1)), ..options(500) },
    ] {
        assert_eq!(clicks(works).len(), 500);
    }
}

#[test]
fn user_ids_are_padded_numbers() {
    let mut id = String::new();
    for (user, wanted) in [(0, "u000000"), (7, "u000007"), (123_456, "u123456"), (12_345_678, "u12345678")] {
        write_user_id(user, &mut id);
        assert_eq!(id, wanted);
    }
}
