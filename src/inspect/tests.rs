//! Whole clickstreams: what `look` makes of them, by name or by guess.

use super::*;
use crate::click::mapping::{EventDecoder, Form, Mapping, Source, Test, TimeForm};
use crate::click::{FieldLimits, Format};

/// Looks at a file with this text.
fn look_at(text: &str) -> (Looked, Sample) {
    let written = detect(text.lines(), true).unwrap();
    let sample = records(text.as_bytes(), true, &written, 1_000);
    (look(&sample, written), sample)
}

fn guess_of(text: &str) -> Guess {
    match look_at(text).0.found {
        Found::Guessed(guess) => guess,
        other => panic!("{other:?}"),
    }
}

fn preset_of(text: &str) -> &'static str {
    match look_at(text).0.found {
        Found::Known { preset, .. } => preset,
        other => panic!("{other:?}"),
    }
}

fn judged(mapping: &Mapping, sample: &Sample) -> Judged {
    let compiled = mapping.compile().unwrap();
    judge(sample, &mut EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default())).unwrap()
}

fn field(name: &str) -> Option<Source> {
    Some(Source::Field(name.into()))
}

/// `events` lines that `line` makes of their numbers, under `header`.
fn lines(header: &str, events: usize, line: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (0..events).map(line).collect();
    format!("{header}{}", lines.join("\n"))
}

fn sample_file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/presets").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn known_clickstreams_lead_to_their_presets() {
    for (file, preset) in [
        ("segment.json", "segment"),
        ("snowplow.tsv", "snowplow"),
        ("snowplow_json.json", "snowplow_json"),
        ("ga4.json", "ga4"),
        ("matomo.json", "matomo"),
        ("posthog.json", "posthog"),
        ("rees46.csv", "rees46"),
        ("combined.log", "combined"),
        ("w3c.log", "w3c"),
        ("cloudfront.log", "w3c"),
        ("nginx_json.log", "nginx_json"),
        ("caddy.log", "caddy"),
        ("traefik.log", "traefik"),
    ] {
        assert_eq!(preset_of(&sample_file(file)), preset, "{file}");
        let (looked, sample) = look_at(&sample_file(file));
        let Found::Known { mapping, .. } = looked.found else { panic!() };
        let judged = judged(&mapping, &sample);
        assert!(judged.clicks >= 5 && judged.rejected == 0, "{file}: {judged:?}");
    }
}

#[test]
fn our_own_events_need_no_mapping() {
    let text =
        lines("", 30, |at| format!("c{at},u{},2026-01-31T09:30:{at:02}Z,/p,FR,Lyon,Firefox,Linux,desktop", at % 7));
    assert!(matches!(look_at(&text).0.found, Found::Nine));
    let json = lines("", 30, |at| {
        format!("{{\"click_id\":\"{at}\",\"user_id\":\"u\",\"timestamp\":1767225600,\"url\":\"/\",\"country\":\"FR\"}}")
    });
    assert!(matches!(look_at(&json).0.found, Found::Nine));
}

/// A shop's own CSV, with names of its own.
fn shop() -> String {
    let agent = "\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"";
    lines(
        "Event-ID;Visited At;Customer No;Visitor ID;Page URL;Referrer URL;Geo Country;City;UA;Event Type\n",
        400,
        |at| {
            let (user, country) = (at % 37, ["FR", "DE", "IN"][at % 3]);
            let kind = if at % 5 == 0 { "add_to_cart" } else { "page_view" };
            format!(
                "e-{at};31.01.2026 09:{:02}:{:02};{};v{user};https://shop.example/p/{};https://search.example/;{country};Town {};{agent};{kind}",
                at / 60,
                at % 60,
                if at % 2 == 0 { String::new() } else { format!("k{user}") },
                at % 50,
                at % 9,
            )
        },
    )
}

