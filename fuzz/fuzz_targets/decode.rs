//! Any bytes, in every format: no panic, errors fit to print, and what decodes comes back the same from each wire form.

#![no_main]

// Both files hold more than this target uses.
#[allow(dead_code, unused_imports)]
#[path = "../../src/click/mod.rs"]
mod click;
#[allow(dead_code)]
#[path = "../../src/text.rs"]
mod text;

use click::{Click, DecodeError, Decoder, FieldLimits, Format, MAX_MESSAGE_BYTES, Timestamp, is_csv_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let _ = is_csv_header(payload);
    let mut decoder = Decoder::default();
    for format in [Format::Csv, Format::Json, Format::Auto] {
        match Decoder::new(format).decode(payload) {
            Ok(click) => {
                check(&click);
                // A decoder with leftovers of the message before reads as a new one does.
                if format == Format::Auto {
                    assert_eq!(decoder.decode(payload).as_ref(), Ok(&click));
                }
            }
            Err(error) => check_error(&error),
        }
        // Fills scratch with something that must not show in the next message.
        let _ = decoder.decode(b"\"l\"\"eft\",\"o\"\"ver\",0,\"\"\"\",,,,,");
    }
});

fn check(click: &Click<'_>) {
    for required in [click.click_id, click.user_id, click.url] {
        assert!(!required.trim().is_empty());
    }
    for optional in [click.country, click.city, click.browser, click.os, click.device] {
        assert!(!optional.is_empty());
    }
    assert!((Timestamp::MIN..=Timestamp::MAX).contains(&click.timestamp));
    let limits = FieldLimits::default();
    assert!(click.url.len() <= limits.url);
    for text in [click.click_id, click.user_id, click.country, click.city, click.browser, click.os, click.device] {
        assert!(text.len() <= limits.field);
    }

    let (mut csv, mut flat, mut nested) = (Vec::new(), Vec::new(), Vec::new());
    click.write_csv(&mut csv);
    click.write_json(&mut flat);
    click.write_nested_json(&mut nested);
    for (wire, format) in [(csv, Format::Csv), (flat, Format::Json), (nested, Format::Json)] {
        // Escapes can make a message longer than it came.
        if wire.len() > MAX_MESSAGE_BYTES {
            continue;
        }
        for format in [format, Format::Auto] {
            assert_eq!(Decoder::new(format).decode(&wire).as_ref(), Ok(click), "{}", String::from_utf8_lossy(&wire));
        }
        assert!(!is_csv_header(&wire));
    }
}

fn check_error(error: &DecodeError) {
    let shown = error.to_string();
    assert!(!shown.is_empty() && !error.kind().is_empty());
    assert_eq!(text::printable(&shown), shown, "an error is safe to print");
    // 160 quoted characters, each at most `\u{10ffff}`, and the words around them.
    assert!(shown.len() < 2_048, "an error is short");
}
