//! Reads the first events of files, or the newest of a topic.

use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::cli::check::{Patience, Probe};
use crate::cli::frames::{Frames, Unframed};
use crate::click::ForeignFormat;
use crate::config::KafkaSettings;
use crate::inspect::{Sample, Written, records};
use crate::registry::SchemaKind;
use crate::source::files::{Beginning, ReplayInput};
use crate::text::{counted, printable};

/// The lines that tell how events are written.
const LINES: usize = 200;

/// The most text of each file that is looked at.
const MOST_TEXT: usize = 8 << 20;

/// What is looked at.
pub(super) struct Source {
    /// Its name for people, safe to print.
    pub(super) name: String,
    /// How it is compressed, or the language of its schemas.
    pub(super) container: Option<&'static str>,
    /// Which messages have a schema by which they cannot be read, and why.
    pub(super) unread: Option<String>,
    /// Which events these are, if they are not all: `the first`.
    pub(super) which: &'static str,
    /// Whether these are all events that there are.
    pub(super) is_all: bool,
    /// Whether the first line may name columns.
    pub(super) may_have_header: bool,
    content: Content,
    most: usize,
}

enum Content {
    /// The beginnings of files, and whether each is the whole file.
    Files(Vec<(Vec<u8>, bool)>),
    Messages(Vec<Vec<u8>>),
}

/// The beginnings of `files`, as far as `most` events may need.
///
/// # Errors
/// One cannot be read, or holds nothing that is read.
pub(super) fn of_files(files: &[PathBuf], most: usize) -> anyhow::Result<Source> {
    let inputs = files.iter().map(|file| match file.as_os_str() == "-" {
        true => ReplayInput::Stdin,
        false => ReplayInput::File(file.clone()),
    });
    let begun = Beginning::of_all(inputs.collect(), MOST_TEXT)?;
    let name = match begun.as_slice() {
        [one] => one.name.clone(),
        begun => format!("{} files", begun.len()),
    };
    let container = begun.iter().find_map(|begun| begun.container);
    let content = Content::Files(begun.into_iter().map(|begun| (begun.text, begun.is_whole)).collect());
    Ok(Source {
        name,
        container,
        unread: None,
        which: "the first",
        is_all: false,
        may_have_header: true,
        content,
        most,
    })
}

/// The newest messages of the topic in `kafka`. It joins no group and commits nothing. `frames` opens those with a schema.
///
/// # Errors
/// No broker answers, the topic is not there or cannot be read, it holds no message that can be read, or the schema registry does not
/// answer.
pub(super) fn of_topic(kafka: &KafkaSettings, frames: Option<Frames>, most: usize) -> anyhow::Result<Source> {
    let probe = Probe::new(kafka)?;
    let partitions = match probe.brokers(Patience::Answer)?.topic {
        Ok(partitions) => partitions,
        Err(problem) => bail!("at {}, topic {problem}", kafka.brokers),
    };
    let mut messages = Vec::new();
    let held = probe.newest(partitions, most, |message| {
        messages.push(message.to_vec());
        messages.len() < most
    })?;
    if messages.is_empty() {
        bail!("topic {} holds no message to look at", kafka.topic);
    }
    let is_all = held == messages.len() as u64;
    let (container, unread) = match frames {
        Some(frames) => open(&mut messages, frames).with_context(|| format!("topic {}", kafka.topic))?,
        None => (None, None),
    };
    if let Some(ForeignFormat::SchemaFrame) = messages.first().and_then(|message| ForeignFormat::detect(message)) {
        bail!("topic {}: its messages are {}, such as --schema-registry URL", kafka.topic, ForeignFormat::SchemaFrame);
    }
    Ok(Source {
        name: format!("topic {}", printable(&kafka.topic)),
        container,
        unread,
        which: "the newest",
        is_all,
        may_have_header: false,
        content: Content::Messages(messages),
        most,
    })
}

/// Replaces `messages` by what their frames hold. Returns the language of their schemas, if all have the same, and a line about those
/// that cannot be read, which go.
fn open(messages: &mut Vec<Vec<u8>>, mut frames: Frames) -> anyhow::Result<(Option<&'static str>, Option<String>)> {
    let mut texts = Vec::with_capacity(messages.len());
    let (mut refused, mut first) = (0_usize, None);
    for message in std::mem::take(messages) {
        match frames.open(&message)? {
            Unframed::Text(text) => texts.push(text),
            Unframed::Refused(reason) => {
                refused += 1;
                first.get_or_insert(reason);
            }
            Unframed::LeftOut(_) => {}
        }
    }
    let all = texts.len() + refused;
    let unread = first.map(|reason| {
        format!(
            "{refused} of the newest {} cannot be read, for example: {}",
            counted(all, "message", "messages"),
            printable(&reason)
        )
    });
    if let (Some(unread), true) = (&unread, texts.is_empty()) {
        bail!("{unread}");
    }
    *messages = texts;
    let kind = frames.kind().map(|kind| match kind {
        SchemaKind::Avro => "Avro with a schema registry",
        SchemaKind::Json => "JSON Schema with a schema registry",
        SchemaKind::Protobuf => "Protobuf with a schema registry",
    });
    Ok((kind, unread))
}

impl Source {
    /// The first lines of a file, or the messages.
    pub(super) fn lines(&self) -> Vec<Cow<'_, str>> {
        match &self.content {
            Content::Files(files) => {
                let text = files.first().map_or(b"".as_slice(), |(text, _)| text);
                text.split(|byte| *byte == b'\n').take(LINES).map(String::from_utf8_lossy).collect()
            }
            Content::Messages(messages) => messages.iter().map(|message| String::from_utf8_lossy(message)).collect(),
        }
    }

    /// The events, written in this way.
    ///
    /// # Errors
    /// The files have different headers.
    pub(super) fn sample(&mut self, written: &Written) -> anyhow::Result<Sample> {
        let files = match &self.content {
            Content::Messages(messages) => return Ok(Sample { header: None, records: messages.clone() }),
            Content::Files(files) => files,
        };
        let share = self.most.div_ceil(files.len().max(1));
        let mut all = Sample::default();
        self.is_all = true;
        for (number, (text, is_whole)) in files.iter().enumerate() {
            let found = records(text, *is_whole, written, share);
            if number == 0 {
                all.header = found.header;
            } else if all.header != found.header {
                bail!("the files have different columns; look at each of them alone");
            }
            self.is_all &= *is_whole && found.records.len() < share;
            all.records.extend(found.records);
        }
        Ok(all)
    }
}
