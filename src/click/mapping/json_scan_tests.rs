use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn accepts(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.skip().and_then(|()| scan.end()).is_ok()
}

#[track_caller]
fn same(text: &str) {
    assert_eq!(accepts(text), serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
}

#[test]
fn what_serde_json_accepts_is_accepted_and_nothing_else() {
    let texts = [
        "",
        " ",
        "null",
        "nul",
        "nulll",
        "true",
        "tru",
        "false ",
        "fals",
        "0",
        "-0",
        "-",
        "01",
        "1.",
        "1.5",
        ".5",
        "1e5",
        "1E+05",
        "1e",
        "1e+",
        "-1e-9",
        "1 2",
        "+1",
        "0x1",
        "NaN",
        "\"\"",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\\"\"",
        "\"\\u00e\"",
        "\"\\u00e9\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"a\tb\"",
        "\"a\u{7f}\u{85}b\"",
        "\"\u{1f}\"",
        "[]",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,2,[3,{}]]",
        "{}",
        "{",
        "}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{\"a\":1,\"b\":[{}]}",
        "{\"a\":1]",
        "[1}",
        "{\"a\" : 1 , \"b\":\r\n\t2}",
        "\u{b}1",
        "{\"12345678\":\"1234567\\\"\"}",
        "[[[[[[]]]]]]]",
    ];
    for text in texts {
        same(text);
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(accepts(&nested(MAX_DEPTH)));
    assert_eq!(Scan::new(&nested(MAX_DEPTH + 1)).skip(), Err(Stop::Depth));
    let objects = "{\"a\":".repeat(MAX_DEPTH);
    assert_eq!(Scan::new(&format!("{objects}{{}}{}", "}".repeat(MAX_DEPTH))).skip(), Err(Stop::Depth));
    assert!(accepts(&format!("{objects}1{}", "}".repeat(MAX_DEPTH))));
}

proptest! {
    #[test]
    fn it_agrees_with_serde_json_on_any_text(text in r#"([\[\]{},: "\\]|"[a-z]"|\\u00e9|[0-9.eE+-]|true|null|é){0,24}"#) {
        same(&text);
    }

    #[test]
    fn it_agrees_on_cut_and_changed_json(value in any::<(String, Vec<(f64, String)>, i64)>(), at in any::<prop::sample::Index>(), byte in any::<char>()) {
        let json = serde_json::to_string(&value).expect("JSON");
        same(&json);
        let at = (0..=at.index(json.len() + 1)).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
        same(&json[..at]);
        same(&format!("{}{byte}{}", &json[..at], &json[at..]));
    }
}
