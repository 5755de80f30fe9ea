//! Any bytes as a mapped JSON event: no panic, limits kept, and the values that serde_json finds at the same paths.

#![no_main]

// The files hold more than this target uses.
#[allow(dead_code)]
#[path = "shared/checks.rs"]
mod checks;
#[allow(dead_code, unused_imports)]
#[path = "../../src/click/mod.rs"]
mod click;
#[allow(dead_code)]
#[path = "../../src/text.rs"]
mod text;

use std::cell::RefCell;

use checks::{decode, decoder, field, mapping};
use click::mapping::{Condition, EventDecoder, Form, Mapping, Query, Source, Test, TimeForm};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn flat() -> Mapping {
    let mut flat = mapping(Form::Json, field("user"), field("at"), field("page.url"));
    flat.fields.city = Some(field("p[key=city].v"));
    flat.fields.os = Some(field("list[1]"));
    flat
}

fn rules() -> Mapping {
    let user = Source::Hash(vec![field("user"), field("page.agent")]);
    let mut rules = mapping(Form::Auto, user, field("at"), Source::First(vec![field("page.url"), field("page")]));
    rules.columns = ["at", "user", "page", "page.url", "page.agent"].map(str::to_owned).to_vec();
    rules.time = TimeForm::Millis;
    rules.url_rules.path_only = true;
    rules.url_rules.query = Query::Only(vec!["q".to_owned()]);
    rules.conditions = vec![Condition { field: field("page"), test: Test::Exists(true) }];
    rules
}

fn each() -> Mapping {
    let url = Source::Join { parts: vec![field("list[].host"), field("list[].path")], with: "/".to_owned() };
    mapping(Form::Json, field("user"), Source::First(vec![field("list[].at"), field("at")]), url)
}

thread_local! {
    static DECODERS: RefCell<[EventDecoder; 3]> = RefCell::new([decoder(&flat()), decoder(&rules()), decoder(&each())]);
}

fuzz_target!(|record: &[u8]| {
    DECODERS.with_borrow_mut(|[flat, rules, each]| {
        let json = serde_json::from_slice::<Value>(record);
        let (found, left_out) = decode(flat, record, 0);
        assert!(left_out == 0 && found.len() == 1, "one message is one event");
        match (&found[0], &json) {
            (Ok(url), Ok(json)) => assert_eq!(json["page"]["url"].as_str(), Some(url.as_str())),
            (Err(kind), Err(_)) => {
                assert!(["json", "utf-8", "empty", "missing field", "timestamp", "too long"].contains(&kind.as_str()));
            }
            // Half of a surrogate pair is no text for serde_json, wherever it is; and `NaN` is no JSON.
            _ => {}
        }

        let (found, left_out) = decode(rules, record, 1);
        assert_eq!(found.len() + left_out as usize, 1);

        let (found, left_out) = decode(each, record, u64::MAX);
        assert_eq!(left_out, 0);
        if let Ok(Value::Object(json)) = &json
            && let Some(Value::Array(list)) = json.get("list")
            && found.iter().any(Result::is_ok)
        {
            assert_eq!(found.len(), list.len());
        }
        // What is left of a message does not show in the next one.
        let next = br#"{"user":"u","at":1769851800000,"page":{"url":"/a"}}"#;
        assert_eq!(decode(flat, next, 2), (vec![Ok("/a".to_owned())], 0));
    });
});
