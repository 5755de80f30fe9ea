//! Nanoseconds to decode one event, per wire form; the timestamp alone, per form.

use std::hint::black_box;

use clicktop::click::mapping::{Condition, EventDecoder, Fields, Form, Mapping, Place, Source, StreamId, Test};
use clicktop::click::{Decoder, FieldLimits, Format, Timestamp};
use clicktop::registry::{Frame, FrameReader, Opened, Schema, SchemaKind, SchemaText, Schemas};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::value::RawValue;

const CSV_PLAIN: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39,e7d524b842e625e2,2026-01-31T09:30:00.125Z,/presentations/logstash/images/kibana-search.png,FR,Paris,Firefox,Linux,desktop";
const CSV_QUOTED: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39,e7d524b842e625e2,2026-01-31T09:30:00.125Z,\"/presentations/logstash?sort=a,b&q=\"\"kibana\"\"\",FR,Paris,Firefox,Linux,desktop";
const JSON_FLAT: &str = r#"{"click_id":"8c77bd62-50bc-5c62-b14e-c23292823b39","user_id":"e7d524b842e625e2","timestamp":"2026-01-31T09:30:00.125Z","url":"/presentations/logstash/images/kibana-search.png","country":"FR","city":"Paris","browser":"Firefox","os":"Linux","device":"desktop"}"#;
const JSON_ESCAPED: &str = r#"{"click_id":"8c77bd62-50bc-5c62-b14e-c23292823b39","user_id":"e7d524b842e625e2","timestamp":1769851800125,"url":"\/presentations\/logstash\/images\/kibana-search.png","country":"FR","city":"Orl\u00e9ans","browser":"Firefox","os":"Linux","device":"desktop"}"#;
const JSON_NESTED: &str = r#"{"row_key":"8c77bd62-50bc-5c62-b14e-c23292823b39","click_data":{"user_id":"e7d524b842e625e2","timestamp":"2026-01-31T09:30:00.125Z","url":"/presentations/logstash/images/kibana-search.png"},"geo_data":{"country":"FR","city":"Paris"},"user_agent_data":{"browser":"Firefox","operating_system":"Linux","device":"desktop"}}"#;

/// The time of the JSON clicks.
const JSON_CLICK_TIME: &str = "2026-01-31T09:30:00.125Z";

/// A page call as Segment writes it, with 40 values.
const JSON_PAGE: &str = r#"{"anonymousId":"507f191e810c19729de860ea","channel":"browser","context":{"active":true,"app":{"name":"InitechGlobal","version":"545","build":"3.0.1.545"},"campaign":{"name":"TPS Innovation Newsletter","source":"Newsletter","medium":"email","term":"tps reports","content":"image link"},"device":{"id":"B5372DB0-C21E-11E4-8DFC-AA07A5B093DB","manufacturer":"Apple","model":"iPhone7,2","type":"mobile"},"ip":"198.51.100.23","library":{"name":"analytics.js","version":"2.11.1"},"locale":"en-US","location":{"city":"San Francisco","country":"United States","latitude":40.2964197,"longitude":-76.9411617,"speed":0},"os":{"name":"iOS","version":"17.1.3"},"page":{"path":"/academy/","referrer":"https://www.example.com/","search":"","title":"Analytics Academy","url":"https://example.com/academy/?utm=tps"},"screen":{"width":320,"height":568,"density":2},"timezone":"Europe/Amsterdam","userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15"},"messageId":"022bb90c-bbac-11e4-8dfc-aa07a5b093db","receivedAt":"2026-01-31T09:30:00.909Z","sentAt":"2026-01-31T09:30:00.707Z","timestamp":"2026-01-31T09:30:00.125Z","type":"page","userId":"97980cfea0067","version":"1.1"}"#;
const CSV_SHOP: &str = "2026-01-31 09:30:00 UTC,view,44600062,2103807459595387724,computers.notebook,shiseido,35.79,541312140,72d76fde-8bb3-4e00-8c23-a032dfed738c";
const COMBINED: &str = r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1" 200 203023 "http://semicomplete.com/presentations/logstash-monitorama-2013/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36""#;
const W3C: &str = "2026-01-31 09:30:00 10.0.0.4 GET /presentations/kibana.png size=large 443 - 83.149.9.216 Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_9_1) http://semicomplete.com/ 200 0 0 125";

