//! Decodes records by a mapping.

use std::sync::Arc;

use super::columns::Columns;
use super::compile::CompiledMapping;
use super::error::HeaderError;
use super::event::Found;
use super::fault::EventFault;
use super::framing::Framing;
use super::json_message::read_message;
use super::json_values::{Array, Met, Values};
use super::names::Name;
use super::place::Place;
use super::plan::{Plan, Shape};
use super::separated::Separated;
use super::source::Buffers;
use super::value::Value;
use super::w3c;
use crate::click::csv::without_bom;
use crate::click::error::DecodeError;
use crate::click::event::{Click, MAX_MESSAGE_BYTES};
use crate::click::fields::FieldLimits;

/// The most events of one message: their index has two bytes in a derived id.
pub(crate) const MAX_EVENTS: usize = 1 << 16;

/// Decodes records by a mapping, one after the other, with one set of buffers for all.
#[derive(Debug)]
pub struct MappedDecoder {
    plan: Arc<Plan>,
    limits: FieldLimits,
    /// The columns, if a header has told them.
    columns: Option<Columns>,
    buffers: Buffers,
    met: Met,
    /// The message with replaced `NaN`s, if it has any.
    without_nan: String,
    /// Empty between two records.
    slots: Vec<Value<'static>>,
    /// Empty between two records.
    elements: Vec<&'static str>,
}

impl MappedDecoder {
    /// A decoder of this mapping.
    pub fn new(mapping: &CompiledMapping, limits: FieldLimits) -> Self {
        let plan = Arc::clone(&mapping.plan);
        let enricher = mapping.enrichment.as_ref().map(|source| source.enricher());
        Self {
            plan,
            limits,
            columns: None,
            buffers: Buffers::with(enricher),
            met: Met::default(),
            without_nan: String::new(),
            slots: Vec::new(),
            elements: Vec::new(),
        }
    }
    /// See [`EventDecoder::decode_each_made`](super::EventDecoder::decode_each_made).
    pub fn decode_each(
        &mut self,
        record: &[u8],
        original: &[u8],
        place: Place,
        each: &mut impl FnMut(Result<Click<'_>, DecodeError>),
    ) -> u32 {
        self.buffers.scratch.clear();
        let mut slots = emptied(std::mem::take(&mut self.slots));
        let mut elements = emptied(std::mem::take(&mut self.elements));
        let mut columns = self.columns.take();
        let mut without_nan = std::mem::take(&mut self.without_nan);
        slots.resize(self.plan.names.len(), Value::Absent);
        let mut reading = Reading {
            plan: &self.plan,
            record,
            original,
            place,
            limits: self.limits,
            columns: &mut columns,
            buffers: &mut self.buffers,
            met: &mut self.met,
            slots: &mut slots,
            elements: &mut elements,
        };
        let left_out = reading.each(&mut without_nan, each).unwrap_or_else(|error| {
            each(Err(error));
            0
        });
        self.slots = emptied(slots);
        self.elements = emptied(elements);
        self.columns = columns;
        self.without_nan = without_nan;
        left_out
    }

    /// See [`EventDecoder::take_bots`](super::EventDecoder::take_bots).
    pub fn take_bots(&mut self) -> u32 {
        std::mem::take(&mut self.buffers.bots)
    }

    /// See [`EventDecoder::framing`](super::EventDecoder::framing).
    pub fn framing(&self) -> Framing {
        match &self.plan.shape {
            Shape::Either(_) => Framing::Auto,
            Shape::Json => Framing::Json,
            Shape::Separated(Separated { separator, quotes: true, .. }) => {
                let columns = self.columns.as_ref().or(self.plan.columns.as_ref());
                Framing::Csv { separator: *separator, width: columns.and_then(Columns::width) }
            }
            Shape::Separated(_) | Shape::W3c | Shape::Log(_) => Framing::Lines,
        }
    }

    /// See [`EventDecoder::set_header`](super::EventDecoder::set_header).
    ///
    /// # Errors
    /// [`HeaderError`] if the mapping names a column that the header does not have.
    pub fn set_header(&mut self, header: &[u8]) -> Result<(), HeaderError> {
        self.columns = None;
        let unreadable = |reason: String| HeaderError::Unreadable { reason: reason.into_boxed_str() };
        let text = std::str::from_utf8(header).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        let text = without_bom(text);
        let plan = &self.plan;
        self.columns = match &plan.shape {
            Shape::Json | Shape::Log(_) => return Ok(()),
            Shape::W3c => w3c::columns(plan, text).transpose()?,
            Shape::Either(separated) | Shape::Separated(separated) => {
                let names = separated.header(text).map_err(|error| unreadable(error.to_string()))?;
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                Some(Columns::of_header(&plan.names, &names, plan.origins())?)
            }
        };
        Ok(())
    }

    /// See [`EventDecoder::needs_header`](super::EventDecoder::needs_header).
    pub fn needs_header(&self) -> bool {
        let has_columns = matches!(self.plan.shape, Shape::Either(_) | Shape::Separated(_) | Shape::W3c);
        has_columns && self.columns.is_none() && self.plan.columns.is_none()
    }
}

/// The same vector without its elements, for elements that borrow from something else.
fn emptied<T, U>(mut vector: Vec<T>) -> Vec<U> {
    vector.clear();
    // The standard library keeps the memory where both types have the same layout.
    vector.into_iter().map_while(|_| None).collect()
}

/// One record under way.
struct Reading<'r, 'a> {
    plan: &'a Plan,
    record: &'a [u8],
    original: &'a [u8],
    place: Place,
    limits: FieldLimits,
    columns: &'r mut Option<Columns>,
    buffers: &'r mut Buffers,
    met: &'r mut Met,
    slots: &'r mut [Value<'a>],
    elements: &'r mut Vec<&'a str>,
}

