//! The forms of a log line. A line holds no control characters, whatever a library or a server has put into its texts.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::click::Timestamp;
use crate::config::LogFormat;
use crate::protocol::StageId;
use crate::protocol::event::{Event as Happened, EventKind};
use crate::text::{printable, safe_json};

/// The fields of a line that tells of an event: its kind, its stage, and who did it.
pub(super) const KIND: &str = "event";
const STAGE: &str = "stage";
const BY: &str = "by";

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Time, level, target, message and fields, for people.
    Text,
    /// One JSON object.
    Json,
    /// For systemd's journal, which notes the time itself: the priority as a number in front, as sd-daemon(3) says.
    Journal,
}

impl Form {
    /// The form in a log file.
    pub(super) fn of_file(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }

    /// The form on stderr.
    pub(super) fn of_stderr(format: LogFormat) -> Self {
        match Self::of_file(format) {
            Self::Text if goes_to_journal() => Self::Journal,
            form => form,
        }
    }
}

/// Whether systemd's journal reads our stderr: it names the device and the inode of the stream in `JOURNAL_STREAM`.
fn goes_to_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(std::io::stderr())
        .is_ok_and(|found| stream.split_once(':') == Some((&found.st_dev.to_string(), &found.st_ino.to_string())))
}

/// Writes each event in one line.
pub(super) struct Lines(pub(super) Form);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let message = Message::of(event);
        match self.0 {
            Form::Text => {
                let (begin, end) = if writer.has_ansi_escapes() { colour(level) } else { ("", "") };
                write!(writer, "{} {begin}{level:>5}{end} {target}: ", Timestamp::now())?;
                writeln!(writer, "{}", printable(&message.with_fields()))
            }
            Form::Json => writeln!(writer, "{}", json(Timestamp::now(), level, target, &message)),
            Form::Journal => {
                writeln!(writer, "<{}>{target}: {}", priority(level), printable(&message.with_fields()))
            }
        }
    }
}

/// The escape sequences around a level on a terminal.
fn colour(level: Level) -> (&'static str, &'static str) {
    const END: &str = "\x1b[0m";
    match level {
        Level::ERROR => ("\x1b[31m", END),
        Level::WARN => ("\x1b[33m", END),
        Level::INFO => ("\x1b[32m", END),
        _ => ("\x1b[2m", END),
    }
}

/// The priority of syslog.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

fn json(at: Timestamp, level: Level, target: &str, message: &Message) -> String {
    let mut object = serde_json::Map::new();
    object.insert("timestamp".to_owned(), at.to_string().into());
    object.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
    object.insert("target".to_owned(), target.into());
    object.insert("message".to_owned(), message.text.clone().into());
    for (name, value) in &message.fields {
        object.entry(*name).or_insert_with(|| value.clone().into());
    }
    safe_json(&serde_json::Value::Object(object).to_string())
}

/// The text of an event, and its other fields.
#[derive(Debug, Default)]
pub(super) struct Message {
    text: String,
    fields: Vec<(&'static str, String)>,
}

impl Message {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut message = Self::default();
        event.record(&mut message);
        message
    }

    /// The event that the line tells of, if it has the field `event`: at `at`.
    pub(super) fn happened(&self, at: Timestamp) -> Option<Happened> {
        let kind = EventKind::named(self.field(KIND)?)?;
        let (stage, by) = (self.field(STAGE).map(StageId::from), self.field(BY).map(Into::into));
        Some(Happened { at, kind, stage, by, text: self.with_fields().into() })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The text, then the fields as `name=value`. The text of an event says already what its own fields say to programs.
    pub(super) fn with_fields(&self) -> String {
        let is_event = self.field(KIND).is_some();
        let fields = self.fields.iter().filter(|(name, _)| !(is_event && [KIND, STAGE, BY].contains(name)));
        fields.fold(self.text.clone(), |mut line, (name, value)| {
            // Writing to a String cannot fail.
            let _ = write!(line, " {name}={value}");
            line
        })
    }
}

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.text.push_str(value),
            name => self.fields.push((name, value.to_owned())),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::engine::status::log::LogBuffer;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a subscriber with this form writes.
    fn written(form: Form, log: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Lines(form))
            .with_ansi(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        String::from_utf8(written.0.lock().clone()).unwrap()
    }

    #[test]
    fn an_event_has_its_fields_in_json_and_in_the_snapshot_and_not_in_its_text() {
        let stopped =
            || tracing::info!(target: "console", event = "stop", stage = "ingest", by = "key", "ingest stopped by key");
        let line = written(Form::Text, stopped);
        assert!(line.ends_with(" INFO console: ingest stopped by key\n"), "{line}");
        let line = written(Form::Json, stopped);
        assert!(line.contains(r#""event":"stop""#) && line.contains(r#""stage":"ingest""#), "{line}");
        let buffer = Arc::new(LogBuffer::default());
        let lines = super::super::LineLayer(Arc::clone(&buffer));
        let subscriber = tracing_subscriber::registry().with(lines).with(super::super::events(&buffer));
        tracing::subscriber::with_default(subscriber, || {
            stopped();
            tracing::info!(target: "ingest", event = "eclipse", "no event that we know");
            tracing::info!(target: "ingest", stage = "ingest", "no event");
        });
        let (events, lines) = (buffer.events(), buffer.lines());
        let [event] = &*events else { panic!("{events:?}") };
        assert_eq!(
            (event.kind, event.by.as_deref(), &*event.text),
            (EventKind::Stop, Some("key"), "ingest stopped by key")
        );
        assert_eq!(event.stage.as_ref().map(StageId::as_str), Some("ingest"));
        let messages: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
        assert_eq!(messages, ["ingest stopped by key", "no event that we know", "no event stage=ingest"]);
    }

    #[test]
    fn a_line_for_people_has_time_level_target_message_and_fields() {
        let line = written(Form::Text, || tracing::warn!(target: "index", retries = 3, "the engine is slow"));
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.parse::<Timestamp>().is_ok() && time.ends_with('Z'), "{line}");
        assert_eq!(rest, " WARN index: the engine is slow retries=3\n");
    }

    #[test]
    fn a_line_of_json_is_an_object_with_the_fields_beside_the_message() {
        let line = written(Form::Json, || tracing::error!(target: "store", path = "/a b", "no space \"left\""));
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["level"], "error");
        assert_eq!(object["target"], "store");
        assert_eq!(object["message"], "no space \"left\"");
        assert_eq!(object["path"], "/a b");
        assert!(object["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
    }

    #[test]
    fn a_line_for_the_journal_begins_with_its_priority_and_has_no_time() {
        let line = written(Form::Journal, || tracing::error!(target: "store", "no space"));
        assert_eq!(line, "<3>store: no space\n");
        let line = written(Form::Journal, || tracing::info!(target: "store", "begun"));
        assert_eq!(line, "<6>store: begun\n");
    }

    #[test]
    fn texts_of_others_bring_no_control_characters_and_no_second_line() {
        for form in [Form::Text, Form::Json, Form::Journal] {
            let line = written(form, || tracing::info!(target: "kafka", cause = "a\u{9b}31m", "x\x1b[2J\ny"));
            assert_eq!(line.lines().count(), 1, "{line:?}");
            assert!(!line.trim_end().chars().any(char::is_control), "{line:?}");
        }
    }
}
