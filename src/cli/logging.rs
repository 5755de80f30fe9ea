//! Sends log lines to a file or stderr, and always to the buffer that the console shows.

use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{self, FormatFields};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt as formatted};

use crate::click::Timestamp;
use crate::config::LogSettings;
use crate::engine::status::log::LogBuffer;
use crate::private;
use crate::protocol::snapshot::{LogLevel, LogLine};
use crate::text::printable;

/// The destination of log lines without a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// To stderr.
    Stderr,
    /// To the console's panel only.
    Console,
    /// Nowhere: the command prints its findings itself.
    Nowhere,
}

/// Starts logging as `settings` say.
///
/// # Errors
/// The log file cannot be opened, or `log.level` cannot be parsed.
pub(super) fn start(settings: &LogSettings, lines: Lines, buffer: &Arc<LogBuffer>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level)
        .with_context(|| format!("log.level \"{}\" is no level and no target=level list", settings.level))?;
    let file = match &settings.file {
        Some(path) => {
            let mut options = OpenOptions::new();
            options.append(true);
            let file = private::open_named(options, path).with_context(|| format!("log file {}", path.display()))?;
            Some(formatted::layer().with_ansi(false).fmt_fields(safe_fields()).with_writer(Arc::new(file)))
        }
        None => None,
    };
    let stderr = (lines == Lines::Stderr && file.is_none()).then(|| {
        let ansi = io::IsTerminal::is_terminal(&io::stderr());
        formatted::layer().with_ansi(ansi).fmt_fields(safe_fields()).with_writer(io::stderr)
    });
    let buffer = BufferLayer(Arc::clone(buffer));
    tracing_subscriber::registry().with(filter).with(file).with(stderr).with(buffer).try_init().context("logging")
}

/// Writes each event in one line, without control characters that a library or a server has put into it.
fn safe_fields() -> impl for<'w> FormatFields<'w> + 'static {
    format::debug_fn(|writer, field, value| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", printable(&text)),
            name => write!(writer, " {name}={}", printable(&text)),
        }
    })
}

/// Feeds the console's log panel.
struct BufferLayer(Arc<LogBuffer>);

impl<S: Subscriber> Layer<S> for BufferLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        let target = event.metadata().target().to_owned();
        self.0.push(LogLine { at: Timestamp::now(), level, target, message: message.0 });
    }
}

/// The event's message, then its other fields as `name=value`.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}