const TIMESTAMPS: [(&str, &str); 5] = [
    ("utc", "2026-01-31T09:30:00.125Z"),
    ("offset", "2026-01-31T10:30:00.125+01:00"),
    ("civil", "2026-01-31 09:30:00"),
    ("epoch millis", "1769851800125"),
    ("epoch fraction", "1769851800.125"),
];

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event");
    group.throughput(Throughput::Elements(1));
    for (name, message) in [
        ("csv plain", CSV_PLAIN),
        ("csv quoted", CSV_QUOTED),
        ("json flat", JSON_FLAT),
        ("json escaped", JSON_ESCAPED),
        ("json nested", JSON_NESTED),
    ] {
        group.bench_with_input(BenchmarkId::from_parameter(name), message.as_bytes(), |bencher, message| {
            let mut decoder = Decoder::new(Format::Auto);
            assert!(decoder.decode(message).is_ok(), "{name} decodes");
            bencher.iter(|| decoder.decode(black_box(message)).map(|click| click.timestamp));
        });
    }
    group.finish();
}

fn field(name: &str) -> Option<Source> {
    Some(Source::Field(name.to_owned()))
}

fn joined(parts: &[&str], with: &str) -> Option<Source> {
    Some(Source::Join { parts: parts.iter().filter_map(|name| field(name)).collect(), with: with.to_owned() })
}

fn page_call() -> Mapping {
    let fields = Fields {
        click_id: field("messageId"),
        user_id: Some(Source::First(["userId", "anonymousId"].iter().filter_map(|name| field(name)).collect())),
        timestamp: field("timestamp"),
        url: field("context.page.url"),
        country: field("context.location.country"),
        city: field("context.location.city"),
        os: field("context.os.name"),
        device: field("context.device.type"),
        ..Fields::default()
    };
    let is_page = Condition { field: Source::Field("type".to_owned()), test: Test::Is(vec!["page".to_owned()]) };
    Mapping { form: Form::Json, fields, conditions: vec![is_page], ..Mapping::default() }
}

fn shop() -> Mapping {
    let columns = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
    let fields = Fields {
        user_id: field("user_id"),
        timestamp: field("event_time"),
        url: field("product_id"),
        ..Fields::default()
    };
    let columns = columns.split(',').map(str::to_owned).collect();
    Mapping { form: Form::Csv, columns, fields, ..Mapping::default() }
}

fn combined(user_id: Option<Source>) -> Mapping {
    let fields = Fields { user_id, timestamp: field("time"), url: field("path"), ..Fields::default() };
    Mapping { form: Form::Combined, fields, ..Mapping::default() }
}

fn w3c() -> Mapping {
    let columns = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
                   sc-status sc-substatus sc-win32-status time-taken";
    let fields = Fields {
        user_id: field("c-ip"),
        timestamp: joined(&["date", "time"], " "),
        url: joined(&["cs-uri-stem", "cs-uri-query"], "?"),
        ..Fields::default()
    };
    let columns = columns.split(' ').map(str::to_owned).collect();
    Mapping { form: Form::W3c, columns, fields, ..Mapping::default() }
}

/// Events of foreign streams; each is to be compared with what its bytes cost at least.
fn mapped(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mapped");
    group.throughput(Throughput::Elements(1));
    let by_hash = Source::Hash(["remote_addr", "user_agent"].iter().filter_map(|name| field(name)).collect());
    for (name, mapping, record) in [
        ("json", page_call(), JSON_PAGE),
        ("csv", shop(), CSV_SHOP),
        ("combined", combined(field("remote_addr")), COMBINED),
        ("combined, hashed user", combined(Some(by_hash)), COMBINED),
        ("w3c", w3c(), W3C),
    ] {
        let compiled = mapping.compile().expect("a mapping that is right");
        let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default());
        let mut place = Place { stream: StreamId::of_file(b"bench"), number: 0 };
        let mut clicks = 0_u64;
        decoder.decode_each(record.as_bytes(), place, &mut |click| clicks += u64::from(click.is_ok()));
        assert_eq!(clicks, 1, "{name} decodes");
        group.bench_with_input(BenchmarkId::from_parameter(name), record.as_bytes(), |bencher, record| {
            bencher.iter(|| {
                place.number += 1;
                decoder.decode_each(black_box(record), place, &mut |click| {
                    black_box(click.map(|click| click.timestamp)).ok();
                })
            });
        });
    }
    group.bench_function("json, only skipped", |bencher| {
        bencher.iter(|| serde_json::from_str::<&RawValue>(black_box(JSON_PAGE)).map(|json| json.get().len()));
    });
    group.finish();
}

