//! Opens the messages of a topic with a registry: what the mapping reads of each, or why it reads nothing.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use lru::LruCache;

use super::frame::Frame;
use super::schema::Schema;
use super::schema_text::SchemaKind;
use super::schemas::{Known, Schemas};
use super::times::TimeStyle;
use crate::click::mapping::{CompiledMapping, Lacking};

/// The most schemas of which is remembered whether they fit the mapping; of Protobuf, each message type counts.
const MAX_VERDICTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// What a message holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened<'a> {
    /// It has no frame: the mapping reads it as it is.
    Plain,
    /// JSON text, which the mapping reads.
    Text(&'a [u8]),
    /// It cannot be read, for this reason.
    Refused(String),
    /// Its schema lacks a value that no click can do without: it is no click. The line says so once for each schema.
    LeftOut(Option<String>),
    /// Its schema is not known yet. Ask again.
    Wait(u32),
}

/// Opens messages, one after the other, with one buffer for all.
#[derive(Debug)]
pub struct FrameReader {
    schemas: Schemas,
    wanted: Wanted,
    style: TimeStyle,
    verdicts: LruCache<(u32, Box<[u8]>), Verdict>,
    /// The schema of the last message: the next one most likely has the same.
    last: Option<(u32, Arc<Schema>)>,
    text: String,
}

/// What the messages have to hold.
#[derive(Debug)]
enum Wanted {
    /// What the mapping needs.
    Mapping(CompiledMapping),
    /// clicktop's own nine fields.
    Nine,
    /// Anything.
    Anything,
}

/// What is known of the messages of one schema.
#[derive(Clone, Debug)]
enum Verdict {
    Fits(Arc<Schema>),
    LeftOut,
    Refused(Arc<str>, Instant),
}

impl FrameReader {
    /// A reader of messages that `mapping` reads, or that hold clicktop's own nine fields.
    pub fn new(schemas: Schemas, mapping: Option<&CompiledMapping>) -> Self {
        let style = TimeStyle::of_digits(mapping.and_then(CompiledMapping::unix_digits));
        let wanted = mapping.cloned().map_or(Wanted::Nine, Wanted::Mapping);
        Self { schemas, wanted, style, verdicts: LruCache::new(MAX_VERDICTS), last: None, text: String::new() }
    }

    /// A reader for a look at messages: it leaves none out, whatever their schemas lack.
    pub fn for_any(schemas: Schemas, mapping: Option<&CompiledMapping>) -> Self {
        Self { wanted: Wanted::Anything, ..Self::new(schemas, mapping) }
    }

    /// The language of the schema of `message`, if it has been opened.
    pub fn kind_of(&mut self, message: &[u8]) -> Option<SchemaKind> {
        let key = (Frame::read(message)?.id, Box::default());
        match self.verdicts.get(&key)? {
            Verdict::Fits(schema) => Some(schema.kind()),
            Verdict::LeftOut | Verdict::Refused(..) => None,
        }
    }

    /// The registry and its schemas.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Opens a message. It never waits for the registry.
    #[inline]
    pub fn open<'a>(&'a mut self, message: &'a [u8]) -> Opened<'a> {
        let Some(frame) = Frame::read(message) else { return Opened::Plain };
        self.open_frame(frame)
    }

    fn open_frame<'a>(&'a mut self, frame: Frame<'a>) -> Opened<'a> {
        let schema = match &self.last {
            Some((id, schema)) if *id == frame.id => Arc::clone(schema),
            _ => match self.schema(frame) {
                Ok(schema) => {
                    self.last = Some((frame.id, Arc::clone(&schema)));
                    schema
                }
                Err(other) => return other,
            },
        };
        if schema.kind() == SchemaKind::Protobuf
            && let Some(left_out) = self.of_type(&schema, frame)
        {
            return left_out;
        }
        match schema.read(frame, self.style, &mut self.text) {
            Ok(text) => Opened::Text(text),
            Err(error) => Opened::Refused(format!("schema {} ({}): {error}", frame.id, schema.kind().name())),
        }
    }

    /// The schema of a frame, if it fits what is wanted; else what becomes of the message.
    fn schema(&mut self, frame: Frame<'_>) -> Result<Arc<Schema>, Opened<'static>> {
        let key = (frame.id, Box::default());
        match self.verdicts.get(&key).filter(|verdict| verdict.is_valid()) {
            Some(Verdict::Fits(schema)) => return Ok(Arc::clone(schema)),
            Some(Verdict::Refused(reason, _)) => return Err(Opened::Refused(reason.to_string())),
            Some(Verdict::LeftOut) => return Err(Opened::LeftOut(None)),
            None => {}
        }
        match self.schemas.look_up(frame.id) {
            Known::Asked => Err(Opened::Wait(frame.id)),
            Known::Absent(reason, until) => {
                self.verdicts.put(key, Verdict::Refused(Arc::clone(&reason), until));
                Err(Opened::Refused(reason.to_string()))
            }
            Known::Schema(schema) => {
                // Each message type of Protobuf has fields of its own.
                if schema.kind() != SchemaKind::Protobuf
                    && let Some(line) = self.lacks(&schema, frame)
                {
                    self.verdicts.put(key, Verdict::LeftOut);
                    return Err(Opened::LeftOut(Some(line)));
                }
                self.verdicts.put(key, Verdict::Fits(Arc::clone(&schema)));
                Ok(schema)
            }
        }
    }

    /// Whether a Protobuf message is left out because of its type.
    fn of_type(&mut self, schema: &Arc<Schema>, frame: Frame<'_>) -> Option<Opened<'static>> {
        let indexes = frame.type_indexes()?;
        let key = (frame.id, indexes.into());
        match self.verdicts.get(&key) {
            Some(Verdict::LeftOut) => Some(Opened::LeftOut(None)),
            Some(_) => None,
            None => {
                let lacks = self.lacks(schema, frame);
                let verdict = if lacks.is_some() { Verdict::LeftOut } else { Verdict::Fits(Arc::clone(schema)) };
                self.verdicts.put(key, verdict);
                lacks.map(|line| Opened::LeftOut(Some(line)))
            }
        }
    }

    /// The line about a schema that lacks what the mapping needs.
    fn lacks(&self, schema: &Schema, frame: Frame<'_>) -> Option<String> {
        let lacking = match &self.wanted {
            Wanted::Mapping(mapping) => schema.lacking(frame, Some(mapping)),
            Wanted::Nine => schema.lacking(frame, None),
            Wanted::Anything => None,
        }?;
        Some(left_out_line(frame.id, schema.kind(), &lacking))
    }
}

/// The line about a schema whose messages are no clicks.
pub(crate) fn left_out_line(id: u32, kind: SchemaKind, lacking: &Lacking) -> String {
    let Lacking { name, setting } = lacking;
    format!("schema {id} ({}) has no `{name}`, which {setting} needs: its messages are left out", kind.name())
}

impl Verdict {
    fn is_valid(&self) -> bool {
        match self {
            Self::Refused(_, until) => Instant::now() < *until,
            Self::Fits(_) | Self::LeftOut => true,
        }
    }
}
