//! What a user gets of a mapping, form by form.

mod json;
mod logs;
mod separated;
mod sources;
mod times;
mod urls;
mod wrong;

use super::model::{Condition, Fields, Form, Mapping, Query, Source, Test, TimeForm, UrlRules};
use super::{EventDecoder, Place, StreamId};
use crate::click::{Click, FieldLimits, Format};

/// A click with its own texts, or the error.
pub(super) type Read = Result<[String; 9], String>;

pub(super) fn field(name: &str) -> Source {
    Source::Field(name.to_owned())
}

pub(super) fn first(names: &[&str]) -> Source {
    Source::First(names.iter().map(|name| field(name)).collect())
}

pub(super) fn is(name: &str, texts: &[&str]) -> Condition {
    Condition { field: field(name), test: Test::Is(texts.iter().map(|text| (*text).to_owned()).collect()) }
}

pub(super) fn exists(name: &str, exists: bool) -> Condition {
    Condition { field: field(name), test: Test::Exists(exists) }
}

/// A mapping with these sources of id, user, time and url.
pub(super) fn mapping(form: Form, id: Option<&str>, user: &str, time: &str, url: &str) -> Mapping {
    let fields = Fields {
        click_id: id.map(field),
        user_id: Some(field(user)),
        timestamp: Some(field(time)),
        url: Some(field(url)),
        ..Fields::default()
    };
    Mapping { form, fields, ..Mapping::default() }
}

pub(super) fn decoder(mapping: &Mapping) -> EventDecoder {
    let compiled = mapping.compile().expect("a mapping that is right");
    EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default())
}

pub(super) fn texts(click: &Click<'_>) -> [String; 9] {
    [
        click.click_id.to_owned(),
        click.user_id.to_owned(),
        click.timestamp.to_string(),
        click.url.to_owned(),
        click.country.to_owned(),
        click.city.to_owned(),
        click.browser.to_owned(),
        click.os.to_owned(),
        click.device.to_owned(),
    ]
}

/// The clicks and errors of a record, and how many events are left out.
pub(super) fn read_all(decoder: &mut EventDecoder, record: &[u8]) -> (Vec<Read>, u32) {
    let place = Place { stream: StreamId::of_file(b"test"), number: 7 };
    let mut read = Vec::new();
    let left_out = decoder.decode_each(record, place, &mut |click| {
        read.push(click.map(|click| texts(&click)).map_err(|error| error.to_string()));
    });
    (read, left_out)
}

/// The one click or error of a record.
pub(super) fn read(decoder: &mut EventDecoder, record: &str) -> Read {
    let (read, left_out) = read_all(decoder, record.as_bytes());
    let [one] = &read[..] else { panic!("one event of {record}: {read:?}, {left_out} left out") };
    assert_eq!(left_out, 0);
    one.clone()
}

/// Id, user, time and url of the one click of a record.
pub(super) fn four(decoder: &mut EventDecoder, record: &str) -> Result<[String; 4], String> {
    read(decoder, record).map(|[id, user, time, url, ..]| [id, user, time, url])
}

/// Asserts that a record is refused for this reason.
#[track_caller]
pub(super) fn refused(decoder: &mut EventDecoder, record: &str, reason: &str) {
    match read(decoder, record) {
        Err(error) => assert!(error.contains(reason), "{error}\ninstead of {reason}"),
        Ok(click) => panic!("{record} is the click {click:?}"),
    }
}