#[test]
fn a_csv_with_names_of_its_own_is_mapped_in_every_field() {
    let guess = guess_of(&shop());
    let Mapping { form, separator, fields, time, conditions, .. } = &guess.mapping;
    assert_eq!((*form, *separator), (Form::Csv, Some(';')));
    assert_eq!((&fields.click_id, &fields.url), (&field("Event-ID"), &field("Page URL")));
    assert_eq!(fields.user_id, field("Visitor ID"));
    assert_eq!(fields.timestamp, field("Visited At"));
    assert_eq!(*time, TimeForm::Pattern("%d.%m.%Y %H:%M:%S".into()));
    assert_eq!((&fields.country, &fields.city), (&field("Geo Country"), &field("City")));
    assert_eq!((&fields.user_agent, &fields.browser, &fields.ip), (&field("UA"), &None, &None));
    assert_eq!(conditions[0].field, Source::Field("Event Type".into()));
    assert_eq!(conditions[0].test, Test::Is(vec!["page_view".into()]));
    assert_eq!(guess.missing, []);
    let (_, sample) = look_at(&shop());
    let judged = judged(&guess.mapping, &sample);
    assert_eq!((judged.clicks, judged.left_out, judged.rejected), (320, 80, 0));
    assert_eq!((judged.users, judged.countries.len()), (37, 3));
}

