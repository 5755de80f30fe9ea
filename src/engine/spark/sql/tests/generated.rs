//! Messages made by chance, the same in every run: mutations of other messages, times and numbers, and random clicks.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::click::Click;
use crate::click::timestamp::Timestamp;

/// A click as JSON, with these members beside those that are required.
pub fn with_members(members: &str) -> String {
    format!(r#"{{"click_id":"c1","user_id":"u1","timestamp":1769851800125,"url":"/a",{members}}}"#)
}

/// One to four changes of one seed.
pub fn mutated(rng: &mut StdRng, seeds: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let pick = |rng: &mut StdRng| loop {
        let seed = &seeds[rng.random_range(0..seeds.len())];
        // Most texts of the tests are no messages.
        if seed.len() > 40 || rng.random_range(0..20) == 0 {
            return seed.clone();
        }
    };
    let mut message = pick(rng);
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=message.len());
        let end = (at + rng.random_range(0..6_usize)).min(message.len());
        match rng.random_range(0..9) {
            0 if at < message.len() => message[at] = rng.random(),
            1 if at < message.len() => message[at] = b"\",:{}[]\\\n\r\t 0-eEnN"[rng.random_range(0..18)],
            2 => drop(message.drain(at..end)),
            3 | 4 => drop(message.splice(at..end, words[rng.random_range(0..words.len())].iter().copied())),
            5 | 6 => drop(message.splice(at..at, words[rng.random_range(0..words.len())].iter().copied())),
            7 => {
                let part = message[at..].iter().copied().take(rng.random_range(1..40)).collect::<Vec<u8>>();
                drop(message.splice(end..end, part));
            }
            _ if rng.random_range(0..4) == 0 => {
                let other = pick(rng);
                message.truncate(at);
                message.extend_from_slice(&other[rng.random_range(0..=other.len())..]);
            }
            _ => {}
        }
    }
    message.truncate(2_000);
    message
}

/// A text of the tests of times with one to three characters changed, or its parts in another mixture.
pub fn mutated_time(rng: &mut StdRng, times: &[String]) -> String {
    let mut text: Vec<char> = times[rng.random_range(0..times.len())].chars().take(60).collect();
    for _ in 0..rng.random_range(1..=3) {
        let at = rng.random_range(0..=text.len());
        let end = (at + rng.random_range(0..3_usize)).min(text.len());
        match rng.random_range(0..5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let word = TIME_WORDS[rng.random_range(0..TIME_WORDS.len())];
                drop(text.splice(at..end, word.chars()));
            }
            2 => {
                let other = &times[rng.random_range(0..times.len())];
                text.truncate(at);
                text.extend(other.chars().skip(at).take(40));
            }
            _ if at < text.len() => {
                text[at] = b"0123456789+-:.,/TZ []"[rng.random_range(0..21)].into();
            }
            _ => {}
        }
    }
    text.into_iter().collect()
}

