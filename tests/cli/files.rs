//! The files that people have: headers of any order, packed, in other encodings, as arrays and over several lines.

use std::io::Write as _;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures::{self, Figures};
use crate::support::program::{Home, Ran};

const HEADER: &str = "click_id,user_id,timestamp,url,country,city,browser,os,device\n";
const ONE: &str = "c1,u1,2026-01-01T00:00:00Z,/a,FR,Lyon,Firefox,Linux,desktop\n";
const TWO: &str = "c2,u1,2026-01-01T00:00:10Z,/b,FR,Lyon,Firefox,Linux,desktop\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// Replays files of these names and contents, with the log in a file.
fn replay(home: &Home, files: &[(&str, &[u8])]) -> Ran {
    for (name, bytes) in files {
        home.file(name, bytes);
    }
    let names = files.iter().map(|(name, _)| *name);
    home.run(&["replay"].into_iter().chain(names).chain(["--headless", "--log-file", "log"]).collect::<Vec<_>>())
}

/// Clicks and users of each page, as `top` says after a good replay of `bytes`.
#[track_caller]
fn pages(bytes: &[u8]) -> Vec<(String, String, u64, u64)> {
    let home = Home::new();
    let ran = replay(&home, &[("clicks", bytes)]);
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ran.summary()["rejected"], 0, "{ran:?}");
    let figures: Figures = home.top();
    figures.into_iter().map(|((url, country), figure)| (url, country, figure.clicks, figure.unique_users)).collect()
}

fn page(url: &str, country: &str, clicks: u64, users: u64) -> (String, String, u64, u64) {
    (url.to_owned(), country.to_owned(), clicks, users)
}

#[test]
fn columns_go_by_the_names_of_the_header() {
    let header = "user_id,click_id,timestamp,url,city,country,browser,os,device\n\
                  u1,c1,2026-01-01T00:00:00Z,/a,Lyon,FR,Firefox,Linux,desktop\n\
                  u1,c2,2026-01-01T00:00:10Z,/b,Lyon,FR,Firefox,Linux,desktop\n\
                  u2,c3,2026-01-01T00:00:20Z,/a,Paris,FR,Firefox,Linux,desktop\n";
    assert_eq!(pages(header.as_bytes()), [page("/a", "FR", 2, 2), page("/b", "FR", 1, 1)]);
    let aliases = "\u{feff}\"Event ID\"\tPage\tuser\tprice\ttime\r\nc1\t/a\tu1\t3\t1767225600\r\n";
    assert_eq!(pages(aliases.as_bytes()), [page("/a", "unknown", 1, 1)]);
    let semicolons = "click_id;user_id;timestamp;url;country\nc1;u1;2026-01-01T00:00:00Z;\"/a;b\";FR\n";
    assert_eq!(pages(semicolons.as_bytes()), [page("/a;b", "FR", 1, 1)]);
}

/// The ids of users and clicks are in each other's place, so records that are taken by their position are seen.
#[test]
fn a_header_is_never_passed_over_however_it_is_written() {
    let rows = "u1,c1,2026-01-01T00:00:00Z,/a,FR,Lyon,,,\nu1,c2,2026-01-01T00:00:10Z,/a,FR,Lyon,,,\n";
    let names = HEADER.trim_end().replace("click_id,user_id", "user_id,click_id");
    for header in [
        format!("#{names}"),
        format!("sep=,\n{names}"),
        format!("\"{}\"", names.replace(',', "\" , \"")),
        format!("clicks.{}", names.replace(',', ",clicks.")),
    ] {
        assert_eq!(pages(format!("{header}\n{rows}").as_bytes()), [page("/a", "FR", 2, 1)], "{header}");
    }
    for header in [
        "utilisateur,clic,horodatage,page,pays,ville,navigateur,système,appareil",
        "Report of 2026\nproduct_id,user_session,event_time,event_type,country,city,browser,os,device",
    ] {
        let home = Home::new();
        let ran = replay(&home, &[("clicks.csv", format!("{header}\n{rows}").as_bytes())]);
        let line = ran.one_clear_line();
        assert!(line.contains("its header names"), "{line}");
        assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM click_events"), 0, "{header}");
    }
}

