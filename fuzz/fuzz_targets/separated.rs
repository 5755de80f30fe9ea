//! Any bytes as a file of separated records: no panic, limits kept, and the fields that the csv crate finds.

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
use std::num::NonZeroUsize;

use checks::{decode, decoder, field, mapping};
use click::mapping::{EventDecoder, Form, Mapping, Source};
use libfuzzer_sys::fuzz_target;

const SEPARATORS: [u8; 6] = *b",;|\t ~";

/// Decoders of one separator: by names, and by numbers.
fn csv(separator: u8) -> [EventDecoder; 2] {
    let mut csv = mapping(Form::Csv, field("user"), field("time"), field("url"));
    csv.separator = Some(char::from(separator));
    let named = decoder(&csv);
    let number = |number| NonZeroUsize::new(number).map(Source::Column);
    (csv.fields.user_id, csv.fields.timestamp, csv.fields.url) = (number(3), number(2), number(1));
    [named, decoder(&csv)]
}

fn tsv() -> Mapping {
    let mut tsv = mapping(Form::Tsv, field("user"), field("time"), field("url"));
    tsv.columns = ["url", "time", "user"].map(str::to_owned).to_vec();
    tsv
}

thread_local! {
    static DECODERS: RefCell<([[EventDecoder; 2]; 6], EventDecoder)> =
        RefCell::new((SEPARATORS.map(csv), decoder(&tsv())));
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, input)) = input.split_first() else { return };
    let choice = usize::from(*choice) % SEPARATORS.len();
    DECODERS.with_borrow_mut(|(csv, tsv)| {
        let [named, numbered] = &mut csv[choice];
        // The first line is a header, if it fits.
        let (header, record) =
            input.iter().position(|byte| *byte == b'\n').map_or((input, &[][..]), |at| input.split_at(at + 1));
        let taken = named.set_header(header);
        if let Err(error) = &taken {
            assert_eq!(text::printable(&error.to_string()), error.to_string());
        }
        assert_eq!(named.needs_header(), taken.is_err());
        decode(named, record, 0);

        let (found, left_out) = decode(numbered, input, 1);
        assert!(left_out == 0 && found.len() == 1);
        if let Ok(url) = &found[0] {
            let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(SEPARATORS[choice])
                .from_reader(input);
            let fields = reader.records().next().expect("a record").expect("a record that is text");
            assert_eq!(fields.get(0), Some(url.as_str()));
        }

        let (found, _) = decode(tsv, input, 2);
        if let Ok(url) = &found[0] {
            let text = std::str::from_utf8(input).expect("text");
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            assert_eq!(text.split('\t').next(), Some(url.as_str()));
        }
    });
});
