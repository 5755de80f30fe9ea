//! What the records of an input are: clicks as clicktop writes them, or events with a mapping.

use crate::click::mapping::{CompiledMapping, EventDecoder};
use crate::click::{FieldLimits, Format};

/// What the records of inputs are.
#[derive(Clone, Debug, Default)]
pub struct RecordForm {
    /// The format of clicks. It does not matter if there is a mapping.
    pub format: Format,
    /// How the events become clicks; `None` if they are clicks.
    pub mapping: Option<CompiledMapping>,
    /// How long the fields of a click may be.
    pub limits: FieldLimits,
}

impl RecordForm {
    /// Clicks in `format`.
    pub fn clicks(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// A decoder of the records, before any header.
    pub(crate) fn decoder(&self) -> EventDecoder {
        EventDecoder::new(self.mapping.as_ref(), self.format, self.limits)
    }
}
