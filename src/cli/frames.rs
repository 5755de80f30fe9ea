//! Opens messages with a schema for a command, which waits for the registry as ingest does not.

use std::time::{Duration, Instant};

use crate::registry::{FrameReader, Opened, SchemaKind, Trouble};

/// Between two looks whether a schema has come.
const LOOK: Duration = Duration::from_millis(10);

/// What a message holds.
pub(super) enum Unframed {
    /// The text for the mapping.
    Text(Vec<u8>),
    /// Nothing that can be read, for this reason.
    Refused(String),
    /// No click, by its schema. The line says so once for each schema.
    LeftOut(Option<String>),
}

/// Opens messages.
pub(super) struct Frames {
    reader: FrameReader,
    /// How long the registry may take for one schema.
    patience: Duration,
    /// The languages of the schemas so far.
    kinds: Vec<SchemaKind>,
}

impl Frames {
    /// The registry may take this long for one schema.
    pub(super) fn new(reader: FrameReader, patience: Duration) -> Self {
        Self { reader, patience, kinds: Vec::new() }
    }

    /// Opens `message`.
    ///
    /// # Errors
    /// The registry gives no answer.
    pub(super) fn open(&mut self, message: &[u8]) -> Result<Unframed, Trouble> {
        let deadline = Instant::now() + self.patience;
        loop {
            let schemas = self.reader.schemas().clone();
            match self.reader.open(message) {
                Opened::Plain => return Ok(Unframed::Text(message.to_vec())),
                Opened::Text(text) => {
                    let text = text.to_vec();
                    self.note_kind(message);
                    return Ok(Unframed::Text(text));
                }
                Opened::Refused(reason) => return Ok(Unframed::Refused(reason)),
                Opened::LeftOut(line) => return Ok(Unframed::LeftOut(line)),
                Opened::Wait(id) => match schemas.trouble() {
                    Some(trouble) => return Err(trouble),
                    None if Instant::now() >= deadline => {
                        let cause = format!("it gives no schema {id} in time").into();
                        return Err(Trouble { at: schemas.registry().into(), cause });
                    }
                    None => std::thread::sleep(LOOK),
                },
            }
        }
    }

    fn note_kind(&mut self, message: &[u8]) {
        if let Some(kind) = self.reader.kind_of(message)
            && !self.kinds.contains(&kind)
        {
            self.kinds.push(kind);
        }
    }

    /// The language of all schemas so far; `None` if there were none, or several.
    pub(super) fn kind(&self) -> Option<SchemaKind> {
        match self.kinds.as_slice() {
            [kind] => Some(*kind),
            _ => None,
        }
    }
}
