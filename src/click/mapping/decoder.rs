//! Decodes records of any stream: of the nine fields, or by a mapping.

use super::compile::CompiledMapping;
use super::error::HeaderError;
use super::framing::Framing;
use super::mapped::MappedDecoder;
use super::place::Place;
use crate::click::decode::{Decoder, Format};
use crate::click::error::DecodeError;
use crate::click::event::{Click, FIELD_NAMES};
use crate::click::fields::FieldLimits;

/// Decodes records of any stream, one after the other.
#[derive(Debug)]
pub enum EventDecoder {
    /// Records of the nine fields.
    Nine(Decoder),
    /// Records by a mapping.
    Mapped(Box<MappedDecoder>),
}

impl EventDecoder {
    /// The decoder of a mapping, or of the nine fields in `format` if there is none.
    pub fn new(mapping: Option<&CompiledMapping>, format: Format, limits: FieldLimits) -> Self {
        match mapping {
            None => Self::Nine(Decoder::new(format).with_limits(limits)),
            Some(mapping) => Self::Mapped(Box::new(MappedDecoder::new(mapping, limits))),
        }
    }

    /// Calls `each` for every click of the record, and for every broken one. Returns how many events of the record the conditions
    /// left out.
    ///
    /// `each` gets no call for a record without events: an empty array of events, or a line of a W3C log that begins with `#`.
    pub fn decode_each(
        &mut self,
        record: &[u8],
        place: Place,
        each: &mut impl FnMut(Result<Click<'_>, DecodeError>),
    ) -> u32 {
        self.decode_each_made(record, record, place, each)
    }

    /// The same for a record that was made of `original`: derived click ids depend on the original alone.
    pub fn decode_each_made(
        &mut self,
        record: &[u8],
        original: &[u8],
        place: Place,
        each: &mut impl FnMut(Result<Click<'_>, DecodeError>),
    ) -> u32 {
        match self {
            Self::Nine(decoder) => {
                each(decoder.decode(record));
                0
            }
            Self::Mapped(decoder) => decoder.decode_each(record, original, place, each),
        }
    }

    /// How many events of bots there were since the last call, left out or not.
    pub fn take_bots(&mut self) -> u32 {
        match self {
            Self::Nine(_) => 0,
            Self::Mapped(decoder) => decoder.take_bots(),
        }
    }

    /// How a file is split into records.
    pub fn framing(&self) -> Framing {
        match self {
            Self::Nine(decoder) => match decoder.format() {
                Format::Auto => Framing::Auto,
                Format::Json => Framing::Json,
                Format::Csv => Framing::Csv { separator: b',', width: Some(FIELD_NAMES.len()) },
            },
            Self::Mapped(decoder) => decoder.framing(),
        }
    }

    /// Takes the header of a file: its first record, or the line `#Fields:` of a W3C log. The nine fields need none.
    ///
    /// # Errors
    /// [`HeaderError`] if the mapping names a column that the header does not have.
    pub fn set_header(&mut self, header: &[u8]) -> Result<(), HeaderError> {
        match self {
            Self::Nine(_) => Ok(()),
            Self::Mapped(decoder) => decoder.set_header(header),
        }
    }

    /// Whether the mapping names columns, and neither a header nor `events.columns` has told them yet. The first CSV record of a file
    /// is then its header. JSON events need none.
    pub fn needs_header(&self) -> bool {
        match self {
            Self::Nine(_) => false,
            Self::Mapped(decoder) => decoder.needs_header(),
        }
    }
}