/// Numbers in every notation, as ids, as a time and as a field that may be empty.
pub fn numbers(rng: &mut StdRng) -> Vec<Vec<u8>> {
    let digits = |rng: &mut StdRng, most: usize| -> String {
        let zeros = rng.random_range(0..3) == 0;
        (0..rng.random_range(1..=most))
            .map(|_| if zeros { '0' } else { rng.random_range(b'0'..=b'9').into() })
            .collect()
    };
    (0..3_000)
        .map(|_| {
            let mut number = String::new();
            number += if rng.random_range(0..6) == 0 { "-" } else { "" };
            number += match rng.random_range(0..5) {
                0 => "0",
                1 => "1769851800",
                2 => "1769851800125",
                _ => "",
            };
            if number.is_empty() || number == "-" || rng.random_range(0..8) == 0 {
                number += &digits(rng, 20);
            }
            if rng.random_range(0..2) == 0 {
                number += ".";
                number += &digits(rng, 12);
            }
            if rng.random_range(0..2) == 0 {
                number += ["e", "E", "e+", "E-", "e-"][rng.random_range(0..5)];
                let most = if rng.random_range(0..6) == 0 { 24 } else { 2 };
                number += &digits(rng, most);
            }
            let message = match rng.random_range(0..5) {
                0 => format!(r#"{{"click_id":{number},"user_id":"u","timestamp":1769851800,"url":"/"}}"#),
                1 => format!(r#"{{"click_id":"c","user_id":{number},"timestamp":1769851800,"url":"/"}}"#),
                2 => format!(r#"{{"click_id":"c","user_id":"u","timestamp":{number},"url":"/"}}"#),
                3 => format!("c,u,{number},/,,,,,"),
                _ => with_members(&format!(r#""geo_data":{{"city":{number}}},"device":{number}"#)),
            };
            message.into_bytes()
        })
        .collect()
}

/// Clicks of random texts on every wire form.
pub fn random_clicks() -> Vec<Vec<u8>> {
    let text = || {
        prop_oneof![
            2 => any::<String>(),
            2 => "[\",\r\n\\\\{}\\[\\]:\u{feff}\0\u{1b} a/😀é\u{202e}]{1,12}",
            2 => "/[a-z]{1,8}(\\?[a-z=,&]{0,8})?",
            1 => "[\t \u{b}\u{c}\u{85}\u{a0}\u{2003}\u{3000}]{0,3}",
            1 => Just("unknown".to_owned()),
            1 => Just("\\N".to_owned()),
        ]
    };
    let time = prop_oneof![
        1 => Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis(),
        3 => 1_500_000_000_000..1_800_000_000_000_i64,
    ];
    let clicks = (time, (text(), text(), text()), (text(), text(), text(), text(), text()), "(\r?\n|\r|\n\n| )?");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[31; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut payloads = Vec::new();
    for _ in 0..3_000 {
        let Ok(tree) = clicks.new_tree(&mut runner) else { continue };
        let (millis, (click_id, user_id, url), (country, city, browser, os, device), end) = tree.current();
        let click = Click {
            click_id: &click_id,
            user_id: &user_id,
            timestamp: Timestamp::from_millis(millis),
            url: &url,
            country: &country,
            city: &city,
            browser: &browser,
            os: &os,
            device: &device,
        };
        for write in [Click::write_csv, Click::write_json, Click::write_nested_json] {
            let mut wire = Vec::new();
            write(&click, &mut wire);
            wire.extend_from_slice(end.as_bytes());
            payloads.push(wire);
        }
    }
    payloads
}

/// What mutations put in, besides the words of the fuzz targets.
pub const WORDS: [&[u8]; 24] = [
    b"\"",
    b"\"\"",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\\\"",
    b"{}",
    b"[]",
    b"[[1],{\"a\":2}]",
    b",",
    b":",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b"1e2",
    b"-0",
    b"\\N",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"\"x\":{\"y\":[1]},",
    b"\"geo_data\":{\"city\":\"x\"},",
    b"\xff",
    b"unknown",
];

const TIME_WORDS: &[&str] = &[
    "Z",
    "UTC",
    "GMT",
    " ",
    "  ",
    "+01",
    "+0100",
    "+01:00",
    "-23:59",
    "+24:00",
    "[UTC]",
    "[Europe/Paris]",
    " CET",
    " +02",
    " m=+0.1",
    " (CET)",
    "T",
    "t",
    ",",
    ".5",
    ".123456",
    ":",
    "00",
    "60",
    "24",
    "0",
    "1",
    "29",
    "31",
    "02",
    "Jan",
    "january",
    "May",
    "Sat",
    "Saturday",
    "Mon",
    ", ",
    "2026",
    "0000",
    "9999",
    "1900",
    "2000",
    "/",
    "-",
    "[",
    "]",
    "\u{2212}",
    "\t",
    "\u{a0}",
    "é",
    "e9",
    "E+10",
    "1769851800",
    "W",
];
