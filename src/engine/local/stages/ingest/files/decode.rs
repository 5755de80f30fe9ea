//! Decodes the records of a file into the batch under way.

use std::sync::Arc;

use crate::click::mapping::EventDecoder;
use crate::click::{ColumnsDecoder, Decoder, FieldLimits, ForeignFormat, Format, Timestamp};
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::source::files::{Layout, RecordForm, RecordPlace, RecordTaker};
use crate::storage::{Origin, Reject};

/// How records are read.
enum Reading {
    /// As messages of nine fields.
    Messages(Decoder),
    /// By the names of a header.
    Columns(Box<ColumnsDecoder>),
    /// By a mapping.
    Mapped(EventDecoder),
}

/// Decodes the records of one file.
pub(super) struct RecordDecoder {
    reading: Reading,
    form: RecordForm,
    /// The file's name, for the rejects.
    name: Arc<str>,
}

impl RecordDecoder {
    pub(super) fn new(name: &str, form: &RecordForm) -> Self {
        let reading = Reading::Messages(messages(form.format, form.limits));
        Self { reading, form: form.clone(), name: name.into() }
    }

    /// Takes records into `gatherer`.
    pub(super) fn batch_taker<'a>(&'a mut self, gatherer: &'a mut BatchGatherer) -> IntoBatch<'a> {
        gatherer.reading(&self.name);
        IntoBatch { decoder: self, gatherer }
    }

    pub(super) fn set_layout(&mut self, layout: &Layout) {
        self.reading = match layout {
            Layout::Messages(format) => Reading::Messages(messages(*format, self.form.limits)),
            Layout::Columns(columns) => {
                Reading::Columns(Box::new(ColumnsDecoder::new(columns.clone(), self.form.limits)))
            }
            Layout::Mapped(mapped) => {
                let mut decoder = self.form.decoder();
                // The header was tried before it was made a part of the layout.
                let _ = mapped.header.as_deref().map(|header| decoder.set_header(header));
                Reading::Mapped(decoder)
            }
        };
    }
}

fn messages(format: Format, limits: FieldLimits) -> Decoder {
    Decoder::new(format).with_limits(limits)
}

/// Takes the records of a file into a batch.
pub(super) struct IntoBatch<'a> {
    decoder: &'a mut RecordDecoder,
    gatherer: &'a mut BatchGatherer,
}

impl RecordTaker for IntoBatch<'_> {
    fn set_layout(&mut self, layout: &Layout) {
        self.decoder.set_layout(layout);
    }

    #[inline]
    fn take(&mut self, record: &[u8], place: RecordPlace) -> Option<u64> {
        self.gatherer.message(None, line_offset(place));
        match &mut self.decoder.reading {
            Reading::Messages(decoder) => self.gatherer.click(&decoder.decode(record).ok()?),
            Reading::Columns(decoder) => self.gatherer.click(&decoder.decode(record).ok()?),
            Reading::Mapped(decoder) => return take_events(decoder, self.gatherer, record, place),
        }
        Some(1)
    }

    fn refuse(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String) {
        let error = match &mut self.decoder.reading {
            Reading::Messages(decoder) => decoder.decode(record).err().map(|error| error.to_string()),
            Reading::Columns(decoder) => decoder.decode(record).err().map(|error| error.to_string()),
            Reading::Mapped(decoder) => {
                return refuse_events(decoder, self.gatherer, &self.decoder.name, record, place, reason);
            }
        };
        let foreign = ForeignFormat::detect(record);
        self.gatherer.foreign(foreign);
        let reason = reason.or_else(|| foreign.map(|format| format.to_string())).or(error).unwrap_or_default();
        let reject = Reject::record(&self.decoder.name, place.line, reason.clone(), record);
        self.gatherer.reject(reject, record.len());
        (0, reason)
    }
}

/// The line of a record in place of an offset.
fn line_offset(place: RecordPlace) -> i64 {
    i64::try_from(place.line).unwrap_or(i64::MAX)
}

/// Takes the events of a mapped record, if none of them is broken.
fn take_events(
    decoder: &mut EventDecoder,
    gatherer: &mut BatchGatherer,
    record: &[u8],
    place: RecordPlace,
) -> Option<u64> {
    let before = gatherer.clicks();
    let mut is_broken = false;
    let left_out = decoder.decode_each(record, place.of_event(), &mut |event| match event {
        Ok(click) => gatherer.click(&click),
        Err(_) => is_broken = true,
    });
    if is_broken {
        gatherer.take_back(before);
        // They are counted when the record is read again.
        decoder.take_bots();
        return None;
    }
    gatherer.left_out(left_out);
    gatherer.bots(decoder.take_bots());
    Some((gatherer.clicks() - before) as u64)
}

/// Takes the events of a mapped record, each broken one as a reject.
fn refuse_events(
    decoder: &mut EventDecoder,
    gatherer: &mut BatchGatherer,
    name: &str,
    record: &[u8],
    place: RecordPlace,
    reason: Option<String>,
) -> (u64, String) {
    let before = gatherer.clicks();
    let mut reasons = Vec::new();
    let left_out = decoder.decode_each(record, place.of_event(), &mut |event| match event {
        Ok(click) => gatherer.click(&click),
        Err(error) => reasons.push(reason.clone().unwrap_or_else(|| error.to_string())),
    });
    gatherer.left_out(left_out);
    gatherer.bots(decoder.take_bots());
    let first = reasons.first().cloned().unwrap_or_default();
    for reason in reasons {
        gatherer.reject(Reject::record(name, place.line, reason, record), record.len());
    }
    ((gatherer.clicks() - before) as u64, first)
}

/// Finds the time of the first click.
pub(super) struct FirstClick {
    decoder: RecordDecoder,
    time: Option<Timestamp>,
}

impl FirstClick {
    pub(super) fn new(form: &RecordForm) -> Self {
        Self { decoder: RecordDecoder::new("", form), time: None }
    }

    /// The time of the first click that was taken.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.time
    }
}

impl RecordTaker for FirstClick {
    fn set_layout(&mut self, layout: &Layout) {
        self.decoder.set_layout(layout);
    }

    fn take(&mut self, record: &[u8], place: RecordPlace) -> Option<u64> {
        let mut gatherer = BatchGatherer::new(usize::MAX, None);
        let clicks = self.decoder.batch_taker(&mut gatherer).take(record, place)?;
        let batch = gatherer.take(Origin::default());
        self.time = self.time.or_else(|| batch.clicks.iter().map(|click| click.timestamp).next());
        Some(clicks)
    }

    fn refuse(&mut self, _record: &[u8], _place: RecordPlace, reason: Option<String>) -> (u64, String) {
        (0, reason.unwrap_or_default())
    }
}
