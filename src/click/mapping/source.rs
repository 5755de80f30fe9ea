//! A source of a mapping, compiled: how a text is made of the values of an event.

use super::fault::EventFault;
use super::hashes::{END_OF_PART, Hashes};
use super::names::Names;
use super::value::{Fault, NoText, Use, Value, is_absent};
use super::visitor::Enrich;
use crate::click::fields::{EXCERPT_CHARS, Piece};
use crate::text::excerpt;

/// A compiled source.
#[derive(Debug)]
pub(crate) enum Origin {
    /// The value with this number.
    Slot(u16),
    /// Always this text.
    Constant(Box<str>),
    /// The first that is not empty.
    First(Box<[Origin]>),
    /// Those that are not empty, with a text between them.
    Join { parts: Box<[Origin]>, with: Box<str> },
    /// 16 hexadecimal digits that are the same for the same parts.
    Hash(Box<[Origin]>),
}

/// The values of one event, and the buffers in which texts are made of them.
pub(super) struct Event<'e, 'a> {
    pub(super) names: &'e Names,
    pub(super) slots: &'e [Value<'a>],
    pub(super) buffers: &'e mut Buffers,
}

/// Buffers that all events share.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Texts that cannot be borrowed from the event.
    pub(super) scratch: String,
    /// Joined texts under way. A join may hold a join.
    pub(super) joined: String,
    /// Parts of hashes under way.
    hashed: Vec<u8>,
    hashes: Hashes,
    /// Knows what addresses and user agents mean.
    pub(super) enricher: Option<Box<dyn Enrich>>,
    /// Events of bots that have not been told yet.
    pub(super) bots: u32,
}

impl Buffers {
    /// Empty buffers.
    pub(super) fn with(enricher: Option<Box<dyn Enrich>>) -> Self {
        Self { enricher, ..Self::default() }
    }
}

/// Why there is no text.
pub(super) struct Refusal {
    pub(super) fault: Box<EventFault>,
    /// Whether another of several sources may be meant: the event has another shape.
    shape: bool,
}

type Found<'a> = Result<Option<Piece<'a>>, Refusal>;

impl Origin {
    /// The text, which is never blank; `None` if the event does not have it. `setting` is named in errors.
    pub(super) fn text<'a>(&'a self, event: &mut Event<'_, 'a>, of: Use, setting: &'static str) -> Found<'a> {
        match self {
            Self::Slot(slot) => event.slot(*slot, of, setting),
            Self::Constant(text) => Ok(Some(Piece::Message(text))),
            Self::First(origins) => first(origins, event, of, setting),
            Self::Join { parts, with } => join(parts, with, event, setting),
            Self::Hash(parts) => hash(parts, event, setting),
        }
    }

    /// The first slot whose absence the source cannot do without, if `has` tells what is there.
    pub(super) fn lacks(&self, has: &impl Fn(u16) -> bool) -> Option<u16> {
        match self {
            Self::Slot(slot) => (!has(*slot)).then_some(*slot),
            Self::Constant(_) => None,
            Self::First(origins) => {
                let mut lacking = origins.iter().map(|origin| origin.lacks(has));
                let first = lacking.next().flatten();
                if lacking.all(|lacks| lacks.is_some()) { first } else { None }
            }
            Self::Join { parts, .. } | Self::Hash(parts) => parts.iter().find_map(|part| part.lacks(has)),
        }
    }

    /// Whether the source has a slot for which `is` holds.
    pub(super) fn any(&self, is: &impl Fn(u16) -> bool) -> bool {
        match self {
            Self::Slot(slot) => is(*slot),
            Self::Constant(_) => false,
            Self::First(parts) | Self::Join { parts, .. } | Self::Hash(parts) => parts.iter().any(|part| part.any(is)),
        }
    }
}

/// Never inlined, like the next two: most sources are one name.
#[inline(never)]
fn first<'a>(origins: &'a [Origin], event: &mut Event<'_, 'a>, of: Use, setting: &'static str) -> Found<'a> {
    let mut refused = None;
    for origin in origins {
        match origin.text(event, of, setting) {
            Ok(None) => {}
            Err(refusal) if refusal.shape => refused = refused.or(Some(refusal)),
            found => return found,
        }
    }
    refused.map_or(Ok(None), Err)
}

