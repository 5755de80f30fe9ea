//! What holds for every record that a mapping decodes, whatever its bytes.

use crate::click::mapping::{EventDecoder, Fields, Form, Mapping, Place, Source, StreamId};
use crate::click::{Click, DecodeError, FieldLimits, Format, Timestamp};
use crate::text;

/// Smaller than the defaults, so that inputs reach them.
const LIMITS: FieldLimits = FieldLimits { url: 100, field: 60 };

pub fn field(name: &str) -> Source {
    Source::Field(name.to_owned())
}

/// A mapping without an id, with these sources of user, time and url.
pub fn mapping(form: Form, user: Source, time: Source, url: Source) -> Mapping {
    let fields = Fields { user_id: Some(user), timestamp: Some(time), url: Some(url), ..Fields::default() };
    Mapping { form, fields, ..Mapping::default() }
}

pub fn decoder(mapping: &Mapping) -> EventDecoder {
    let compiled = mapping.compile().expect("a mapping that is right");
    EventDecoder::new(Some(&compiled), Format::Auto, LIMITS)
}

/// Decodes a record, checks what comes of it, and returns the urls of its clicks, the errors, and how many events are left out.
pub fn decode(decoder: &mut EventDecoder, record: &[u8], number: u64) -> (Vec<Result<String, String>>, u32) {
    let place = Place { stream: StreamId::from_bytes([1, 2, 3, 4, 5, 6]), number };
    let mut found = Vec::new();
    let mut ids = Vec::new();
    let left_out = decoder.decode_each(record, place, &mut |click| {
        found.push(match click {
            Ok(click) => {
                check_click(&click);
                ids.push(click.click_id.to_owned());
                Ok(click.url.to_owned())
            }
            Err(error) => {
                check_error(&error);
                Err(error.kind().to_owned())
            }
        });
    });
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "the ids of a record sort like its events");
    assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("01020304-0506-")), "{ids:?}");
    (found, left_out)
}

fn check_click(click: &Click<'_>) {
    for required in [click.click_id, click.user_id, click.url] {
        assert!(!required.trim().is_empty());
    }
    assert!((Timestamp::MIN..=Timestamp::MAX).contains(&click.timestamp));
    assert!(click.url.len() <= LIMITS.url);
    for text in [click.click_id, click.user_id, click.country, click.city, click.browser, click.os, click.device] {
        assert!(!text.is_empty() && text.len() <= LIMITS.field);
    }
}

fn check_error(error: &DecodeError) {
    let shown = error.to_string();
    assert!(!shown.is_empty() && !error.kind().is_empty());
    assert_eq!(text::printable(&shown), shown, "an error is safe to print");
    // Three quotations at most, each of 240 characters that may be `\u{10ffff}`, and the words around them.
    assert!(shown.len() < 8_192, "an error is short");
}
