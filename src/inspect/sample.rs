//! The sampled events, and the fields that they have.

use std::num::NonZeroUsize;

use serde_json::Value;

use super::form::Written;
use super::stats::Fields;
use super::{json_fields, separated};
use crate::click::FieldLimits;
use crate::click::Format;
use crate::click::mapping::{self, EventDecoder, Mapping, Place, Source, StreamId};

/// The first events of a file or a topic.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The header of a file: the names of its columns, or the line `#Fields:`.
    pub header: Option<Vec<u8>>,
    /// The records, without the header.
    pub records: Vec<Vec<u8>>,
}

/// The fields of the sampled events.
pub fn fields(sample: &Sample, written: &Written) -> Fields {
    let mut fields = Fields::default();
    let texts = || sample.records.iter().map(|record| String::from_utf8_lossy(record));
    match written {
        Written::Json => texts().for_each(|text| add_json(&mut fields, &text)),
        Written::Combined => add_log(&mut fields, &sample.records),
        Written::W3c => {
            let header = sample.header.as_deref().map(String::from_utf8_lossy);
            let mut names = header.and_then(|header| separated::w3c_names(&header));
            for text in texts() {
                if text.starts_with('#') {
                    names = separated::w3c_names(&text).or(names);
                    continue;
                }
                fields.next_event();
                separated::add(&mut fields, &separated::w3c_fields(&text), names.as_deref());
            }
        }
        Written::Separated(found) => {
            let split = |text: &str| separated::split(text, found.separator, found.is_quoted);
            let header = sample.header.as_deref().map(String::from_utf8_lossy);
            let names = header.map(|header| split(header.trim_start_matches('\u{feff}')));
            let names: Option<Vec<String>> =
                names.map(|names| names.iter().map(|name| name.trim().to_owned()).collect());
            for text in texts() {
                fields.next_event();
                separated::add(&mut fields, &split(&text), names.as_deref());
            }
        }
    }
    fields
}

fn add_json(fields: &mut Fields, text: &str) {
    fields.next_event();
    if let Ok(Value::Object(event)) = serde_json::from_str(text) {
        json_fields::add(fields, &event);
    }
}

/// The names of the fields of an access log.
const LOG_NAMES: [&str; 15] = [
    "host",
    "remote_addr",
    "ident",
    "remote_user",
    "time",
    "request",
    "method",
    "path",
    "protocol",
    "status",
    "bytes",
    "referer",
    "user_agent",
    "field_10",
    "field_11",
];

/// Adds the fields of lines of an access log. The decoder reads them: for each name, a mapping whose url is that field.
fn add_log(fields: &mut Fields, lines: &[Vec<u8>]) {
    let mut decoders: Vec<(&str, EventDecoder)> =
        LOG_NAMES.into_iter().filter_map(|name| Some((name, reader(name)?))).collect();
    for (number, line) in (0..).zip(lines) {
        fields.next_event();
        for (name, decoder) in &mut decoders {
            let place = Place { stream: StreamId::of_file(b""), number };
            decoder.decode_each(line, place, &mut |decoded| {
                if let Some(value) = decoded.ok().and_then(|click| click.url.strip_prefix(MARK)) {
                    // A field that no line has is no field of this log.
                    if !value.is_empty() {
                        fields.add(name, value, || Source::Field((*name).to_owned()));
                    }
                }
            });
        }
    }
}

/// Before the value of a field, so that an empty one is a click, too.
const MARK: &str = "=";

/// A decoder that gives the field `name` of a line as the url.
fn reader(name: &str) -> Option<EventDecoder> {
    let constant = |text: &str| Source::Constant(text.to_owned());
    let parts = vec![constant(MARK), Source::Field(name.to_owned())];
    let mapping = Mapping {
        form: mapping::Form::Combined,
        fields: mapping::Fields {
            user_id: Some(constant("user")),
            timestamp: Some(constant("2026-01-01T00:00:00Z")),
            url: Some(Source::Join { parts, with: String::new() }),
            ..mapping::Fields::default()
        },
        ..Mapping::default()
    };
    let compiled = mapping.compile().ok()?;
    Some(EventDecoder::new(Some(&compiled), Format::Auto, FieldLimits::default()))
}

/// The value of the column with this number in the first record between separators.
pub fn first_value(sample: &Sample, written: &Written, column: NonZeroUsize) -> Option<String> {
    let Written::Separated(found) = written else { return None };
    let record = String::from_utf8_lossy(sample.records.first()?);
    separated::split(&record, found.separator, found.is_quoted).into_iter().nth(column.get() - 1)
}
