//! Replays files and standard input to Kafka: each record becomes a message.
//!
//! The replay also sends records that are not clicks. Whoever reads the topic rejects them, and shows them among the rejects.

mod messages;

use std::collections::VecDeque;

use self::messages::Messages;
use super::error::DemoError;
use super::files::{FileReader, FoundInput, Notes, RecordForm, Step};
use super::producer::{Feed, Next, Record, SourceTask, Target};

pub use super::files::ReplayInput;

/// What to replay and how fast.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// In this order.
    pub inputs: Vec<ReplayInput>,
    /// What the records are.
    pub form: RecordForm,
    /// Records a second; `None` is as fast as they are taken.
    pub rate: Option<f64>,
}

/// Starts a producer of the records of `options.inputs`.
///
/// # Errors
/// An input that is not there, cannot be read, is a directory or holds nothing that is read, before anything is sent; and as
/// [`SourceTask::start`].
pub fn start_replay(target: Target, options: ReplayOptions) -> Result<SourceTask, DemoError> {
    let ReplayOptions { inputs, form, rate } = options;
    let (inputs, total) = FoundInput::find_all(inputs)?;
    for input in inputs.iter().filter(|input| matches!(input, FoundInput::File(_))) {
        FileReader::for_messages(input, &form)?.begin()?;
    }
    let open = |input: FoundInput| -> Open {
        let form = form.clone();
        Box::new(move || FileReader::for_messages(&input, &form))
    };
    let feed = ReplayFeed::new(inputs.into_iter().map(open).collect(), total, &form);
    SourceTask::start(target, feed, rate)
}

/// Opens an input when its turn comes: there may be many.
type Open = Box<dyn FnOnce() -> Result<FileReader, DemoError> + Send>;

/// The records of the inputs, as messages.
struct ReplayFeed {
    inputs: VecDeque<Open>,
    reader: Option<FileReader>,
    /// It is known how the records of `reader` are read.
    has_begun: bool,
    messages: Messages,
    notes: Notes,
    /// Bytes of the inputs before.
    done_bytes: u64,
    bytes_total: Option<u64>,
}

impl ReplayFeed {
    fn new(inputs: VecDeque<Open>, bytes_total: Option<u64>, form: &RecordForm) -> Self {
        Self {
            inputs,
            reader: None,
            has_begun: false,
            messages: Messages::new(form),
            notes: Notes::default(),
            done_bytes: 0,
            bytes_total,
        }
    }

    fn step(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        loop {
            let Some(reader) = &mut self.reader else {
                let Some(open) = self.inputs.pop_front() else { return Ok(Next::End) };
                self.reader = Some(open()?);
                self.has_begun = false;
                continue;
            };
            if !self.has_begun {
                match reader.begin()? {
                    Step::Taken => {}
                    Step::Wait | Step::End => return Ok(Next::Wait),
                }
                if let Some(layout) = reader.layout() {
                    self.messages.set_layout(layout.clone());
                }
                self.has_begun = true;
            }
            let mut taker = self.messages.message_taker(record);
            let step = reader.next(&mut taker, &mut self.notes)?;
            if taker.is_written {
                return Ok(Next::Ready);
            }
            match step {
                Step::Taken => {}
                Step::Wait => return Ok(Next::Wait),
                Step::End => {
                    self.done_bytes = self.done_bytes.saturating_add(reader.bytes_read());
                    self.reader = None;
                }
            }
        }
    }
}

impl Feed for ReplayFeed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        let next = self.step(record);
        if matches!(next, Err(_) | Ok(Next::End)) {
            self.notes.tell();
        }
        next
    }

    fn bytes_read(&self) -> u64 {
        self.done_bytes.saturating_add(self.reader.as_ref().map_or(0, FileReader::bytes_read))
    }

    fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    fn first_no_click(&self) -> Option<&str> {
        self.notes.first()
    }
}

#[cfg(test)]
mod tests;
