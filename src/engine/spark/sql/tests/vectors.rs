//! Messages to decode, each with what the Rust decoder makes of it: what another decoder is held to.
//!
//! They are every text of the decoder's unit tests, the seeds of the fuzz targets, mutations of both, and random clicks on every wire
//! form. The same messages come in every run.

use std::collections::BTreeSet;

use crate::click::{Decoder, FieldLimits, ForeignFormat, Format};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::generated::{WORDS, mutated, mutated_time, numbers, random_clicks, with_members};

/// Settings of the decoder.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub name: &'static str,
    pub format: Format,
    pub limits: FieldLimits,
}

/// The settings that messages are decoded with.
pub fn settings() -> [Settings; 4] {
    let limits = FieldLimits::default();
    [
        Settings { name: "auto", format: Format::Auto, limits },
        Settings { name: "csv", format: Format::Csv, limits },
        Settings { name: "json", format: Format::Json, limits },
        Settings { name: "tight", format: Format::Auto, limits: FieldLimits { url: 24, field: 6 } },
    ]
}

/// A message with what is expected of it.
#[derive(Clone, Debug)]
pub struct Vector {
    pub settings: &'static str,
    pub payload: Vec<u8>,
    pub outcome: Outcome,
}

/// What the Rust decoder makes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A click: its time in milliseconds, and the eight other fields in CSV order.
    Click { millis: i64, fields: [String; 8] },
    /// A reject: the kind of its error, and its reason.
    Reject { kind: &'static str, reason: String },
}

impl Outcome {
    pub fn of(decoder: &mut Decoder, payload: &[u8]) -> Self {
        match decoder.decode(payload) {
            Ok(click) => Self::Click {
                millis: click.timestamp.as_millis(),
                fields: [
                    click.click_id,
                    click.user_id,
                    click.url,
                    click.country,
                    click.city,
                    click.browser,
                    click.os,
                    click.device,
                ]
                .map(str::to_owned),
            },
            Err(error) => {
                let reason =
                    ForeignFormat::detect(payload).map_or_else(|| error.to_string(), |looks| looks.to_string());
                Self::Reject { kind: error.kind(), reason }
            }
        }
    }
}

/// All messages, with all settings.
pub fn all() -> Vec<Vector> {
    let payloads = payloads();
    let mut vectors = Vec::new();
    for settings in settings() {
        let mut decoder = Decoder::new(settings.format).with_limits(settings.limits);
        vectors.extend(payloads.iter().map(|payload| Vector {
            settings: settings.name,
            payload: payload.clone(),
            outcome: Outcome::of(&mut decoder, payload),
        }));
    }
    vectors
}

/// The messages, each once.
fn payloads() -> BTreeSet<Vec<u8>> {
    let times = literals(include_str!("../../../../click/timestamp_tests.rs"));
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for source in [
        include_str!("../../../../click/decode_tests.rs"),
        include_str!("../../../../click/csv_tests.rs"),
        include_str!("../../../../click/json_tests.rs"),
        include_str!("../../../../click/foreign_format.rs"),
    ] {
        seeds.extend(literals(source).into_iter().map(String::into_bytes));
    }
    seeds.extend(fuzz_seeds());
    seeds.extend(ODD.iter().map(|message| message.to_vec()));
    seeds.extend(JSON_MEMBERS.iter().map(|members| with_members(members).into_bytes()));
    let mut payloads: BTreeSet<Vec<u8>> = seeds.iter().cloned().collect();
    for time in &times {
        payloads.extend(with_time(time));
    }
    payloads.extend(long_messages());
    let mut rng = StdRng::seed_from_u64(20_260_131);
    let words: Vec<Vec<u8>> = literals_of_dictionary().into_iter().chain(WORDS.map(|word| word.to_vec())).collect();
    for _ in 0..16_000 {
        payloads.insert(mutated(&mut rng, &seeds, &words));
    }
    for _ in 0..10_000 {
        let time = mutated_time(&mut rng, &times);
        payloads.extend(with_time(&time).into_iter().take(1));
    }
    payloads.extend(numbers(&mut rng));
    payloads.extend(random_clicks());
    payloads
}

/// The string literals of Rust source, unescaped as well as needed to be messages.
pub fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('"') {
        let raw = rest[..at].trim_end_matches('#');
        let hashes = at - raw.len();
        let is_raw = raw.ends_with('r') || raw.ends_with("br");
        rest = &rest[at + 1..];
        if is_raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let Some(at) = rest.find(&end) else { break };
            found.push(rest[..at].to_owned());
            rest = &rest[at + end.len()..];
        } else {
            let (text, after) = literal(rest);
            found.push(text);
            rest = after;
        }
    }
    found
}

