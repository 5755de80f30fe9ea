//! Sends log lines to a file or stderr, and always to the buffer that the console shows.

mod file;
mod format;

use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt as formatted, reload};

use self::file::LogFile;
use self::format::{Form, Lines as FormattedLines, Message};
use crate::click::Timestamp;
use crate::config::LogSettings;
use crate::engine::status::log::LogBuffer;
use crate::protocol::snapshot::{LogLevel, LogLine};

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

/// What can change of the log while the program runs.
#[derive(Clone, Debug)]
pub(super) struct Logging {
    filter: reload::Handle<EnvFilter, Registry>,
    file: Option<Arc<LogFile>>,
}

impl Logging {
    /// Filters by another `log.level` from now on.
    ///
    /// # Errors
    /// `level` cannot be parsed.
    pub(super) fn set_level(&self, level: &str) -> anyhow::Result<()> {
        self.filter.reload(filter(level)?).context("log.level")
    }

    /// Opens the log file anew, after another program has renamed it.
    ///
    /// # Errors
    /// The file cannot be opened; then the log goes on in the old one.
    pub(super) fn reopen(&self) -> anyhow::Result<()> {
        self.file.as_ref().map_or(Ok(()), |file| file.reopen())
    }
}

/// Starts logging as `settings` say.
///
/// # Errors
/// The log file cannot be opened, or `log.level` cannot be parsed.
pub(super) fn start(settings: &LogSettings, lines: Lines, buffer: &Arc<LogBuffer>) -> anyhow::Result<Logging> {
    let (filter, handle) = reload::Layer::new(filter(&settings.level)?);
    let file = settings.file.as_ref().map(|path| LogFile::open(path, settings).map(Arc::new)).transpose()?;
    let to_file = file.as_ref().map(|file| {
        let lines = FormattedLines(Form::of_file(settings.format));
        formatted::layer().event_format(lines).with_ansi(false).with_writer(Arc::clone(file))
    });
    let to_stderr = (lines == Lines::Stderr && file.is_none()).then(|| {
        let ansi = io::IsTerminal::is_terminal(&io::stderr());
        let lines = FormattedLines(Form::of_stderr(settings.format));
        formatted::layer().event_format(lines).with_ansi(ansi).with_writer(io::stderr)
    });
    let lines = LineLayer(Arc::clone(buffer)).and_then(to_file).and_then(to_stderr).with_filter(filter);
    tracing_subscriber::registry().with(lines).with(events(buffer)).try_init().context("logging")?;
    Ok(Logging { filter: handle, file })
}

fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(level).with_context(|| format!("log.level \"{level}\" is no level and no target=level list"))
}

/// Feeds the console's log panel.
struct LineLayer(Arc<LogBuffer>);

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        let (target, message) = (event.metadata().target().to_owned(), Message::of(event).with_fields());
        self.0.push(LogLine { at: Timestamp::now(), level, target, message });
    }
}

/// Feeds the console's timeline, whatever `log.level` leaves out.
fn events<S>(buffer: &Arc<LogBuffer>) -> impl Layer<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    let tells = filter_fn(|metadata| metadata.fields().field(format::KIND).is_some());
    EventLayer(Arc::clone(buffer)).with_filter(tells.with_max_level_hint(Level::INFO))
}

struct EventLayer(Arc<LogBuffer>);

impl<S: Subscriber> Layer<S> for EventLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if let Some(happened) = Message::of(event).happened(Timestamp::now()) {
            self.0.push_event(happened);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_on_the_timeline_whatever_level_the_log_has() {
        let buffer = Arc::new(LogBuffer::default());
        let lines = LineLayer(Arc::clone(&buffer)).with_filter(filter("error").unwrap());
        let subscriber = tracing_subscriber::registry().with(lines).with(events(&buffer));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "console", event = "stop", stage = "ingest", by = "key", "ingest stopped by key");
            tracing::warn!(target: "pipeline", event = "failure", stage = "store", "store: no space");
            tracing::info!(target: "pipeline", "a line of no event");
            tracing::error!(target: "kafka", "an error of no event");
        });
        let texts: Vec<String> = buffer.events().iter().map(|event| event.text.to_string()).collect();
        assert_eq!(texts, ["ingest stopped by key", "store: no space"]);
        let lines: Vec<String> = buffer.lines().iter().map(|line| line.message.clone()).collect();
        assert_eq!(lines, ["an error of no event"]);
    }
}
