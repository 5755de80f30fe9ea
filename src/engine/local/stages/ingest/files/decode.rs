//! Decodes the records of a file into the batch under way.

use crate::click::{ColumnsDecoder, Decoder, FieldLimits, ForeignFormat, Format, Timestamp};
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::source::files::{Layout, RecordPlace, RecordTaker};
use crate::storage::{Origin, Reject};

/// How records are read.
enum Reading {
    /// As messages of nine fields.
    Messages(Decoder),
    /// By the names of a header.
    Columns(Box<ColumnsDecoder>),
}

/// Decodes the records of one file.
pub(super) struct RecordDecoder {
    reading: Reading,
    limits: FieldLimits,
    /// The file's name, for the rejects.
    name: String,
}

impl RecordDecoder {
    pub(super) fn new(name: &str, limits: FieldLimits) -> Self {
        Self { reading: Reading::Messages(messages(Format::Auto, limits)), limits, name: name.to_owned() }
    }

    /// Takes records into `gatherer`.
    pub(super) fn into_batch<'a>(&'a mut self, gatherer: &'a mut BatchGatherer) -> IntoBatch<'a> {
        IntoBatch { decoder: self, gatherer }
    }

    pub(super) fn set_layout(&mut self, layout: &Layout) {
        self.reading = match layout {
            Layout::Messages(format) => Reading::Messages(messages(*format, self.limits)),
            Layout::Columns(columns) => Reading::Columns(Box::new(ColumnsDecoder::new(columns.clone(), self.limits))),
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
    fn take(&mut self, record: &[u8], _place: RecordPlace) -> Option<u64> {
        match &mut self.decoder.reading {
            Reading::Messages(decoder) => self.gatherer.click(&decoder.decode(record).ok()?),
            Reading::Columns(decoder) => self.gatherer.click(&decoder.decode(record).ok()?),
        }
        Some(1)
    }

    fn refuse(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String) {
        let error = match &mut self.decoder.reading {
            Reading::Messages(decoder) => decoder.decode(record).err().map(|error| error.to_string()),
            Reading::Columns(decoder) => decoder.decode(record).err().map(|error| error.to_string()),
        };
        let foreign = ForeignFormat::detect(record);
        self.gatherer.foreign(foreign);
        let reason = reason.or_else(|| foreign.map(|format| format.to_string())).or(error).unwrap_or_default();
        let reject = Reject::record(&self.decoder.name, place.line, reason.clone(), record);
        self.gatherer.reject(reject, record.len());
        (0, reason)
    }
}

/// Finds the time of the first click.
pub(super) struct FirstClick {
    decoder: RecordDecoder,
    time: Option<Timestamp>,
}

impl FirstClick {
    pub(super) fn new(limits: FieldLimits) -> Self {
        Self { decoder: RecordDecoder::new("", limits), time: None }
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
        let mut gatherer = BatchGatherer::new(usize::MAX);
        let clicks = self.decoder.into_batch(&mut gatherer).take(record, place)?;
        let batch = gatherer.take(Origin::default());
        self.time = self.time.or_else(|| batch.clicks.iter().map(|click| click.timestamp).next());
        Some(clicks)
    }

    fn refuse(&mut self, _record: &[u8], _place: RecordPlace, reason: Option<String>) -> (u64, String) {
        (0, reason.unwrap_or_default())
    }
}