/// Reads an ordinary string literal from behind its quote. Returns it with what follows it.
fn literal(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &source[at + 1..]),
            '\\' => match chars.next().map_or(' ', |(_, c)| c) {
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                '0' => text.push('\0'),
                'x' => {
                    let digits: String = chars.by_ref().take(2).map(|(_, c)| c).collect();
                    text.push(u8::from_str_radix(&digits, 16).map_or('?', char::from));
                }
                'u' => {
                    let digits: String = chars.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                    text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('?'));
                }
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    (text, "")
}

fn literals_of_dictionary() -> Vec<Vec<u8>> {
    literals(include_str!("../../../../../fuzz/decode.dict")).into_iter().map(String::into_bytes).collect()
}

fn fuzz_seeds() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    files.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// CSV and JSON with this time.
fn with_time(time: &str) -> Vec<Vec<u8>> {
    let quoted = if time.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", time.replace('"', "\"\""))
    } else {
        time.to_owned()
    };
    let text = serde_json::Value::from(time);
    vec![
        format!("c1,u1,{quoted},/a,FR,Paris,Firefox,Linux,desktop").into_bytes(),
        format!(r#"{{"click_id":"c1","user_id":"u1","timestamp":{text},"url":"/a","country":"FR"}}"#).into_bytes(),
        format!(r#"{{"row_key":"c1","click_data":{{"user_id":"u1","timestamp":{time},"url":"/a"}}}}"#).into_bytes(),
    ]
}

/// Messages as long as is allowed, and longer.
fn long_messages() -> Vec<Vec<u8>> {
    let csv = |url: &str| format!("c1,u1,1769851800,{url},FR,Paris,Firefox,Linux,desktop").into_bytes();
    let nested =
        |depth: usize| with_members(&format!(r#""v":{}{}"#, "[".repeat(depth), "]".repeat(depth))).into_bytes();
    let deep = |depth: usize| {
        with_members(&format!(r#""v":{}0{}"#, r#"{"a":["#.repeat(depth), "]}".repeat(depth))).into_bytes()
    };
    let mut longest = csv("/a");
    longest.resize(512 * 1024, b' ');
    let mut longer = longest.clone();
    longer.push(b' ');
    let escapes = with_members(&format!(r#""city":"{}""#, r"\u00e9".repeat(2_048))).into_bytes();
    let many_escapes = with_members(&format!(r#""x":"{}""#, r"\n".repeat(100_000))).into_bytes();
    let many_members = with_members(&format!(r#""x":[{}0]"#, "0,".repeat(100_000))).into_bytes();
    let quotes = csv(&format!("\"{}\"", "\"\"".repeat(8_192)));
    let more_quotes = csv(&format!("\"{}\"", "\"\"".repeat(100_000)));
    let mut messages = vec![longest, longer, escapes, many_escapes, many_members, quotes, more_quotes];
    messages.extend([8_190, 8_192, 8_193, 400_000].map(|bytes| csv(&"/".repeat(bytes))));
    messages.extend([2, 4_096, 4_097].map(|bytes| {
        csv("/a")
            .iter()
            .map(|byte| if *byte == b'P' { "x".repeat(bytes) } else { char::from(*byte).to_string() })
            .collect::<String>()
            .into_bytes()
    }));
    messages.extend([1, 2, 3, 4, 5, 6, 7, 8, 20, 127, 128, 129, 200, 50_000].map(nested));
    messages.extend([1, 2, 3, 4, 5, 32, 64, 65, 1_000].map(deep));
    messages.extend([b','; 4].map(|byte| vec![byte; 500_000]).into_iter().take(1));
    messages.push("\"".repeat(400_001).into_bytes());
    messages.push(format!("{{\"a\":\"{}", "\\\"".repeat(200_000)).into_bytes());
    messages.push("{".repeat(400_000).into_bytes());
    messages.push("{\"click_data\":".repeat(30_000).into_bytes());
    messages
}

/// Messages that the tests of the decoder do not have as one text.
pub const ODD: [&[u8]; 26] = [
    b"",
    b"\xff",
    b"c1,u1,0,/\xff,,,,,",
    b"{\"url\":\"\xc3\"}",
    b"c1,u1,1769851800,/\xed\xa0\x80,,,,,",
    b"c1,u1,1769851800,/\xf4\x90\x80\x80,,,,,",
    b"c1,u1,1769851800,/\xc0\xaf,,,,,",
    b"c1,u1,1769851800,/\xf0\x9f\x98\x80,,,,,",
    b"c1,u1,1769851800,/\xf0\x9f\x98",
    b"\xef\xbb\xbfc1,u1,1769851800,/a,,,,,",
    b"\xef\xbb\xbf\xef\xbb\xbfc1,u1,1769851800,/a,,,,,",
    b"\xef\xbb\xbf {\"click_id\":\"c\",\"user_id\":\"u\",\"timestamp\":1769851800,\"url\":\"/\"}",
    b"\x0c{\"click_id\":\"c\",\"user_id\":\"u\",\"timestamp\":1769851800,\"url\":\"/\"}",
    b"\x0b{\"click_id\":\"c\",\"user_id\":\"u\",\"timestamp\":1769851800,\"url\":\"/\"}",
    b"\x0c \t",
    b"\x0b",
    b"\xc2\xa0",
    b"c1,u1,1769851800,/a,,,,,\n\r",
    b"c1,u1,1769851800,/a,,,,,\r\r\n",
    b"c1,u1,1769851800,/a,,,,,\xe2\x80\xa8",
    b"c1,u1,1769851800,/a,,,,,\xc2\x85",
    b"c1,u1,\x0b1769851800\xe2\x80\xa8,/a,,,,,",
    b"c1,u1,\x1c1769851800,/a,,,,,",
    b"\x1c,u1,1769851800,/a,,,,,",
    b"\xc2\x85,u1,1769851800,/a,,,,,",
    b"\xe1\xa0\x8e,\xe2\x80\x8b,1769851800,/a,,,,,",
];

/// Members of a JSON object of a click, besides those that are required.
const JSON_MEMBERS: &[&str] = &[
    r#""country":NaN"#,
    r#""x":[NaN,-Infinity,{"y":Infinity}]"#,
    r#""geo_data":NaN"#,
    r#""geo_data":"","x":NaN"#,
    r#""geo_data":"" "#,
    r#""geo_data":"a","x":NaN"#,
    r#""geo_data":Infinity"#,
    r#""geo_data":"\ud83d","x":NaN"#,
    r#""geo_data":{"country":"FR","x":{"geo_data":{"country":"XX"}}}"#,
    r#""x":{"geo_data":{"country":"XX"},"url":"/b"},"geo_data":{"country":"FR"}"#,
    r#""x":{"geo_data":{"geo_data":{"geo_data":{"geo_data":{"geo_data":{"geo_data":{"country":"XX"}}}}}}}"#,
    r#""x":[[[[[[[[[[{"a":[{"b":"]}"}]}]]]]]]]]]],"geo_data":{"country":"FR"}"#,
    r#""geo_data":{"x":[[[[[[[[[[{"a":[{"b":"]}"}]}]]]]]]]]]],"country":"FR"}"#,
    r#""geo_data":{"geo_data":{"geo_data":{}},"country":"FR"}"#,
    r#""geo_data":{"country":"\ud83d\ude00"},"x":"\ud83d","\u0064evice":"d""#,
    r#""x\ud83d":1"#,
    r#""x":{"\ud83d":1}"#,
    r#""x":{"a":1,"a":2},"y":1,"y":2"#,
    r#""country":"a\\ud83d","city":"\\\"","os":"\/\b\f\n\r\t""#,
    r#""country":"A","city":"\u00ff\u0000\u001f""#,
    r#""country":"a\\\ud83d""#,
    r#""country":{},"x":1"#,
    r#""x":{},"y":[],"z":{ },"w":[ ]"#,
    r#""x":{"a":{},"b":[[],{}]}"#,
    r#""x":[1,]"#,
    r#""x":[,1]"#,
    r#""x":[1 2]"#,
    r#""x":{"a"}"#,
    r#""x":{"a":1,}"#,
    r#""x":{1:1}"#,
    r#""x":01"#,
    r#""x":-"#,
    r#""x":1.e3"#,
    r#""x":.5"#,
    r#""x":tru"#,
    r#""x":nullx"#,
    r#""x":"a"b"#,
    r#""city":12.0,"os":-0,"browser":-0.0,"device":1.50,"country":1e2"#,
    r#""":1,"user_agent_data":{"":{}}"#,
    r#""user_agent_data":{"os":"a","browser":"b","device":"c","country":"d"},"geo_data":null,"click_data":{}"#,
    r#""user_agent_data":{"operating_system":null},"os":null"#,
    r#""click_data":{"url":null}"#,
    r#""click_data":{"click_id":"x","row_key":"y"}"#,
    r#""country":"unknown","city":"\\N","os":" ","browser":"","device":null"#,
    r#""operating_system":"OS","region":"r","value":{"a":[1,2,{"b":null}]}"#,
    r#""country":Infinityx"#,
    r#""country":--Infinity"#,
    r#""country":[NaN]"#,
    "\"x\":\"\x7f\u{85}\u{2028}\"",
    "\"x\":\"\t\"",
    "\"country\":\u{a0}1",
];
