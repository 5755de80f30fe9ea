//! Any bytes as a file, in any chunks: no panic, the same records, none of them too long, and none of its text lost.

#![no_main]

// The files hold more than this target uses.
#[allow(dead_code, unused_imports)]
#[path = "../../src/click/mod.rs"]
mod click;
#[allow(dead_code)]
#[path = "../../src/text.rs"]
mod text;

#[allow(dead_code)]
#[path = "../../src/source/files"]
mod files {
    mod quotes;
    mod records;
    mod values;

    use records::{Grammar, KEEP, Records};

    use crate::click::{Decoder, Format};

    /// The records of `input` are the same however they are come by.
    pub fn check(input: &[u8], size: usize) {
        for format in [Format::Auto, Format::Csv, Format::Json] {
            let grammar = Grammar::of(format);
            let whole = split(grammar, input, input.len().max(1), None);
            assert_eq!(split(grammar, input, size, None), whole);
            assert_eq!(split(grammar, input, size, Some(Decoder::new(format))), whole);
            let kept = whole.iter().flatten().filter(|byte| byte.is_ascii_alphanumeric()).count();
            assert_eq!(kept, input.iter().filter(|byte| byte.is_ascii_alphanumeric()).count());
        }
    }

    /// The records of `input` in chunks of `size` bytes; `decoder` tells clicks, if there is one.
    fn split(grammar: Grammar, input: &[u8], size: usize, mut decoder: Option<Decoder>) -> Vec<Vec<u8>> {
        let mut records = Records::new(grammar, 1);
        let mut found = Vec::new();
        let mut chunks = input.chunks(size);
        loop {
            let next = records.next(|line| decoder.as_mut().is_some_and(|decoder| decoder.decode(line).is_ok()));
            if let Some(next) = next {
                let record = records.bytes(&next);
                assert!(record.len() <= KEEP + 1);
                found.push(record.to_vec());
            } else if let Some(chunk) = chunks.next() {
                records.room().extend_from_slice(chunk);
            } else if records.has_ended() {
                return found;
            } else {
                records.end();
            }
        }
    }
}

use click::{Columns, ColumnsDecoder, FieldLimits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((size, input)) = input.split_first() else { return };
    files::check(input, usize::from(*size).max(1));
    if let Ok(Some(columns)) = Columns::of_header(input) {
        let _ = columns.write_message(input, &mut String::new(), &mut Vec::new());
        let _ = ColumnsDecoder::new(columns, FieldLimits::default()).decode(input);
    }
});