#[inline(never)]
fn join<'a>(parts: &'a [Origin], with: &'a str, event: &mut Event<'_, 'a>, setting: &'static str) -> Found<'a> {
    let start = event.buffers.joined.len();
    let mut found = None;
    let mut count = 0;
    for part in parts {
        let Some(piece) = part.text(event, Use::Part, setting)? else { continue };
        let Buffers { scratch, joined, .. } = &mut *event.buffers;
        if count > 0 {
            joined.push_str(with);
        }
        joined.push_str(piece.text(scratch));
        found = Some(piece);
        count += 1;
    }
    let Buffers { scratch, joined, .. } = &mut *event.buffers;
    if count > 1 {
        let from = scratch.len();
        scratch.push_str(joined.get(start..).unwrap_or_default());
        found = Some(Piece::Scratch { start: from, end: scratch.len() });
    }
    joined.truncate(start);
    Ok(found)
}

#[inline(never)]
fn hash<'a>(parts: &'a [Origin], event: &mut Event<'_, 'a>, setting: &'static str) -> Found<'a> {
    let start = event.buffers.hashed.len();
    let mut found = false;
    for part in parts {
        let piece = part.text(event, Use::Part, setting)?;
        let Buffers { scratch, hashed, .. } = &mut *event.buffers;
        hashed.extend_from_slice(piece.map_or("", |piece| piece.text(scratch)).as_bytes());
        hashed.push(END_OF_PART);
        found |= piece.is_some();
    }
    let Buffers { scratch, hashed, hashes, .. } = &mut *event.buffers;
    let digits = found.then(|| hashes.of(hashed.get(start..).unwrap_or_default()));
    hashed.truncate(start);
    Ok(digits.map(|digits| {
        let from = scratch.len();
        scratch.push_str(std::str::from_utf8(&digits).unwrap_or_default());
        Piece::Scratch { start: from, end: scratch.len() }
    }))
}

impl<'a> Event<'_, 'a> {
    fn slot(&mut self, slot: u16, of: Use, setting: &'static str) -> Found<'a> {
        let piece = match self.slots.get(usize::from(slot)).copied().unwrap_or_default() {
            Value::Absent => return Ok(None),
            Value::Text(piece) => piece,
            Value::Json(json) => match of.text(json, &mut self.buffers.scratch) {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(None),
                Err(reason) => return Err(self.no_text(slot, reason, setting)),
            },
            Value::Fault(fault) => return Err(self.fault(slot, fault, setting)),
        };
        Ok(if is_absent(piece.text(&self.buffers.scratch)) { None } else { Some(piece) })
    }

    /// Whether the event has a value that is not empty, of whatever type.
    pub(super) fn has(&mut self, origin: &'a Origin, setting: &'static str) -> Result<bool, Refusal> {
        match origin {
            Origin::Slot(slot) => match self.slots.get(usize::from(*slot)).copied().unwrap_or_default() {
                Value::Json(json) if json.starts_with(['{', '[']) => Ok(true),
                _ => match self.slot(*slot, Use::Part, setting) {
                    Err(refusal) if refusal.shape => Ok(false),
                    found => found.map(|piece| piece.is_some()),
                },
            },
            Origin::First(origins) => {
                for origin in origins {
                    if self.has(origin, setting)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Ok(origin.text(self, Use::Part, setting)?.is_some()),
        }
    }

    /// The text of a test; `None` if the event does not have it, or has another shape.
    pub(super) fn tested(&mut self, origin: &'a Origin, setting: &'static str) -> Found<'a> {
        match origin.text(self, Use::Part, setting) {
            Err(refusal) if refusal.shape => Ok(None),
            found => found,
        }
    }

    #[cold]
    fn no_text(&self, slot: u16, reason: NoText, setting: &'static str) -> Refusal {
        let path = self.names.shown(slot).into();
        match reason {
            NoText::Type { found, expected, container } => {
                Refusal { fault: Box::new(EventFault::WrongType { path, found, expected, setting }), shape: container }
            }
            NoText::Surrogate => Refusal { fault: Box::new(EventFault::NotText { path, setting }), shape: false },
        }
    }

    #[cold]
    fn fault(&self, slot: u16, fault: Fault<'_>, setting: &'static str) -> Refusal {
        let path = |node| self.names.trie().node(node).path.as_str().into();
        let name = self.names.shown(slot).into();
        let (fault, shape) = match fault {
            Fault::Twice(node) => (EventFault::Twice { path: path(node), setting }, false),
            Fault::NoWay { node, found, expected } => {
                (EventFault::WrongType { path: path(node), found, expected, setting }, true)
            }
            Fault::Request(request) => {
                let request = excerpt(request, EXCERPT_CHARS).into_owned().into_boxed_str();
                (EventFault::Request { request, part: name, setting }, false)
            }
            Fault::Escape(problem) => (EventFault::Escape { name, problem, setting }, false),
        };
        Refusal { fault: Box::new(fault), shape }
    }
}
