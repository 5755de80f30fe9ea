use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::click::fields::NULL;
use crate::click::{FieldLimits, Timestamp, UNKNOWN, is_csv_header};
use crate::text::printable;

const CSV: &str = "c1,u1,2026-01-31T09:30:00.125Z,/a,FR,Paris,Firefox,Linux,desktop";
const JSON: &str = r#"{"click_id":"c1","user_id":"u1","timestamp":1769851800125,"url":"/a","country":"FR","city":"Paris","browser":"Firefox","os":"Linux","device":"desktop"}"#;
const CLICK: Click<'_> = Click {
    click_id: "c1",
    user_id: "u1",
    timestamp: Timestamp::from_millis(1_769_851_800_125),
    url: "/a",
    country: "FR",
    city: "Paris",
    browser: "Firefox",
    os: "Linux",
    device: "desktop",
};

fn error(format: Format, payload: impl AsRef<[u8]>) -> DecodeError {
    Decoder::new(format).decode(payload.as_ref()).expect_err("not a click")
}

#[test]
fn auto_detects_json_by_the_first_non_blank_byte() {
    let mut decoder = Decoder::new(Format::Auto);
    for message in [CSV.to_owned(), JSON.to_owned(), format!(" \r\n\t{JSON}\n"), format!("{CSV}\r\n")] {
        assert_eq!(decoder.decode(message.as_bytes()), Ok(CLICK), "{message}");
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    for message in [CSV, JSON] {
        assert_eq!(Decoder::new(Format::Auto).decode(format!("\u{feff}{message}").as_bytes()), Ok(CLICK));
    }
}

#[test]
fn a_named_format_rejects_the_other() {
    assert_eq!(Decoder::new(Format::Csv).decode(CSV.as_bytes()), Ok(CLICK));
    assert_eq!(Decoder::new(Format::Json).decode(JSON.as_bytes()), Ok(CLICK));
    assert_eq!(error(Format::Json, CSV), DecodeError::NotAnObject);
    assert_eq!(error(Format::Json, "[{}]"), DecodeError::NotAnObject);
    assert_eq!(error(Format::Csv, JSON).kind(), "csv");
}

#[test]
fn a_decoder_leaks_nothing_into_the_next_message() {
    let mut decoder = Decoder::new(Format::Auto);
    let quoted = CSV.replace("/a", "\"/\"\"a\"\"\"");
    for _ in 0..3 {
        assert_eq!(decoder.decode(quoted.as_bytes()).map(|click| click.url), Ok("/\"a\""));
        assert!(decoder.decode(b"\"c\"\"\",\"broken").is_err());
        assert_eq!(
            decoder
                .decode(br#"{"click_id":"\u0041","user_id":"\u0042","timestamp":1769851800,"url":"\/"}"#)
                .map(|click| (click.click_id, click.user_id, click.url, click.os)),
            Ok(("A", "B", "/", UNKNOWN))
        );
    }
}

#[test]
fn a_decoder_keeps_the_text_of_one_message_at_most() {
    let mut decoder = Decoder::new(Format::Auto);
    let quoted = CSV.replace("/a", "\"/\"\"a\"\"\"");
    for _ in 0..100 {
        assert!(decoder.decode(quoted.as_bytes()).is_ok());
    }
    assert_eq!(decoder.scratch, "/\"a\"");
}

#[test]
fn optional_fields_left_out_are_unknown() {
    let expected = Click { country: UNKNOWN, city: UNKNOWN, browser: UNKNOWN, os: UNKNOWN, device: UNKNOWN, ..CLICK };
    for message in [
        "c1,u1,1769851800125,/a,,,,,",
        "c1,u1,1769851800125,/a,\"\",\"\",\"\",\"\",\"\"",
        r#"{"click_id":"c1","user_id":"u1","timestamp":"1769851800125","url":"/a"}"#,
        r#"{"click_id":"c1","user_id":"u1","timestamp":1769851800125,"url":"/a","country":"","city":null,"user_agent_data":{}}"#,
    ] {
        assert_eq!(Decoder::default().decode(message.as_bytes()), Ok(expected), "{message}");
    }
}

#[test]
fn required_fields_must_not_be_blank() {
    for (at, field) in ["click_id", "user_id", "timestamp", "url"].into_iter().enumerate() {
        for empty in ["", " ", "\t\u{a0}", "\"\"", "\"\n\"", "\\N"] {
            let mut fields: Vec<&str> = CSV.split(',').collect();
            fields[at] = empty;
            assert_eq!(error(Format::Auto, fields.join(",")), DecodeError::MissingField { field }, "{fields:?}");
        }
        let mut json: serde_json::Value = serde_json::from_str(JSON).expect("valid");
        json[field] = serde_json::Value::Null;
        assert_eq!(error(Format::Auto, json.to_string()), DecodeError::MissingField { field });
        json.as_object_mut().expect("an object").remove(field);
        assert_eq!(error(Format::Auto, json.to_string()), DecodeError::MissingField { field });
    }
    assert_eq!(DecodeError::MissingField { field: "url" }.to_string(), "`url` is missing or empty");
}

#[test]
fn a_null_of_databases_is_an_empty_field() {
    let mut decoder = Decoder::default();
    let message = br"c1,u1,1769851800,/\N,\N,\N,\n,N,\NN";
    let click = decoder.decode(message).expect("a click");
    assert_eq!(
        [click.url, click.country, click.city, click.browser, click.os, click.device],
        [r"/\N", UNKNOWN, UNKNOWN, r"\n", "N", r"\NN"]
    );
}

#[test]
fn field_text_is_kept_as_it_is() {
    let odd = " c\0\u{1b}[2J\u{202e} ";
    let message = format!("{odd},u1,1769851800,/a, ,\t,x ,é,👩‍💻");
    let mut decoder = Decoder::default();
    let click = decoder.decode(message.as_bytes()).expect("a click");
    assert_eq!(
        [click.click_id, click.country, click.city, click.browser, click.os, click.device],
        [odd, " ", "\t", "x ", "é", "👩‍💻"]
    );
}

#[test]
fn a_blank_message_is_reported_as_empty() {
    for nothing in ["", " ", "\n", "\r\n", "\u{feff}", "\u{feff} \t"] {
        for format in [Format::Auto, Format::Csv, Format::Json] {
            assert_eq!(error(format, nothing), DecodeError::Empty, "{nothing:?}");
        }
    }
}

#[test]
fn the_longest_message_is_read_and_one_byte_more_is_not() {
    let longest = CSV.replace("/a", &"/".repeat(MAX_MESSAGE_BYTES - CSV.len() + 2));
    assert_eq!(longest.len(), MAX_MESSAGE_BYTES);
    let any = FieldLimits { url: MAX_MESSAGE_BYTES, field: MAX_MESSAGE_BYTES };
    assert!(Decoder::default().with_limits(any).decode(longest.as_bytes()).is_ok());
    // Not even its UTF-8 is looked at.
    let mut longer = longest.into_bytes();
    longer.push(0xff);
    let error = error(Format::Auto, longer);
    assert_eq!(error, DecodeError::TooLong { bytes: MAX_MESSAGE_BYTES + 1, limit: MAX_MESSAGE_BYTES });
    assert_eq!(error.to_string(), "message of 524289 bytes is longer than the limit of 524288");
}

#[test]
fn a_field_may_be_as_long_as_its_limit_and_no_longer() {
    for (at, field, limit) in [
        (0, "click_id", 4_096),
        (1, "user_id", 4_096),
        (3, "url", 8_192),
        (4, "country", 4_096),
        (5, "city", 4_096),
        (6, "browser", 4_096),
        (7, "os", 4_096),
        (8, "device", 4_096),
    ] {
        let with = |text: &str| {
            let mut fields: Vec<&str> = CSV.split(',').collect();
            fields[at] = text;
            fields.join(",")
        };
        // Bytes count, not characters.
        let longest = "é".repeat(limit / 2);
        assert!(Decoder::default().decode(with(&longest).as_bytes()).is_ok(), "{field}");
        let longer = format!("{longest}x");
        let setting = if field == "url" { "events.max_url_bytes" } else { "events.max_field_bytes" };
        let expected = DecodeError::FieldTooLong { field, bytes: limit + 1, limit, setting };
        assert_eq!(error(Format::Auto, with(&longer)), expected);
        assert_eq!(error(Format::Auto, with(&format!("\"{longer}\""))), expected);
        let wider = FieldLimits { url: 8_193, field: 4_097 };
        assert!(Decoder::default().with_limits(wider).decode(with(&longer).as_bytes()).is_ok(), "{field}");
    }
    let long = CSV.replace("/a", &"/".repeat(9_000));
    assert_eq!(
        error(Format::Auto, &long).to_string(),
        "`url` has 9000 bytes, more than the 8192 that events.max_url_bytes allows"
    );
    assert_eq!(error(Format::Auto, &long).kind(), "too long");
    // The message may be longer than any field, and what is not known is no text of the message.
    let empty = format!(r#"{{"click_id":"c","user_id":"u","timestamp":1769851800,"url":"/a","x":"{long}"}}"#);
    let tight = FieldLimits { url: 2, field: 2 };
    assert!(Decoder::default().with_limits(tight).decode(empty.as_bytes()).is_ok());
    let escaped = r#"{"click_id":"c","user_id":"u","timestamp":1769851800,"url":"\u0041\u0042"}"#;
    assert!(Decoder::default().with_limits(tight).decode(escaped.as_bytes()).is_ok());
}

/// The lines of a file that Python wrote.
#[test]
fn numbers_as_json_libraries_write_them_are_read() {
    let mut decoder = Decoder::default();
    for (message, ids) in [
        (r#"{"click_id":1.0,"user_id":123.0,"timestamp":1767225600.0,"url":"/a","country":"FR"}"#, ("1", "123")),
        (r#"{"click_id":"2","user_id":"u2","timestamp":1767225600,"url":"/a","country":NaN}"#, ("2", "u2")),
        (r#"{"click_id":"3","user_id":"u3","timestamp":1767225600,"url":"/a","time_spent":NaN}"#, ("3", "u3")),
        (r#"{"click_id":"4","user_id":"u4","timestamp":1767225600,"url":"/a","price":Infinity}"#, ("4", "u4")),
        (r#"{"click_id":"7","user_id":"u7","timestamp":1767225600,"url":"/a","city":75001}"#, ("7", "u7")),
        (
            r#"{"click_id":9007199254740993,"user_id":1e3,"timestamp":1767225600,"url":"/a"}"#,
            ("9007199254740993", "1000"),
        ),
    ] {
        let click = decoder.decode(message.as_bytes()).expect(message);
        assert_eq!((click.click_id, click.user_id), ids);
        assert_eq!(click.timestamp, Timestamp::from_millis(1_767_225_600_000));
    }
    for (field, message) in [
        ("user_id", r#"{"click_id":"1","user_id":NaN,"timestamp":1767225600,"url":"/a"}"#),
        ("timestamp", r#"{"click_id":"1","user_id":"u","timestamp":-Infinity,"url":"/a"}"#),
        ("url", r#"{"click_id":"1","user_id":"u","timestamp":1767225600,"click_data":{"url":Infinity}}"#),
    ] {
        assert_eq!(error(Format::Json, message), DecodeError::MissingField { field });
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    assert_eq!(error(Format::Auto, b"c1,u1,0,/\xff,,,,,"), DecodeError::Utf8 { at: 9 });
    assert_eq!(error(Format::Auto, b"{\"url\":\"\xc3\"}"), DecodeError::Utf8 { at: 8 });
}

#[test]
fn errors_quote_little_and_escape_control_characters() {
    let shown = error(Format::Auto, CSV.replace("2026-01", "2026-13")).to_string();
    assert!(shown.starts_with("timestamp `2026-13-31T09:30:00.125Z` is not a time"), "{shown}");
    let hostile = format!("c1,u1,\u{1b}[2J{},/a,,,,,", "x".repeat(100_000));
    let shown = error(Format::Auto, hostile).to_string();
    assert!(shown.starts_with("timestamp `\\u{1b}[2Jxxx") && shown.contains("x…` is not a time"), "{shown}");
    assert!(shown.len() < 300, "{shown}");
}

#[test]
fn every_error_has_a_label_to_count_under() {
    for (message, kind) in [
        (b"".as_slice(), "empty"),
        (&[b'x'; MAX_MESSAGE_BYTES + 1], "too long"),
        (b"\xff", "utf-8"),
        (b"a,b", "csv"),
        (b"\"", "csv"),
        (b"\"a\"b", "csv"),
        (b"a\"", "csv"),
        (b"a\nb", "csv"),
        (b"{", "json"),
        (b"{\"url\":\"\",\"url\":\"\"}", "json"),
        (b"{\"url\":1}", "json"),
        (b"{\"url\":\"\\ud800\"}", "json"),
        (b",,,,,,,,", "missing field"),
        (b"c,u,soon,/,,,,,", "timestamp"),
    ] {
        assert_eq!(error(Format::Auto, message).kind(), kind, "{}", String::from_utf8_lossy(message));
    }
    assert_eq!(error(Format::Json, "a,b").kind(), "json");
}

#[test]
fn real_clicks_decode() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/real-clicks.csv");
    let Ok(file) = std::fs::read(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return;
    };
    let mut decoder = Decoder::new(Format::Auto);
    let mut clicks = 0;
    for line in file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert!(!is_csv_header(line));
        let click = decoder.decode(line).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(line)));
        // All of them are of May 2015.
        assert!(click.timestamp.to_string().starts_with("2015-05-"));
        clicks += 1;
    }
    assert_eq!(clicks, 9_999);
}

/// Text that is hard on every wire form.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => any::<String>(),
        2 => "[\",\r\n\\\\{}\\[\\]:\u{feff}\0\u{1b} a/😀é\u{202e}]{1,12}",
        1 => "/[a-z]{1,8}(\\?[a-z=,&]{0,8})?",
        1 => Just("click_id".to_owned()),
        1 => Just(UNKNOWN.to_owned()),
    ]
}

fn required() -> impl Strategy<Value = String> {
    hostile().prop_filter("required", |text| !text.trim().is_empty() && text != NULL)
}

fn optional() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| if text.is_empty() || text == NULL { UNKNOWN.to_owned() } else { text })
}

proptest! {
    #[test]
    fn a_click_round_trips_through_every_wire_format(
        (click_id, user_id, url) in (required(), required(), required()),
        millis in Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis(),
        (country, city, browser, os, device) in (optional(), optional(), optional(), optional(), optional()),
        end in "(\r?\n)?",
    ) {
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
        let (mut csv, mut flat, mut nested) = (Vec::new(), Vec::new(), Vec::new());
        click.write_csv(&mut csv);
        click.write_json(&mut flat);
        click.write_nested_json(&mut nested);
        let mut auto = Decoder::new(Format::Auto);
        for (format, mut wire) in [(Format::Csv, csv), (Format::Json, flat), (Format::Json, nested)] {
            wire.extend_from_slice(end.as_bytes());
            let mut named = Decoder::new(format);
            prop_assert_eq!(named.decode(&wire), Ok(click), "{}", String::from_utf8_lossy(&wire));
            prop_assert_eq!(auto.decode(&wire), Ok(click), "{}", String::from_utf8_lossy(&wire));
            prop_assert!(!is_csv_header(&wire));
        }
    }

    #[test]
    fn any_bytes_decode_or_give_a_printable_error(
        noise in any::<Vec<u8>>(),
        near in "[\\[{]?[\",:{}\\[\\]\\\\0-9a-z\r\n\\-]{0,80}",
        cut in 0..JSON.len(),
        (at, byte) in (0..CSV.len(), any::<u8>()),
    ) {
        let mut flipped = CSV.as_bytes().to_vec();
        flipped[at] = byte;
        let truncated = JSON.as_bytes()[..cut].to_vec();
        for payload in [noise, near.into_bytes(), flipped, truncated] {
            for format in [Format::Auto, Format::Csv, Format::Json] {
                if let Err(error) = Decoder::new(format).decode(&payload) {
                    let shown = error.to_string();
                    prop_assert_eq!(printable(&shown), shown.as_str());
                }
            }
            is_csv_header(&payload);
        }
    }
}
