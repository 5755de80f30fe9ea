//! Mappings, and messages to decode by each: samples of presets, messages by hand, and mutations of both. The same come in every run.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::generated::{WORDS, mutated};
use super::vectors::{ODD, literals};
use crate::click::mapping::Mapping;
use crate::config::{Sources, load};

/// A mapping with messages for it.
pub struct Mapped {
    pub name: &'static str,
    pub mapping: Mapping,
    pub tight: bool,
    pub messages: BTreeSet<Vec<u8>>,
}

/// All mappings. Each has `mutations` messages more than its own.
pub fn all(mutations: usize) -> Vec<Mapped> {
    let mut all = Vec::new();
    for preset in PRESETS {
        let (name, file) = preset;
        let text = if name == "rees46" {
            "[events]\npreset = \"rees46\"\ncolumns = [\"event_time\", \"event_type\", \"product_id\", \"category_id\", \"category_code\", \
             \"brand\", \"price\", \"user_id\", \"user_session\"]\n"
                .to_owned()
        } else {
            format!("[events]\npreset = \"{name}\"\n")
        };
        all.push(mapped(name, &text, sample(file), mutations));
    }
    for (name, text, seeds) in BY_HAND {
        all.push(mapped(name, text, seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect(), mutations));
    }
    for (name, form) in TIMES {
        let text = format!("[events]\nform = \"csv\"\nuser_id = 1\ntimestamp = 2\nurl = 3\n{form}\n");
        let times = literals(include_str!("../../../../click/timestamp_tests.rs"));
        let times = times.into_iter().chain(ODD_TIMES.iter().map(|time| (*time).to_owned()));
        let seeds = times.map(|time| format!("u,\"{}\",/a", time.replace('"', "\"\"")).into_bytes()).collect();
        all.push(mapped(name, &text, seeds, mutations));
    }
    all
}

fn mapped(name: &'static str, text: &str, seeds: Vec<Vec<u8>>, mutations: usize) -> Mapped {
    let mapping = mapping(text);
    let mut messages: BTreeSet<Vec<u8>> = seeds.iter().cloned().collect();
    messages.extend(ODD.iter().map(|message| message.to_vec()));
    messages.extend(FOREIGN.iter().map(|message| message.to_vec()));
    messages.extend(seeds.iter().map(|seed| [seed, &b"\r\n"[..]].concat()));
    // Cut messages.
    messages.extend(seeds.iter().take(3).flat_map(|seed| (1..8).map(|part| seed[..seed.len() * part / 8].to_vec())));
    for depth in [2, 5, 28, 31, 32, 33, 60, 130] {
        let (open, close) = ("[{\"a\":".repeat(depth / 2), "}]".repeat(depth / 2));
        for seed in seeds.iter().filter(|seed| seed.starts_with(b"{")).take(2) {
            messages.insert([format!("{{\"deep\":{open}1{close},").as_bytes(), &seed[1..]].concat());
            messages.insert([&seed[..seed.len() - 1], format!(",\"deep\":{open}1{close}}}").as_bytes()].concat());
        }
    }
    let mut rng = StdRng::seed_from_u64(20_261_127);
    let names = text.split(['"', '.', '[', ']']).filter(|word| word.len() > 1).map(|word| word.as_bytes().to_vec());
    let words: Vec<Vec<u8>> = WORDS.iter().chain(MORE_WORDS).map(|word| word.to_vec()).chain(names.take(60)).collect();
    for _ in 0..mutations {
        messages.insert(mutated(&mut rng, &seeds, &words));
    }
    Mapped { name, mapping, tight: name.contains("tight"), messages }
}

/// The mapping that clicktop reads from a config file with this text.
pub fn mapping(text: &str) -> Mapping {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clicktop.toml");
    std::fs::write(&file, text).unwrap();
    let loaded =
        load(&Sources { file: Some(file), ..Sources::default() }).unwrap_or_else(|error| panic!("{text}: {error}"));
    loaded.settings.events.mapping().expect("a mapping")
}

/// The records of a sample in tests/data/presets.
fn sample(file: &str) -> Vec<Vec<u8>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/presets").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    if text.starts_with('[') {
        let values: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        return values.iter().map(|value| value.to_string().into_bytes()).collect();
    }
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}

const PRESETS: [(&str, &str); 11] = [
    ("segment", "segment.json"),
    ("combined", "combined.log"),
    ("snowplow", "snowplow.tsv"),
    ("snowplow_json", "snowplow_json.json"),
    ("ga4", "ga4.json"),
    ("matomo", "matomo.json"),
    ("posthog", "posthog.json"),
    ("rees46", "rees46.csv"),
    ("nginx_json", "nginx_json.log"),
    ("caddy", "caddy.log"),
    ("traefik", "traefik.log"),
];

