//! Turns records into messages. Under a header, the columns become the nine fields; without one, the record stays as
//! it is.

use crate::click::columns::{RecordError, write_no_click};
use crate::click::mapping::EventDecoder;
use crate::click::{DecodeError, Decoder};
use crate::source::files::{KEEP, Layout, RecordForm, RecordPlace, RecordTaker};
use crate::source::producer::Record;

/// What is kept of a user as the Kafka key. It decides the partition only, and key and message must fit a broker's limit.
const MAX_KEY_BYTES: usize = 1024;

/// Makes messages of records.
pub(super) struct Messages {
    layout: Layout,
    /// Of mapped events.
    events: EventDecoder,
    decoder: Decoder,
    scratch: String,
}

impl Messages {
    pub(super) fn new(form: &RecordForm) -> Self {
        let (layout, decoder) = (Layout::Messages(form.format), Decoder::new(form.format));
        Self { layout, events: form.decoder(), decoder, scratch: String::new() }
    }

    /// How records are read from here on.
    pub(super) fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
    }

    /// Makes `message` the click of `record`, with its user as the key.
    ///
    /// # Errors
    /// It is no click; `message` is then undefined.
    pub(super) fn write_click(&mut self, record: &[u8], message: &mut Record) -> Result<(), RecordError> {
        match &self.layout {
            Layout::Messages(_) => {
                // Taken out of the message while the click borrows from the decoder; it keeps its buffer.
                let mut key = message.key.take().unwrap_or_default();
                let click = self.decoder.decode(record)?;
                set_key(&mut key, click.user_id);
                message.key = Some(key);
                message.payload.clear();
                message.payload.extend_from_slice(record);
            }
            Layout::Columns(columns) => {
                too_long(record)?;
                let mut key = message.key.take().unwrap_or_default();
                columns.write_message(record, &mut self.scratch, &mut message.payload)?;
                let click = self.decoder.decode(&message.payload)?;
                set_key(&mut key, click.user_id);
                message.key = Some(key);
            }
            Layout::Mapped(_) => {}
        }
        Ok(())
    }

    /// Makes `message` one that ends in `rejects`: `record`, which is no click, as it is. Where its columns are those of a
    /// header, the nine fields in our order, so that the reason is about them; or, where it has other columns than its header
    /// and would be taken for a click as it is, all of it as one field.
    pub(super) fn write_reject(&mut self, record: &[u8], message: &mut Record) {
        message.key = None;
        let by_columns = match &self.layout {
            Layout::Columns(columns) if record.len() < KEEP => {
                columns.write_message(record, &mut self.scratch, &mut message.payload).is_ok()
            }
            _ => false,
        };
        if !by_columns {
            message.payload.clear();
            message.payload.extend_from_slice(record);
            if self.decoder.decode(record).is_ok() {
                write_no_click(record, &mut message.payload);
            }
        }
        // Quotes may have made it longer. It is no click all the same: it is too long.
        message.payload.truncate(KEEP);
    }

    /// Makes the next record `message`.
    pub(super) fn message_taker<'a>(&'a mut self, message: &'a mut Record) -> IntoMessage<'a> {
        IntoMessage { messages: self, message, is_written: false }
    }
}

/// Makes a message of a record.
pub(super) struct IntoMessage<'a> {
    messages: &'a mut Messages,
    message: &'a mut Record,
    /// The message is made.
    pub(super) is_written: bool,
}

impl RecordTaker for IntoMessage<'_> {
    fn set_layout(&mut self, layout: &Layout) {
        self.messages.set_layout(layout.clone());
    }

    fn take(&mut self, record: &[u8], place: RecordPlace) -> Option<u64> {
        if let Layout::Mapped(_) = self.messages.layout {
            return self.take_events(record, place);
        }
        self.messages.write_click(record, self.message).ok()?;
        self.is_written = true;
        Some(1)
    }

    fn refuse(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String) {
        if let Layout::Mapped(_) = self.messages.layout {
            return self.refuse_events(record, place, reason);
        }
        let error = self.messages.write_click(record, self.message).err().map(|error| error.to_string());
        self.messages.write_reject(record, self.message);
        self.is_written = true;
        (0, reason.or(error).unwrap_or_default())
    }
}

impl IntoMessage<'_> {
    /// Makes the message `record`, whose events have a mapping, as it is. Its key is the user of its first click, if it has one.
    fn take_events(&mut self, record: &[u8], place: RecordPlace) -> Option<u64> {
        let mut key = None;
        let (mut clicks, mut is_broken) = (0, false);
        self.messages.events.decode_each(record, place.of_event(), &mut |event| match event {
            Ok(click) => {
                clicks += 1;
                if key.is_none() {
                    set_key(key.get_or_insert_default(), click.user_id);
                }
            }
            Err(_) => is_broken = true,
        });
        if is_broken {
            return None;
        }
        self.write_as_it_is(record, key);
        Some(clicks)
    }

    /// The same of a record that is broken or has broken events. Who reads the topic rejects them.
    fn refuse_events(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String) {
        let (mut clicks, mut first) = (0, reason);
        self.messages.events.decode_each(record, place.of_event(), &mut |event| match event {
            Ok(_) => clicks += 1,
            Err(error) => {
                first.get_or_insert_with(|| error.to_string());
            }
        });
        self.write_as_it_is(record, None);
        (clicks, first.unwrap_or_default())
    }

    fn write_as_it_is(&mut self, record: &[u8], key: Option<Vec<u8>>) {
        self.message.key = key;
        self.message.payload.clear();
        self.message.payload.extend_from_slice(record);
        self.is_written = true;
    }
}

fn set_key(key: &mut Vec<u8>, user: &str) {
    let bytes = user.as_bytes();
    key.clear();
    key.extend_from_slice(bytes.get(..MAX_KEY_BYTES).unwrap_or(bytes));
}

/// The decoder's word on a record that is longer than it may be, before its columns are looked for.
fn too_long(record: &[u8]) -> Result<(), DecodeError> {
    let limit = crate::click::MAX_MESSAGE_BYTES;
    if record.len() > limit { Err(DecodeError::TooLong { bytes: record.len(), limit }) } else { Ok(()) }
}
