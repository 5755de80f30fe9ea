//! Nanoseconds to decode one event, per wire form; the timestamp alone, per form.

use std::hint::black_box;

use clicktop::click::{Decoder, Format, Timestamp};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const CSV_PLAIN: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39,e7d524b842e625e2,2026-01-31T09:30:00.125Z,/presentations/logstash/images/kibana-search.png,FR,Paris,Firefox,Linux,desktop";
const CSV_QUOTED: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39,e7d524b842e625e2,2026-01-31T09:30:00.125Z,\"/presentations/logstash?sort=a,b&q=\"\"kibana\"\"\",FR,Paris,Firefox,Linux,desktop";
const JSON_FLAT: &str = r#"{"click_id":"8c77bd62-50bc-5c62-b14e-c23292823b39","user_id":"e7d524b842e625e2","timestamp":"2026-01-31T09:30:00.125Z","url":"/presentations/logstash/images/kibana-search.png","country":"FR","city":"Paris","browser":"Firefox","os":"Linux","device":"desktop"}"#;
const JSON_ESCAPED: &str = r#"{"click_id":"8c77bd62-50bc-5c62-b14e-c23292823b39","user_id":"e7d524b842e625e2","timestamp":1769851800125,"url":"\/presentations\/logstash\/images\/kibana-search.png","country":"FR","city":"Orl\u00e9ans","browser":"Firefox","os":"Linux","device":"desktop"}"#;
const JSON_NESTED: &str = r#"{"row_key":"8c77bd62-50bc-5c62-b14e-c23292823b39","click_data":{"user_id":"e7d524b842e625e2","timestamp":"2026-01-31T09:30:00.125Z","url":"/presentations/logstash/images/kibana-search.png"},"geo_data":{"country":"FR","city":"Paris"},"user_agent_data":{"browser":"Firefox","operating_system":"Linux","device":"desktop"}}"#;

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

criterion_group!(benches, events, timestamps);
criterion_main!(benches);
