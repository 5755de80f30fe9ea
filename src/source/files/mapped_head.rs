//! The beginning of an input whose events have a mapping, and headers in the middle of it.

use super::form::RecordForm;
use super::head::{Layout, MappedLayout};
use super::records::{Grammar, Records};
use crate::click::mapping::{EventDecoder, Framing, HeaderError};

/// How records look to `decoder`.
fn grammar(decoder: &EventDecoder) -> Grammar {
    match decoder.framing() {
        Framing::Auto => Grammar::Auto { width: None },
        Framing::Json => Grammar::Json,
        Framing::Csv { separator, width } => Grammar::Csv { separator, width },
        Framing::Lines => Grammar::Lines,
    }
}

/// Passes over the header at the beginning of `records`, and what stands before it; `None` while more must be pushed. All was pushed
/// if `ended`.
///
/// # Errors
/// The header does not fit the mapping.
pub(super) fn layout(form: &RecordForm, records: &mut Records, ended: bool) -> Result<Option<Layout>, HeaderError> {
    let mut decoder = form.decoder();
    records.set_grammar(grammar(&decoder));
    let mut header = None;
    while decoder.needs_header() {
        let Some(record) = records.first(ended) else {
            if ended {
                break;
            }
            return Ok(None);
        };
        let is_json = matches!(decoder.framing(), Framing::Auto) && record.trim_ascii_start().starts_with(b"{");
        if is_json {
            break;
        }
        if !is_separator_note(&record) {
            decoder.set_header(&record)?;
            match decoder.needs_header() {
                false => header = Some(record.into_boxed_slice()),
                // A line of a W3C log that says something else.
                true if record.starts_with(b"#") => {}
                true => break,
            }
        }
        records.pass_record(ended);
    }
    Ok(Some(with_header(&decoder, header)))
}

/// Excel's word for what parts the columns.
fn is_separator_note(record: &[u8]) -> bool {
    let word = record.trim_ascii();
    word.len() <= 5 && word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"sep="))
}

/// The layout of records under `header`, which `decoder` knows.
fn with_header(decoder: &EventDecoder, header: Option<Box<[u8]>>) -> Layout {
    Layout::Mapped(MappedLayout { grammar: grammar(decoder), header })
}

/// The layout of records under this `header`, of an earlier reading.
///
/// # Errors
/// The header does not fit the mapping.
pub(super) fn under(form: &RecordForm, header: Option<&[u8]>) -> Result<Layout, HeaderError> {
    let mut decoder = form.decoder();
    if let Some(header) = header {
        decoder.set_header(header)?;
    }
    Ok(with_header(&decoder, header.map(Into::into)))
}

/// The layout behind a `record` in the middle, if that record is the header of another file that was appended. The reader asks this of
/// each record, because the conditions could leave a header out like an event. So the function looks closely only at records without a
/// digit, which are hardly ever events.
#[inline]
pub(super) fn next_header(form: &RecordForm, current: &MappedLayout, record: &[u8]) -> Option<Layout> {
    let header = current.header.as_deref()?;
    // Every event has a time, and nearly every time has a digit.
    match record == header {
        true => Some(Layout::Mapped(current.clone())),
        false if record.iter().any(u8::is_ascii_digit) => None,
        false => another(form, record),
    }
}

/// The same of a record that is not clicks.
pub(super) fn header_of_no_click(form: &RecordForm, current: &MappedLayout, record: &[u8]) -> Option<Layout> {
    current.header.as_ref().and_then(|_| another(form, record))
}

/// The layout under `record`, if that is a header.
fn another(form: &RecordForm, record: &[u8]) -> Option<Layout> {
    let mut decoder = form.decoder();
    decoder.set_header(record).ok()?;
    // A line of a W3C log is a header only if it names the fields.
    (!decoder.needs_header()).then(|| with_header(&decoder, Some(record.into())))
}