impl<'a> Reading<'_, 'a> {
    /// Reads the record. Fails if all of it is wrong.
    fn each(
        &mut self,
        without_nan: &'a mut String,
        each: &mut impl FnMut(Result<Click<'_>, DecodeError>),
    ) -> Result<u32, DecodeError> {
        if self.record.len() > MAX_MESSAGE_BYTES {
            return Err(DecodeError::TooLong { bytes: self.record.len(), limit: MAX_MESSAGE_BYTES });
        }
        let text = std::str::from_utf8(self.record).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
        let text = without_bom(text);
        let first = text.bytes().find(|byte| !byte.is_ascii_whitespace()).ok_or(DecodeError::Empty)?;
        match (&self.plan.shape, first == b'{') {
            (Shape::Json | Shape::Either(_), true) => return self.json(text, without_nan, each),
            (Shape::Json, false) => return Err(DecodeError::NotAnObject),
            (Shape::Either(separated) | Shape::Separated(separated), _) => self.separated(*separated, text)?,
            (Shape::W3c, _) if w3c::is_directive(text) => {
                if let Some(columns) = w3c::columns(self.plan, text) {
                    *self.columns = None;
                    *self.columns = Some(columns.map_err(|error| Box::new(EventFault::Header(error)))?);
                }
                return Ok(0);
            }
            (Shape::W3c, _) => self.separated(w3c::separated(text), text)?,
            (Shape::Log(line), _) => line.read(text, &mut self.buffers.scratch, self.slots)?,
        }
        Ok(self.click(0, each))
    }

    fn separated(&mut self, separated: Separated, text: &'a str) -> Result<(), DecodeError> {
        match self.columns.as_ref().or(self.plan.columns.as_ref()) {
            Some(columns) => separated.read(text, columns, &mut self.buffers.scratch, self.slots),
            None => Err(self.no_header()),
        }
    }

    #[cold]
    fn no_header(&self) -> DecodeError {
        let named = self.plan.names.iter().find(|(_, wanted)| matches!(wanted.name, Name::Text(_)));
        let (column, setting) =
            named.map_or_else(Default::default, |(_, wanted)| (wanted.shown().into(), wanted.setting.clone()));
        DecodeError::Event(Box::new(EventFault::NoHeader { column, setting }))
    }

    /// Reads a JSON message.
    fn json(
        &mut self,
        text: &'a str,
        without_nan: &'a mut String,
        each: &mut impl FnMut(Result<Click<'_>, DecodeError>),
    ) -> Result<u32, DecodeError> {
        let trie = self.plan.names.trie();
        let mut values = Values {
            trie,
            met: self.met,
            slots: self.slots,
            elements: self.elements,
            array: Array::Missing,
            replaced: false,
        };
        read_message(text, without_nan, &mut values)?;
        let (array, replaced) = (values.array, values.replaced);
        let Some((node, element)) = trie.each() else { return Ok(self.click(0, each)) };
        let path = || trie.node(node).path.as_str().into();
        let no_array = |found| {
            let path = path();
            Err(DecodeError::Event(Box::new(EventFault::NoArray { path, found })))
        };
        let found = match array {
            Array::Found => Ok(()),
            Array::Missing => no_array("missing"),
            Array::Other(found) => no_array(found),
            Array::Twice => no_array("given twice"),
        };
        if let Err(error) = found {
            // An event that the conditions leave out is never broken.
            return if self.is_left_out() { Ok(1) } else { Err(error) };
        }
        if self.elements.len() > MAX_EVENTS {
            let fault = EventFault::TooManyEvents { path: path(), limit: MAX_EVENTS };
            return Err(DecodeError::Event(Box::new(fault)));
        }
        let mut left_out = 0;
        for at in 0..self.elements.len() {
            let Some(json) = self.elements.get(at).copied() else { break };
            self.buffers.scratch.clear();
            for slot in &trie.node(element).slots {
                if let Some(place) = self.slots.get_mut(usize::from(*slot)) {
                    *place = Value::Absent;
                }
            }
            let mut values = Values {
                trie,
                met: self.met,
                slots: self.slots,
                elements: &mut Vec::new(),
                array: Array::Missing,
                replaced,
            };
            values.element(element, json);
            left_out += self.click(u16::try_from(at).unwrap_or(u16::MAX), each);
        }
        Ok(left_out)
    }

    /// Whether the conditions leave the event out.
    fn is_left_out(&mut self) -> bool {
        let Self { plan, record, original, place, buffers, slots, .. } = self;
        let found = Found { plan, slots, record, original, place: *place, index: 0 };
        matches!(found.passes(buffers), Ok(false))
    }

    /// Makes the click of the values. Returns 1 if the conditions leave the event out, otherwise 0.
    fn click(&mut self, index: u16, each: &mut impl FnMut(Result<Click<'_>, DecodeError>)) -> u32 {
        let Self { plan, record, original, place, limits, buffers, slots, .. } = self;
        let found = Found { plan, slots, record, original, place: *place, index };
        match found.click(*limits, buffers) {
            None => 1,
            Some(click) => {
                each(click);
                0
            }
        }
    }
}