#[test]
fn an_array_that_stops_within_an_element_fails() {
    let click = r#"{"click_id":"1","user_id":"u","timestamp":1767225600,"url":"/a"}"#;
    let home = Home::new();
    let ran = replay(&home, &[("cut.json", format!("[{click},\n{}", &click[..30]).as_bytes())]);
    assert!(ran.one_clear_line().contains("incomplete"), "{ran:?}");
    assert_eq!((&ran.summary()["stored"], &ran.summary()["rejected"]), (&1.into(), &1.into()), "{ran:?}");
}

#[test]
fn a_header_of_something_else_stores_nothing() {
    let home = Home::new();
    let foreign = b"event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n\
        2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d76fde\n";
    let ran = replay(&home, &[("good.csv", ONE.as_bytes()), ("foreign.csv", foreign)]);
    let line = ran.one_clear_line();
    for words in ["foreign.csv", "event_type", "click_id (or event_id", "url (or page", "ename"] {
        assert!(line.contains(words), "{words:?} is not in {line}");
    }
    assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM click_events"), 0);
    assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM rejects"), 0);
    let twice = replay(&home, &[("twice.csv", b"id,click_id,user_id,timestamp,url\n1,2,3,4,5\n")]);
    assert!(twice.one_clear_line().contains("both `id` and `click_id`"), "{twice:?}");
}

#[test]
fn packed_files_and_utf_16_are_read() {
    let text = [HEADER, ONE, TWO].concat();
    let wanted = [page("/a", "FR", 1, 1), page("/b", "FR", 1, 1)];
    let members = [gzip(HEADER.as_bytes()), gzip(ONE.as_bytes()), gzip(TWO.as_bytes())].concat();
    let little = utf16(&text, u16::to_le_bytes);
    for bytes in [
        gzip(text.as_bytes()),
        members,
        zstd::encode_all(text.as_bytes(), 3).expect("packed"),
        utf16(&text, u16::to_be_bytes),
        gzip(&little),
        little,
    ] {
        assert_eq!(pages(&bytes), wanted);
    }
}

#[test]
fn packed_standard_input_is_read() {
    let home = Home::new();
    let (run, input) = home.start_with_input(&["replay", "-", "--headless"]);
    crate::support::program::feed(input, &gzip([ONE, TWO].concat().as_bytes()));
    let ran = run.end();
    assert!(ran.status.success() && ran.summary()["stored"] == 2, "{ran:?}");
}

#[test]
fn a_packed_file_that_is_cut_is_counted_until_there_and_fails() {
    let clicks = made(61, 3_000);
    let packed = gzip(&lines(clicks.iter().map(OwnedClick::csv)));
    let home = Home::new();
    let ran = replay(&home, &[("cut.csv.gz", &packed[..packed.len() * 2 / 3])]);
    let line = ran.one_clear_line();
    assert!(line.contains("cut.csv.gz") && line.contains("incomplete"), "{line}");
    let stored = ran.summary()["stored"].as_u64().expect("a number");
    assert!((500..3_000).contains(&stored) && ran.summary()["rejected"] == 0, "{ran:?}");
}

#[test]
fn json_comes_in_arrays_and_over_lines() {
    let clicks: Vec<serde_json::Value> = (0..3)
        .map(|at| serde_json::json!({"click_id": at, "user_id": 1, "timestamp": 1767225600, "url": "/a"}))
        .collect();
    let pretty: String = clicks.iter().map(|click| format!("{click:#}\n")).collect();
    let array = serde_json::Value::from(clicks);
    for text in [array.to_string(), format!("{array:#}"), pretty] {
        assert_eq!(pages(text.as_bytes()), [page("/a", "unknown", 3, 1)], "{text}");
    }
}

