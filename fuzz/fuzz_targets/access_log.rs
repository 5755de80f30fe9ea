//! Any bytes as lines of an access log: no panic, limits kept, and the targets of requests as they stand in the line.

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
use click::mapping::{Condition, EventDecoder, Form, Mapping, Source, Test};
use libfuzzer_sys::fuzz_target;

fn by_path() -> Mapping {
    mapping(Form::Combined, field("remote_addr"), field("time"), field("path"))
}

fn joined() -> Mapping {
    let user = Source::Hash(vec![field("remote_addr"), field("user_agent"), field("field_10")]);
    let url = Source::Join { parts: vec![field("host"), field("path")], with: String::new() };
    let mut joined = mapping(Form::Combined, user, field("time"), url);
    joined.fields.country = Some(field("remote_user"));
    joined.fields.browser = Some(field("referer"));
    joined.conditions = vec![Condition { field: field("status"), test: Test::Is(vec!["200".to_owned()]) }];
    joined
}

thread_local! {
    static DECODERS: RefCell<[EventDecoder; 2]> = RefCell::new([decoder(&by_path()), decoder(&joined())]);
}

fuzz_target!(|input: &[u8]| {
    DECODERS.with_borrow_mut(|[by_path, joined]| {
        for (number, line) in (0..).zip(input.split(|byte| *byte == b'\n')) {
            let (found, left_out) = decode(by_path, line, number);
            assert!(left_out == 0 && found.len() == 1, "one line is one event");
            let text = String::from_utf8_lossy(line);
            if let Ok(path) = &found[0]
                && !text.contains('\\')
            {
                assert!(text.contains(&format!(" {path} HTTP/")), "{path}");
            }
            let (found, left_out) = decode(joined, line, number);
            assert_eq!(found.len() + left_out as usize, 1);
        }
    });
});
