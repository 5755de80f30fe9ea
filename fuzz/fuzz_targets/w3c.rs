//! Any bytes as lines of a W3C log: no panic, limits kept, and nothing of a line that begins with `#`.

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
use click::mapping::{EventDecoder, Form, Mapping, Source};
use libfuzzer_sys::fuzz_target;

const FIELDS: &str = "date time c-ip cs-uri-stem cs-uri-query";

fn iis() -> Mapping {
    let join = |parts: [&str; 2], with: &str| Source::Join { parts: parts.map(field).to_vec(), with: with.to_owned() };
    let url = join(["cs-uri-stem", "cs-uri-query"], "?");
    let mut iis = mapping(Form::W3c, field("c-ip"), join(["date", "time"], " "), url);
    iis.columns = FIELDS.split(' ').map(str::to_owned).collect();
    iis
}

thread_local! {
    static DECODER: RefCell<EventDecoder> = RefCell::new(decoder(&iis()));
}

fuzz_target!(|input: &[u8]| {
    DECODER.with_borrow_mut(|decoder| {
        decoder.set_header(format!("#Fields: {FIELDS}").as_bytes()).expect("the line of fields");
        for (number, line) in (0..).zip(input.split(|byte| *byte == b'\n')) {
            let (found, left_out) = decode(decoder, line, number);
            assert_eq!(left_out, 0);
            if line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).starts_with(b"#") {
                assert!(found.iter().all(Result::is_err), "no click begins with #");
            } else {
                assert_eq!(found.len(), 1);
            }
        }
    });
});