const CLICK_AVRO: &str = r#"{"type":"record","name":"Click","fields":[{"name":"row_key","type":"string"},
    {"name":"click_data","type":{"type":"record","name":"Data","fields":[{"name":"user_id","type":["null","string"]},
        {"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"url","type":"string"}]}},
    {"name":"geo_data","type":{"type":"record","name":"Geo","fields":[{"name":"country","type":"string"},{"name":"city","type":"string"}]}},
    {"name":"user_agent_data","type":{"type":"record","name":"Agent","fields":[{"name":"browser","type":"string"},
        {"name":"operating_system","type":"string"},{"name":"device","type":"string"}]}}]}"#;

const CLICK_PROTO: &str = "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\";
    message Click { string row_key = 1; Data click_data = 2; Geo geo_data = 3; Agent user_agent_data = 4; }
    message Data { string user_id = 1; google.protobuf.Timestamp timestamp = 2; string url = 3; }
    message Geo { string country = 1; string city = 2; }
    message Agent { string browser = 1; string operating_system = 2; string device = 3; }";

/// The texts of the nested JSON click, in its order; the time is apart.
const CLICK_TEXTS: [&str; 8] = [
    "8c77bd62-50bc-5c62-b14e-c23292823b39",
    "e7d524b842e625e2",
    "/presentations/logstash/images/kibana-search.png",
    "FR",
    "Paris",
    "Firefox",
    "Linux",
    "desktop",
];

/// The same click as the content of both schemas.
fn contents() -> (Vec<u8>, Vec<u8>) {
    let [id, user, url, country, city, browser, os, device] = CLICK_TEXTS;
    let zigzag = |number: u64| varint(number << 1);
    let text = |text: &str| [zigzag(text.len() as u64), text.as_bytes().to_vec()].concat();
    let avro = [text(id), zigzag(1), text(user), zigzag(1_769_851_800_125), text(url)].concat();
    let avro = [avro, [country, city, browser, os, device].map(text).concat()].concat();
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2][..], &varint(bytes.len() as u64), bytes].concat();
    let time = [&[8][..], &varint(1_769_851_800), &[16], &varint(125_000_000)].concat();
    let data = [field(1, user.as_bytes()), field(2, &time), field(3, url.as_bytes())].concat();
    let geo = [field(1, country.as_bytes()), field(2, city.as_bytes())].concat();
    let agent = [field(1, browser.as_bytes()), field(2, os.as_bytes()), field(3, device.as_bytes())].concat();
    let proto = [field(1, id.as_bytes()), field(2, &data), field(3, &geo), field(4, &agent)].concat();
    // The first message type of the file.
    (avro, [vec![0], proto].concat())
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The nested click with and without a schema, each with the look whether there is a frame.
fn framed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("framed");
    group.throughput(Throughput::Elements(1));
    let schema = |kind, text: &str| {
        let text = SchemaText { kind, text: text.into(), references: Vec::new() };
        Schema::compile(&text).expect("a schema that is right")
    };
    let schemas = Schemas::fixed([
        (1, schema(SchemaKind::Avro, CLICK_AVRO)),
        (2, schema(SchemaKind::Protobuf, CLICK_PROTO)),
        (3, schema(SchemaKind::Json, "{}")),
    ]);
    let (avro, proto) = contents();
    for (name, message) in [
        ("json, no frame", JSON_NESTED.as_bytes().to_vec()),
        ("json schema", Frame::write(3, JSON_NESTED.as_bytes())),
        ("avro", Frame::write(1, &avro)),
        ("protobuf", Frame::write(2, &proto)),
    ] {
        let mut reader = FrameReader::new(schemas.clone(), None);
        let mut decoder = Decoder::new(Format::Auto);
        let mut decode = move |message: &[u8]| {
            let text = match reader.open(message) {
                Opened::Plain => message,
                Opened::Text(text) => text,
                other => panic!("{other:?}"),
            };
            decoder.decode(text).map(|click| click.timestamp)
        };
        assert_eq!(decode(&message).ok(), JSON_CLICK_TIME.parse().ok(), "{name} decodes");
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(&message))));
    }
    group.finish();
}

fn timestamps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timestamp");
    group.throughput(Throughput::Elements(1));
    for (name, text) in TIMESTAMPS {
        assert!(text.parse::<Timestamp>().is_ok(), "{name} is a timestamp");
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |bencher, text| {
            bencher.iter(|| black_box(text).parse::<Timestamp>());
        });
    }
    let utc = TIMESTAMPS[0].1;
    group.bench_function("utc, jiff's own parser", |bencher| {
        bencher.iter(|| black_box(utc).parse::<jiff::Timestamp>());
    });
    let time = Timestamp::from_millis(1_769_851_800_125);
    group.bench_function("display", |bencher| bencher.iter(|| black_box(time).to_string()));
    group.finish();
}

criterion_group!(benches, events, mapped, framed, timestamps);
criterion_main!(benches);