#[test]
fn an_export_comes_back_with_its_line_ends() {
    let home = Home::new();
    let click = br#"{"click_id":"n1","user_id":"u1","timestamp":"2026-01-01T00:00:00Z","url":"/a\nb","country":"FR"}"#;
    home.replay(&home.file("newline.json", click), &[]);
    let export = "n1,u1,2026-01-01T00:00:00.000Z,\"/a\nb\",FR,unknown,unknown,unknown,unknown\r\n";
    let again = home.replay(&home.file("again.csv", export.as_bytes()), &[]);
    assert_eq!((&again["duplicates"], &again["rejected"]), (&1.into(), &0.into()), "{again}");
    assert_eq!(pages(export.as_bytes()), [page("/a\nb", "FR", 1, 1)]);
}

#[test]
fn a_broken_line_of_any_length_costs_no_other() {
    let clicks = made(62, 400);
    let good = |clicks: &[OwnedClick]| lines(clicks.iter().map(OwnedClick::csv));
    let long = |bytes: usize| "u".repeat(bytes);
    let broken = [
        format!("l1,{},2026-01-01T00:00:00Z,/,FR,,,,\n", long(3 << 20)),
        "l2,u,2026-01-01T00:00:00Z,\"/never closed\n".to_owned(),
        format!("{{\"click_id\":\"l3\",\"user_id\":\"{}\"}}\n", long(600_000)),
        "l4,u,2026-01-01T00:00:00Z,\"/a\"b,FR,,,,\n".to_owned(),
    ];
    let (mut text, mut at) = (Vec::new(), 0);
    for (number, broken) in broken.iter().enumerate() {
        text.extend(good(&clicks[at..at + 100]));
        text.extend_from_slice(broken.as_bytes());
        at = (number + 1) * 100;
    }
    let home = Home::new();
    let ran = replay(&home, &[("clicks.csv", &text)]);
    assert!(ran.status.success(), "{ran:?}");
    let summary = ran.summary();
    assert_eq!((&summary["stored"], &summary["rejected"]), (&400.into(), &4.into()), "{summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains("clicks.csv:101: longer than the limit of 524288 bytes"), "{log}");
}

#[test]
fn a_long_user_does_not_end_the_replay() {
    let home = Home::new();
    let long = format!("l1,{},2026-01-01T00:00:00Z,/,FR,,,,\n", "u".repeat(500_000));
    let ran = replay(&home, &[("clicks.csv", [ONE, &long, TWO].concat().as_bytes())]);
    assert!(ran.status.success(), "{ran:?}");
    let summary = ran.summary();
    let count = |name: &str| summary[name].as_u64().expect("a number");
    assert_eq!(count("stored") + count("rejected"), 3, "{summary}");
    assert!(count("stored") >= 2, "{summary}");
}

#[test]
fn files_without_a_click_fail_with_what_they_seem_to_be() {
    let log = "203.0.113.7 - - [31/Jan/2026:09:30:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\"\n";
    let semicolons = ONE.replace(',', ";");
    for (name, bytes, words) in [
        ("access.log", log.as_bytes(), "access log"),
        ("clicks.zip", b"PK\x03\x04\x14\0\0\0".as_slice(), "zip"),
        ("clicks.bin", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".as_slice(), "binary"),
        ("clicks.csv", semicolons.as_bytes(), "semicolons"),
        ("words.txt", b"just a line\nand another\n".as_slice(), "words.txt:1: 1 CSV field instead"),
        ("header.csv", HEADER.as_bytes(), "no record"),
        ("wrapped.json", br#"{"events":[{"click_id":1}]}"#.as_slice(), "jq"),
    ] {
        let ran = replay(&Home::new(), &[(name, bytes)]);
        assert_eq!(ran.status.code(), Some(1), "{name}");
        let line = ran.stderr.trim_end();
        assert!(line.contains(name) && line.contains(words) && line.lines().count() == 1, "{line}");
    }
}