/// Mappings that use each part of the language, with messages that meet it.
const BY_HAND: [(&str, &str, &[&str]); 9] = [
    (
        "every source",
        r#"
        [events]
        form = "json"
        click_id = { join = [{ constant = "c'\\" }, "id", "m.n[1]"], with = "{{white}}" }
        user_id = ["u.id", { hash = ["ip", ["a.\"x.y\"", "b"]] }, "m"]
        timestamp = ["t", "m.t"]
        url = { join = ["host", ["p", "q[k=2].v"]], with = "" }
        country = "c[name=land].value[0]"
        city = { constant = "Zürich '\"" }
        browser = ["m", "m.o.b", "os", "m.o"]
        os = { join = ["os", "v", "u.id"], with = "," }
        device = "@d"
        where = [{ field = "kind", is = ["a'", "é", "1", "true"] }, { field = "m.no", exists = false }, { field = ["m.o", "kind"], exists = true }, { field = { join = ["skip", "kind"], with = "-" }, is_not = ["x-1"] }]
        "#,
        &[
            r#"{"id":"7","u":{"id":"u1"},"t":"2026-01-31T09:30:00Z","host":"h","p":"/a","kind":"a'","@d":"x","m":{"n":[1,"two"],"o":{"b":"F"}},"os":"L"}"#,
            r#"{"id":7.0,"u":null,"ip":"1.2.3.4","a":{"x.y":"z"},"t":1769851800,"host":"h","q":[{"k":1,"v":"no"},{"v":"/q","k":2},{"k":2,"v":"later"}],"kind":1,"m":{"n":[null,true],"o":[1]},"c":[{"name":"x"},{"name":"land","value":["FR",2]}]}"#,
            r#"{"id":"\u0041\n","u":{"id":-0},"b":1.5e1,"m":{"t":1769851800.125,"o":"s","n":[]},"host":"h","p":"\u002fa","kind":true,"skip":"x","c":[{"na\u006de":"la\u006ed","value":[1.50]}]}"#,
            r#"{"u":{"id":"a","id":"b"},"t":1769851800,"host":"h","p":"/","kind":"é","m":{"o":{}}}"#,
            r#"{"u":{"id":{"x":1}},"ip":1,"t":[1],"m":{"t":1769851800,"o":null},"host":"h","p":"/","kind":"1"}"#,
            r#"{"u":5,"ip":"\ud83d","t":1769851800,"host":NaN,"p":"/","kind":"1","m":{"o":Infinity,"n":""}}"#,
            r#"{"u":NaN,"m":"","id":-Infinity,"t":1769851800,"host":"h","q":[{"k":NaN},{"k":"2","v":"/NaN"}],"kind":"1"}"#,
            r#"{"m":{"t":1769851800},"m":{"t":1},"host":"h","p":"/","kind":"1"}"#,
            r#"{"kind":"1","skip":"x","m":{"no":{}}}"#,
            r#"{"kind":"1","m":{"no":""},"u":{"id":1.5},"t":true}"#,
        ],
    ),
    (
        "each element",
        r#"
        [events]
        form = "json"
        click_id = ["a.list[].id", { join = ["a.list[].n", "v"], with = "/" }]
        user_id = "user"
        timestamp = ["a.list[].at", "at"]
        url = "a.list[].page.url"
        country = "a.land"
        city = "a.list[].tags[k=city].v"
        url_query = "drop"
        where = [{ field = "a.list[].type", is_not = "ping" }, { field = "off", exists = false }]
        "#,
        &[
            r#"{"user":"u","at":1769851800,"v":1,"a":{"land":"FR","list":[{"id":"x","page":{"url":"/a?b"}},{"n":2,"at":1769851801,"page":{"url":"/b"},"tags":[{"k":"city","v":"Lyon"}]},{"type":"ping"}]}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":[]}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":[{"id":"x","page":{"url":"/a"}},{"id":"y"},{"id":"x","page":{"url":"/b"}},{"id":3,"page":"/c"},null,5,"",[1]]}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":null}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":{"id":1}}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":"x"},"off":1}"#,
            r#"{"user":"u","at":1769851800,"a":[1],"off":0}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":[{"id":"1","page":{"url":"/1"}}],"list":[]}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":[{"id":"1","page":{"url":"/1"}}]},"a":{"land":"x"}}"#,
            r#"{"user":"u","at":1769851800,"a":{"list":[{"id":"1","page":{"url":"/1"},"page":2,"x":NaN},""]}}"#,
        ],
    ),
    (
        "places as ids, tight",
        "[events]\nform = \"json\"\nuser_id = \"user\"\ntimestamp = \"at\"\nurl = \"list[].url\"\ncity = { constant = \"x\" }\ncountry = \"c\"\n\
         where = [{ field = \"c\", is_not = \"no\" }]\n",
        &[
            r#"{"user":"u","at":1769851800,"list":[{"url":"/a"},{"url":"/0123456789012345678901234567890"},{"url":"/c"}]}"#,
            r#"{"user":"u","at":1769851800,"c":"no","list":[{"url":"/a"},{"url":"/b"}]}"#,
            r#"{"user":"u","at":1769851800,"c":["x"],"list":[{"url":"/a"}]}"#,
        ],
    ),
    (
        "auto with columns, tight",
        "[events]\ncolumns = [\"id\", \"user\", \"at\", \"url\", \"kind\"]\nuser_id = [\"user\", \"u.user\"]\ntimestamp = \"at\"\nurl = \"URL\"\n\
         country = \"kind\"\nwhere = [{ field = \"kind\", is_not = [\"ping\"] }]\ntime_zone = \"Europe/Paris\"\n",
        &[
            "1,u,2026-07-01 09:30:00,/a,view",
            "1,u,2026-07-01 09:30:00,/a,ping",
            "\"1\",\"u,\"\"x\",2026-10-25 02:30:00,\"/0123456789012345678901234\",view",
            r#"{"u":{"user":"x"},"at":"2026-03-29T02:30:00","URL":"/a","kind":"longer than the forty bytes that are allowed here"}"#,
            r#"{"user":"x","at":"2026-03-29 02:30 UTC","URL":"/a"}"#,
            "1,u,\"Sat, 31 Jan 2026 09:30:00 (CET)\",/a,",
            "1,u,31/Jan/2026:09:30:00,/a,",
        ],
    ),
    (
        "auto without columns",
        "[events]\nuser_id = \"user\"\ntimestamp = \"at\"\nurl = \"url\"\nurl_path_only = true\nurl_query = [\"q\", \"é\"]\nurl_fragment = \"drop\"\n",
        &[
            "1,u,2026-07-01 09:30:00,/a,view",
            r#"{"user":"x","at":1769851800,"url":"https://u:p@Shop.example:80/a?q=1&r=2&q&é=3#x?y"}"#,
            r#"{"user":"x","at":1769851800,"url":"//Shop.example?q=1"}"#,
            r##"{"user":"x","at":1769851800,"url":"?r=1#q"}"##,
            r##"{"user":"x","at":1769851800,"url":"#q"}"##,
            r#"{"user":"x","at":1769851800,"url":"https://"}"#,
            r#"{"user":"x","at":1769851800,"url":"a/b://c?&q"}"#,
        ],
    ),
    (
        "urls",
        "[events]\nform = \"tsv\"\ncolumns = [\"user\", \"at\", \"url\"]\nuser_id = \"user\"\ntimestamp = \"at\"\nurl = \"url\"\nurl_lower_case_host = true\nurl_query = \"keep\"\n",
        &[
            "u\t1769851800\thttps://U:P@Shop.EXAMPLE:80/A?Q#F",
            "u\t1769851800\t//ÀB.C",
            "u\t1769851800\t1a://B",
            "u\t1769851800\ta+.-://B@C@D?E@F",
            "u\t1769851800\tHTTP:/B//C",
            "u\t1769851800\thttp:///B",
            "u\t1769851800\t/http://B",
            "u\t1769851800",
        ],
    ),
    (
        "numbers of columns",
        "[events]\nform = \"csv\"\nseparator = \"|\"\nclick_id = 4\nuser_id = [1, 2]\ntimestamp = 3\nurl = { join = [{ constant = \"/p/\" }, 5], with = \"\" }\n",
        &[
            "u|v|1769851800|id|7",
            "|v|1769851800|id|7|more",
            "\"u|\"\"\"||1769851800|id|\"7\n8\"",
            "u|v|1769851800|id",
            "\\N| |1769851800|id|7",
            "u|\"v\"x|1|2|3",
            "u|v\"|1|2|3",
        ],
    ),
    (
        "every field of a log",
        r#"
        [events]
        form = "combined"
        user_id = ["remote_user", "ident", { hash = ["remote_addr", "user_agent"] }]
        timestamp = "time"
        url = { join = ["host", "path"], with = "" }
        country = "field_10"
        city = "referer"
        browser = "user_agent"
        os = { join = ["method", "protocol", "status", "bytes"], with = " " }
        device = "request"
        where = [{ field = "status", is_not = ["500"] }, { field = "path", is_not = "/ping" }]
        "#,
        &[
            r#"shop.example:443 192.0.2.7 - frank [31/Jan/2026:09:30:00 +0000] "GET /a?b=1 HTTP/1.1" 200 2326 "http://example.com/" "Mozilla/5.0" more "and \"more\"""#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET /a HTTP/1.1" 200 -"#,
            r#"192.0.2.7 id frank sinatra [31/Jan/2026:09:30:00 +0000] "GET /a b HTTP/1.1" "304" 0 "-" "a\\b \x22\xC3\xA9\t""#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "\x16\x03" 400 0 "-" "-""#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "-" 408 0 "-" "-""#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET /\xE9 HTTP/1.1" 200 0 "\q" "-""#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET /ping HTTP/1.1" 200 0"#,
            r#"192.0.2.7 - [x] [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 500 0"#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 2000 0"#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 x"#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] GET 200 0"#,
            r#"192.0.2.7 - - [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 0 "a"b"#,
            r#"a:b c - d [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 0"#,
            r#"a:1 c x d [31/Jan/2026:09:30:00 +0000] "GET  HTTP/1.1" 200 0"#,
        ],
    ),
    (
        "long fields",
        "[events]\nform = \"json\"\nuser_id = \"u\"\ntimestamp = \"t\"\nurl = \"url\"\ncity = \"city\"\n",
        &[r#"{"u":"x","t":1769851800,"url":"/a","city":"unknown"}"#],
    ),
];

/// Forms of times.
const TIMES: [(&str, &str); 11] = [
    ("rfc3339", "time_form = \"rfc3339\""),
    ("s", "time_form = \"s\""),
    ("ms", "time_form = \"ms\""),
    ("us", "time_form = \"us\""),
    ("ns", "time_form = \"ns\""),
    ("auto in Paris", "time_zone = \"Europe/Paris\""),
    ("pattern", "time_form = \"%d.%m.%Y %H:%M:%S\""),
    ("pattern in New York", "time_form = \"%Y-%m-%d %H:%M:%S%.f\"\ntime_zone = \"America/New_York\""),
    ("pattern with an offset", "time_form = \"%a, %d %b %Y %T %z\""),
    ("pattern of half days", "time_form = \"%B %e, %y %I:%M %p\""),
    ("pattern of an access log", "time_form = \"%d/%b/%Y:%H:%M:%S %:z\""),
];

const ODD_TIMES: &[&str] = &[
    "31.01.2026 09:30:00",
    "1.1.2026 9:3:0",
    "31.1.2026  09:30:60",
    "30.2.2026 09:30:00",
    "31.01.0000 09:30:00",
    "31.12.9999 23:59:59",
    "30.12.9999 22:00:00",
    "30.12.9999 22:00:01",
    "31.01.-2026 09:30:00",
    "2026-03-08 02:30:00.5",
    "2026-11-01 01:30:00.123456789",
    "1969-12-31 18:59:59.9999",
    "1883-11-18 12:00:00",
    "2026-01-31 09:30:00.",
    "Sat, 31 Jan 2026 09:30:00 +0130",
    "sat, 31 JAN 2026 09:30:00 -013059",
    "Sun, 31 Jan 2026 09:30:00 +0000",
    "Sat, 31 Jan 2026 09:30:00 +2600",
    "Fri, 31 Dec 9999 23:00:00 +0000",
    "January 31, 26 09:30 PM",
    "march 1, 69 12:00 am",
    "May 1, 68 13:00 AM",
    "31/Jan/2026:09:30:00 +01:00",
    "31/Jan/2026:09:30:00 +01:00:30",
    "1769851800",
    "-1769851800.5",
    "1769851800.1259",
    "1.7698518e9",
    "1.76e+9",
    "1e-3",
    "-0",
    "0",
    "-0.0004",
    "-5e-400",
    "253402300799.999",
    "253402300800",
    "-62135596800",
    "99999999999999999999",
    "1e30",
    "2026-10-25 02:30:00",
    "2026-03-29 02:30:00",
    "2026-03-29T02:30:00+00:00",
    "1900-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "9999-12-31 23:59:59Z",
    "0001-01-01 00:00:00",
    "0001-01-01 12:00:00",
    "\u{a0}1769851800 ",
];

/// What other programs write.
const FOREIGN: &[&[u8]] = &[
    b"\x1f\x8b\x08\x00abc",
    b"[{\"a\":1}]",
    b"\"{\\\"a\\\":1}\"",
    b"{\"a\":1}{\"a\":2}",
    b"\x1e{\"a\":1}\n",
    b"<html>",
    b"\x00\x00\x00\x00\x07{}",
    b"{\"schema\":{},\"payload\":{}}",
    b"click_id,user_id,timestamp,url,country,city,browser,os,device",
];

const MORE_WORDS: &[&[u8]] = &[
    b"\"id\":1,",
    b"\"u\":",
    b"\\u0041",
    b"\"\\ud83d\"",
    b"false",
    b"-Infinity",
    b"{\"k\":2,\"v\":\"w\"}",
    b"\t",
    b"|",
    b" [",
    b"] \"",
    b"\\x22",
    b"\\xE9",
    b"HTTP/1.1",
    b"https://",
    b"#",
    b"?",
    b"@",
];