#[test]
fn nested_json_with_names_of_its_own_is_mapped_too() {
    let text = lines("", 300, |at| {
        let user = if at % 3 == 0 { "null".to_owned() } else { format!("\"m{}\"", at % 40) };
        format!(
            "{{\"meta\":{{\"id\":\"{at:08}-0000-4000-8000-000000000000\",\"occurredAt\":{}}},\"member\":{{\"memberId\":{user},\
             \"sessionId\":\"s{}\",\"ip\":\"192.0.2.{}\"}},\"web\":{{\"page\":{{\"href\":\"/articles/{}\",\"referrer\":\"/\"}}}},\
             \"geo\":{{\"country_code\":\"{}\",\"country_name\":\"{}\"}},\"device\":{{\"type\":\"mobile\"}},\"size\":{at}}}",
            1_769_851_800_000_u64 + 1_000 * at as u64,
            at % 60,
            at % 20,
            at % 25,
            ["FR", "DE"][at % 2],
            ["France", "Germany"][at % 2],
        )
    });
    let guess = guess_of(&text);
    let fields = &guess.mapping.fields;
    assert_eq!(fields.url, field("web.page.href"));
    assert_eq!(fields.timestamp, field("meta.occurredAt"));
    let users = ["member.memberId", "member.sessionId"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(fields.user_id, Some(Source::First(users)));
    assert_eq!(fields.country, field("geo.country_code"));
    assert_eq!((&fields.device, &fields.ip), (&field("device.type"), &field("member.ip")));
    assert_eq!(fields.click_id, field("meta.id"), "uuids that never repeat");
    let (_, sample) = look_at(&text);
    assert_eq!(judged(&guess.mapping, &sample).clicks, 300);
}

#[test]
fn messages_without_names_are_mapped_by_their_values() {
    let text = lines("", 300, |at| {
        format!(
            "{}\tvisitor-{}\t/docs/{}\t{}\t{}",
            1_769_851_800 + at,
            at % 45,
            at % 30,
            ["FR", "DE", "IN"][at % 3],
            at
        )
    });
    let written = detect(text.lines(), false).unwrap();
    let sample = Sample { header: None, records: text.lines().map(|line| line.as_bytes().to_vec()).collect() };
    let Found::Guessed(guess) = look(&sample, written).found else { panic!() };
    let column = |number: usize| Some(Source::Column(number.try_into().unwrap()));
    let fields = &guess.mapping.fields;
    assert_eq!(guess.mapping.form, Form::Tsv);
    assert_eq!((&fields.url, &fields.user_id, &fields.country), (&column(3), &column(2), &column(4)));
    assert_eq!(fields.timestamp, column(1), "a unix time has no other sign than its digits");
    assert_eq!(judged(&guess.mapping, &sample).clicks, 300);
}

#[test]
fn a_date_and_a_time_of_day_are_one_time() {
    let text =
        lines("date,time,uid,path\n", 100, |at| format!("2026-01-31,09:30:{:02},u{},/p{}", at % 60, at % 9, at % 4));
    let guess = guess_of(&text);
    let parts = ["date", "time"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(guess.mapping.fields.timestamp, Some(Source::Join { parts, with: " ".into() }));
    assert_eq!(guess.missing, []);
}

#[test]
fn people_without_a_name_are_told_by_address_and_user_agent() {
    let text = lines("ts,client_ip,user_agent,request_uri\n", 100, |at| {
        format!("{},192.0.2.{},Mozilla/5.0 (X11) Gecko/1,/p{}", 1_769_851_800 + at, at % 9, at % 4)
    });
    let guess = guess_of(&text);
    let parts = ["client_ip", "user_agent"].map(|name| Source::Field(name.into())).to_vec();
    assert_eq!(guess.mapping.fields.user_id, Some(Source::Hash(parts)));
}

#[test]
fn views_of_products_are_those_of_their_pages() {
    let text = lines("ts,action,item_id,customer_id\n", 200, |at| {
        format!("{},{},i{},c{}", 1_769_851_800 + at, ["view", "view", "buy"][at % 3], at % 30, at % 20)
    });
    let guess = guess_of(&text);
    let parts = vec![Source::Constant("/product/".into()), Source::Field("item_id".into())];
    assert_eq!(guess.mapping.fields.url, Some(Source::Join { parts, with: String::new() }));
    assert_eq!(guess.mapping.conditions[0].test, Test::Is(vec!["view".into()]));
    let (_, sample) = look_at(&text);
    assert_eq!(judged(&guess.mapping, &sample).first[0][3], "/product/i0");
    // A shop's data without sessions, in another order of columns.
    let rees46 = lines("user_id,product_id,event_type,event_time,category_id\n", 50, |at| {
        format!("{},{},view,2019-10-01 00:00:{at:02} UTC,20", 500 + at % 7, at % 9)
    });
    assert_eq!(preset_of(&rees46), "rees46");
}

#[test]
fn readings_of_sensors_are_no_clickstream() {
    let text = lines("time,sensor_id,temperature,humidity\n", 300, |at| {
        format!("2026-01-31T09:{:02}:{:02}Z,s{},{}.5,{}", at / 60, at % 60, at % 12, 15 + at % 10, 40 + at % 30)
    });
    let guess = guess_of(&text);
    assert_eq!(guess.missing, [Target::User, Target::Url]);
    let orders = lines("order_id,created_at,customer_id,total,currency\n", 300, |at| {
        format!("o{at},2026-01-31T09:30:{:02}Z,c{},{}.90,EUR", at % 60, at % 40, at % 90)
    });
    assert_eq!(guess_of(&orders).missing, [Target::Url]);
}

#[test]
fn why_events_are_rejected_is_counted_by_reason() {
    let text = lines("uid,ts,url\n", 60, |at| match at % 6 {
        0 => format!("u{at},soon,/"),
        1 => format!("u{at},20260131,/"),
        2 => format!(",{},/", 1_769_851_800 + at),
        _ => format!("u{},{},/p", at % 7, 1_769_851_800 + at),
    });
    let (looked, sample) = look_at(&text);
    let mapping = Mapping {
        form: Form::Csv,
        fields: crate::click::mapping::Fields {
            user_id: field("uid"),
            timestamp: field("ts"),
            url: field("url"),
            ..Default::default()
        },
        ..Mapping::default()
    };
    let judged = judged(&mapping, &sample);
    assert_eq!((looked.fields.events, judged.clicks, judged.rejected), (60, 30, 30));
    assert_eq!(judged.reasons.len(), 3, "{:#?}", judged.reasons);
    assert!(judged.reasons.iter().all(|rejection| rejection.count == 10 && !rejection.example.is_empty()));
}
